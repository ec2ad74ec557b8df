"""What is built and shipped works on its own: wheel, sdist, and a checkout not installed.

Each is put where nothing else can be found: a new environment that sees only the
dependencies of this one. Their folder is a plain path there, so its ``.pth`` files, and with
them the editable install of this checkout, do not count.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# By the shape that addresses of package indexes and of their files have.
REGISTRY = re.compile(
    r"://[\w.:@-]+/(?:simple|packages|pypi)\b|\b(?:files|registry)\.[a-z]+(?:\.[a-z]+)*\.(?:org|io|com)\b"
)
MACHINE_PATH = re.compile(r"(?<![\w.~-])/" + r"(work|root)/")


@dataclass(frozen=True)
class Installed:
    command: tuple[str, ...]
    python: Path
    environment: dict[str, str]
    package: Path

    def run(self, arguments: Sequence[str | Path], folder: Path) -> str:
        return run(arguments, folder, self.environment)


def run(arguments: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def source_files() -> list[Path]:
    """Tracked and not yet tracked files, without those ignored."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    names = [Path(name) for name in sorted(set(listed.stdout.split("\0"))) if name]
    return [name for name in names if (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    home = str(tmp_path_factory.mktemp("home"))
    places = {f"XDG_{name}_HOME": home for name in ("CONFIG", "DATA", "STATE", "CACHE")}
    return {"PATH": os.environ["PATH"], "HOME": home, "PIP_NO_INDEX": "1", **places}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("source")
    for name in source_files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def built(
    source: Path, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """A wheel from the source, an sdist from the source, and a wheel from that sdist."""
    out = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir"]
    run([*build, out, "--wheel", "--sdist"], source, environment)
    (sdist,) = out.glob("*.tar.gz")
    shutil.unpack_archive(sdist, out, filter="data")
    run([*build, out / "again", "--wheel"], out / sdist.name.removesuffix(".tar.gz"), environment)
    return {"wheel": next(out.glob("*.whl")), "sdist": next((out / "again").glob("*.whl"))}


def new_python(folder: Path) -> tuple[Path, Path]:
    """A new, empty environment: its interpreter and its package folder."""
    venv.EnvBuilder(symlinks=True).create(folder)
    paths = sysconfig.get_paths("venv", vars={"base": str(folder), "platbase": str(folder)})
    return Path(paths["scripts"]) / "python", Path(paths["purelib"])


@pytest.fixture(scope="module", params=["wheel", "sdist", "checkout"])
def installed(
    request: pytest.FixtureRequest,
    source: Path,
    built: dict[str, Path],
    environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Installed]:
    python, packages = new_python(tmp_path_factory.mktemp(request.param))
    if request.param == "checkout":
        environment = {**environment, "PYTHONPATH": str(source)}
        result = Installed((str(python), "-m", "casetrack"), python, environment, source)
    else:
        pip = [sys.executable, "-m", "pip", "--python", str(python)]
        run([*pip, "install", "--no-deps", built[request.param]], packages, environment)
        result = Installed((str(python.with_name("casetrack")),), python, environment, packages)
    dependencies = sysconfig.get_path("purelib")
    (packages / "dependencies.pth").write_text(f"{dependencies}\n", encoding="utf-8")
    yield result
    shutil.rmtree(python.parents[1])


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A current folder with decoys that must not be read."""
    for folder in ("states", "calendars"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "decoy.toml").write_text("id = 'decoy'\n", encoding="utf-8")
    return tmp_path


def shipped(folder: str) -> set[str]:
    return {path.stem for path in (ROOT / folder).glob("*.toml")}


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings(item)


def test_the_package_that_is_run_is_the_installed_one(
    installed: Installed, elsewhere: Path
) -> None:
    code = "import casetrack; print(casetrack.__file__)"
    found = installed.run([installed.python, "-c", code], elsewhere).strip()
    assert Path(found) == installed.package / "casetrack" / "__init__.py"


@pytest.mark.parametrize(("noun", "folder"), [("workflow", "states"), ("calendar", "calendars")])
def test_the_command_names_the_shipped_definitions(
    installed: Installed, elsewhere: Path, noun: str, folder: str
) -> None:
    answer = json.loads(installed.run([*installed.command, noun, "list", "--json"], elsewhere))
    assert answer["schema"] == f"casetrack.{noun}-list/1"
    named = set(strings(answer))
    assert shipped(folder)
    assert shipped(folder) <= named
    assert "decoy" not in named


@pytest.mark.parametrize(("noun", "folder"), [("workflow", "states"), ("calendar", "calendars")])
def test_the_catalog_finds_exactly_the_shipped_definitions(
    installed: Installed, elsewhere: Path, noun: str, folder: str
) -> None:
    code = f"from casetrack.catalog import resources as r; print(*r.{noun}_ids(), sep='\\n')"
    found = installed.run([installed.python, "-c", code], elsewhere)
    assert found.split() == sorted(shipped(folder))


def test_the_choice_finds_its_questions(installed: Installed, elsewhere: Path) -> None:
    words = ["workflow", "choose", "--plan", "medicare-advantage", "--benefit", "medical"]
    answer = installed.run([*installed.command, *words], elsewhere)
    assert answer.startswith("ma-part-b-drug, for ")


def test_the_page_finds_its_templates(installed: Installed, elsewhere: Path) -> None:
    command: list[str | Path] = [*installed.command, "--db", elsewhere / "cases.db"]
    installed.run([*command, "db", "init"], elsewhere)
    page = installed.run([*command, "due", "--format", "html"], elsewhere)
    assert page.startswith("<!doctype html>")
    assert "</html>" in page


@pytest.mark.parametrize("name", ["states", "calendars"])
def test_no_module_stands_where_the_data_ships(name: str) -> None:
    assert not (ROOT / "casetrack" / f"{name}.py").exists()
    assert not (ROOT / "casetrack" / name).exists()


def test_an_address_of_a_registry_is_known_by_its_shape() -> None:
    host = "example" + ".org"
    for said in (f"https://{host}/simple/", f"files.{host}", f"registry.{host}"):
        assert REGISTRY.search(said)


def test_no_file_names_a_registry_or_a_place_on_a_machine() -> None:
    for name in source_files():
        text = (ROOT / name).read_bytes().decode(errors="replace")
        assert REGISTRY.search(text.lower()) is None, name
        assert name.suffix != ".lock" or "://" not in text, name
        assert MACHINE_PATH.search(text) is None, name

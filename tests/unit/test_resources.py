"""Shipped definitions are found beside the package, and hostile files are refused unparsed."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from casetrack.catalog import resources
from casetrack.catalog.resources import MAX_BYTES, MAX_LINE_BYTES, parse_toml, read_file
from casetrack.errors import BadDefinition, UnknownName

ROOT = Path(__file__).parents[2]


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(BadDefinition) as caught:
        call()
    return caught.value.message


def write(folder: Path, content: bytes) -> Path:
    path = folder / "sample.toml"
    path.write_bytes(content)
    return path


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty package folder, standing in for the installed one."""
    folder = tmp_path / "casetrack"
    folder.mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", folder)
    return folder


def ship(folder: Path, *names: str) -> None:
    folder.mkdir()
    for name in names:
        (folder / name).write_text(f"name = '{folder.parent.name} {name}'\n")


def test_checkout_ids_are_the_top_level_files() -> None:
    assert resources.workflow_ids() == sorted(p.stem for p in (ROOT / "states").glob("*.toml"))
    assert resources.calendar_ids() == sorted(p.stem for p in (ROOT / "calendars").glob("*.toml"))


def test_every_shipped_definition_is_within_the_limits() -> None:
    for id in resources.workflow_ids():
        parse_toml(resources.workflow_text(id), id)
    for id in resources.calendar_ids():
        parse_toml(resources.calendar_text(id), id)


def test_data_inside_the_package_wins_over_the_folder_beside_it(package: Path) -> None:
    ship(package / "states", "b.toml", "a.toml", "README.md")
    ship(package.parent / "states", "c.toml")
    assert resources.workflow_ids() == ["a", "b"]
    assert resources.workflow_text("a") == "name = 'casetrack a.toml'\n"


def test_the_folder_beside_the_package_is_the_fallback(package: Path) -> None:
    ship(package.parent / "calendars", "c.toml")
    assert resources.calendar_ids() == ["c"]
    assert "c.toml" in resources.calendar_text("c")


def test_the_current_folder_is_never_read(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = package.parent.parent / f"{package.parent.name}-elsewhere"
    elsewhere.mkdir()
    ship(elsewhere / "states", "decoy.toml")
    monkeypatch.chdir(elsewhere)
    assert resources.workflow_ids() == []


@pytest.mark.parametrize("id", ["", "nope", "../calendars/c", "a.toml", "a\0", "./a"])
def test_an_unknown_id_is_refused_with_the_known_ones_and_not_echoed(
    package: Path, id: str
) -> None:
    ship(package / "states", "a.toml")
    ship(package / "calendars", "c.toml")
    with pytest.raises(UnknownName) as caught:
        resources.workflow_text(id)
    assert caught.value.message == "no workflow has that id; there are: a"


def test_a_file_is_read_as_typed(tmp_path: Path) -> None:
    text = "name = 'Žofie'\r\n# §\n"
    assert read_file(write(tmp_path, text.encode())) == text


def test_a_file_of_exactly_the_limits_is_read(tmp_path: Path) -> None:
    line = b"#" * MAX_LINE_BYTES + b"\n"
    content = (line * (MAX_BYTES // len(line) + 1))[:MAX_BYTES]
    assert len(read_file(write(tmp_path, content))) == MAX_BYTES


def test_a_file_over_the_size_limit_is_refused_by_name_and_size(tmp_path: Path) -> None:
    path = write(tmp_path, b"#\n" * (MAX_BYTES // 2 + 1))
    assert refusal(lambda: read_file(path)) == f"{path}: 262,146 bytes; the limit is 262,144"


def test_a_line_over_the_limit_is_refused_by_number_and_size(tmp_path: Path) -> None:
    path = write(tmp_path, b"a = 1\n#" + b"x" * MAX_LINE_BYTES)
    assert refusal(lambda: read_file(path)) == (
        f"{path}: line 2 has 2,001 bytes; the limit is 2,000"
    )


def test_the_line_limit_counts_bytes() -> None:
    assert "line 1 has 2,001 bytes" in refusal(lambda: parse_toml("#" + "é" * 1_000, "sample"))


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path, b"a = 1\nb = '\xff'\n")
    assert refusal(lambda: read_file(path)) == f"{path}: line 2 is not UTF-8"


def test_a_lone_surrogate_in_a_text_is_refused() -> None:
    assert refusal(lambda: parse_toml("a = '\ud800'", "sample")) == "sample: line 1 is not UTF-8"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (".", "is not a plain file"),
        ("pipe", "is not a plain file"),
        ("device", "is not a plain file"),
        ("missing.toml", "there is no such file"),
        ("nul\0", "there is no such file"),
        ("loop.toml", "cannot be read: too many levels of symbolic links"),
    ],
)
def test_what_is_not_a_plain_file_is_refused(tmp_path: Path, name: str, why: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    (tmp_path / "loop.toml").symlink_to("loop.toml")
    path = tmp_path / name
    assert refusal(lambda: read_file(path)) == f"{path}: {why}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ("a = 1\na = 2\n", 2),
        ("a = 2026-02-30\n", 1),
        ("a = [\n1,\n", 3),
        ("\n\n[a\n", 3),
        ("\ufeffa = 1\n", 1),
    ],
)
def test_a_toml_error_names_the_place_and_the_line(text: str, line: int) -> None:
    message = refusal(lambda: parse_toml(text, "sample.toml"))
    assert message.startswith("sample.toml: ")
    assert f"line {line}," in message


def test_one_long_dotted_key_is_refused_before_it_is_parsed() -> None:
    started = time.monotonic()
    message = refusal(lambda: parse_toml(".".join(["a"] * 50_000) + " = 1", "sample"))
    assert message == "sample: line 1 has 100,003 bytes; the limit is 2,000"
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[\n" * 100_000,
        "a = " + "[" * 900 + "]" * 900,
        "a = " + "{a = " * 300 + "1" + "}" * 300,
        ".".join(["a"] * 900) + " = 1",
        "[" + ".".join(["a"] * 17) + "]",
    ],
)
def test_deep_nesting_is_refused(text: str) -> None:
    assert refusal(lambda: parse_toml(text, "sample")) == (
        "sample: tables or lists are nested over 16 levels deep"
    )


def test_sixteen_levels_are_read() -> None:
    assert parse_toml(".".join(["a"] * 16) + " = 1", "sample")

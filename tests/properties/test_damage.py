"""Damage at random to valid files: refused with a reason, or no damage; never a traceback."""

import copy
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import calendars, resources, workflows
from casetrack.catalog.extending import Document
from casetrack.catalog.shelf import Shelf
from casetrack.domain.calendar import Calendar
from casetrack.domain.workflow import Workflow
from casetrack.errors import BadDefinition
from tests.own import CLINIC, GUIDE, SMALL

TEXTS = {
    **{f"s/{name}": resources.workflow_text(name) for name in resources.workflow_ids()},
    **{f"c/{name}": resources.calendar_text(name) for name in resources.calendar_ids()},
    "s/my-guide": GUIDE,
    "s/small": SMALL,
    "c/my-clinic": CLINIC,
}
T = TypeVar("T")
Keys = tuple[str | int, ...]
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 10**20, 2**60, 1.5, float("nan"), "", " ", "x", "\x00", "14 bd", "-5d",
    "9999mo", "record:", "due:", "*", [], [[]], [1], ["x", "x"], {}, {"x": {}}, [{}], "\ud800",
)  # fmt: skip


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """With the files that the extending ones need."""
    folders = []
    for kind, name in (("s", "small"), ("c", "my-clinic")):
        folders.append(tmp_path_factory.mktemp(kind))
        (folders[-1] / f"{name}.toml").write_text(TEXTS[f"{kind}/{name}"], "utf-8")
    return Shelf(*folders)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where each example is written over the last."""
    return tmp_path_factory.mktemp("damaged")


def outcome(call: Callable[[], T], where: str) -> T | None:
    """None if it was refused with reasons, each of which names the file, on one line."""
    try:
        return call()
    except BadDefinition as error:
        reasons = error.reasons or (error.message,)
    assert reasons
    assert all(reason.startswith(f"{where}: ") and reason.isprintable() for reason in reasons)
    return None


def checked(shelf: Shelf, path: Path) -> Workflow | Calendar | None:
    check: Callable[[Path], Workflow | Calendar] = (
        shelf.check_workflow if path.parent.name == "s" else shelf.check_calendar
    )
    return outcome(lambda: check(path), str(path))


def places(value: object, path: Keys = ()) -> Iterator[Keys]:
    """Every place in a document, the document itself aside."""
    inner = value.items() if isinstance(value, Mapping) else ()
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, item in (*inner, *listed):
        yield (*path, key)
        yield from places(item, (*path, key))


def above(document: Any, path: Keys) -> Any:  # noqa: ANN401  # TOML
    for part in path[:-1]:
        document = document[part]
    return document


def damaged(document: dict[str, Any], data: st.DataObject) -> tuple[dict[str, Any], bool]:
    """A copy with one key gone, doubled, renamed or of another value; whether it must be refused.

    An unknown key has to be refused, and so has a value of another type.
    """
    made = copy.deepcopy(document)
    path = data.draw(st.sampled_from(list(places(made))))
    table: Any = above(made, path)
    key: Any = path[-1]
    match data.draw(st.sampled_from(["delete", "double", "rename", "change"])):
        case "delete":
            del table[key]
        case "double" if isinstance(table, list):
            table.append(copy.deepcopy(table[key]))
        case "double":
            table[f"{key}_too"] = copy.deepcopy(table[key])
        case "rename" if not isinstance(table, list):
            table[data.draw(st.text(max_size=50))] = table.pop(key)
        case _:
            before = table[key]
            table[key] = data.draw(st.sampled_from(ODD))
            return made, type(before) is str and not isinstance(table[key], str)
    return made, False


@given(data=st.data())
@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("s/")])
def test_a_damaged_workflow_is_refused_or_sound(
    shelf: Shelf, name: str, data: st.DataObject
) -> None:
    document, must_fail = damaged(tomllib.loads(TEXTS[name]), data)
    where = f"{name.removeprefix('s/')}.toml"
    made = Document(where=where, data=document)
    found = outcome(lambda: shelf.parse_workflow(made), where)
    if found is None:
        return
    assert not must_fail, document
    assert workflows.from_text(workflows.definition_text(found)).id == found.id


@given(data=st.data())
@pytest.mark.parametrize("name", ["c/us-federal", "c/my-clinic"])
def test_a_damaged_calendar_is_refused_or_sound(
    shelf: Shelf, name: str, data: st.DataObject
) -> None:
    document, must_fail = damaged(tomllib.loads(TEXTS[name]), data)
    where = f"{name.removeprefix('c/')}.toml"
    made = Document(where=where, data=document)
    found = outcome(lambda: shelf.parse_calendar(made), where)
    if found is None:
        return
    assert not must_fail, document
    assert calendars.from_text(calendars.text_of(found)) == found


def broken(text: bytes, data: st.DataObject) -> bytes:
    """The bytes of a file with a piece cut out, said twice, turned round or made of noise."""
    start = data.draw(st.integers(0, len(text)))
    end = start + data.draw(st.sampled_from([0, 1, 2, 7, 40, 300]))
    piece = text[start:end]
    put = data.draw(
        st.sampled_from([b"", piece * 2, piece[::-1], b"\x00", b"\xff", b'"', b"'''", b"[", b"}",
                         b"\n", b"=", b"\r", b"\xe2\x80\xae", b"= 1\n[x]\n", b"#"])
        | st.binary(max_size=6)
    )  # fmt: skip
    return text[:start] + put + text[end:]


@given(data=st.data())
@pytest.mark.parametrize("name", TEXTS)
def test_a_file_of_damaged_bytes_is_refused_or_sound(
    shelf: Shelf, place: Path, name: str, data: st.DataObject
) -> None:
    path = place / f"{name}.toml"
    path.parent.mkdir(exist_ok=True)
    content = TEXTS[name].encode()
    for _ in range(data.draw(st.integers(1, 3))):
        content = broken(content, data)
    path.write_bytes(content)
    found = checked(shelf, path)
    assert found is None or found.id == path.stem


@given(content=st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
@pytest.mark.parametrize("kind", ["s", "c"])
def test_noise_is_refused(shelf: Shelf, place: Path, kind: str, content: bytes) -> None:
    path = place / kind / "noise.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert checked(shelf, path) is None

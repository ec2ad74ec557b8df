"""The reference of the stored format names everything that format 1 stores."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from casetrack.domain import events as e
from casetrack.ledger import tables
from casetrack.ledger.codec import opening
from tests.fakes import fixed_sources

TEXT = (Path(__file__).parents[2] / "docs/reference/stored-format.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"`([A-Za-z_#]+)(?:\[\])?`", TEXT)) | set(
    re.findall(r"`data\.([a-z_]+)(?:\[\])?`", TEXT)
)


def members(kind: type[msgspec.Struct]) -> set[str]:
    return {field.encode_name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(
    "kind",
    [
        e.Reading, e.Deadline, e.Moved, e.Ended, e.CalendarUse, e.Closed, e.Gap,
        e.Target, e.Data, e.Effects, e.Renamed, e.Kept, e.Ground, e.Dropped, *e.CASE_TYPES.values(),
    ],
)  # fmt: skip
def test_every_member_is_named(kind: type[msgspec.Struct]) -> None:
    assert members(kind) - NAMED == set()


def test_every_member_of_a_body_is_named() -> None:
    assert set(json.loads(opening(fixed_sources(), practice=True).body)) - NAMED == set()


def rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `([A-Z][A-Za-z]+)` \| (.+) \|$", TEXT, re.MULTILINE))


def test_every_kind_of_entry_has_a_row_and_no_other_has() -> None:
    assert set(rows()) == set(e.CASE_TYPES)


@pytest.mark.parametrize("kind", e.CASE_TYPES.values())
def test_a_kinds_row_names_its_own_members_and_whether_it_has_effects(kind: type[e.Data]) -> None:
    row = rows()[kind.__name__]
    effects = issubclass(kind, e.Effects)
    assert row.startswith("effects") is effects
    own = members(kind) - members(e.Effects if effects else e.Data)
    assert own <= set(re.findall(r"`([a-z_]+)(?:\[\])?`", row))


def test_every_table_is_named() -> None:
    assert {table.name for table in tables.metadata.sorted_tables} - NAMED == set()

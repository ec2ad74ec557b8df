"""The first format stays readable, and its chain proves, whatever the code becomes."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from casetrack.audit.chain import verify_chain
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.codec import parse
from casetrack.ledger.store import LEDGER_CASE, all_targets

FOLDER = Path(__file__).with_name("format1")
BUSY, QUIET = "01a19cc6-3d80-7000-8000-000000000003", "01a19cc9-ecdc-7000-8000-000000000013"
HEADS = {
    LEDGER_CASE: "08602cf612f12a2521d838c54874de214571cd7a357f944de8a62f9c170110bd",
    BUSY: "b3c6e2912d4d9e7f6bf5c6fb814d2f3884c56ce45b913ba63a61ef77002d8302",
    QUIET: "8eceae2805a4dfabc2822aa3d57c30cc68b94492b3dcf94d000448d765d6a47f",
}


def lines(name: str) -> list[str]:
    """At line feeds only: a value may hold U+2028."""
    return (FOLDER / name).read_bytes().decode().split("\n")[:-1]


def bodies() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines("bodies.jsonl"):
        found.setdefault(json.loads(line)["case"], []).append(line)
    return found


def disclosures(case_id: str, version: int) -> Mapping[str, str]:
    known = [json.loads(line) for line in lines("disclosures.jsonl")]
    return {
        name: text for case, number, name, text in known if (case, number) == (case_id, version)
    }


def entries(case_id: str) -> tuple[e.Entry, ...]:
    return tuple(
        parse(body, disclosures(case_id, version), (case_id, version))
        for version, body in enumerate(bodies()[case_id], start=1)
    )


def busy() -> Case:
    return replay(BUSY, entries(BUSY))


def test_each_line_is_hashed_in_the_next_and_the_last_is_known() -> None:
    for case_id, chain in bodies().items():
        digests = [sha256(line.encode()).hexdigest() for line in chain]
        assert [json.loads(line)["prev"] for line in chain] == [None, *digests[:-1]]
        assert digests[-1] == HEADS[case_id]
        assert verify_chain(case_id, zip(chain, digests, strict=True)) == []


def test_every_kind_of_entry_is_read() -> None:
    assert [entry.type for entry in (*entries(LEDGER_CASE), *entries(BUSY))] == [
        "LedgerOpened",
        "DisclosureMade",
        "CaseOpened",
        "TransitionFired",
        "TransitionFired",
        "CaseAssigned",
        "EvidenceRecorded",
        "NoteAdded",
        "ValueRedacted",
    ]


def test_what_was_typed_is_read_and_what_was_redacted_is_not() -> None:
    case = busy()
    assert (case.reference, case.patient) == ("C-GOLDEN", e.REDACTED)
    assert case.fields == {
        "codes": ("F32.9", "F33.1"),
        "sent_on": "2026-11-01",
        "number": "N-1 😀 \u2028 שלום",
        "approved": "yes",
        "confirmations": ("A-1", "A-2"),
    }
    assert entries(BUSY)[1].disclosed == {"override": 'on "file"\n\tC:\\x'}
    left = {(target.version, target.name) for target in all_targets(entries(BUSY))}
    assert not left & {(1, "patient"), (6, "note")}


def test_where_the_case_stands() -> None:
    case = busy()
    assert (case.version, case.state, case.assignee) == (7, "decided", "eva")
    assert {name: tracked.outcome for name, tracked in case.deadlines.items()} == {
        "reply#1": "satisfied",
        "appeal#1": None,
    }
    assert [gap.gap.item for gap in case.gaps] == ["letter"]
    assert case.evidence["letter"][0].has_file


def test_a_reading_keeps_every_member() -> None:
    standard = busy().deadlines["appeal#1"].deadline.standard
    assert standard is not None
    assert standard.from_at == datetime(2026, 11, 2, 14, 30, 0, 5, UTC)
    assert standard.law_at == datetime(2027, 5, 1, 5, 59, 59, 999999, UTC)
    assert standard.calendars[1].closed[0].date == date(2026, 11, 26)


def test_a_clock_behind_is_read() -> None:
    entry = entries(BUSY)[2]
    assert entry.data.clock_behind == datetime(2026, 11, 2, 14, 59, 1, 500000, UTC)
    assert entry.recorded_at == entries(BUSY)[1].recorded_at

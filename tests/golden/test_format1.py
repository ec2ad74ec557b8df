"""The first format stays readable and is written alike, whatever the code becomes."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from hashlib import sha256
from typing import Any

import pytest

from casetrack.catalog import workflows
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.fold import replay
from casetrack.ledger.codec import parse
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.redaction import all_targets
from tests import chains
from tests.golden.make_format1 import DEFINITIONS, FOLDER, LEDGERS, files

BUSY, QUIET = "01a19cc6-3d80-7000-8000-000000000003", "01a19cc9-ecdc-7000-8000-000000000013"
GUIDE = "01a19cfd-2c00-7000-8000-000000000003"
HEADS = {
    ("made", LEDGER_CASE): "da98e9312211da0d987105a82754459b1aed2be1d77adbd59503745fe6f3f612",
    ("made", BUSY): "f03f60d6f1de7329e03f50d6ee94f39838a4fcbde856df26d5c680b5c86b3079",
    ("made", QUIET): "a94da21bad8cf5197c4f4c6195aad94952c5adae857862cb414a2fce1a489a56",
    ("guide", LEDGER_CASE): "9c378acf1c2232b6056502deb7f3dab7b0f7f17e9108338df8f269777f2a8c28",
    ("guide", GUIDE): "935df2d5dda82812f02101a263089c86497eac23fbc43219d60e79efaa64e44a",
}
NO = None


def lines(ledger: str, name: str) -> list[str]:
    """At line feeds only: a value may hold U+2028."""
    return (FOLDER / ledger / name).read_bytes().decode().split("\n")[:-1]


@cache
def bodies(ledger: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in lines(ledger, "bodies.jsonl"):
        found.setdefault(json.loads(line)["case"], []).append(line)
    return found


def disclosures(ledger: str, case_id: str, version: int) -> Mapping[str, str]:
    known = [json.loads(line) for line in lines(ledger, "disclosures.jsonl")]
    return {
        name: text for case, number, name, text in known if (case, number) == (case_id, version)
    }


@cache
def entries(ledger: str, case_id: str) -> tuple[e.Entry, ...]:
    return tuple(
        parse(body, disclosures(ledger, case_id, version), (case_id, version))
        for version, body in enumerate(bodies(ledger)[case_id], start=1)
    )


def busy() -> Case:
    return replay(BUSY, entries("made", BUSY))


def guide(version: int | None = None) -> Case:
    """The guide's case as it stood at a version, the last one unless given."""
    return replay(GUIDE, entries("guide", GUIDE)[:version])


# Both ledgers


@pytest.mark.parametrize("ledger", LEDGERS)
def test_each_line_is_hashed_in_the_next_and_the_last_is_known(ledger: str) -> None:
    assert {(ledger, case_id) for case_id in bodies(ledger)} == {k for k in HEADS if k[0] == ledger}
    for case_id, chain in bodies(ledger).items():
        digests = [sha256(line.encode()).hexdigest() for line in chain]
        assert [json.loads(line)["prev"] for line in chain] == [None, *digests[:-1]]
        assert digests[-1] == HEADS[ledger, case_id]
        assert chains.problems(case_id, zip(chain, digests, strict=True)) == []
        assert [entry.digest for entry in entries(ledger, case_id)] == digests


@pytest.mark.parametrize("ledger", LEDGERS)
def test_each_disclosure_is_hashed_where_it_was_sealed(ledger: str) -> None:
    for line in lines(ledger, "disclosures.jsonl"):
        case_id, version, name, text = json.loads(line)
        body = json.loads(bodies(ledger)[case_id][version - 1])
        assert body["sealed"][name] == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("ledger", LEDGERS)
def test_the_same_inputs_give_the_same_bytes(ledger: str) -> None:
    for name, content in files(LEDGERS[ledger]()).items():
        assert content == (FOLDER / ledger / name).read_bytes()


def test_each_definition_is_named_for_its_hash() -> None:
    kept = {path.name: path.read_bytes() for path in (FOLDER / "definitions").iterdir()}
    assert {f"{sha256(text).hexdigest()}.json" for text in kept.values()} == set(kept)
    assert set(kept) == {f"{digest}.json" for digest in DEFINITIONS}


@pytest.mark.parametrize("ledger", LEDGERS)
def test_what_an_entry_names_by_digest_is_kept(ledger: str) -> None:
    named = {
        digest
        for chain in bodies(ledger).values()
        for body in chain
        for digest in digests_in(json.loads(body)["data"])
    }
    assert named - {"c" * 64} <= set(DEFINITIONS)
    assert named >= ({DEFINITIONS[0]} if ledger == "made" else set(DEFINITIONS[1:]))


def digests_in(value: Any) -> Iterator[str]:  # noqa: ANN401  # any JSON
    """The members that name a definition or a calendar, at any depth."""
    if isinstance(value, dict):
        yield from (value[name] for name in ("definition", "digest") if name in value)
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from digests_in(inner)


def test_a_pinned_definition_is_read() -> None:
    text = (FOLDER / "definitions" / f"{guide().definition}.json").read_bytes().decode()
    workflow = workflows.from_text(text)
    assert (workflow.id, workflow.zone) == ("humana-il-guide", "America/Chicago")
    assert guide().state in workflow.states


def test_every_kind_of_entry_is_in_the_guides_ledger_and_the_sealed_one() -> None:
    kinds = {entry.type for id in bodies("guide") for entry in entries("guide", id)}
    sealed = (FOLDER.with_name("sealed1") / "bodies.jsonl").read_text("utf-8").split("\n")[:-1]
    of_keys = {json.loads(line)["type"] for line in sealed} - kinds
    assert of_keys == {"KeyMade", "KeyRotated"}
    later = {"WorkflowAdopted"}  # it came after these bytes; its own are pinned with the codec's
    assert kinds | of_keys | later == set(e.CASE_TYPES)


# The one put together by hand


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
    assert entries("made", BUSY)[1].disclosed == {"override": 'on "file"\n\tC:\\x'}
    left = {(target.version, target.name) for target in all_targets(entries("made", BUSY))}
    assert not left & {(1, "patient"), (6, "note")}


def test_where_the_case_stands() -> None:
    case = busy()
    assert (case.version, case.state, case.assignee) == (7, "decided", "eva")
    assert {name: (t.outcome, t.late) for name, t in case.deadlines.items()} == {
        "reply#1": ("satisfied", None),
        "appeal#1": (None, False),
    }
    assert case.deadlines["appeal#1"].unproven
    assert case.deadlines["appeal#1"].sent == ("5bd",)
    assert [gap.gap.item for gap in case.gaps] == ["letter"]
    assert case.evidence["letter"][0].has_file


def test_a_reading_keeps_every_member() -> None:
    standard = busy().deadlines["appeal#1"].deadline.standard
    assert standard is not None
    assert standard.from_at == datetime(2026, 11, 2, 14, 30, 0, 5, UTC)
    assert standard.law_at == datetime(2027, 5, 1, 5, 59, 59, 999999, UTC)
    assert standard.calendars[1].closed[0].date == date(2026, 11, 26)
    assert (standard.law_from_on, standard.law_from_field) == (date(2026, 11, 1), "received_on")
    assert standard.law_from_at == datetime(2026, 11, 1, 17, tzinfo=UTC)


def test_a_clock_behind_is_read() -> None:
    entry = entries("made", BUSY)[2]
    assert entry.data.clock_behind == datetime(2026, 11, 2, 14, 59, 1, 500000, UTC)
    assert entry.recorded_at == entries("made", BUSY)[1].recorded_at


# The one by the guide, every date worked out by hand

# deadline: (from, length, unrolled, due, safe from, safe, stated, law, act by)
DATES = {
    # 30 days from the test; the 21st is a Saturday, the 11th is Veterans Day
    "inhibitor_fresh#1": ("2026-10-20", "30d", "2026-11-19", "2026-11-19", "2026-10-20",
                          "2026-11-19", NO, NO, "2026-11-19"),
    "factor_ix_fresh#1": ("2026-10-22", "30d", "2026-11-21", "2026-11-21", "2026-10-22",
                          "2026-11-21", NO, NO, "2026-11-20"),
    "liver_fresh#1": ("2026-10-12", "30d", "2026-11-11", "2026-11-11", "2026-10-12",
                      "2026-11-11", NO, NO, "2026-11-10"),
    # 5 business days from Thursday 5 November, without the 11th
    "pa_follow_up#1": ("2026-11-05", "5bd", "2026-11-13", "2026-11-13", "2026-11-05",
                       "2026-11-13", NO, NO, "2026-11-13"),
    # 14 of them, without the 11th, the 26th and the 27th; by law 72 hours, on a Sunday
    "pa_decision#1": ("2026-11-05", "14bd", "2026-11-30", "2026-11-30", "2026-11-05",
                      "2026-11-30", NO, "2026-11-08", "2026-11-08"),
    # 65 days from the notice, by law 60; the letter's own date is a Sunday
    "appeal_filing#1": ("2026-11-16", "65d", "2027-01-20", "2027-01-20", "2026-11-16",
                        "2027-01-20", "2027-01-10", "2027-01-15", "2027-01-08"),
    # our own plan, moved from Friday to Wednesday
    "plan#1": ("2026-11-02", "14bd", "2026-11-27", "2026-11-27", "2026-11-02", "2026-11-27",
               NO, NO, "2026-11-25"),
    # 30 days from the filing, by law 7
    "appeal_decision#1": ("2026-12-09", "30d", "2027-01-08", "2027-01-08", "2026-12-09",
                          "2027-01-08", NO, "2026-12-16", "2026-12-16"),
    # filed again; resumed with 2 days more, then extended by 14
    "appeal_decision#2": ("2026-12-14", "30d", "2027-01-13", "2027-01-29", "2026-12-14",
                          "2027-01-13", NO, "2026-12-21", "2026-12-21"),
}  # fmt: skip


def told(tracked: Tracked) -> tuple[str | None, ...]:
    r = tracked.deadline.reading
    days = (r.unrolled_on, r.due_on, r.safe_from_on, r.safe_on, r.stated_due_on, r.law_by, r.act_by)
    return (str(r.from_on), r.length, *(str(day) if day else None for day in days))


@pytest.mark.parametrize("name", DATES)
def test_each_deadline_has_the_dates_that_were_worked_out(name: str) -> None:
    assert told(guide().deadlines[name]) == DATES[name]
    assert set(guide().deadlines) == set(DATES)


def test_each_deadline_ended_as_it_did() -> None:
    assert {
        name: (t.outcome, t.closed_version, str(t.closed_on), t.late)
        for name, t in guide().deadlines.items()
        if t.outcome
    } == {
        "inhibitor_fresh#1": ("satisfied", 10, "2026-11-05", False),
        "factor_ix_fresh#1": ("satisfied", 10, "2026-11-05", False),
        "liver_fresh#1": ("satisfied", 10, "2026-11-05", False),
        "pa_follow_up#1": ("satisfied", 13, "2026-11-06", False),
        "pa_decision#1": ("satisfied", 16, "2026-11-19", False),
        "plan#1": ("satisfied", 19, "2026-11-24", False),
        "appeal_decision#1": ("cancelled", 26, "2026-12-11", False),
        "appeal_filing#1": ("satisfied", 32, "2026-12-21", False),
    }


def test_the_closed_days_that_mattered_are_in_the_entry() -> None:
    closed = {
        name: [str(day.date) for use in t.deadline.reading.calendars for day in use.closed]
        for name, t in guide().deadlines.items()
    }
    assert {name: days for name, days in closed.items() if days} == {
        "liver_fresh#1": ["2026-11-11"],
        "pa_follow_up#1": ["2026-11-11"],
        "pa_decision#1": ["2026-11-11", "2026-11-26", "2026-11-27"],
    }


def test_an_expedited_request_was_due_in_hours_and_its_refusal_brought_back_the_standard() -> None:
    expedited = guide(12).deadlines["pa_decision#1"].deadline
    r = expedited.reading
    assert (r.length, r.from_field, r.law_length, r.law_from_field) == (
        "72h", "expedite", "24h", "expedite",
    )  # fmt: skip
    assert r.due_at == datetime(2026, 11, 9, 17, tzinfo=UTC)
    assert r.law_at == datetime(2026, 11, 7, 17, tzinfo=UTC)
    assert (r.due_on, r.law_by, r.act_by) == (
        date(2026, 11, 9), date(2026, 11, 7), date(2026, 11, 7),
    )  # fmt: skip
    assert expedited.standard == guide(10).deadlines["pa_decision#1"].deadline.reading
    back = guide(13).deadlines["pa_decision#1"].deadline
    assert (back.reading, back.standard) == (expedited.standard, None)
    assert [move.expedited for move in guide().moves[:3]] == [False, False, True]


def test_the_laws_hours_count_from_the_instant_of_the_submission() -> None:
    r = guide().deadlines["pa_decision#1"].deadline.reading
    assert r.law_at == datetime(2026, 11, 8, 15, tzinfo=UTC)
    assert (r.law_length, r.law_from_on, r.law_from_at, r.law_from_field) == (
        "72h", date(2026, 11, 5), datetime(2026, 11, 5, 15, tzinfo=UTC), "request",
    )  # fmt: skip


def test_a_returned_appeal_brought_back_the_filing_with_its_dates() -> None:
    filed, returned = guide(25), guide(26)
    assert filed.deadlines["appeal_filing#1"].outcome == "satisfied"
    assert [t.deadline.deadline for t in returned.open_deadlines()] == ["appeal_filing#1"]
    assert told(returned.deadlines["appeal_filing#1"]) == DATES["appeal_filing#1"]
    assert returned.deadlines["appeal_filing#1"].sent == ("20bd",)


def test_a_tolled_clock_stood_still_until_it_was_resumed_and_was_then_extended() -> None:
    name = "appeal_decision#2"
    stages = [guide(version).deadlines[name] for version in (27, 28, 29, 30)]
    assert [(str(t.deadline.reading.due_on), t.tolled_on) for t in stages] == [
        ("2027-01-13", None),
        ("2027-01-13", date(2026, 12, 15)),
        ("2027-01-15", None),
        ("2027-01-29", None),
    ]


def test_a_withdrawal_that_never_happened_left_no_trace_but_its_entries() -> None:
    before, wrong, after = guide(30), guide(31), guide(32)
    assert (before.state, wrong.state, after.state) == (
        "internal_appeal", "denied", "internal_appeal",
    )  # fmt: skip
    assert after.moves == before.moves
    assert after.open_deadlines() == before.open_deadlines()


def test_a_correction_and_a_title_are_read() -> None:
    case = guide()
    assert case.corrected == {16: {"received_on": 20, "denial_reference": 20}}
    assert (case.fields["received_on"], guide(19).fields["received_on"]) == (
        "2026-11-18", "2026-11-19",
    )  # fmt: skip
    assert case.fields["denial_reference"] == "D-12"
    assert case.titles == {"plan#1": "Zeptat se Dr. Ž"}


def test_whom_the_guides_case_is_for_is_known_no_more() -> None:
    case = guide()
    assert (case.reference, case.patient, case.assignee) == ("C-REAL", e.REDACTED, "ota")
    assert entries("guide", GUIDE)[13].value("note") is e.REDACTED
    assert guide(14).fields["confirmation"] == "HUM-77"
    record = case.evidence["inhibitor_test"][0]
    assert (record.on, record.values, record.has_file) == (
        date(2026, 10, 20), {"result": "negative"}, True,
    )  # fmt: skip


def test_what_left_the_ledger_is_known_with_the_local_day() -> None:
    _, listed, whole = entries("guide", LEDGER_CASE)
    assert listed.data == e.DisclosureMade(command="bundle", scope="listed", cases=(GUIDE,))
    assert whole.data == e.DisclosureMade(command="export", scope="all", cases=())
    assert (listed.value("purpose"), whole.value("purpose")) == ("for the auditor", None)
    assert listed.occurred_on == date(2026, 12, 22)
    assert listed.occurred_at == datetime(2026, 12, 23, 4, 53, tzinfo=UTC)

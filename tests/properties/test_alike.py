"""Docket lines that are reckoned once for many rows are those that each row has alone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import DocketRow
from casetrack.service import due
from casetrack.service.desk import Firing, Opening, When
from casetrack.service.tracker import Tracker
from casetrack.service.typed import Planning
from tests.fakes import FakeClock, fixed_sources

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
DAYS = [date(2026, 11, 20), date(2026, 11, 24), date(2026, 12, 3), date(2027, 1, 12)]
# What a row's line may hang on beside its clock and its case, with values that change it.
VALUES: dict[str, tuple[object, ...]] = {
    "act_by": tuple(DAYS),
    "due_on": tuple(DAYS),
    "due_at": (NOW - timedelta(seconds=1), NOW, NOW + timedelta(days=9)),
    "law_by": (None, *DAYS[:2]),
    "stated_due_on": (None, *DAYS[:2]),
    "unproven": (False, True),
    "tolled_on": (None, DAYS[0]),
    "rungs": ((), ("5bd", "0bd"), ("24h",)),
    "sent": ((), ("5bd",)),
    "counted_from": ("request", "presumed_receipt"),
}
ALIKE = {name: values[0] for name, values in VALUES.items()}


@cache
def tracker() -> Tracker:
    """Cases of two workflows in several states, with plans, and approvals that watch a date."""
    made = Tracker(MemoryLedger(fixed_sources(FakeClock(NOW))), NOW, "eva")
    for number, infusion_on in enumerate(("", "2026-12-01", "2027-03-01", "2027-03-01")):
        id = opened(made, "humana-il-guide", f"G-{number}")
        fired(made, id, "submit", method="fax")
        fired(made, id, "approve", authorization="A", valid_through="2027-02-01",
              **({"infusion_on": infusion_on} if infusion_on else {}))  # fmt: skip
        made.do(id, Planning(title=f"Call {number}", due="2026-12-01"))
    for number in range(2):
        fired(made, opened(made, "humana-il-guide", f"S-{number}"), "submit", method="fax")
        fired(made, opened(made, "il-commercial", f"I-{number}"), "submit", method="fax")
    for number, notice_on in enumerate(("2024-06-03", "2026-11-02")):
        id = opened(made, "ma-part-b-drug", f"D-{number}", on="2024-05-01")
        fired(made, id, "submit", at=f"{notice_on}T09:00", method="fax")
        fired(made, id, "deny", on=notice_on, notice_on=notice_on, reason_code="experimental")
    return made


def opened(made: Tracker, workflow: str, reference: str, on: str = "2026-10-01") -> str:
    return made.open(Opening(workflow=workflow, reference=reference, when=When(on=on))).case.id


def fired(made: Tracker, id: str, trigger: str, at: str = "", on: str = "", **values: str) -> None:
    when = When(at=at or None, on=on or None)
    pairs = tuple(values.items())
    made.do(id, Firing(trigger=trigger, when=when, pairs=pairs, override="so it was"))


def known() -> list[DocketRow]:
    return list(tracker().ledger.docket(None))


def changed(row: DocketRow, changes: Mapping[str, object], **case: object) -> DocketRow:
    return DocketRow(
        case=replace(row.case, **case), deadline=replace(row.deadline, **changes), patient="P 1"
    )


def assert_as_alone(rows: Sequence[DocketRow]) -> None:
    together = list(due._lines(tracker(), rows))  # noqa: SLF001 - from outside nothing is seen of it
    assert together == [due.line(tracker(), row) for row in rows]


@pytest.mark.parametrize("name", VALUES)
def test_rows_that_differ_in_one_thing_have_their_own_lines(name: str) -> None:
    values = (*VALUES[name], *VALUES[name])
    assert_as_alone([changed(row, {**ALIKE, name: value}) for row in known() for value in values])


def test_rows_that_differ_in_their_clock_workflow_or_case_alone_have_their_own_lines() -> None:
    states = ("intake", "pa_submitted", "approved", "denied")
    people = (None, "eva", "ota")
    assert_as_alone(
        [
            changed(row, ALIKE, state=state, assignee=assignee)
            for row in known()
            for state in states
            for assignee in people
        ]
    )


CHANGES = st.fixed_dictionaries({}, optional={n: st.sampled_from(v) for n, v in VALUES.items()})


@given(st.data())
def test_any_rows_have_the_lines_that_each_has_alone(data: st.DataObject) -> None:
    base = data.draw(st.sampled_from(known()))
    some = data.draw(st.lists(CHANGES, min_size=1, max_size=12))
    assert_as_alone([changed(base, {**ALIKE, **changes}) for changes in some])


def test_the_ledger_has_what_differs_by_its_case_alone() -> None:
    """A watched date in approvals that are otherwise alike, and a clock that has versions."""
    lines = [due.line(tracker(), row) for row in tracker().ledger.docket(None)]
    approvals = {(line.act_by, line.finding) for line in lines if "approval" in line.deadline}
    assert len({finding for _, finding in approvals}) > len({day for day, _ in approvals})
    assert any(line.workflow == "ma-part-b-drug" and "appeal" in line.deadline for line in lines)

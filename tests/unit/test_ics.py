"""The docket as a calendar file, by RFC 5545: read back by a package that knows the rules."""

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from msgspec.structs import replace

from casetrack.domain.docket import Docket, Item
from casetrack.reports import ics
from casetrack.reports.sinks import ics_line, ics_text
from tests.dockets import DUE, EMPTY, ENDED, ITEMS, NASTY, NOW, case_id

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
WRITE = os.environ.get("CASETRACK_GOLDEN") == "write"
APPEAL, UNPROVEN, PAYER, HOURS, SOON, _, TOLLED, HOSTILE, _ = ITEMS


def read(docket: Docket) -> list[Any]:
    """The events: a property may be of any type, so they are read as they come."""
    calendar = Calendar.from_ical(ics.render(docket))
    assert calendar.errors == []
    events = list(calendar.walk("VEVENT"))
    assert all(event.errors == [] for event in events)
    return events


def only(line: Item, **changes: Any) -> Any:  # noqa: ANN401  # any field of the line, any property
    [event] = read(replace(DUE, items=(replace(line, **changes),), ended=()))
    return event


@pytest.mark.parametrize(("name", "docket"), [("calendar", DUE), ("calendar-empty", EMPTY)])
def test_the_file_is_the_golden_one_to_the_byte(name: str, docket: Docket) -> None:
    path, made = GOLDEN / f"{name}.ics", ics.render(docket).encode()
    if WRITE:
        path.write_bytes(made)
    assert made == path.read_bytes()


@pytest.mark.parametrize("docket", [DUE, EMPTY])
def test_lines_end_in_cr_lf_and_have_at_most_75_octets(docket: Docket) -> None:
    made = ics.render(docket).encode()
    assert made.endswith(b"\r\n")
    lines = made.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    for line in lines:
        assert not set(line.decode()) & set("\r\n\x1b")


def test_an_event_has_each_property_that_it_needs_once() -> None:
    for event in read(DUE):
        for name in ("UID", "DTSTAMP", "DTSTART", "SEQUENCE", "STATUS", "SUMMARY"):
            assert not isinstance(event[name], list)
        assert event["DTSTAMP"].dt == NOW
    assert len({str(event["UID"]) for event in read(DUE)}) == len(ITEMS) + len(ENDED)


def test_the_uid_is_the_case_id_and_the_deadline_whatever_the_reference() -> None:
    assert only(APPEAL)["UID"] == f"{case_id(1)}/appeal_filing#1@casetrack"
    assert only(APPEAL, case="other")["UID"] == only(APPEAL)["UID"]


def test_it_stands_on_act_by_for_the_whole_day() -> None:
    event = only(APPEAL)
    assert event["DTSTART"].dt == date(2026, 11, 2)
    assert event["DTEND"].dt == date(2026, 11, 3)


def test_a_deadline_that_ends_at_an_hour_stands_at_that_hour() -> None:
    event = only(HOURS)
    assert event["DTSTART"].dt == datetime(2026, 11, 27, 15, tzinfo=UTC)
    assert "DTEND" not in event


def alarms(event: Any) -> list[datetime]:  # noqa: ANN401  # any property
    return [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]


def test_there_is_an_alarm_in_the_morning_of_each_rung_to_come() -> None:
    mornings = [datetime(2026, 12, day, 14, tzinfo=UTC) for day in (1, 3)]
    assert alarms(only(SOON)) == mornings


def test_hour_rungs_sound_to_the_moment() -> None:
    ends = datetime(2026, 11, 27, 15, tzinfo=UTC)
    assert alarms(only(HOURS)) == [ends - timedelta(hours=n) for n in (24, 8, 2)]


def test_what_is_past_paused_or_over_sounds_no_alarm() -> None:
    assert alarms(only(APPEAL)) == []
    assert alarms(only(TOLLED)) == []
    assert only(TOLLED)["STATUS"] == "TENTATIVE"
    assert alarms(read(DUE)[-1]) == []


def test_what_has_ended_is_cancelled_under_the_uid_it_had() -> None:
    event = read(DUE)[-1]
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == f"{case_id(9)}/appeal_filing#1@casetrack"
    assert event["SEQUENCE"] == 1


def test_the_sequence_is_the_number_of_changes() -> None:
    assert only(APPEAL)["SEQUENCE"] == 0
    assert only(APPEAL, changes=2)["SEQUENCE"] == 2


def test_text_comes_back_as_it_was_with_controls_shown() -> None:
    event = only(HOSTILE)
    shown = NASTY.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e").replace("\r", "\\r")
    assert str(event["SUMMARY"]) == f"PRACTICE: {shown}: {shown}"
    assert len(read(replace(DUE, items=(HOSTILE,), ended=()))) == 1


def test_it_never_names_a_patient() -> None:
    made = ics.render(DUE)
    assert "Zo" not in made
    assert "patient" not in made.lower()


def test_the_same_docket_gives_the_same_bytes_in_whatever_order() -> None:
    assert ics.render(replace(DUE, items=ITEMS[::-1])) == ics.render(DUE)


def test_a_practice_ledger_says_so() -> None:
    assert "X-WR-CALNAME:casetrack (practice)" in ics.render(DUE)
    assert "practice" not in ics.render(EMPTY).lower()
    assert str(only(APPEAL)["SUMMARY"]).startswith("PRACTICE: ")


@given(st.text())
def test_any_line_is_unfolded_to_itself(text: str) -> None:
    line = text.encode(errors="replace").decode().replace("\r", "").replace("\n", "")
    folded = ics_line(line)
    assert folded.replace("\r\n ", "").removesuffix("\r\n") == line
    assert all(len(piece.encode()) <= 75 for piece in folded.split("\r\n"))


@given(st.text())
def test_any_text_is_one_value_of_one_line(text: str) -> None:
    made = ics_text(text)
    assert not set(made) & set("\r\n\x00\x1b\u2028")
    made.encode()

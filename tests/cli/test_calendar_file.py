"""``due`` as a page and as a calendar, from a real ledger."""

from pathlib import Path
from typing import Any

import pytest
from icalendar import Calendar

from tests.cli.driver import Office, denied, practice, submitted

LATER = "2026-12-01T18:00Z"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = practice(tmp_path / "office")
    denied(made, "C-2")
    return made


def events(office: Office, now: str = "") -> dict[str, Any]:
    """By the deadline, of the one case that the calendar holds."""
    made = office.do("due", "--within", "300d", "--format", "ics", now=now).out
    calendar = Calendar.from_ical(made)
    found = {
        str(event["UID"]).split("/")[1].split("@")[0]: event for event in calendar.walk("VEVENT")
    }
    assert len(found) == len(calendar.walk("VEVENT"))
    return found


def test_a_deadline_keeps_its_uid_and_is_cancelled_when_it_ends(office: Office) -> None:
    before = events(office)["appeal_filing#1"]
    assert (before["STATUS"], before["SEQUENCE"]) == ("CONFIRMED", 0)
    assert len(before.walk("VALARM")) > 1
    office.do(
        "fire",
        "C-2",
        "file_appeal",
        "method=fax",
        "confirmation=F-1",
        "--override",
        "trial",
        now=LATER,
    )
    after = events(office, LATER)["appeal_filing#1"]
    assert after["UID"] == before["UID"]
    assert (after["STATUS"], after["SEQUENCE"]) == ("CANCELLED", 1)
    assert after.walk("VALARM") == []


def test_the_uid_holds_the_id_and_never_the_reference(office: Office) -> None:
    shown = office.do("show", "C-2", "--json").data
    for name, event in events(office).items():
        assert event["UID"] == f"{shown['id']}/{name}@casetrack"


def test_the_calendar_has_the_same_bytes_each_time_and_writes_nothing(office: Office) -> None:
    before = office.written()
    made = [office.do("due", "--format", "ics").out for _ in range(2)]
    assert made[0] == made[1]
    assert office.written() == before


def test_a_calendar_with_patients_is_refused_and_nothing_is_written(office: Office) -> None:
    before = office.written()
    done = office("due", "--format", "ics", "--phi", "--within", "300d")
    assert (done.code, done.out) == (4, "")
    assert "never names a patient" in done.err
    assert office.written() == before


def test_the_page_shows_a_patient_only_if_asked(office: Office) -> None:
    submitted(office, "C-3", patient="Zoë & P")
    asked = ["due", "--within", "300d", "--format", "html"]
    plain, told = office.do(*asked).out, office.do(*asked, "--phi").out
    assert plain.startswith("<!doctype html>")
    assert "Zoë" not in plain
    assert "Zoë &amp; P" in told


def test_the_page_draws_the_ladder_of_each_deadline(office: Office) -> None:
    page = office.do("due", "--within", "300d", "--format", "html").out
    assert 'id="case-1"' in page
    assert page.count('class="rung"') > 3
    assert "next warning" in page

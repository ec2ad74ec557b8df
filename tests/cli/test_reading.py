"""What a case manager reads: columns stay columns, times are those of the wall clock."""

import re
from pathlib import Path

import pytest

from casetrack.reports.lines import COLUMNS, width
from tests.cli.driver import APPEAL, Office, denied, lines_of, practice, submitted

LONG = "A" * 32
NASTY = "\u202eabc\u2028d [/] [red]x <script>alert(1)</script> =cmd|' /C calc'!A0 `x` {{7*7}} " * 2


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return practice(tmp_path / "office")


def test_the_columns_of_a_list_stand_under_each_other(office: Office) -> None:
    for ref, assignee in (("C-1", "eva"), (LONG[:24], "jordan-of-the-desk"), ("C-3", "漢字")):
        submitted(office, ref)
        office.do("assign", ref, assignee)
    found = list(lines_of(office.do("list").out))
    starts = {width(line[: re.search(r"\w{3} 2026-", line).start()]) for line in found}  # type: ignore[union-attr]
    assert (len(found), len(starts)) == (3, 1)


def test_a_name_too_long_for_its_column_moves_the_rest_below_in_place(office: Office) -> None:
    submitted(office, "C-1")
    submitted(office, LONG)
    first, second, third = lines_of(office.do("list").out)
    assert first.split() == [LONG]
    assert second.index("pa_submitted") == third.index("pa_submitted")


@pytest.mark.parametrize("command", ["show", "explain", "due"])
def test_whatever_was_typed_no_line_is_wider_than_the_page(office: Office, command: str) -> None:
    office.do("open", "--ref", "C-1", "--patient", NASTY)
    office.do("plan", "C-1", NASTY, "--due", "+2bd")
    asked = [command] if command == "due" else [command, "C-1"]
    text = office.do(*asked, "--phi").out
    assert "calc'!A0" in text
    assert max(map(width, lines_of(text))) <= COLUMNS


def test_a_command_that_is_allowed_stands_apart_from_what_it_means(office: Office) -> None:
    submitted(office)
    found = [line for line in lines_of(office.do("next", "C-1").out) if "=..." in line]
    assert len({line.index(title) for line in found for title in ("Payer ", "Close ")
                if title in line}) == 1  # fmt: skip


def test_when_a_thing_was_sent_is_told_as_on_the_wall(office: Office) -> None:
    denied(office)
    for item in APPEAL:
        office.do("record", "C-2", item)
    at = "sent_at=2026-11-24T09:59"
    office.do("fire", "C-2", "file_appeal", "method=fax", at)
    for command in ("show", "history"):
        told = office.do(command, "C-2").out
        assert "Tue 2026-11-24 09:59 CST" in told
        assert "T15:59" not in told
    found = office.do("show", "C-2", "--json").data["fields"]["sent_at"]
    assert found == "2026-11-24T15:59:00.000000Z", "data keeps the instant"


def test_a_proof_of_receipt_is_asked_for_with_its_day(office: Office) -> None:
    denied(office)
    for item in APPEAL:
        office.do("record", "C-2", item)
    office.do("fire", "C-2", "file_appeal", "method=fax")
    typed = "casetrack record C-2 proof_of_receipt --on DATE"
    for form in ("text", "md", "html"):
        said = office.do("due", "--within", "200d", "--format", form).out
        assert typed in " ".join(said.split())


@pytest.mark.parametrize("within", ["3", "4mo", "72h", "d", "bd", "10 bd", "-3d", "١d"])
def test_a_window_that_is_none_is_told_what_one_is(office: Office, within: str) -> None:
    done = office("due", f"--within={within}")
    assert (done.code, done.out) == (2, "")
    assert "--within takes business days or days, such as 10bd or 30d" in done.err


def test_on_the_page_no_line_breaks_between_a_weekday_and_its_date(office: Office) -> None:
    denied(office)
    made = office.do("due", "--within", "200d", "--format", "html").out
    body = made.partition("<body>")[2]
    assert '<span class="date">Fri 2027-01-22</span>' in body
    assert not re.search(r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) <span", body)


def test_the_working_says_that_a_clock_stands_still_until_it_runs_again(office: Office) -> None:
    submitted(office)
    office.do("toll", "C-1", "pa_decision", "--reason", "they wait")
    told = " ".join(office.do("explain", "C-1", "pa_decision").out.split())
    assert "stands still since Tue 2026-11-24: the dates move when it resumes" in told
    assert "stands still" not in office.do("explain", "C-1", "pa_follow_up").out
    office.do("resume", "C-1", "pa_decision", "--reason", "they go on")
    assert "stands still" not in office.do("explain", "C-1", "pa_decision").out

"""plan, done, extend, toll, resume, amend and void at the command line."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.driver import Office, practice, submitted

Words = list[str]
LISTS = ("armed", "closed", "moved", "reopened", "unproven")
WHY = ["--reason", "CNRY1"]
NOTICE = "notice_on=2026-11-20"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """C-1, submitted (version 10) and denied (11) on 24 November 2026, with a plan (12)."""
    office = practice(tmp_path / "db")
    submitted(office)
    office.do("fire", "C-1", "deny", "notice_on=2026-11-24", "reason_code=experimental")
    office.do("plan", "C-1", "CNRY0 call", "--due", "2026-12-04")
    return office


WRITES: Mapping[str, tuple[Words, Mapping[str, object]]] = {
    "plan": (["C-1", "CNRY2", "--due", "+5bd"], {"deadline": "plan#2"}),
    "done": (["C-1", "plan#1"], {"deadline": "plan#1"}),
    "extend": (
        ["C-1", "appeal_filing", "--to", "2027-02-10", "--basis", "CNRY2", *WHY],
        {"deadline": "appeal_filing#1"},
    ),
    "toll": (
        ["C-1", "appeal_filing", *WHY],
        {"deadline": "appeal_filing#1", "tolled_on": "2026-11-24"},
    ),
    "amend": (
        ["C-1", "11", NOTICE, *WHY], {"corrects": 11, "amended": ["notice_on"], "dry_run": False}
    ),
    "void": (["C-1", "11", *WHY], {"voids": 11, "dry_run": False}),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_a_write_says_what_it_did(office: Office, name: str) -> None:
    arguments, said = WRITES[name]
    done = office(name, *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    data = done.data
    assert data["schema"] == f"casetrack.{name}/1"
    assert (data["case"], data["version"]) == ("C-1", 13)
    assert data["digest"] == office.rows("ledger")[-1][6].hex()
    assert data["state"] == ("pa_submitted" if name == "void" else "denied")
    assert {key: data[key] for key in said} == said
    assert all(isinstance(data[key], list) for key in LISTS)


@pytest.mark.parametrize("name", WRITES)
def test_a_write_prints_lines_and_nothing_typed(office: Office, name: str) -> None:
    done = office(name, *WRITES[name][0])
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("C-1: ")
    assert "CNRY" not in done.out
    assert "(version 13)" in done.out


@pytest.mark.parametrize("name", WRITES)
def test_nothing_typed_is_in_a_body(office: Office, name: str) -> None:
    office.do(name, *WRITES[name][0])
    assert "CNRY" not in json.dumps(office.bodies())


def test_what_moved_is_shown_with_what_it_moved_from(office: Office) -> None:
    done = office.do("amend", "C-1", "11", NOTICE, *WHY, "--json").data
    (moved,) = done["moved"]
    assert (moved["deadline"], moved["why"]) == ("appeal_filing#1", "amended")
    assert (moved["was"]["due_on"], moved["due_on"]) == ("2027-01-28", "2027-01-24")
    assert (moved["was"]["act_by"], moved["act_by"]) == ("2027-01-22", "2027-01-19")
    assert (moved["was"]["law_by"], moved["law_by"]) == ("2027-01-23", "2027-01-19")


def test_from_and_to_are_read_in_the_text(office: Office) -> None:
    text = office.do("amend", "C-1", "11", NOTICE, *WHY, "--dry-run").out
    told = "act by Fri 2027-01-22 -> Tue 2027-01-19, due Thu 2027-01-28 ->"
    assert text.splitlines() == [
        "C-1: version 11 is amended: notice_on (dry run, nothing written)",
        f"  moved    appeal_filing#1: {told}",
        "           Sun 2027-01-24, law Sat 2027-01-23 -> Tue 2027-01-19 (amended)",
    ]


def test_a_taken_back_transition_is_told_deadline_by_deadline(office: Office) -> None:
    data = office.do("void", "C-1", "11", *WHY, "--json").data
    assert data["reopened"] == ["pa_decision#1", "pa_follow_up#1"]
    assert data["closed"] == [
        {"deadline": "appeal_filing#1", "outcome": "cancelled", "late": False}
    ]


@pytest.mark.parametrize("name", ["amend", "void"])
def test_a_dry_run_is_the_same_twice_and_writes_nothing(office: Office, name: str) -> None:
    arguments, _ = WRITES[name]
    before = office.written()
    first = office.do(name, *arguments, "--dry-run", "--json")
    second = office.do(name, *arguments, "--dry-run", "--json")
    assert first.out == second.out
    assert (first.data["dry_run"], first.data["digest"]) == (True, None)
    assert office.written() == before
    assert office.do(name, *arguments, "--json").data["moved"] == first.data["moved"]


def test_a_dry_run_reads_a_real_ledger_with_a_set_clock(tmp_path: Path) -> None:
    office = Office(tmp_path / "real", now=None)
    office.do("open", "--ref", "C-1", "--patient", "P 1")
    done = office("amend", "C-1", "1", "patient=P 2", *WHY, "--dry-run", now="2040-01-01T10:00Z")
    assert done.code == 0
    for name, (arguments, _) in WRITES.items():
        refused = office(name, *arguments, now="2040-01-01T10:00Z")
        assert refused.code == 4
        assert "--now" in refused.err


def test_a_clock_is_stopped_and_runs_again(tmp_path: Path) -> None:
    office = practice(tmp_path / "db")
    submitted(office)
    office.do("toll", "C-1", "pa_decision", *WHY, "--on", "2026-12-01", now="2026-12-10T16:00Z")
    shown = office.do("show", "C-1", "--json", now="2026-12-10T16:00Z").data["deadlines"]
    assert {d["deadline"]: d["outcome"] for d in shown}["pa_decision#1"] == "tolled"
    stopped = office.do("explain", "C-1", "pa_decision", "--json", now="2026-12-10T16:00Z").data
    assert [d["tolled_on"] for d in stopped["deadlines"]] == ["2026-12-01"]
    told = office.do("explain", "C-1", "pa_decision", now="2026-12-10T16:00Z").out
    assert "stands still    since Tue 2026-12-01" in told
    later = "2026-12-10T16:00Z"
    data = office.do("resume", "C-1", "pa_decision", *WHY, "--json", now=later).data
    assert data["schema"] == "casetrack.resume/1"
    assert [m["due_on"] for m in data["moved"]] == ["2026-12-28"]
    explained = office.do("explain", "C-1", "pa_decision", "--json", now=later).data
    (found,) = explained["deadlines"]
    assert (found["from"], found["length"], found["due_on"]) == ("2026-12-10", "11bd", "2026-12-28")
    assert sum(step["counted"] for step in found["steps"]) == 11
    assert (found["tolled_on"], found["standard"]) == (None, None)


def test_an_expedited_deadline_is_explained_with_the_date_it_replaced(tmp_path: Path) -> None:
    office = practice(tmp_path / "db")
    submitted(office)
    urgent = ["--at", "2026-11-25T10:00-06:00", "expedite_reason=deterioration"]
    now = "2026-11-25T17:00Z"
    office.do("fire", "C-1", "expedite", *urgent, "--override", "x", now=now)
    (found,) = office.do("explain", "C-1", "pa_decision", "--json", now=now).data["deadlines"]
    assert (found["length"], found["due_at"]) == ("72h", "2026-11-28T10:00:00-06:00")
    before = found["standard"]
    assert (before["from"], before["length"], before["due_on"]) == (
        "2026-11-24", "14bd", "2026-12-16"
    )  # fmt: skip
    assert sum(step["counted"] for step in before["steps"]) == 14


def test_a_title_is_typed_and_shown_only_with_phi(office: Office) -> None:
    for command in (["due", "--within", "400d"], ["show", "C-1"], ["explain", "C-1"]):
        for form in ([], ["--json"]):
            assert "CNRY" not in office.do(*command, *form).out
            assert "CNRY0 call" in office.do(*command, *form, "--phi").out


def test_the_report_says_how_a_plan_is_done(office: Office) -> None:
    text = office.do("due", now="2026-12-04T16:00Z").out
    assert "casetrack done C-1 'plan#1'" in text
    office.do("done", "C-1", "@-", stdin=b"CNRY0 call\n", now="2026-12-04T16:00Z")
    assert "plan#1" not in office.do("due", now="2026-12-04T16:00Z").out


def test_an_extended_deadline_is_explained(office: Office) -> None:
    arguments = ["--to", "2027-02-10", "--basis", "x", *WHY]
    office.do("extend", "C-1", "appeal_filing", *arguments)
    text = office.do("explain", "C-1", "appeal_filing").out
    assert "extension" in text
    assert "Wed 2027-02-10" in text


REFUSED: list[tuple[Words, int, str]] = [
    (["plan", "C-1", "CNRY3", "--due", "2026-11-23"], 4, "Refused"),
    (["plan", "C-1", "CNRY3", "--due", "CNRY3"], 2, "Unparsable"),
    (["plan", "C-1", "CNRY3"], 2, "Unparsable"),
    (["plan", "C-1", "CNRY0 call", "--due", "2026-12-04"], 4, "Refused"),
    (["plan", "C-1", "CNRY3\x07", "--due", "2026-12-04"], 2, "Unparsable"),
    (["plan", "C-1", "CNRY3" * 99, "--due", "2026-12-04"], 4, "Refused"),
    (["plan", "NOPE", "CNRY3", "--due", "2026-12-04"], 4, "UnknownName"),
    (["done", "C-1", "CNRY3"], 4, "UnknownName"),
    (["done", "C-1", "plan#1", "--on", "2026-11-25"], 4, "Refused"),
    (["extend", "C-1", "pa_decision", "--to", "2027-02-10", "--basis", "x", *WHY], 4, "Refused"),
    (["extend", "C-1", "appeal_filing", "--to", "2027-01-28", "--basis", "x", *WHY], 4, "Refused"),
    (["extend", "C-1", "appeal_filing", "--to", "2029-01-27", "--basis", "x", *WHY], 4, "Refused"),
    (["extend", "C-1", "appeal_filing", "--to", "CNRY3", "--basis", "x", *WHY], 2, "Unparsable"),
    (["extend", "C-1", "appeal_filing", "--to", "2027-02-10", "--basis", "", *WHY], 4, "Refused"),
    (["extend", "C-1", "appeal_filing", "--to", "2027-02-10", *WHY], 2, "Unparsable"),
    (["extend", "C-1", "appeal_filing", "--to", "2027-02-10", "--basis", "x"], 2, "Unparsable"),
    (["extend", "C-1", "CNRY3", "--to", "2027-02-10", "--basis", "x", *WHY], 4, "UnknownName"),
    (["toll", "C-1", "pa_decision", *WHY], 4, "Refused"),
    (["toll", "C-1", "appeal_filing", *WHY, "--on", "2026-11-20"], 4, "Refused"),
    (["toll", "C-1", "appeal_filing"], 2, "Unparsable"),
    (["resume", "C-1", "appeal_filing", *WHY], 4, "Refused"),
    (["amend", "C-1", "11", *WHY], 2, "Unparsable"),
    (["amend", "C-1", "11", "CNRY3", *WHY], 2, "Unparsable"),
    (["amend", "C-1", "11", "received_on=2026-11-24", *WHY], 4, "UnknownName"),
    (["amend", "C-1", "11", "CNRY3=x", *WHY], 4, "UnknownName"),
    (["amend", "C-1", "11", "notice_on=CNRY3", *WHY], 2, "Unparsable"),
    (["amend", "C-1", "11", "notice_on=2026-11-25", *WHY], 4, "Refused"),
    (["amend", "C-1", "11", "on=2026-11-23", *WHY], 4, "Refused"),
    (["amend", "C-1", "10", "at=2026-11-24T11:00Z", "at=2026-11-24T12:00Z", *WHY], 4, "Refused"),
    (["amend", "C-1", "99", NOTICE, *WHY], 4, "UnknownName"),
    (["amend", "C-1", "x", NOTICE, *WHY], 2, "Unparsable"),
    (["amend", "C-1", "-1", NOTICE, *WHY], 2, "Unparsable"),
    (["amend", "C-1", "12", "on=2026-11-23", *WHY], 4, "Refused"),
    (["amend", "C-1", "11", NOTICE, "--reason", " "], 4, "Refused"),
    (["amend", "C-1", "11", NOTICE], 2, "Unparsable"),
    (["void", "C-1", "10", *WHY], 4, "Refused"),
    (["void", "C-1", "12", *WHY], 4, "Refused"),
    (["void", "C-1", "0", *WHY], 4, "UnknownName"),
    (["void", "C-1", "11"], 2, "Unparsable"),
    (["void", "C-", "11", *WHY], 4, "AmbiguousCase"),
]


@pytest.mark.parametrize(("arguments", "code", "kind"), REFUSED, ids=lambda x: str(x)[:60])
def test_a_mistake_is_refused_and_nothing_is_written(
    office: Office, arguments: Words, code: int, kind: str
) -> None:
    before = office.written()
    done = office(*arguments, "--json")
    assert (done.code, done.out, done.error["kind"]) == (code, "", kind)
    assert "CNRY" not in done.err
    assert office.written() == before


def test_a_lapsed_deadline_is_not_extended(office: Office) -> None:
    arguments = ["--to", "2027-03-10", "--basis", "x", *WHY]
    done = office("extend", "C-1", "appeal_filing", *arguments, now="2027-01-29T06:00:00Z")
    assert done.code == 4
    assert "lapsed" in done.err
    office.do("extend", "C-1", "appeal_filing", *arguments, now="2027-01-29T05:59:59Z")

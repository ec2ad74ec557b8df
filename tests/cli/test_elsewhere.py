"""Two workflows from fields that have nothing to do with drugs, walked at the command line.

A building permit in the Netherlands: weeks, a roll over general holidays, a toll, an extension,
objection and appeal. A document on the Internet standards track: it goes round and never ends.
Every date is counted by hand, from the articles and a printed calendar.
What opens a right is open from the day after its last day: its ``act_by``.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.driver import Run, practice
from tests.elsewhere import put_beside


class Matter:
    """One case; ``on`` is a day, at whose noon in UTC it is done and recorded."""

    def __init__(self, folder: Path, workflow: str, on: str, *values: str) -> None:
        self.office = practice(folder, f"{on}T12:00Z")
        self.on = on
        self.office.do("open", "--workflow", workflow, "--ref", "C-1", *values)

    def ask(self, on: str, *words: str) -> Run:
        self.on = on
        return self.office(*words, "--json", now=f"{on}T12:00Z")

    def do(self, on: str, *words: str) -> dict[str, Any]:
        done = self.ask(on, *words)
        assert done.code == 0, done
        return done.data

    def fire(self, on: str, trigger: str, *values: str) -> str:
        return str(self.do(on, "fire", "C-1", trigger, "--on", on, *values)["to"])

    def refused(self, on: str, trigger: str, *values: str) -> str:
        done = self.ask(on, "fire", "C-1", trigger, "--on", on, *values)
        assert (done.code, done.out) == (4, ""), done
        return "; ".join([done.error["message"], *done.error["reasons"]])

    def running(self) -> dict[str, tuple[str, str]]:
        """Due and act by of each open deadline."""
        items = self.do(self.on, "due", "--within", "900d")["items"]
        return {d["deadline"]: (d["due_on"], d["act_by"]) for d in items}

    def outcomes(self) -> dict[str, str]:
        return {d["deadline"]: d["outcome"] for d in self.do(self.on, "show", "C-1")["deadlines"]}

    def counted(self, deadline: str) -> list[dict[str, Any]]:
        (found,) = self.do(self.on, "explain", "C-1", deadline)["deadlines"]
        assert isinstance(found["steps"], list)
        return found["steps"]

    def check_the_record(self) -> None:
        """The ledger folds to the views, and every entry keeps to the workflow."""
        replayed = self.do(self.on, "replay", "--all")
        assert (replayed["cases"], replayed["differing"]) == (1, [])
        assert self.do(self.on, "audit", "verify")["problems"] == []
        assert self.ask(self.on, "audit", "conformance").code == 0


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        put_beside(tmp_path / "package", patch)
        yield
    put_back()


def put_back() -> None:
    from casetrack.catalog import calendars, workflows

    for cached in (workflows.load, calendars.load, calendars.shipped_text):
        cached.cache_clear()


# -- A building permit


@pytest.fixture
def permit(tmp_path: Path) -> Matter:
    return Matter(tmp_path / "permit", "building-permit-nl", "2026-01-12", "parcel=AMS-K-1234")


def applied(permit: Matter, on: str = "2026-02-03") -> Matter:
    permit.do(on, "record", "C-1", "site_plan", "--on", "2026-01-20", "scale=1-200")
    permit.do(on, "record", "C-1", "drawings", "--on", "2026-01-20", "floor_area=84.5")
    assert permit.fire(on, "apply", "receipt=OLO-77") == "applied"
    return permit


def refused(permit: Matter, announced: str, on: str) -> Matter:
    """Applied for two weeks before the announcement that is asked about."""
    applied(permit, "2026-02-03")
    permit.fire(on, "refuse", f"announced_on={announced}", "grounds=plan", "grounds=appearance")
    return permit


def objected(permit: Matter, committee: str) -> Matter:
    refused(permit, "2026-04-02", "2026-04-02")
    permit.do("2026-05-01", "record", "C-1", "statement_of_grounds", "--on", "2026-05-01")
    permit.fire("2026-05-01", "object", f"committee={committee}")
    return permit


def test_an_application_needs_its_plan_and_drawings(permit: Matter) -> None:
    said = permit.refused("2026-02-03", "apply")
    assert "Site plan" in said
    assert "Construction drawings" in said
    permit.do("2026-02-03", "record", "C-1", "site_plan", "--on", "2026-01-20", "scale=1-200")
    permit.do("2026-02-03", "record", "C-1", "drawings", "--on", "2026-01-20", "floor_area=0")
    assert "the drawing must give a floor area" in permit.refused("2026-02-03", "apply")
    found = permit.ask("2026-02-03", "check", "C-1", "--for", "apply")
    assert found.code == 3
    assert {i["item"]: i["status"] for i in found.data["items"]}["soil_report"] == "warning"


def test_eight_weeks_end_on_the_weekday_of_the_application(permit: Matter) -> None:
    """Tuesday 3 February 2026 and 8 weeks: Tuesday 31 March (Omgevingswet 16.64(1))."""
    applied(permit)
    assert permit.running() == {"decision#1": ("2026-03-31", "2026-03-31")}
    steps = permit.counted("decision#1")
    assert len([step for step in steps if step["counted"]]) == 56
    assert (steps[0]["date"], steps[0]["counted"]) == ("2026-02-03", False)


def test_the_time_stands_still_for_a_supplement_and_is_extended_once(permit: Matter) -> None:
    """Asked on 17 February, with 6 of the 8 weeks left; supplemented on 3 March: 14 April.

    Six weeks more (16.64(2)) are Tuesday 26 May; Whit Monday is the day before.
    """
    applied(permit)
    permit.fire("2026-02-17", "ask_supplement", "supplement_by=2026-03-10")
    permit.do("2026-02-17", "toll", "C-1", "decision", "--reason", "Awb 4:15")
    assert permit.running()["supplement_term#1"] == ("2026-03-10", "2026-03-10")
    permit.fire("2026-03-03", "supplement")
    permit.do("2026-03-03", "resume", "C-1", "decision", "--reason", "supplemented")
    assert permit.running() == {"decision#1": ("2026-04-14", "2026-04-14")}
    permit.do("2026-04-10", "extend", "C-1", "decision", "--to", "2026-05-26",
              "--basis", "Omgevingswet 16.64(2)", "--reason", "letter of 10 April")  # fmt: skip
    assert permit.running() == {"decision#1": ("2026-05-26", "2026-05-26")}
    permit.check_the_record()


# What ends on a Saturday, a Sunday or a general holiday goes on to the next day that is none of
# them (Algemene termijnenwet 1(1) and 3); we act by the last working day on or before.
ROLLS = [
    ("2026-02-20", "2026-04-07", "2026-04-02"),  # Good Friday, a weekend, Easter Monday
    ("2026-03-14", "2026-04-28", "2026-04-24"),  # a Saturday, a Sunday, King's Day
    ("2026-03-16", "2026-04-28", "2026-04-24"),  # King's Day, a Monday
    ("2026-03-24", "2026-05-06", "2026-05-04"),  # Liberation Day, a Tuesday
    ("2026-04-02", "2026-05-15", "2026-05-13"),  # Ascension Day, a Thursday
    ("2026-04-13", "2026-05-26", "2026-05-22"),  # Whit Monday
    ("2026-11-13", "2026-12-28", "2026-12-24"),  # Christmas on a Friday and a Saturday
    ("2026-11-20", "2027-01-04", "2026-12-31"),  # New Year's Day, a Friday
    ("2026-05-01", "2026-06-12", "2026-06-12"),  # a Friday like any other
]


@pytest.mark.parametrize(("announced", "due", "act_by"), ROLLS)
def test_six_weeks_for_an_objection_go_past_general_holidays(
    permit: Matter, announced: str, due: str, act_by: str
) -> None:
    refused(permit, announced, announced)
    assert permit.running() == {"objection_filing#1": (due, act_by)}
    permit.do(due, "record", "C-1", "statement_of_grounds", "--on", due)
    assert permit.fire(due, "object", "committee=no") == "objection"


def test_an_objection_a_day_late_is_refused(permit: Matter) -> None:
    refused(permit, "2026-04-02", "2026-04-02")
    permit.do("2026-05-16", "record", "C-1", "statement_of_grounds", "--on", "2026-05-16")
    assert "2026-05-15" in permit.refused("2026-05-16", "object", "committee=no")


@pytest.mark.parametrize(
    ("committee", "deadline", "due"),
    [
        ("no", "objection_decision#1", "2026-06-26"),
        ("yes", "objection_decision_committee#1", "2026-08-07"),
    ],
)
def test_the_decision_counts_from_the_end_of_the_time_for_objections(
    permit: Matter, committee: str, deadline: str, due: str
) -> None:
    """From Friday 15 May, whenever the objection came: 6 weeks, 12 with a committee (Awb 7:10)."""
    objected(permit, committee)
    assert permit.running() == {deadline: (due, due)}


def test_postponed_missed_and_given_notice_of_default(permit: Matter) -> None:
    """Postponed to 7 August (7:10(3)); notice on the 10th, two weeks: the 24th (4:17(3))."""
    objected(permit, "no")
    permit.do("2026-06-20", "extend", "C-1", "objection_decision", "--to", "2026-08-07",
              "--basis", "Awb 7:10(3)", "--reason", "their letter")  # fmt: skip
    assert "has not passed" in permit.refused("2026-08-07", "give_notice_of_default")
    permit.fire("2026-08-10", "give_notice_of_default")
    assert permit.running() == {
        "objection_decision#1": ("2026-08-07", "2026-08-07"),
        "penalty#1": ("2026-08-24", "2026-08-25"),
    }
    overdue = permit.do("2026-08-25", "due")["items"]
    assert {d["deadline"]: d["status"] for d in overdue}["objection_decision#1"] == "overdue"
    assert permit.ask("2026-08-25", "due", "--fail-on", "payer-overdue").code == 3


def test_warnings_go_out_in_their_time_and_the_court_is_the_last(permit: Matter) -> None:
    """Rejected on Monday 17 August: 28 September; 20 business days before is 31 August."""
    objected(permit, "no")
    permit.fire("2026-08-17", "reject_objection", "announced_on=2026-08-17")
    assert permit.running() == {"court_filing#1": ("2026-09-28", "2026-09-28")}
    early = permit.do("2026-08-28", "sweep")["sent"]
    assert [(s["deadline"], s["rung"]) for s in early if s["deadline"] == "court_filing#1"] == []
    sent = permit.do("2026-08-31", "sweep")["sent"]
    assert [(s["deadline"], s["rung"]) for s in sent] == [("court_filing#1", "20bd")]
    assert permit.do("2026-08-31", "sweep")["sent"] == []
    assert permit.fire("2026-09-28", "go_to_court") == "court"
    assert permit.fire("2026-11-02", "dismiss") == "lost"
    assert permit.running() == {}
    assert permit.outcomes()["court_filing#1"] == "satisfied"
    told = permit.do("2026-11-02", "history", "C-1")["entries"]
    fired = [entry["data"]["trigger"] for entry in told if entry["type"] == "TransitionFired"]
    assert fired == ["apply", "refuse", "object", "reject_objection", "go_to_court", "dismiss"]
    permit.check_the_record()


def test_a_withdrawn_objection_leaves_the_old_last_day(permit: Matter) -> None:
    objected(permit, "no")
    assert permit.fire("2026-05-06", "withdraw_objection") == "refused"
    assert permit.running() == {"objection_filing#1": ("2026-05-15", "2026-05-13")}


def test_a_permit_stands_when_nobody_has_objected(permit: Matter) -> None:
    applied(permit)
    permit.fire("2026-03-20", "grant", "announced_on=2026-03-20")
    assert permit.running() == {"contest#1": ("2026-05-01", "2026-05-02")}
    assert "has not passed" in permit.refused("2026-05-01", "stand")
    assert permit.fire("2026-05-02", "stand") == "irrevocable"


def test_a_weekly_length_is_answered_without_a_ledger(permit: Matter) -> None:
    done = permit.do(
        "2026-01-12", "calc", "6w", "--from", "2026-04-02", "--calendar", "nl-termijnenwet",
        "--roll", "following", "--roll-calendar", "nl-termijnenwet",
    )  # fmt: skip
    assert (done["unrolled_on"], done["due_on"], done["act_by"]) == (
        "2026-05-14", "2026-05-15", "2026-05-13",
    )  # fmt: skip
    clock = permit.do("2026-01-12", "calc", "building-permit-nl/decision", "--from", "2026-02-03")
    assert clock["due_on"] == "2026-03-31"


# -- A document on the standards track


@pytest.fixture
def document(tmp_path: Path) -> Matter:
    folder = tmp_path / "document"
    return Matter(folder, "internet-standard", "2026-01-15", "name=draft-example-00")


def test_a_draft_expires_after_six_months_and_is_taken_up_again(document: Matter) -> None:
    document.fire("2026-01-15", "post")
    assert document.running() == {"expiry#1": ("2026-07-15", "2026-07-15")}
    document.fire("2026-03-31", "post")
    # There is no 31 September.
    assert document.running() == {"expiry#2": ("2026-09-30", "2026-09-30")}
    assert "has not passed" in document.refused("2026-09-30", "expire")
    assert document.fire("2026-10-01", "expire") == "expired"
    assert document.running() == {}
    assert document.fire("2026-10-02", "take_up") == "draft"
    assert document.running() == {"expiry#3": ("2027-04-02", "2027-04-02")}
    assert document.outcomes()["expiry#1"] == "satisfied"
    document.check_the_record()


@pytest.mark.parametrize(
    ("origin", "deadline", "last", "next_day"),
    [
        ("working_group", "last_call_group#1", "2026-04-27", "2026-04-28"),
        ("individual", "last_call_individual#1", "2026-05-11", "2026-05-12"),
    ],
)
def test_a_last_call_is_two_weeks_or_four_at_least(
    document: Matter, origin: str, deadline: str, last: str, next_day: str
) -> None:
    document.fire("2026-01-15", "post")
    document.fire("2026-04-13", "request_publication", f"origin={origin}")
    assert document.running() == {deadline: (last, next_day)}
    assert "has not passed" in document.refused(last, "evaluate")
    assert document.fire(next_day, "evaluate") == "evaluation"


def proposed(document: Matter) -> Matter:
    """Sent back once, called again, and approved on 30 June."""
    document.fire("2026-01-15", "post")
    document.fire("2026-04-13", "request_publication", "origin=working_group")
    document.fire("2026-04-28", "evaluate")
    document.fire("2026-05-04", "send_back")
    document.fire("2026-05-11", "request_publication", "origin=working_group")
    document.fire("2026-05-26", "evaluate")
    document.fire("2026-06-30", "approve", "announced_on=2026-06-30", "number=9999")
    return document


def test_round_and_round_without_an_end(document: Matter) -> None:
    """Two months for an appeal from 30 June, on a Sunday; six months to advance: 30 December."""
    proposed(document)
    assert document.running() == {
        "appeal_window#1": ("2026-08-30", "2026-08-28"),
        "six_months#1": ("2026-12-30", "2026-12-31"),
    }
    document.do("2026-12-01", "record", "C-1", "implementation_report", "--on", "2026-12-01",
                "implementations=1")  # fmt: skip
    assert "two independent" in document.refused("2026-12-31", "request_advancement")
    document.do("2026-12-30", "record", "C-1", "implementation_report", "--on", "2026-12-30",
                "implementations=3")  # fmt: skip
    assert "has not passed" in document.refused("2026-12-30", "request_advancement")
    assert document.fire("2026-12-31", "request_advancement") == "advancing"
    assert document.running() == {"last_call_advancement#1": ("2027-01-28", "2027-01-29")}
    assert document.fire("2027-01-29", "advance") == "internet_standard"
    assert document.running() == {}
    assert document.fire("2027-02-01", "take_up") == "draft"
    assert document.running() == {"expiry#3": ("2027-08-01", "2027-07-30")}
    document.check_the_record()


def test_a_late_appeal_is_refused_and_a_timely_one_is_not(document: Matter) -> None:
    proposed(document)
    assert "2026-08-30" in document.refused("2026-08-31", "appeal")
    done = document.ask("2026-08-31", "fire", "C-1", "appeal", "--on", "2026-08-30", "outcome=open")
    assert done.code == 0, done


def test_every_state_can_be_left(document: Matter) -> None:
    """There is no final state, and from Historic the way leads back to a draft."""
    proposed(document)
    assert document.fire("2026-07-10", "retire") == "historic"
    assert document.do("2026-07-11", "next", "C-1")["allowed"] == ["take_up"]
    shown = json.loads(document.office.do("workflow", "show", "internet-standard", "--json").out)
    assert shown["endless"] == ["draft"]
    assert not any(state["final"] for state in shown["states"].values())


@pytest.mark.parametrize("form", ["svg", "mermaid", "dot"])
@pytest.mark.parametrize("name", ["building-permit-nl", "internet-standard"])
def test_both_have_a_diagram(permit: Matter, name: str, form: str) -> None:
    made = permit.office.do("workflow", "diagram", name, "--format", form).out
    assert {"svg": "</svg>", "mermaid": "stateDiagram-v2", "dot": "digraph"}[form] in made
    assert "weeks" in made
    if name == "building-permit-nl" and form == "dot":
        assert "6 weeks from the end of: File the objection (R)" in made


def test_every_report_is_made_of_them(permit: Matter, tmp_path: Path) -> None:
    objected(permit, "yes")
    for form in ("text", "md", "html", "csv", "json", "ics"):
        assert permit.office.do("due", "--within", "400d", "--format", form).out
    page = permit.office.do("history", "C-1", "--format", "html").out
    assert "Objection filed" in page
    shown = permit.office.do("explain", "C-1", "objection_decision_committee").out
    assert "Awb 7:10(1) with 7:13" in shown
    assert "12w" in shown
    made = permit.office.do("workflow", "diagram", "building-permit-nl", "--case", "C-1").out
    assert "due Fri 2026-08-07" in made
    assert "AMS-K-1234" not in made
    told = permit.office.do("workflow", "diff", "building-permit-nl", "internet-standard").out
    assert "8w" in told
    for report in ("audit", "drift"), ("doctor",):
        assert permit.ask("2026-05-01", *report).code in {0, 3}

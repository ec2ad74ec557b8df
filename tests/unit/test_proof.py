"""Sent is not received: a filing without proof that it arrived, and what nobody is watching."""

import json
from datetime import UTC, date, datetime

import msgspec
import pytest

from casetrack.domain import checks
from casetrack.domain.docket import Docket, Doubt, Item
from casetrack.domain.requirements import Finding
from casetrack.errors import TransitionRefused
from casetrack.ledger.store import Query
from casetrack.reports import casefile, data, markdown, text
from casetrack.service.desk import Assigning, When
from casetrack.service.doctor import examine
from casetrack.service.due import Filter, docket
from casetrack.service.questions import checked
from tests.regimes import Matter

NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
DOCUMENTS = ("denial_letter", "clinical_evidence", "medical_necessity_letter")
FILED = "2026-10-20"


def denied(**letter: str) -> Matter:
    """A denial of the guide, its appeal due Tue 2026-12-08; the documents are on file."""
    matter = Matter("humana-il-guide", opened="2026-09-01", now=NOW)
    for item in DOCUMENTS:
        matter.record(item, "2026-10-10")
    matter.override("submit", "2026-09-10")
    matter.fire("deny", "2026-10-06", notice_on="2026-10-04", **letter)
    return matter


def filed(on: str = FILED, **values: str) -> Matter:
    matter = denied()
    matter.fire("file_appeal", on, **values)
    return matter


def due(matter: Matter, owner: str | None = None, assignee: str | None = None) -> Docket:
    return docket(matter.at(NOW), Filter(within="90d", owner=owner, assignee=assignee))


def line(matter: Matter, deadline: str) -> Item:
    return next(item for item in due(matter).items if item.deadline == deadline)


def doubts(
    matter: Matter, kind: str, owner: str | None = None, assignee: str | None = None
) -> list[Doubt]:
    return [doubt for doubt in due(matter, owner, assignee).doubts if doubt.kind == kind]


# Filings


def test_a_filing_with_its_confirmation_ends_its_deadline() -> None:
    data = denied().fire("file_appeal", FILED, confirmation="F-1")
    assert (data.unproven, [end.deadline for end in data.closed]) == ((), ["appeal_filing#1"])


def test_a_filing_without_one_leaves_its_deadline_open_as_it_was_and_unproven() -> None:
    matter = denied()
    before = matter.reading("appeal_filing#1")
    data = matter.fire("file_appeal", FILED)
    assert (data.unproven, data.closed) == (("appeal_filing#1",), ())
    tracked = matter.deadline("appeal_filing#1")
    assert (tracked.outcome, tracked.unproven) == (None, True)
    assert tracked.deadline.reading == before
    assert matter.case.state == "internal_appeal"
    assert matter.open_now() == {"appeal_filing#1", "appeal_decision#1"}


@pytest.mark.parametrize(
    ("proof", "late"), [(FILED, False), ("2026-11-02", False), ("2026-11-20", False)]
)
def test_the_proof_satisfies_it_on_its_own_day_and_moves_no_payer_clock(
    proof: str, late: bool
) -> None:
    matter = filed()
    decision = matter.reading("appeal_decision#1")
    data = matter.record("proof_of_receipt", proof, confirmation="F-1")
    (end,) = data.closed
    assert (end.deadline, end.outcome, end.late) == ("appeal_filing#1", "satisfied", late)
    assert (data.armed, data.moved) == ((), ())
    tracked = matter.deadline("appeal_filing#1")
    assert (tracked.unproven, tracked.closed_on) == (False, date.fromisoformat(proof))
    assert matter.reading("appeal_decision#1") == decision
    assert decision.from_on == date.fromisoformat(FILED)


def test_what_arrived_after_the_last_day_was_late() -> None:
    matter = Matter("ma-like")
    matter.fire("submit", "2026-09-01T09:00")
    matter.fire("deny", "2026-10-02", notice_on="2026-10-01")
    matter.fire("request_reconsideration", "2026-12-04")
    (end,) = matter.record("proof_of_receipt", "2026-12-06").closed
    assert (end.deadline, end.outcome, end.late) == ("filing#1", "satisfied", True)


def test_a_proof_from_before_the_filing_proves_nothing() -> None:
    matter = filed()
    assert matter.record("proof_of_receipt", "2026-10-19").closed == ()
    assert matter.deadline("appeal_filing#1").unproven
    assert matter.record("proof_of_receipt", "2026-10-21").closed


def test_a_proof_before_any_filing_ends_nothing() -> None:
    matter = denied()
    assert matter.record("proof_of_receipt", "2026-10-12").closed == ()
    assert matter.fire("file_appeal", FILED).unproven == ("appeal_filing#1",)


@pytest.mark.parametrize(
    ("trigger", "values"),
    [("overturn", {"valid_through": "2027-05-28"}), ("uphold", {"notice_on": "2026-11-10"})],
)
def test_a_decision_of_the_other_side_shows_that_it_arrived(
    trigger: str, values: dict[str, str]
) -> None:
    matter = filed()
    ended = {end.deadline: (end.outcome, end.late) for end in matter.fire(
        trigger, "2026-11-12", **values
    ).closed}  # fmt: skip
    assert ended["appeal_filing#1"] == ("satisfied", False)
    assert not matter.deadline("appeal_filing#1").unproven


def test_a_decision_after_the_last_day_makes_no_filing_late() -> None:
    matter = Matter("ma-like")
    matter.fire("submit", "2026-09-01T09:00")
    matter.fire("deny", "2026-10-02", notice_on="2026-10-01")
    matter.fire("request_reconsideration", "2026-12-04")
    ended = {e.deadline: e.late for e in matter.fire("affirm", "2026-12-10").closed}
    assert ended == {"filing#1": False, "decision#1": False, "forwarding#1": False}


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_a_returned_filing_gets_its_deadline_back_no_longer_unproven(trigger: str) -> None:
    matter = denied()
    before = matter.deadline("appeal_filing#1")
    matter.fire("file_appeal", FILED)
    data = matter.fire(trigger, "2026-11-02")
    assert data.reopened == ("appeal_filing#1",)
    assert matter.deadline("appeal_filing#1") == before
    assert matter.open_now() == {"appeal_filing#1"}
    assert matter.fire("file_appeal", "2026-11-03").unproven == ("appeal_filing#1",)


def test_a_proof_of_the_first_filing_does_not_prove_the_second() -> None:
    matter = filed()
    matter.fire("reject_request", "2026-11-02")
    matter.fire("file_appeal", "2026-11-03")
    assert matter.record("proof_of_receipt", "2026-10-21").closed == ()
    (end,) = matter.record("proof_of_receipt", "2026-11-03").closed
    assert end.deadline == "appeal_filing#1"


def test_what_happens_meanwhile_leaves_it_unproven() -> None:
    matter = filed()
    matter.record("urgency_statement", "2026-10-20")
    matter.fire("expedite", "2026-10-21T09:00", expedite_reason="deterioration")
    matter.fire("refuse_expedite", "2026-10-22")
    assert matter.deadline("appeal_filing#1").unproven


def test_a_closed_case_keeps_nothing_open_and_what_was_filed_did_not_lapse() -> None:
    matter = Matter("ma-like")
    matter.fire("submit", "2026-09-01T09:00")
    matter.fire("deny", "2026-10-02", notice_on="2026-10-01")
    matter.fire("request_reconsideration", "2026-12-04")
    ended = {end.deadline: end.outcome for end in matter.fire("close", "2027-02-01").closed}
    assert ended["filing#1"] == "cancelled"
    assert matter.open_now() == set()


def test_an_unproven_filing_is_overdue_once_its_last_day_has_passed() -> None:
    matter = filed()
    found = docket(matter.at(datetime(2026, 12, 9, 16, tzinfo=UTC)), Filter()).items
    (one,) = (item for item in found if item.deadline == "appeal_filing#1")
    assert (one.status, one.unproven) == ("overdue", True)


def test_the_docket_says_how_to_show_that_it_arrived() -> None:
    one = line(filed(), "appeal_filing#1")
    assert one.unproven
    assert one.ended_by == ("record:proof_of_receipt", "overturn", "uphold")
    assert one.acts == ("record:proof_of_receipt", "overturn", "uphold")
    shown = "\n".join(line.text for line in text.render(due(filed())))
    assert "casetrack record C-1 proof_of_receipt" in shown


def test_ready_and_the_checklist_ask_for_no_proof() -> None:
    _, found = checked(denied().at(NOW), "C-1", "file_appeal")
    assert "proof_of_receipt" not in {finding.item for finding in found}
    assert not any(finding.unmet for finding in found)


# Doubts


def test_an_unproven_filing_is_in_doubt_however_far_its_day_is() -> None:
    matter = filed()
    found = docket(matter.at(datetime(2026, 10, 21, 16, tzinfo=UTC)), Filter(within="1bd"))
    assert [doubt.deadline for doubt in found.doubts if doubt.kind == "unproven"] == [
        "appeal_filing#1"
    ]
    assert "appeal_filing#1" not in {item.deadline for item in found.items}


@pytest.mark.parametrize(
    ("stated", "differs"), [("2026-12-08", False), ("2026-12-01", True), ("2026-12-31", True)]
)
def test_a_letter_that_names_another_day_is_in_doubt_in_due_and_in_check(
    stated: str, differs: bool
) -> None:
    matter = denied(stated_due_on=stated)
    assert line(matter, "appeal_filing#1").stated_due_on == date.fromisoformat(stated)
    told = f"the letter says {stated}, the rule gives 2026-12-08"
    assert [doubt.detail for doubt in doubts(matter, "stated_date")] == [told] * differs
    _, found = checked(matter.at(NOW), "C-1", None)
    warned = [finding for finding in found if finding.item == "stated_due_on"]
    assert [(f.status, f.blocking, f.detail) for f in warned] == [
        ("warning", False, f"appeal_filing#1: {told}")
    ] * differs


def test_a_letter_is_checked_where_no_step_has_a_checklist_too() -> None:
    matter = filed(confirmation="F-1")
    matter.fire("uphold", "2026-11-12", notice_on="2026-11-10", stated_due_on="2026-12-01")
    step, found = checked(matter.at(NOW), "C-1", None)
    assert step == "request_external_review"
    assert [finding.item for finding in found] == ["stated_due_on"]


def test_a_receipt_that_is_not_shown_is_in_doubt_until_it_is_given() -> None:
    for letter, shown in (({}, []), ({"received_on": "2026-10-03"}, None)):
        matter = Matter("ma-like")
        matter.fire("submit", "2026-09-01T09:00")
        matter.fire("deny", "2026-10-05", notice_on="2026-10-01", **letter)
        details = [doubt.detail for doubt in doubts(matter, "receipt_not_shown")]
        expected = "received_on is not given: counted from a presumed receipt"
        assert details == ([expected] if shown == [] else [])


@pytest.mark.parametrize(("notice_on", "asked"), [("2024-12-31", 0), ("2025-01-01", 1)])
def test_a_receipt_is_asked_for_only_by_the_rule_that_counts_it(notice_on: str, asked: int) -> None:
    matter = Matter("ma-part-b-drug", opened="2024-12-01")
    matter.fire("submit", "2024-12-02T09:00")
    matter.fire("deny", "2025-01-06", notice_on=notice_on)
    details = [doubt.detail for doubt in doubts(matter, "receipt_not_shown")]
    assert details == ["received_on is not given: counted from a presumed receipt"] * asked


def test_a_notice_that_counts_for_want_of_a_receipt_is_in_doubt() -> None:
    matter = Matter("il-like")
    matter.fire("deny", "2026-10-05", notice_on="2026-10-01")
    (doubt,) = doubts(matter, "receipt_not_shown")
    assert doubt.detail == "received_on is not given: counted from notice_on"


def test_the_guide_counts_from_the_notice_and_asks_for_no_receipt() -> None:
    assert doubts(denied(), "receipt_not_shown") == []


def test_an_open_case_without_a_deadline_is_silent_and_without_a_name_unassigned() -> None:
    matter = Matter("humana-il-guide", opened="2026-09-01", now=NOW)
    assert [d.case for d in doubts(matter, "silent")] == ["C-1"]
    assert [d.case for d in doubts(matter, "unassigned")] == ["C-1"]
    matter.tracker.do(matter.id, Assigning(name="sam", when=When(on="2026-09-02")))
    assert doubts(matter, "unassigned") == []
    assert [d.assignee for d in doubts(matter, "silent", assignee="sam")] == ["sam"]
    assert doubts(matter, "silent", assignee="kim") == []
    assert doubts(matter, "silent", owner="payer") == []
    matter.override("submit", "2026-09-10")
    assert doubts(matter, "silent") == []
    matter.fire("close", "2026-09-11", close_reason="declined")
    assert due(matter).doubts == ()


def test_the_report_tells_every_doubt_as_text_markdown_and_data() -> None:
    matter = denied(stated_due_on="2026-12-01")
    matter.fire("file_appeal", FILED)
    found = due(matter)
    kinds = ["unproven", "stated_date", "unassigned"]
    assert [doubt["kind"] for doubt in json.loads(data.due(found))["doubts"]] == kinds
    lines = [line.text for line in text.render(found)]
    start = lines.index("Doubts that move a date (3)")
    told = " ".join(" ".join(lines[start:]).split())
    for words in (
        "unproven C-1, File the internal appeal (internal_appeal), nobody: filed, and nothing",
        "shows that it arrived; type: casetrack record C-1 proof_of_receipt",
        "letter C-1, File the internal appeal (internal_appeal), nobody: the letter says",
        "says 2026-12-01, the rule gives 2026-12-08",
        "unassigned 1 case: C-1; nobody's",
    ):
        assert words in told
    page = markdown.render(found)
    assert "## Doubts that move a date (3)" in page
    assert "| unproven | C-1 |" in page


def test_a_long_list_of_cases_is_cut_short_in_the_text_alone() -> None:
    made = tuple(
        Doubt(kind="silent", case=f"C-{n}", state="intake", assignee=None, detail="quiet")
        for n in range(40)
    )
    found = Docket(
        as_of=NOW, zone="America/Chicago", within="10bd", until=date(2026, 12, 9), practice=False,
        items=(), open_cases=40, next_on=None, by_state=(), doubts=made,
    )  # fmt: skip
    shown = " ".join(" ".join(line.text for line in text.render(found)).split())
    assert "silent 40 cases: C-0, C-1, " in shown
    assert "C-11 and 28 more; quiet" in shown
    assert len(json.loads(data.due(found))["doubts"]) == 40


# The date of the infusion


@pytest.mark.parametrize(
    ("now", "infusion", "detail"),
    [
        ("2026-11-24", None, None),
        ("2027-04-29", None, None),
        ("2027-04-30", None, "no infusion_on yet"),
        ("2026-11-24", "2027-05-28", None),
        ("2026-11-24", "2027-05-29", "infusion_on 2027-05-29 is after the last day"),
    ],
)
def test_an_infusion_that_misses_its_approval_is_found_by_due_and_check(
    now: str, infusion: str | None, detail: str | None
) -> None:
    matter = Matter("humana-il-guide", opened="2026-09-01", now=NOW)
    matter.override("submit", "2026-09-10")
    given = {"infusion_on": infusion} if infusion else {}
    matter.fire("approve", "2026-10-06", valid_through="2027-05-28", **given)
    tracker = matter.at(datetime.fromisoformat(f"{now}T16:00+00:00"))
    lines = docket(tracker, Filter(within="400d")).items
    assert [item.finding for item in lines] == [detail]
    _, found = checked(tracker, "C-1", "administer")
    warned = [finding for finding in found if finding.item == "infusion_on"]
    assert [f.detail for f in warned] == ([f"approval_validity#1: {detail}"] if detail else [])


def test_a_finding_about_a_date_warns_and_never_blocks() -> None:
    matter = denied(stated_due_on="2026-12-01")
    desk = matter.tracker.desk
    found: tuple[Finding, ...] = checks.dates(
        matter.case, matter.workflow, desk.home(matter.workflow), date(2026, 11, 24)
    )
    assert [finding.unmet for finding in found] == [False]
    with pytest.raises(TransitionRefused):
        matter.fire("request_external_review", "2026-11-20")


# Where else it is seen


def listed(matter: Matter, owner: str | None = None) -> dict[str, object]:
    made = casefile.list_data(matter.ledger.list_cases(Query(owner=owner)))
    (item,) = msgspec.convert(made["items"], list[dict[str, object]])
    return item


def test_list_and_show_say_what_is_unproven() -> None:
    matter = filed()
    item = listed(matter)
    assert (item["deadline"], item["unproven"]) == ("appeal_decision#1", False)
    item = listed(matter, owner="provider")
    assert (item["deadline"], item["unproven"]) == ("appeal_filing#1", True)
    assert item["tolled"] is False
    shown = casefile.show_data(
        matter.case, matter.workflow, matter.tracker.desk.home(matter.workflow), NOW, phi=False
    )
    lines = casefile.show_lines({**shown, "allowed": []}, date(2026, 11, 24), "America/Chicago")
    assert "unproven: nothing shows that the filing arrived" in " ".join(" ".join(lines).split())


def test_a_case_in_another_state_holds_its_unproven_filing_and_is_no_orphan() -> None:
    found = [finding for finding in examine(filed().at(NOW)) if finding.kind == "orphan_deadline"]
    assert found == []

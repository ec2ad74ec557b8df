"""What transitions went ahead in spite of, and how late things were, as people read it."""

import pytest

from casetrack.domain import checks
from casetrack.domain import events as e
from casetrack.domain.gaps import in_words
from casetrack.errors import TransitionRefused
from casetrack.reports import handbook_words, receipts
from casetrack.reports.words import lateness
from casetrack.service.typed import Firing
from tests.regimes import Matter
from tests.world import GUIDE, World

INHIBITOR = "Inhibitor status (inhibitor_test)"


@pytest.mark.parametrize(
    ("trigger", "guard", "code", "item", "told"),
    [
        ("submit", "ready", "missing", "age", "nothing was on file for Age verification (age)"),
        (
            "submit", "ready", "stale", "inhibitor_test",
            f"{INHIBITOR} was not fresh",
        ),
        ("submit", "ready", "redacted", "age", "Age verification (age) was redacted"),
        (
            "submit", "ready", "incomplete", "age",
            "Age verification (age) was recorded without a value that it needs",
        ),
        (
            "submit", "ready", "result", "inhibitor_test",
            f"{INHIBITOR} did not do: the factor IX inhibitor test must be negative",
        ),
        (
            "administer", "rules", "units", None,
            "units was wrong or not given: the claim must show 1 unit, the therapeutic dose",
        ),
        ("file_appeal", "in_time", "late", None, "its last day had passed"),
        (
            "deny", "in_order", "notice_on_before_stage", None,
            "notice_on was before the request it answers",
        ),
        (
            "deny", "in_order", "on_before_received_on", None,
            "its own day was before received_on",
        ),
        ("payer_missed", "passed", "not_passed", None, "the decision was not overdue yet"),
        ("payer_missed", "passed", "none_running", None, "no decision was being waited for"),
        (
            "refuse_expedite", "expedited", "not_expedited", None,
            "no expedited request was running",
        ),
    ],
)  # fmt: skip
def test_a_gap_is_told_in_words(
    trigger: str, guard: str, code: str, item: str | None, told: str
) -> None:
    assert in_words(e.Gap(guard=guard, code=code, item=item), trigger, GUIDE) == told


def test_an_open_item_is_a_sentence() -> None:
    world = World("2026-11-24")
    world.fire("submit", "2026-11-20")
    world.fire("deny", "2026-11-24", notice_on="2026-11-19")
    assert checks.open_items(world.case, GUIDE)[-1] == (
        "deny on 2026-11-24 went ahead although notice_on was before the request it answers"
        " (version 3)"
    )


def test_an_open_item_follows_the_day_of_its_transition_as_amended() -> None:
    world = World("2026-12-10")
    for item in GUIDE.items:
        if item != "inhibitor_test" and "submit" in GUIDE.items[item].needed_for:
            world.record(item, "2026-11-20")
    world.record("inhibitor_test", "2026-11-01", result="negative")
    world.fire("submit", "2026-12-08")
    assert any("Inhibitor status" in line for line in checks.open_items(world.case, GUIDE))
    # On the day that it was really sent, the test was 19 days old.
    world.amend(world.case.version, on="2026-11-20")
    left = checks.open_items(world.case, GUIDE)
    assert left
    assert not any("Inhibitor status" in line for line in left)
    assert all(line.startswith("submit on 2026-11-20") for line in left)


@pytest.mark.parametrize(
    ("late", "told"),
    [(False, ""), (True, ", late"), (None, ", in time or late: its hour is not known")],
)
def test_lateness_is_told_where_it_is_not_known_too(late: bool | None, told: str) -> None:
    assert lateness(late) == told


def test_a_filing_on_the_day_of_its_cut_off_is_told_as_of_unknown_lateness() -> None:
    matter = Matter("il-like")
    matter.fire("deny", "2026-06-04", notice_on="2026-06-03")
    data = matter.fire("file_appeal", "2026-11-30")
    assert [end.late for end in data.closed] == [None]
    made = receipts.receipt_data(data, matter.workflow, matter.case, None)
    told = " ".join(receipts.receipt_lines({"case": "C-1", "version": 3, **made}))
    assert "filing#1: satisfied, in time or late: its hour is not known" in " ".join(told.split())


def test_a_handbook_says_what_stands_in_an_order_and_is_no_field() -> None:
    (guard,) = (g for g in GUIDE.triggers["deny"].guards if g.name == "in_order")
    assert (
        "stage (the day on which the case's stage began), notice_on, received_on, on (its own day)"
    ) in handbook_words.guard(guard)


def test_what_is_not_overdue_yet_names_the_law_s_date_too() -> None:
    world = World("2026-11-26")
    world.fire("submit", "2026-11-24T10:00")
    with pytest.raises(TransitionRefused) as refusal:
        world.do(Firing(trigger="payer_missed"))
    (reason,) = refusal.value.reasons
    told = "pa_decision#1 is due 2026-12-16, by the law 2026-11-27; neither has passed"
    assert reason == f"{told} (can be overridden)"

"""Lists, docket and search: the same answers from every store."""

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.domain.reminders import Subject
from casetrack.errors import Corrupt
from casetrack.ledger.store import DeadlineRow, Ledger, Query, Stats
from tests.contract.asking import found, listed, on_docket, refusal
from tests.facts import (
    DAY,
    DEC_1,
    NOV_10,
    NOV_20,
    append,
    assigned,
    corrected,
    deadline,
    draft,
    ended,
    fired,
    moved,
    new_case,
    noted,
    opened,
    reading,
    redacted,
    reminded,
    tolled,
    voided,
)

BEFORE, AFTER = datetime(2026, 11, 11, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), [("A", "appeal#1"), ("B", "plan#1"), ("C", None)]),
        (Query(limit=2), [("A", "appeal#1"), ("B", "plan#1")]),
        (Query(state="submitted"), [("A", "appeal#1")]),
        (Query(workflow="sample", limit=1), [("A", "appeal#1")]),
        (Query(workflow="other"), []),
        (Query(assignee="eva"), [("A", "appeal#1")]),
        (Query(assignee=""), [("B", "plan#1"), ("C", None)]),
        (Query(patient="P-1"), [("A", "appeal#1"), ("C", None)]),
        (Query(patient="p-1"), []),
        (Query(owner="payer"), [("A", "reply#1"), ("B", "reply#1")]),
        (Query(owner="reviewer"), []),
        (Query(where={"number": "N-1"}), [("A", "appeal#1")]),
        (Query(where={"codes": "F33.1"}), [("A", "appeal#1")]),
        (Query(where={"codes": "F33.1", "number": "N-2"}), []),
        (Query(overdue_at=BEFORE), []),
        (Query(overdue_at=AFTER), [("A", "appeal#1")]),
        (Query(overdue_at=AFTER, owner="payer"), [("A", "reply#1")]),
        (Query(patient="P-1", state="closed", assignee=""), [("C", None)]),
    ],
)
def test_every_condition_of_a_list_holds(
    office: Ledger, query: Query, expected: list[tuple[str, str | None]]
) -> None:
    assert listed(office, query) == expected


def test_a_deadline_is_overdue_after_its_instant_not_at_it(ledger: Ledger) -> None:
    due = deadline("reply", NOV_10)
    new_case(ledger, opened(armed=(due,)))
    at = due.reading.due_at
    assert listed(ledger, Query(overdue_at=at)) == []
    assert listed(ledger, Query(overdue_at=at + timedelta(microseconds=1))) == [("C-1", "reply#1")]


def test_the_docket_is_in_order_of_act_by_due_at_and_reference(ledger: Ledger) -> None:
    early = reading(NOV_20, due_at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    new_case(ledger, opened("D", armed=(deadline("reply", NOV_20),)))
    new_case(ledger, opened("B", armed=(deadline("reply", NOV_20), deadline("appeal", NOV_20))))
    new_case(ledger, opened("Z", armed=(deadline("reply", NOV_20, reading=early),)))
    new_case(ledger, opened("A", armed=(deadline("reply", DEC_1), deadline("plan", NOV_10))))
    assert on_docket(ledger, None) == [
        ("A", "plan#1"),
        ("Z", "reply#1"),
        ("B", "appeal#1"),
        ("B", "reply#1"),
        ("D", "reply#1"),
        ("A", "reply#1"),
    ]


@pytest.mark.parametrize(
    ("until", "number"), [(None, 4), (DEC_1, 4), (NOV_20, 3), (date(2026, 11, 9), 0)]
)
def test_the_docket_ends_with_the_day_asked_for(
    office: Ledger, until: date | None, number: int
) -> None:
    assert len(on_docket(office, until)) == number


def test_the_docket_names_patients_only_if_asked(office: Ledger) -> None:
    assert {row.patient for row in office.docket(None)} == {None}
    named = {(row.case.reference, row.patient) for row in office.docket(None, patients=True)}
    assert named == {("A", "P-1"), ("B", "P-2")}


def test_a_docket_row_holds_its_deadline_whole(ledger: Ledger) -> None:
    stated = reading(NOV_10, law_by=NOV_20, stated_due_on=DEC_1)
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10, n=3, reading=stated),)))
    (row,) = ledger.docket(None)
    assert row.case == ledger.case_row(case.id)
    assert row.deadline == DeadlineRow(
        case_id=case.id,
        deadline="reply#3",
        clock="reply",
        owner="payer",
        kind="statutory",
        due_on=NOV_10,
        due_at=datetime(2026, 11, 11, 5, 59, 59, tzinfo=UTC),
        act_by=NOV_10,
        law_by=NOV_20,
        stated_due_on=DEC_1,
        outcome=None,
        rungs=("5bd", "0bd"),
        counted_from="request",
        crosses_from=DAY,
        crosses_to=DEC_1,
    )


def test_a_docket_row_tells_what_was_sent_what_stands_still_and_what_is_not_proven(
    ledger: Ledger,
) -> None:
    armed = tuple(deadline(clock, NOV_10) for clock in ("a", "b", "c"))
    case = new_case(ledger, opened(armed=armed))
    steps = (reminded("a#1", "2bd", NOV_10, "5bd"), tolled("b#1"), fired(unproven=("c#1",)))
    case, _ = append(ledger, case, *steps)
    rows = [row.deadline for row in ledger.docket(None)]
    assert [(row.sent, row.tolled_on, row.unproven) for row in rows] == [
        (("5bd", "2bd"), None, False),
        ((), DAY, False),
        ((), None, True),
    ]
    assert list(ledger.views(case.id)[1]) == rows
    moves = tuple(moved(f"{clock}#1", "extended", reading(DEC_1)) for clock in ("a", "b"))
    append(ledger, case, fired(moved=moves, closed=(ended("c#1"),)))
    assert [(row.sent, row.tolled_on, row.unproven) for row in ledger.views(case.id)[1]] == [
        ((), None, False)
    ] * 3


def test_a_value_that_a_void_takes_back_is_found_no_more(ledger: Ledger) -> None:
    case = new_case(ledger, opened(number="N-1"))
    case, _ = append(ledger, case, fired("closed", {"number": "N-2"}, final=True))
    assert found(ledger, "N-") == ["number=N-2"]
    case, _ = append(ledger, case, voided(2, "draft"))
    assert found(ledger, "N-") == ["number=N-1"]
    append(ledger, case, corrected(1, number="N-3"))
    assert found(ledger, "N-") == ["number=N-3"]
    assert ledger.counts() == [("draft", None, 1)]


def test_a_deadline_moves_closes_and_reopens_in_the_views(ledger: Ledger) -> None:
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10),)))
    move = moved("reply#1", "expedited", reading(DEC_1))
    case, _ = append(ledger, case, fired(moved=(move,)))
    assert [row.deadline.act_by for row in ledger.docket(None)] == [DEC_1]
    case, _ = append(ledger, case, fired(closed=(ended("reply#1", "lapsed"),)))
    assert on_docket(ledger, None) == []
    assert [row.outcome for row in ledger.views(case.id)[1]] == ["lapsed"]
    assert [row.deadline.outcome for row in ledger.docket(None, ended_from=DEC_1)] == ["lapsed"]
    assert list(ledger.docket(None, ended_from=DEC_1 + timedelta(days=1))) == []
    assert list(ledger.docket(NOV_20, ended_from=NOV_10)) == []
    append(ledger, case, fired(reopened=("reply#1",), armed=(deadline("reply", NOV_20, n=2),)))
    assert on_docket(ledger, None) == [("C-1", "reply#2"), ("C-1", "reply#1")]


def test_counts_leave_out_what_is_final(office: Ledger) -> None:
    assert office.counts() == [("draft", None, 1), ("submitted", "eva", 1)]


def test_stats(office: Ledger) -> None:
    assert office.stats() == Stats(
        cases=3, open_cases=2, entries=9, open_deadlines=4, next_act_by=NOV_10
    )
    assert office.next_act_by() == NOV_10


def test_an_empty_ledger_answers_every_question(ledger: Ledger) -> None:
    assert on_docket(ledger, None) == []
    assert listed(ledger, Query()) == []
    assert list(ledger.counts()) == []
    assert list(ledger.find("x", ["number"])) == []
    assert list(ledger.references("")) == []
    assert ledger.stats() == Stats(
        cases=0, open_cases=0, entries=1, open_deadlines=0, next_act_by=None
    )
    assert ledger.next_act_by() is None


# Finding


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("AUTH-77", "auth-7"),
        ("Žofie", "ŽOF"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("caf\u00e9", "CAFE\u0301"),
        ("100%", "%"),
        ("a_b", "A_"),
    ],
)
def test_find_looks_inside_whatever_the_case(ledger: Ledger, stored: str, asked: str) -> None:
    new_case(ledger, opened("X", number=stored))
    new_case(ledger, opened("Y", number="other"))
    assert found(ledger, asked) == [f"number={stored}"]


def test_find_looks_at_references_and_at_the_names_given_only(ledger: Ledger) -> None:
    new_case(ledger, opened("AB-1", "ab", number="xAB", other="ab", list_of=("q", "ab")))
    assert found(ledger, "ab") == ["reference=AB-1", "number=xAB"]
    assert found(ledger, "ab", ["list_of", "patient"]) == [
        "reference=AB-1",
        "list_of=ab",
        "patient=ab",
    ]


def test_find_sees_the_current_value_only(ledger: Ledger) -> None:
    case = new_case(ledger, opened(number="old-1"))
    append(ledger, case, noted(number="new-1"))
    assert found(ledger, "-1") == ["reference=C-1", "number=new-1"]


# Views


def test_views_are_what_a_rebuild_makes(office: Ledger) -> None:
    case = new_case(office, opened("D", "P-9", number="N-9"))
    office.redact(case, draft(redacted((1, "number"))))
    before = {id: office.views(id) for id in office.case_ids()}
    assert office.rebuild() == 4
    assert {id: office.views(id) for id in office.case_ids()} == before


def test_a_case_without_views_is_a_finding(ledger: Ledger) -> None:
    refusal(lambda: ledger.views("00000000-0000-7000-8000-000000000000"), Corrupt)


def test_the_cases_that_nobody_watches_are_those_still_open(ledger: Ledger) -> None:
    quiet = new_case(ledger, opened("C-3"))
    waiting = new_case(ledger, opened("C-1", armed=(deadline("reply", NOV_10),)))
    over = new_case(ledger, opened("C-2"))
    append(ledger, over, fired("done", final=True))
    assert [row.case_id for row in ledger.unassigned()] == [waiting.id, quiet.id]
    assert [row.case_id for row in ledger.silent()] == [quiet.id]
    quiet, _ = append(ledger, quiet, assigned("sam"))
    assert [row.case_id for row in ledger.unassigned()] == [waiting.id]
    assert [(row.reference, row.assignee) for row in ledger.silent()] == [("C-3", "sam")]
    end = e.Ended(deadline="reply#1", outcome="satisfied")
    append(ledger, waiting, fired(closed=(end,)))
    assert [row.reference for row in ledger.silent()] == ["C-1", "C-3"]


def test_open_deadlines_are_of_few_sorts_each_with_its_last_day(office: Ledger) -> None:
    new_case(office, opened("E", armed=(deadline("reply", date(2027, 5, 3)),)))
    sorts = {(s.clock, s.state, s.final): (s, last) for s, last in office.sorts().items()}
    assert {key: last for key, (_, last) in sorts.items()} == {
        ("reply", "submitted", False): NOV_20,
        ("appeal", "submitted", False): NOV_10,
        ("plan", "draft", False): NOV_10,
        ("reply", "draft", False): date(2027, 5, 3),
    }
    drafted, _ = sorts["reply", "draft", False]
    assert (drafted.unproven, drafted.rungs) == (False, ("5bd", "0bd"))
    assert [row.case.reference for row in office.of_sort(drafted)] == ["B", "E"]


def test_what_is_unproven_or_left_open_in_a_final_case_is_a_sort_of_its_own(
    ledger: Ledger,
) -> None:
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10), deadline("other", DEC_1))))
    append(ledger, case, fired("over", final=True, unproven=("other#1",)))
    sorts = ledger.sorts()
    assert {(s.clock, s.unproven, s.final) for s in sorts} == {
        ("reply", False, True), ("other", True, True),
    }  # fmt: skip
    assert [[r.deadline.clock for r in ledger.of_sort(s)] for s in sorts] in (
        [["reply"], ["other"]], [["other"], ["reply"]],
    )  # fmt: skip


def test_doubtful_are_the_open_deadlines_that_rest_on_what_is_not_shown(ledger: Ledger) -> None:
    far = date(2030, 1, 7)
    stated = reading(far, stated_due_on=DEC_1)
    armed = (
        deadline("plain", far),
        deadline("agreed", far, reading=reading(far, stated_due_on=reading(far).due_on)),
        deadline("stated", far, reading=stated),
        deadline("presumed", far, reading=reading(far, from_field="presumed_receipt")),
        deadline("shown", far, reading=reading(far, from_field="notice_on")),
        deadline("noticed", far, reading=reading(far, from_field="notice_on")),
        deadline("sent", far),
        deadline("over", far, reading=stated),
    )
    case = new_case(ledger, opened(armed=armed))
    append(ledger, case, fired(unproven=("sent#1",), closed=(ended("over#1"),)))
    presumed = [("presumed", "presumed_receipt"), ("noticed", "notice_on"), ("shown", "other")]
    found = {row.deadline.clock for row in ledger.doubtful(presumed)}
    assert found == {"stated", "presumed", "noticed", "sent"}
    assert {row.deadline.clock for row in ledger.doubtful([])} == {"stated", "sent"}


def test_what_two_doubts_are_about_comes_once_and_in_the_dockets_order(ledger: Ledger) -> None:
    both = reading(DEC_1, stated_due_on=NOV_20, from_field="presumed_receipt")
    late = reading(date(2030, 1, 7), from_field="presumed_receipt")
    new_case(ledger, opened("C-3", armed=(deadline("reply", DEC_1, reading=both),)))
    new_case(ledger, opened("C-1", armed=(deadline("reply", DEC_1, reading=late),)))
    new_case(ledger, opened("C-2", patient="P", armed=(deadline("reply", DEC_1, reading=both),)))
    rows = list(ledger.doubtful([("reply", "presumed_receipt")], patients=True))
    assert [row.case.reference for row in rows] == ["C-2", "C-3", "C-1"]
    assert rows[0].patient == "P"


def test_subjects_are_what_the_warnings_of_open_deadlines_up_to_a_day_hang_on(
    ledger: Ledger,
) -> None:
    armed = (deadline("reply", NOV_20), deadline("appeal", NOV_20, owner="provider"))
    later = (*armed, deadline("late", DEC_1), deadline("over", NOV_10))
    one = new_case(ledger, opened("C-1", armed=armed))
    other = new_case(ledger, opened("C-2", armed=later))
    append(ledger, other, fired(closed=(ended("over#1"),)), reminded("appeal#1", "5bd", NOV_20))
    still = new_case(ledger, opened("C-3", armed=armed[:1]))
    append(ledger, still, tolled("reply#1"))
    shared = {"act_by": NOV_20, "due_on": NOV_20, "due_at": armed[0].reading.due_at,
              "kind": "statutory", "rungs": ("5bd", "0bd")}  # fmt: skip
    payer = Subject(owner="payer", **shared)  # type: ignore[arg-type]
    ours = Subject(owner="provider", **shared)  # type: ignore[arg-type]
    expected = {
        payer: [(one.id, "reply#1"), (other.id, "reply#1")],
        ours: [(one.id, "appeal#1")],
        replace(ours, sent=("5bd",)): [(other.id, "appeal#1")],
        replace(payer, tolled=True): [(still.id, "reply#1")],
    }
    found = ledger.subjects(NOV_20)
    assert {definition for definition, _ in found} == {one.definition}
    assert {of: sorted(some) for (_, of), some in found.items()} == expected
    assert {at for some in ledger.subjects(DEC_1).values() for at in some} - {
        at for some in expected.values() for at in some
    } == {(other.id, "late#1")}
    assert not ledger.subjects(date(2026, 11, 19))


def test_grounds_are_what_each_clock_of_an_open_deadline_counts_from(ledger: Ledger) -> None:
    assert list(ledger.grounds()) == []
    armed = (
        deadline("reply", NOV_10),
        deadline("reply", NOV_10, n=2, reading=reading(NOV_10, from_field="notice_on")),
        deadline("appeal", NOV_10, reading=reading(NOV_10, from_field="received_on")),
        deadline("over", NOV_10),
    )
    case = new_case(ledger, opened("C-1", armed=armed))
    new_case(ledger, opened("C-2", armed=armed[:1]))
    append(ledger, case, fired(closed=(ended("over#1"),)))
    assert list(ledger.grounds()) == [
        ("appeal", "received_on"), ("reply", "notice_on"), ("reply", "request"),
    ]  # fmt: skip


def test_counts_and_silence_follow_every_change_of_a_case(ledger: Ledger) -> None:
    """A case is silent from the moment its last deadline ends until one is armed again."""

    def told() -> tuple[list[object], list[str | None]]:
        return list(ledger.counts()), [row.reference for row in ledger.silent()]

    case = new_case(ledger, opened("C-1", armed=(deadline("reply", NOV_10),)))
    assert told() == ([("draft", None, 1)], [])
    case, _ = append(ledger, case, fired("sent", closed=(ended("reply#1"),)), assigned("eva"))
    assert told() == ([("sent", "eva", 1)], ["C-1"])
    case, _ = append(ledger, case, fired("back", armed=(deadline("reply", DEC_1, n=2),)))
    assert told() == ([("back", "eva", 1)], [])
    case, _ = append(ledger, case, fired("over", final=True, closed=(ended("reply#2"),)))
    assert told() == ([], [])


def test_crossing_are_the_open_deadlines_on_those_calendars_over_those_days(
    ledger: Ledger,
) -> None:
    use = e.CalendarUse(id="home", edition="1", digest="a" * 64, weekend=(6, 7), closed=())
    counted = {"calendars": (use,), "from_on": NOV_10}
    armed = (
        deadline("counted", DEC_1, reading=reading(DEC_1, **counted)),
        deadline("stopped", DEC_1, reading=reading(DEC_1, **counted)),
        deadline("over", DEC_1, reading=reading(DEC_1, **counted)),
        deadline("elsewhere", DEC_1),
    )
    case = new_case(ledger, opened(armed=armed))
    case, _ = append(ledger, case, fired(closed=(ended("over#1"),)), tolled("stopped#1"))
    home = ("home:" + "a" * 64,)
    assert list(ledger.calendars()) == [(), home]
    # 14 business days are counted from the day after DAY on, and their safe count too.
    for first, last, names in (
        (DAY, DAY, ["counted#1"]),
        (NOV_20, NOV_20, ["counted#1"]),
        (DEC_1, date(2027, 1, 4), ["counted#1"]),
        (date(2026, 12, 2), date(2027, 1, 4), []),
        (date(2026, 10, 1), date(2026, 11, 1), []),
    ):
        rows = ledger.crossing(home, first, last)
        assert [row.deadline for row in rows] == names
    assert ledger.crossing(("home:" + "b" * 64,), DAY, DEC_1) == []


def test_pinned_are_the_workflows_of_cases_not_final(ledger: Ledger) -> None:
    assert list(ledger.pinned()) == []
    case = new_case(ledger, opened("C-1"))
    new_case(ledger, opened("C-2"))
    assert list(ledger.pinned()) == [case.definition]
    for ref in ("C-1", "C-2"):
        found = replay(ledger.references(ref)[0][1], ledger.entries(ledger.references(ref)[0][1]))
        append(ledger, found, fired("done", final=True))
    assert list(ledger.pinned()) == []


def test_a_deadline_that_stands_still_is_not_overdue(ledger: Ledger) -> None:
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10),)))
    late = Query(overdue_at=datetime(2026, 12, 1, tzinfo=UTC))
    assert [row.case_id for row, _ in ledger.list_cases(late)] == [case.id]
    tolled = e.Event(data=e.DeadlineTolled(deadline="reply#1"), occurred_on=NOV_10)
    append(ledger, case, tolled)
    assert ledger.list_cases(late) == []

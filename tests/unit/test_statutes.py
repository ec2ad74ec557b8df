"""Every clock of the two statutory workflows, against a model made from the law's own words."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain import consequences
from casetrack.domain.case import Case, Tracked
from casetrack.domain.events import Deadline, Value
from casetrack.domain.workflow import Workflow
from casetrack.errors import Refused
from casetrack.service.bootstrap import ShippedCalendars
from tests import statutes
from tests.statutes import CHICAGO, REGIMES, STATED, Rule

CALENDARS = ShippedCalendars()
WORKFLOWS = {name: workflows.load(name) for name in REGIMES}
DAYS = sorted(set(statutes.trigger_days()))
ROWS = [(id, name) for id, rules in REGIMES.items() for name in rules]
EXPEDITED = [(id, name) for id, name in ROWS if REGIMES[id][name].hours]


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=CHICAGO).astimezone(UTC)


def armed(
    workflow: Workflow,
    rule: Rule,
    at: datetime,
    *,
    case: Case | None = None,
    hurried: bool = False,
    values: Mapping[str, Value] | None = None,
) -> dict[str, Deadline]:
    """What the trigger of a rule arms, by clock."""
    step = consequences.Step(
        case=case or Case(id="c"),
        workflow=workflow,
        name=rule.trigger,
        to=rule.to,
        moment=(statutes.local(at), at),
        values=values or {},
        hurried=hurried,
    )
    return {d.clock: d for d in consequences.of(step, CALENDARS).armed}


def given(rule: Rule, name: str, day: date) -> dict[str, Value]:
    """The values without which the trigger would not say from when, or whether, it counts."""
    if rule.base in {"notice", "receipt"}:
        return {"notice_on": day.isoformat()}
    if "validity" in name:
        return {"condition": "other" if name.endswith("_short") else "long_term"}
    return {}


def after(id: str, rule: Rule, at: datetime, *, hurried: bool) -> tuple[Case, date, datetime]:
    """A case in which the clock that a rule counts from the end of has run, and that end."""
    other = REGIMES[id][rule.base]
    made = armed(WORKFLOWS[id], other, at, hurried=hurried)[rule.base]
    case = Case(id="c", deadlines={made.deadline: Tracked(deadline=made, armed_version=2)})
    hours = f"{other.hours}h" if hurried and other.hours else other.length
    end = at + timedelta(hours=int(hours[:-1]))
    if not hours.endswith("h"):
        end = statutes.end_of(statutes.counted(statutes.local(at), hours))
    return case, statutes.local(end), end


def found(id: str, name: str, at: datetime, *, hurried: bool = False) -> tuple[date, date]:
    rule, day = REGIMES[id][name], statutes.local(at)
    case = None
    if rule.base in REGIMES[id]:
        case, _, _ = after(id, rule, at, hurried=hurried)
        at += timedelta(days=40)
    values = given(rule, name, day)
    reading = armed(WORKFLOWS[id], rule, at, case=case, hurried=hurried, values=values)[
        name
    ].reading
    return reading.due_on, reading.act_by


def wanted(id: str, name: str, at: datetime, *, hurried: bool = False) -> tuple[date, date]:
    rule, start = REGIMES[id][name], statutes.local(at)
    if rule.base in REGIMES[id]:
        _, start, at = after(id, rule, at, hurried=hurried)
    if name == "appeal_filing" and id == "ma-part-b-drug" and start < date(2025, 1, 1):
        rule = rule._replace(presumed=0)  # before 2025 the notice's own date counted
    return statutes.expected(rule, start, at, hurried=hurried)


@pytest.mark.parametrize("id", REGIMES)
def test_every_clock_of_the_workflow_stands_in_the_table(id: str) -> None:
    assert set(WORKFLOWS[id].clocks) == {*REGIMES[id], *STATED[id]}


@pytest.mark.parametrize(("id", "name"), [row for row in ROWS if REGIMES[row[0]][row[1]].length])
def test_a_clock_ends_when_the_law_says_and_is_safe_before(id: str, name: str) -> None:
    wrong = [
        (day, found(id, name, at), tuple(wanted(id, name, at)))
        for day in DAYS
        for at in (noon(day), *(statutes.instants(day) if _in_hours(id, name) else ()))
        if found(id, name, at) != tuple(wanted(id, name, at))
    ]
    assert wrong == []


def _in_hours(id: str, name: str) -> bool:
    rule = REGIMES[id][name]
    return rule.length.endswith("h") or rule.base in REGIMES[id]


RECEIVED = [(id, name) for id, name in ROWS if REGIMES[id][name].base == "receipt"]


@pytest.mark.parametrize("shown", [1, 5, 12])
@pytest.mark.parametrize(("id", "name"), RECEIVED)
def test_a_receipt_that_is_shown_counts_where_the_law_counts_receipts(
    id: str, name: str, shown: int
) -> None:
    wrong = []
    for day in DAYS:
        received = day + timedelta(days=shown)
        rule = REGIMES[id][name]._replace(presumed=0)
        values = {"notice_on": day.isoformat(), "received_on": received.isoformat()}
        told = armed(WORKFLOWS[id], rule, noon(received), values=values)[name].reading
        by_notice = (id, name) == ("ma-part-b-drug", "appeal_filing") and day < date(2025, 1, 1)
        right = statutes.expected(rule, day if by_notice else received, noon(received))
        if (told.due_on, told.act_by) != tuple(right):
            wrong.append((day, told.due_on, told.act_by, right))
    assert wrong == []


@pytest.mark.parametrize(("id", "name"), EXPEDITED)
def test_a_clock_that_starts_expedited_ends_when_the_law_says(id: str, name: str) -> None:
    wrong = [
        (at, found(id, name, at, hurried=True), tuple(wanted(id, name, at, hurried=True)))
        for day in DAYS
        for at in statutes.instants(day)
        if found(id, name, at, hurried=True) != tuple(wanted(id, name, at, hurried=True))
    ]
    assert wrong == []


def arcs(id: str, name: str) -> set[tuple[str, str]]:
    """Every trigger that arms a clock, with the states in which it then lives."""
    clock = WORKFLOWS[id].clocks[name]
    return {
        (trigger, to)
        for trigger, _, to in WORKFLOWS[id].arcs()
        if trigger in clock.armed_by and to in {*clock.alive_in, *clock.also_alive.get(to, ())}
    }


OTHERS = [
    (id, name, *arc)
    for id, name in ROWS
    if REGIMES[id][name].length
    for arc in sorted(arcs(id, name) - {REGIMES[id][name][:2]})
]


def test_a_clock_is_armed_by_its_first_trigger_and_some_by_others() -> None:
    assert all(REGIMES[id][name][:2] in arcs(id, name) for id, name in ROWS)
    assert len(OTHERS) >= 20


@pytest.mark.parametrize(("id", "name", "trigger", "to"), OTHERS)
def test_a_clock_ends_alike_whatever_arms_it(id: str, name: str, trigger: str, to: str) -> None:
    rule = REGIMES[id][name]._replace(trigger=trigger, to=to)
    wrong = []
    for day in DAYS:
        case = after(id, rule, noon(day), hurried=False)[0] if rule.base in REGIMES[id] else None
        values = {**given(rule, name, day), "notice_on": day.isoformat()}
        made = armed(WORKFLOWS[id], rule, noon(day), case=case, values=values)[name].reading
        if (made.due_on, made.act_by) != tuple(wanted(id, name, noon(day))):
            wrong.append((day, made.due_on, made.act_by))
    assert wrong == []


def test_the_days_are_those_on_which_counts_go_wrong() -> None:
    assert {day.weekday() for day in DAYS} == set(range(7))
    for text in ("2026-11-26", "2027-01-01", "2026-11-01", "2027-03-14", "2028-02-29",
                 "2024-12-31", "2025-01-01", "2027-10-31", "2027-02-28"):  # fmt: skip
        assert date.fromisoformat(text) in DAYS


# What the model can't know of itself: dates typed from the worked examples


def reading(id: str, name: str, day: str, **values: str) -> tuple[str, str]:
    rule = REGIMES[id][name]
    made = armed(WORKFLOWS[id], rule, noon(date.fromisoformat(day)), values=values)[name].reading
    return made.due_on.isoformat(), made.act_by.isoformat()


@pytest.mark.parametrize(
    ("id", "name", "day", "values", "due", "act_by"),
    [
        ("ma-part-b-drug", "appeal_filing", "2026-10-08", {"notice_on": "2026-10-01"},
         "2026-12-05", "2026-11-30"),
        ("ma-part-b-drug", "appeal_filing", "2026-10-08",
         {"notice_on": "2026-10-01", "received_on": "2026-10-03"}, "2026-12-02", "2026-12-02"),
        ("ma-part-b-drug", "appeal_filing", "2025-02-03", {"notice_on": "2024-12-31"},
         "2025-03-01", "2025-02-28"),
        # Before 2025 the notice's own date counted, whenever it arrived.
        ("ma-part-b-drug", "appeal_filing", "2025-01-13",
         {"notice_on": "2024-12-31", "received_on": "2025-01-13"}, "2025-03-01", "2025-02-28"),
        ("ma-part-b-drug", "appeal_filing", "2025-01-13",
         {"notice_on": "2025-01-01", "received_on": "2025-01-13"}, "2025-03-14", "2025-03-14"),
        ("ma-part-b-drug", "appeal_filing", "2025-01-02", {"notice_on": "2025-01-01"},
         "2025-03-07", "2025-02-28"),
        ("ma-part-b-drug", "dismissal_filing", "2026-09-08", {"notice_on": "2026-09-04"},
         "2026-11-08", "2026-11-06"),
        ("il-commercial", "external_filing", "2026-11-02",
         {"notice_on": "2026-10-28", "received_on": "2026-10-30"}, "2027-03-02", "2027-02-26"),
        ("il-commercial", "department_forwards", "2026-11-25", {}, "2026-11-30", "2026-11-30"),
        ("il-commercial", "eligibility", "2026-11-25", {}, "2026-12-04", "2026-12-04"),
        ("il-commercial", "appeal_filing", "2026-06-04", {"notice_on": "2026-06-03"},
         "2026-11-30", "2026-11-30"),
        ("il-commercial", "approval_validity", "2028-02-29", {"condition": "long_term"},
         "2029-02-28", "2029-02-28"),
        ("il-commercial", "approval_validity_short", "2026-08-31", {"condition": "other"},
         "2027-02-28", "2027-02-26"),
        ("il-commercial", "exhaustion", "2026-11-25", {}, "2026-12-25", "2026-12-26"),
        ("il-commercial", "appeal_decision", "2026-11-24", {}, "2026-12-17", "2026-12-17"),
        ("ma-part-b-drug", "pa_decision", "2026-10-30", {}, "2026-11-02", "2026-11-02"),
    ],
)  # fmt: skip
def test_a_date_typed_in_by_hand(
    id: str, name: str, day: str, values: Mapping[str, str], due: str, act_by: str
) -> None:
    assert reading(id, name, day, **values) == (due, act_by)


def test_72_hours_run_through_the_night_on_which_the_clocks_go_back() -> None:
    at = datetime(2026, 10, 30, 15, tzinfo=CHICAGO).astimezone(UTC)
    made = armed(WORKFLOWS["ma-part-b-drug"], REGIMES["ma-part-b-drug"]["pa_decision"], at)
    due = made["pa_decision"].reading.due_at.astimezone(CHICAGO)
    assert f"{due:%Y-%m-%d %H:%M %Z}" == "2026-11-02 14:00 CST"


# Who must act, by what law, and how well its text is known: typed from the table of sources

SOURCES = [
    ("ma-part-b-drug", "pa_decision", "payer", "42 CFR 422.568(b)(3), 422.572(a)", "V2"),
    ("ma-part-b-drug", "appeal_decision", "payer", "42 CFR 422.590(c), (e)", "V"),
    ("ma-part-b-drug", "forwarding", "payer", "42 CFR 422.590, 422.592", "V2"),
    ("ma-part-b-drug", "missed_filing", "provider", "42 CFR 422.568(f), 422.582(b)", "R"),
    ("ma-part-b-drug", "forwarding_expedited", "payer", "42 CFR 422.590, 422.592", "V2"),
    ("ma-part-b-drug", "forwarding_missed", "payer", "42 CFR 422.590, 422.592", "V2"),
    ("ma-part-b-drug", "dismissal_filing", "provider", "42 CFR 422.590, 422.592", "V"),
    ("ma-part-b-drug", "external_decision", "reviewer", "42 CFR 422.592(b)", "R"),
    ("ma-part-b-drug", "effectuation", "payer", "42 CFR 422.618, 422.619", "R"),
    ("ma-part-b-drug", "hearing_filing", "provider", "42 CFR 422.602", "V2"),
    ("ma-part-b-drug", "council_filing", "provider", "42 CFR 422.608, 405.1102", "V2"),
    ("ma-part-b-drug", "court_filing", "provider", "42 CFR 422.612, 405.1136", "V2"),
    ("ma-part-b-drug", "refusal_notice", "payer", "42 CFR 422.570(d)", "R"),
    ("il-commercial", "pa_decision", "payer", "215 ILCS 200/25, 200/30", "V"),
    ("il-commercial", "approval_validity", "provider", "215 ILCS 200/60", "V2"),
    ("il-commercial", "approval_validity_short", "provider", "215 ILCS 200/60", "V2"),
    ("il-commercial", "deemed_validity", "provider", "215 ILCS 200/60, 200/75", "R"),
    ("il-commercial", "deemed_validity_short", "provider", "215 ILCS 200/60, 200/75", "R"),
    ("il-commercial", "late_filing", "provider", "215 ILCS 180/35(a), 180/42", "V"),
    ("il-commercial", "appeal_filing", "provider",
     "29 CFR 2560.503-1(h)(3)(i), 45 CFR 147.136(b)", "V2"),
    ("il-commercial", "missing_information", "payer", "215 ILCS 134/45", "V2"),
    ("il-commercial", "appeal_decision", "payer", "215 ILCS 134/45", "V2"),
    ("il-commercial", "federal_cap", "payer", "29 CFR 2560.503-1(i)(2)", "V"),
    ("il-commercial", "exhaustion", "payer", "215 ILCS 180/30(b)", "V"),
    ("il-commercial", "external_filing", "provider", "215 ILCS 180/35(a), 180/42", "V"),
    ("il-commercial", "department_forwards", "reviewer", "215 ILCS 180/35", "V"),
    ("il-commercial", "eligibility", "payer", "215 ILCS 180/35", "V"),
    ("il-commercial", "eligibility_told", "payer", "215 ILCS 180/35", "V"),
    ("il-commercial", "external_decision", "reviewer", "215 ILCS 180/35, 180/40", "V2"),
    ("il-commercial", "informed_decision", "reviewer", "215 ILCS 180/35", "R"),
]  # fmt: skip


@pytest.mark.parametrize(("id", "name", "owner", "source", "grade"), SOURCES)
def test_a_clock_says_whose_it_is_where_it_stands_and_how_well_that_is_known(
    id: str, name: str, owner: str, source: str, grade: str
) -> None:
    clock = WORKFLOWS[id].clocks[name]
    assert (clock.owner, clock.source, clock.evidence) == (owner, source, grade)


def test_no_clock_of_the_law_is_without_its_row_of_the_table_of_sources() -> None:
    told = {(id, name) for id, name, *_ in SOURCES} | {("ma-part-b-drug", "appeal_filing")}
    law = {(id, name) for id, name in ROWS if WORKFLOWS[id].clocks[name].source != "ours"}
    assert told == law


# What a missed time comes to, in the words of the rules
MISSED = [
    ("ma-part-b-drug", "pa_decision", "denial that you can appeal, and nobody forwards it"),
    ("ma-part-b-drug", "appeal_decision", "affirmed, and the plan must forward it"),
    ("ma-part-b-drug", "forwarding", "without a filing by us"),
    ("ma-part-b-drug", "appeal_filing", "good cause, in writing: the plan may extend"),
    ("il-commercial", "pa_decision", "deemed authorized (200/75"),
    ("il-commercial", "exhaustion", "the internal appeal counts as exhausted"),
]


@pytest.mark.parametrize(("id", "name", "words"), MISSED)
def test_a_clock_says_what_follows_when_it_is_missed(id: str, name: str, words: str) -> None:
    clock = WORKFLOWS[id].clocks[name]
    assert all(words in said for said in (clock.caveat, *(v.caveat for v in clock.versions)))


def test_the_two_versions_of_the_rule_on_receipts_cite_it() -> None:
    clock = WORKFLOWS["ma-part-b-drug"].clocks["appeal_filing"]
    assert (clock.evidence, clock.versions[0].evidence) == ("V2", "V2")
    assert clock.source == "42 CFR 422.582(b), 422.584(b), before 2025"
    assert [v.since for v in clock.versions] == ["2025-01-01"]


@pytest.mark.parametrize("id", REGIMES)
def test_only_a_filing_of_ours_under_a_statute_of_illinois_rolls(id: str) -> None:
    rolling = {n: c.roll_calendar for n, c in WORKFLOWS[id].clocks.items() if c.roll != "none"}
    ours = ["external_filing", "late_filing"] if id == "il-commercial" else []
    assert rolling == dict.fromkeys(ours, "illinois-statutory")


@pytest.mark.parametrize("id", REGIMES)
def test_what_is_ours_by_our_own_plan_is_no_law(id: str) -> None:
    for name, clock in WORKFLOWS[id].clocks.items():
        if clock.source == "ours" and name != "approval_validity":
            assert (clock.kind, clock.evidence) == ("planned", "R")
            assert clock.caveat.startswith("Our own plan")


@pytest.mark.parametrize("id", REGIMES)
def test_no_open_state_is_without_a_clock_but_the_first(id: str) -> None:
    w = WORKFLOWS[id]
    law = (clock for name, clock in w.clocks.items() if name != "coverage_ends")
    watched = {state for clock in law for state in clock.alive_in}
    open_ones = {name for name, state in w.states.items() if not state.final}
    assert open_ones - watched == {"intake"}


# One truth: the law beside the guide's clocks is the Medicare Advantage workflow's

GUIDE = workflows.load("humana-il-guide")
SAME = ["pa_decision", "appeal_decision"]


@pytest.mark.parametrize("name", SAME)
def test_the_law_beside_the_guides_clock_is_the_statutes_own(name: str) -> None:
    law, clock = GUIDE.clocks[name].law, WORKFLOWS["ma-part-b-drug"].clocks[name]
    assert law is not None
    told = (law.length, law.expedited, law.source, law.evidence)
    assert told == (clock.length, clock.expedited, clock.source, clock.evidence)


def test_the_law_beside_the_guides_appeal_counts_60_days_from_the_notice_itself() -> None:
    """As the statute's own clock counts for our safe reading, which presumes no receipt."""
    law, clock = (
        GUIDE.clocks["appeal_filing"].law,
        WORKFLOWS["ma-part-b-drug"].clocks["appeal_filing"],
    )
    assert law is not None
    assert (law.length, clock.length) == ("60d", "60d")
    assert (law.evidence, law.expedited) == (clock.versions[0].evidence, None)
    assert law.source in clock.versions[0].source
    for day in DAYS:
        rule = Rule("deny", "denied", True, "60d")
        values = {"notice_on": day.isoformat()}
        guide = armed(GUIDE, rule, noon(day), values=values)["appeal_filing"].reading
        statute = armed(WORKFLOWS["ma-part-b-drug"], rule, noon(day), values=values)[
            "appeal_filing"
        ]
        assert guide.law_by == day + timedelta(days=60) == statute.reading.safe_on
        assert guide.act_by == statute.reading.act_by


@pytest.mark.parametrize("name", ["external_filing", "external_decision"])
def test_where_the_guide_files_for_external_review_the_law_forwards(name: str) -> None:
    law, statute = GUIDE.clocks[name].law, WORKFLOWS["ma-part-b-drug"].clocks["forwarding"]
    assert law is not None
    assert (law.length, law.source) == (None, statute.source)


# What starts a clock


def test_an_hour_clock_without_an_instant_is_refused() -> None:
    step = consequences.Step(
        case=Case(id="c"), workflow=WORKFLOWS["ma-part-b-drug"], name="submit", to="pa_submitted",
        moment=(date(2026, 11, 24), None), values={},
    )  # fmt: skip
    with pytest.raises(Refused, match="give its time"):
        consequences.of(step, CALENDARS)
    with pytest.raises(Refused, match=r"Plan decides the appeal is expedited .* --at"):
        consequences.of(
            replace(step, workflow=WORKFLOWS["il-commercial"], name="provide_info",
                    to="internal_appeal", hurried=True),
            CALENDARS,
        )  # fmt: skip


def test_what_counts_from_the_end_of_a_clock_that_never_ran_is_refused() -> None:
    rule = REGIMES["ma-part-b-drug"]["missed_filing"]
    with pytest.raises(Refused, match="counts from due:pa_decision, which never ran"):
        armed(WORKFLOWS["ma-part-b-drug"], rule, noon(date(2026, 11, 24)))


def test_a_clock_that_is_expedited_alone_is_silent_in_a_standard_stage() -> None:
    rule = REGIMES["ma-part-b-drug"]["forwarding_expedited"]
    made = armed(
        WORKFLOWS["ma-part-b-drug"],
        rule,
        noon(date(2026, 11, 24)),
        values={"notice_on": "2026-11-24"},
    )
    assert set(made) == {"ask_for_proof"}


@pytest.mark.parametrize(
    ("values", "started"),
    [
        ({"condition": "long_term"}, {"approval_validity"}),
        ({"condition": "other"}, {"approval_validity_short"}),
        ({}, set()),
    ],
)
def test_the_condition_says_which_validity_starts(
    values: dict[str, Value], started: set[str]
) -> None:
    rule = REGIMES["il-commercial"]["approval_validity"]
    assert (
        set(armed(WORKFLOWS["il-commercial"], rule, noon(date(2026, 11, 24)), values=values))
        == started
    )


def test_the_day_that_the_plan_states_is_the_last_one() -> None:
    rule = REGIMES["il-commercial"]["approval_validity"]
    values: dict[str, Value] = {"condition": "long_term", "valid_through": "2027-02-01"}
    made = armed(WORKFLOWS["il-commercial"], rule, noon(date(2026, 11, 24)), values=values)
    assert made["approval_validity"].reading.due_on == date(2027, 2, 1)

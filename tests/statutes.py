"""What the statutes give, typed from their texts, and a model that counts it by itself.

The model is numpy, zoneinfo and the rules by which Illinois keeps its holidays. It reads no
workflow, no calendar file and no code of casetrack.
"""

import calendar as months
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

CHICAGO = ZoneInfo("America/Chicago")
YEARS = range(2023, 2031)
DAY = timedelta(days=1)


class Rule(NamedTuple):
    """A clock as the law has it: who must act, what counts, how long, how it is expedited.

    ``base``: "request", "notice" (its date), "receipt" (presumed so many days after the notice,
    unless shown), or the clock from whose end it counts. ``to``: the state it is armed into.
    """

    trigger: str
    to: str
    ours: bool
    length: str
    hours: int | None = None
    base: str = "request"
    presumed: int = 0
    roll: bool = False
    opens: bool = False


# Medicare Advantage, Part B drug: 42 CFR 422 Subpart M. Then our own plans.
MA = {
    "pa_decision": Rule("submit", "pa_submitted", False, "72h", 24),
    "appeal_filing": Rule("deny", "denied", True, "60d", base="receipt", presumed=5),
    "missed_filing": Rule("payer_missed", "denied", True, "60d", base="pa_decision"),
    "appeal_decision": Rule("file_appeal", "reconsideration", False, "7d", 72),
    "forwarding": Rule("file_appeal", "reconsideration", False, "7d"),
    "forwarding_expedited": Rule("uphold", "forwarding", False, "", 24),
    "forwarding_missed": Rule("payer_missed", "forwarding", False, "", 24, base="appeal_decision"),
    "external_decision": Rule("forwarded", "ire_review", False, "7d", 72),
    "effectuation": Rule("ire_reverse", "reversed", False, "72h", 24),
    "dismissal_filing": Rule("dismiss", "dismissed", True, "65d", base="notice"),
    "hearing_filing": Rule("uphold", "ire_denied", True, "60d", base="receipt", presumed=5),
    "council_filing": Rule("uphold", "hearing_denied", True, "60d", base="receipt", presumed=5),
    "court_filing": Rule("uphold", "council_denied", True, "60d", base="receipt", presumed=5),
    "refusal_notice": Rule("refuse_expedite", "pa_submitted", False, "3d"),
    "info_response": Rule("request_info", "info_requested", True, "1bd"),
    "ask_for_proof": Rule("uphold", "forwarding", True, "1bd"),
    "dismissal_follow_up": Rule("request_dismissal_review", "dismissal_review", True, "7d"),
    "hearing_follow_up": Rule("request_hearing", "hearing", True, "30d"),
    "council_follow_up": Rule("request_council_review", "council_review", True, "30d"),
    "court_follow_up": Rule("sue", "court", True, "30d"),
}

# Illinois commercial: 215 ILCS 134, 180, 200 and the federal floor. Then our own plans.
IL = {
    "pa_decision": Rule("submit", "pa_submitted", False, "5d", 48),
    "approval_validity": Rule("approve", "approved", True, "12mo"),
    "approval_validity_short": Rule("approve", "approved", True, "6mo"),
    "deemed_validity": Rule(
        "deem_authorized", "deemed_authorized", True, "12mo", base="pa_decision"
    ),
    "deemed_validity_short": Rule(
        "deem_authorized", "deemed_authorized", True, "6mo", base="pa_decision"
    ),
    "appeal_filing": Rule("deny", "denied", True, "180d", base="receipt"),
    "missing_information": Rule("file_appeal", "internal_appeal", False, "3bd", 24),
    "appeal_decision": Rule("file_appeal", "internal_appeal", False, "15bd", 24),
    "federal_cap": Rule("file_appeal", "internal_appeal", False, "30d", 72),
    "exhaustion": Rule("file_appeal", "internal_appeal", False, "30d", 48, opens=True),
    "external_filing": Rule("uphold", "appeal_denied", True, "4mo", base="receipt", roll=True),
    "late_filing": Rule("late_decision", "appeal_denied", True, "4mo", base="receipt", roll=True),
    "department_forwards": Rule("request_external_review", "external_review", False, "1bd"),
    "eligibility": Rule("department_forwarded", "eligibility_review", False, "5bd"),
    "eligibility_told": Rule("eligibility_reviewed", "eligibility_notice", False, "1bd"),
    "external_decision": Rule("assign_reviewer", "independent_review", False, "45d", 72),
    "informed_decision": Rule("information_complete", "independent_review", False, "5d"),
    "pa_follow_up": Rule("submit", "pa_submitted", True, "2bd"),
    "info_response": Rule("request_info", "info_requested", True, "2bd"),
    "confirm_deemed": Rule("deem_authorized", "deemed_authorized", True, "1bd"),
    "request_again": Rule("withdraw_appeal", "appeal_denied", True, "2bd"),
    "director_filing": Rule("find_ineligible", "ineligible", True, "2bd"),
    "director_follow_up": Rule("appeal_to_director", "director_appeal", True, "5bd"),
}

REGIMES = {"ma-part-b-drug": MA, "il-commercial": IL}
# An approval lasts as long as the plan states, and no law gives it a length.
STATED = {
    "ma-part-b-drug": {"approval_validity", "coverage_ends"},
    "il-commercial": {"coverage_ends"},
}


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of a month; -1 is the last."""
    days = [d for d in months.Calendar().itermonthdates(year, month) if d.month == month]
    return [d for d in days if d.weekday() == weekday][n if n < 0 else n - 1]


def easter(year: int) -> date:
    """The Gregorian computus, anonymous."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + k - 7 * ((a + 11 * h + 22 * k) // 451) + 114, 31)
    return date(year, month, day + 1)


def named(year: int) -> list[date]:
    """The days that both Illinois lists keep, on the day itself."""
    thanksgiving = nth(year, 11, 3, 4)
    election = [nth(year, 11, 0, 1) + DAY] if year % 2 == 0 else []
    return [
        date(year, 1, 1), nth(year, 1, 0, 3), date(year, 2, 12), nth(year, 2, 0, 3),
        nth(year, 5, 0, -1), date(year, 6, 19), date(year, 7, 4), nth(year, 9, 0, 1),
        nth(year, 10, 0, 2), date(year, 11, 11), thanksgiving, date(year, 12, 25), *election,
    ]  # fmt: skip


def observed(day: date) -> date:
    """Saturday moves to Friday and Sunday to Monday; Juneteenth never moves."""
    if (day.month, day.day) == (6, 19):
        return day
    return day + {5: -DAY, 6: DAY}.get(day.weekday(), timedelta())


STATE = np.busdaycalendar(holidays=[
    *(observed(day) for year in YEARS for day in named(year)),
    *(nth(year, 11, 3, 4) + DAY for year in YEARS),
])  # fmt: skip
STATUTORY = np.busdaycalendar(holidays=[
    *(day for year in YEARS for day in named(year)),
    *(nth(year, 3, 0, 1) for year in YEARS),
    *(easter(year) - 2 * DAY for year in YEARS),
])  # fmt: skip


def business(day: date, n: int, roll: str, by: np.busdaycalendar = STATE) -> date:
    found = np.busday_offset(day, n, roll=roll, busdaycal=by)  # type: ignore[call-overload]
    return date(1970, 1, 1) + timedelta(int(found.astype("int64")))


def counted(start: date, length: str) -> date:
    if length.endswith("bd"):
        return business(start, int(length[:-2]), "backward")
    if length.endswith("mo"):
        year, month = divmod(start.year * 12 + start.month - 1 + int(length[:-2]), 12)
        last = months.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(start.day, last))
    return start + timedelta(days=int(length[:-1]))


class Expected(NamedTuple):
    due_on: date
    act_by: date


def local(at: datetime) -> date:
    return at.astimezone(CHICAGO).date()


def end_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 23, 59, 59, tzinfo=CHICAGO).astimezone(UTC)


def expected(rule: Rule, start: date, at: datetime, *, hurried: bool = False) -> Expected:
    """``start`` is the day counted from: of the request, of the notice, or of the other's end."""
    ends = []
    if rule.length.endswith("h"):
        ends.append(at + timedelta(hours=int(rule.length[:-1])))
    elif rule.length:
        ends.append(end_of(counted(start + timedelta(days=rule.presumed), rule.length)))
    if hurried and rule.hours:
        ends.append(at + timedelta(hours=rule.hours))
    due = local(min(ends))
    in_hours = min(ends) != end_of(due)
    if rule.opens:
        return Expected(due, due if in_hours else due + DAY)
    if not rule.ours:
        return Expected(due, due)
    safe = business(counted(start, rule.length), 0, "backward")
    return Expected(business(due, 0, "forward", STATUTORY) if rule.roll else due, safe)


def trigger_days() -> Iterator[date]:
    """Each weekday many times over, and the days on which counts go wrong."""
    spans = [
        ("2026-11-16", "2026-12-07"),  # Veterans Day behind, Thanksgiving ahead
        ("2026-12-21", "2027-01-08"),  # New Year
        ("2026-10-27", "2026-11-05"),  # clocks go back on 1 November; Election Day
        ("2027-03-09", "2027-03-17"),  # clocks go forward on 14 March
        ("2028-02-24", "2028-03-03"),  # 29 February
        ("2024-12-27", "2025-01-06"),  # both sides of the rule on receipts
    ]
    for first, last in spans:
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            yield day
            day += DAY
    for month in range(1, 13):
        end = date(2027, month, months.monthrange(2027, month)[1])
        yield from (end - DAY, end, end + DAY)


def instants(day: date) -> Iterable[datetime]:
    """At the day's edges and between, those that the clocks skip left out."""
    for hour, minute in ((0, 0), (10, 15), (15, 0), (23, 59)):
        yield datetime(day.year, day.month, day.day, hour, minute, tzinfo=CHICAGO).astimezone(UTC)

"""What a docket line says in words: what is wrong with it, its days, and what to type."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from shlex import quote

from casetrack.domain import dates
from casetrack.domain.docket import Docket, Doubt, DoubtKind, Item
from casetrack.domain.plans import CLOCK

NOBODY = "nobody"
DOUBTS: Mapping[DoubtKind, str] = {
    "unproven": "unproven",
    "stated_date": "letter",
    "receipt_not_shown": "receipt",
    "unassigned": "unassigned",
    "silent": "silent",
}
_NAMED = 12  # cases named before the rest is only counted
_GRADES = {"V2": "a secondary source quotes it", "R": "recalled, unverified"}
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def day(on: date) -> str:
    """``Thu 2026-12-03``, in every locale."""
    return f"{_WEEKDAYS[on.weekday()]} {on.isoformat()}"


def minute(at: datetime, zone: str) -> str:
    """``Thu 2026-12-03 15:00 CST``: local time, to the minute."""
    local = at.astimezone(dates.zone_info(zone))
    return f"{day(local.date())} {local:%H:%M %Z}"


def count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one}" if n == 1 else f"{n} {many or f'{one}s'}"


def recalled(source: str, grade: str) -> str:
    """A source, with a warning where nobody has seen its text."""
    return sourced(source, grade) if grade == "R" else source


def sourced(source: str, grade: str) -> str:
    """A source, and how its words reached us where not at first hand."""
    return f"{source} ({_GRADES[grade]})" if grade in _GRADES else source


def today(item: Item) -> date:
    """The day that the line was reckoned on, in its workflow's zone."""
    return item.act_by - timedelta(days=item.calendar_days_left)


def to_days_end(item: Item) -> bool:
    """Whether the last day is on time to its end."""
    at = datetime.fromisoformat(item.due_at)
    return at.hour == 23 and at.minute == 59


def last_moment(item: Item) -> str:
    """The last day, with the time where it does not run to the day's end."""
    at = datetime.fromisoformat(item.due_at)
    return day(item.due_on) if to_days_end(item) else f"{day(item.due_on)} {at:%H:%M}"


def last_label(item: Item) -> str:
    """What ``due_on`` is: the law's last day for us, our plan, or their promise."""
    if item.opens:
        return "opens after"
    if item.owner != "provider":
        return "due"
    if item.kind == "planned" and not item.expires:
        return "planned for"
    return "legal last day" if item.kind == "statutory" else "last day"


def wrong(item: Item) -> str:
    """What is wrong, first of all that is said of a line."""
    if item.opens and item.status == "act_now":
        return f"OPEN since {last_moment(item)} ({_ago((today(item) - item.due_on).days)})"
    return _ours(item) if item.owner == "provider" else _theirs(item)


def _ours(item: Item) -> str:
    past = (today(item) - item.due_on).days
    if item.status == "overdue":
        return f"OVERDUE since {last_moment(item)} ({_ago(past)})"
    if item.kind == "planned" and past > 0:
        passed = "no longer fresh, last day was" if item.expires else "planned day passed,"
        return f"{passed} {day(item.due_on)} ({_ago(past)})"
    if item.calendar_days_left == 0:
        return f"act by today, {last_label(item)} {last_moment(item)}"
    return f"safe date passed, {last_label(item)} {last_moment(item)}{_law_too(item)}"


def _law_too(item: Item) -> str:
    if item.law_by is None or item.law_by >= today(item):
        return ""
    return f"; the law's date {day(item.law_by)} has passed too"


def _ago(days: int) -> str:
    return f"{count(days, 'day')} ago" if days else "today"


def _theirs(item: Item) -> str:
    if item.status == "overdue":
        return f"OVERDUE since {last_moment(item)}{_lateness(item, item.due_on)}"
    if item.law_by is not None and item.law_by < today(item):
        return f"LATE BY THE LAW since {day(item.law_by)}{_lateness(item, item.law_by)}"
    return f"day to chase passed, {day(item.act_by)}{_lateness(item, item.act_by)}"


def _lateness(item: Item, said: date) -> str:
    """By how much, counted from ``act_by``, which is named where another day was said."""
    if item.calendar_days_left == 0:
        return ""
    business, calendar = -item.business_days_left, -item.calendar_days_left
    late = f": {count(business, 'business day')}, {count(calendar, 'calendar day')}"
    return late if said == item.act_by else f"{late} after {day(item.act_by)}"


def left(item: Item) -> str:
    """How long to ``act_by``, briefly."""
    if item.status == "tolled":
        return "tolled"
    if item.calendar_days_left == 0:
        return "today"
    if item.business_days_left:
        return f"{item.business_days_left} bd"
    return f"{item.calendar_days_left} d"


def law(item: Item) -> str | None:
    """The law's date and source; a law that has no such clock is named all the same."""
    if item.law_by is None:
        return f"sets no date here, see {item.law}" if item.law else None
    return f"{day(item.law_by)}, {item.law}" if item.law else day(item.law_by)


def command(item: Item) -> tuple[str, tuple[str, ...]]:
    """What to type to end the deadline, and the other events that end it from here."""
    ending = item.acts
    case = quote(item.case)
    if not ending:
        return f"casetrack next {case}", ()
    if ending == CLOCK.ended_by:
        return f"casetrack done {case} {quote(item.deadline)}", ()
    kind, _, name = ending[0].rpartition(":")
    typed = {
        "": f"casetrack fire {case} {quote(name)}",
        "record": f"casetrack record {case} {quote(name)} --on DATE",
        "note": f'casetrack note {case} "..." kind={quote(name)}',
    }
    return typed.get(kind, f"casetrack next {case}"), tuple(ending[1:])


def named(doubts: Sequence[Doubt]) -> str:
    """The cases of a doubt about whole cases; of a long list the first ones and how many more."""
    cases = [doubt.case for doubt in doubts]
    more = f" and {len(cases) - _NAMED} more" if len(cases) > _NAMED else ""
    return f"{count(len(cases), 'case')}: {', '.join(cases[:_NAMED])}{more}; {doubts[0].detail}"


def remedy(doubt: Doubt) -> str:
    """What to type once a doubt about a deadline can be settled; empty where that varies."""
    if doubt.kind != "unproven" or doubt.proof is None:
        return ""
    return f"casetrack record {quote(doubt.case)} {quote(doubt.proof)}"


def health(docket: Docket) -> str:
    """As of when, on what ledger, how many open cases and the next date, in one line."""
    parts = (
        "PRACTICE LEDGER" if docket.practice else "",
        f"as of {minute(docket.as_of, docket.zone)}",
        "" if docket.items else f"nothing due within {docket.within}",
        f"{docket.open_cases} open",
        _next(docket),
    )
    return "; ".join(filter(None, parts))


def _next(docket: Docket) -> str:
    if docket.next_on is None:
        return "no open deadline"
    past = docket.next_on < dates.local_date(docket.as_of, docket.zone)
    return f"{'earliest' if past else 'next'} {day(docket.next_on)}"

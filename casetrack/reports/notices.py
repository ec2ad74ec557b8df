"""What a reminder says, in a subject and in lines: no patient data, and always its id."""

from datetime import date, datetime

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.workflow import Kind, Owner
from casetrack.reports.words import NOBODY, count, day


class Notice(Struct, frozen=True, kw_only=True):
    """A warning on its way. ``today`` and the days left are as of the sweep that sends it.

    ``id`` stays the same whenever the same warning is delivered again.
    """

    id: str
    case: str
    assignee: str | None
    deadline: str
    title: str
    owner: Owner
    kind: Kind
    rung: str
    act_by: date
    due_on: date
    due_at: datetime
    zone: str
    today: date
    business_days_left: int
    now: datetime
    unproven: bool = False
    may_repeat: bool = False
    practice: bool = False
    opens: bool = False
    expires: bool = False


def subject(notice: Notice) -> str:
    practice = "PRACTICE " if notice.practice else ""
    return f"{practice}{notice.case}: {notice.title}, {_when(notice)}"


def lines(notice: Notice) -> tuple[str, ...]:
    """The whole warning, the most important first."""
    who = f"assigned to {notice.assignee or NOBODY}"
    return (
        f"{notice.case}: {notice.title} ({notice.deadline}), {who}",
        f"{_when(notice)}{_last(notice)}",
        *(("filed, no proof of receipt",) if notice.unproven else ()),
        f"reminder {notice.id}, rung {notice.rung}{_again(notice)}",
        *(("practice ledger: invented cases",) if notice.practice else ()),
    )


def line(notice: Notice) -> str:
    return "; ".join(lines(notice))


def _again(notice: Notice) -> str:
    return ", may repeat one that you have" if notice.may_repeat else ""


def _when(notice: Notice) -> str:
    if notice.opens:
        verb = "open since" if notice.now > notice.due_at else "opens after"
        return f"{verb} {_moment(notice)}"
    if notice.kind != "planned" and notice.now > notice.due_at:
        return f"OVERDUE since {_moment(notice)}"
    if _stale(notice):
        return f"no longer fresh, last day was {day(notice.due_on)}"
    if notice.today > notice.act_by:
        return f"{_passed(notice)}, {day(notice.act_by)}"
    verb = "act by" if notice.owner == "provider" else "chase"
    return f"{verb} {day(notice.act_by)}{_left(notice)}"


def _stale(notice: Notice) -> bool:
    """Whether a test that was to stay fresh is so no more."""
    return notice.kind == "planned" and notice.expires and notice.today > notice.due_on


def _passed(notice: Notice) -> str:
    if notice.owner != "provider":
        return "day to chase passed"
    plain = notice.kind == "planned" and not notice.expires
    return "planned day passed" if plain else "safe date passed"


def _left(notice: Notice) -> str:
    if notice.act_by == notice.today:
        return " (today)"
    return f" (in {count(notice.business_days_left, 'business day')})"


def _last(notice: Notice) -> str:
    if notice.opens or _stale(notice) or (notice.kind != "planned" and notice.now > notice.due_at):
        return ""
    if notice.owner != "provider":
        return f", due {_moment(notice)}"
    if notice.kind == "planned" and notice.due_on == notice.act_by:
        return ""
    plain = "last day" if notice.expires else "planned for"
    name = {"statutory": "legal last day", "planned": plain}.get(notice.kind, "last day")
    return f", {name} {_moment(notice)}"


def _moment(notice: Notice) -> str:
    """The last day, with the time where it does not run to the day's end."""
    at = notice.due_at.astimezone(dates.zone_info(notice.zone))
    whole_day = (at.hour, at.minute) == (23, 59)
    return day(notice.due_on) if whole_day else f"{day(notice.due_on)} {at:%H:%M}"

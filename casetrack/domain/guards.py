"""Named guards: pure conditions on a trigger, each telling every way in which it is unmet."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from itertools import pairwise

from msgspec import Struct

from casetrack.domain import dates
from casetrack.domain.case import Case, Tracked
from casetrack.domain.checks import concerns
from casetrack.domain.clocks import ends_within_day, runs_in_hours
from casetrack.domain.events import Gap, Value
from casetrack.domain.gaps import named, order_code
from casetrack.domain.requirements import HIDDEN, assess, judge
from casetrack.domain.workflow import DAY, STAGE, Clock, Guard, GuardName, Workflow


class Ask(Struct, frozen=True, kw_only=True):
    """A trigger asked for on a day, at an instant if known, with its field values."""

    case: Case
    workflow: Workflow
    trigger: str
    on: date
    at: datetime | None
    values: Mapping[str, Value]


class Unmet(Struct, frozen=True, kw_only=True):
    """One reason against, in words with how to meet it, and in codes for the record."""

    reason: str
    gap: Gap
    overridable: bool


Condition = Callable[[Ask, Guard], tuple[Unmet, ...]]


def unmet(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    """Every way in which a guard is unmet; none when it is met."""
    return _REGISTRY[guard.name](ask, guard)


def _against(guard: Guard, reason: str, code: str, item: str | None = None) -> Unmet:
    return Unmet(
        reason=reason,
        gap=Gap(guard=guard.name, code=code, item=item),
        overridable=guard.overridable,
    )


def _ready(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    found = [
        assess(name, item, ask.case, ask.trigger, ask.on)
        for name, item in ask.workflow.items.items()
        if concerns(item, ask.trigger)
    ]
    return tuple(
        _against(guard, f"{f.title}: {f.detail} (record CASE {f.item})", f.code, f.item)
        for f in found
        if f.unmet
    )


def _rules(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    values = {**ask.case.fields, **ask.values}
    rules = ask.workflow.triggers[ask.trigger].rules
    verdicts = [(rule, judge(rule, values, ask.on)) for rule in rules if rule.blocking]
    return tuple(
        _against(guard, f"{rule.field}: {rule.says} (give {rule.field}=...)", rule.field)
        for rule, verdict in verdicts
        if verdict in {"fails", *HIDDEN}
    )


def unsaid(ask: Ask) -> tuple[Gap, ...]:
    """Values that a trigger's rules look at and that nobody gave: not refused, but owed."""
    values = {**ask.case.fields, **ask.values}
    return tuple(
        Gap(guard="rules", code=rule.field)
        for rule in ask.workflow.triggers[ask.trigger].rules
        if judge(rule, values, ask.on) == "missing"
    )


def _open_of(ask: Ask, guard: Guard) -> list[Tracked]:
    return [t for t in ask.case.open_deadlines() if t.deadline.clock in guard.clocks]


def late(
    tracked: Tracked, on: date, at: datetime | None, sent: datetime | None = None
) -> bool | None:
    """Whether an act on that day, at that instant if known, came after ``due_at``.

    ``sent``: the instant that a cut-off judges, and nothing else. None where only the day is
    known and the deadline ended within it. Nothing is late while its clock stands still.
    """
    reading = tracked.deadline.reading
    if tracked.tolled_on is not None:
        return False
    if sent is not None:
        return on > reading.due_on or sent > reading.due_at
    if at is not None:
        return at > reading.due_at
    if on == reading.due_on and ends_within_day(reading):
        return None
    return on > reading.due_on


def sent_at(clock: Clock, values: Mapping[str, Value]) -> datetime | None:
    """The instant that the clock's cut-off judges, if it has one and it was said."""
    value = values.get(clock.sent_field) if clock.sent_field else None
    return datetime.fromisoformat(value) if isinstance(value, str) else None


def _in_time(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    """Of several windows for one act it is enough that one is still open."""
    running = _open_of(ask, guard)
    if not all(late(t, ask.on, ask.at, _sent_at(t, ask)) for t in running):
        return ()
    return tuple(
        _against(
            guard,
            f"{t.deadline.deadline} was due {_last_moment(t, ask.workflow.zone)}; "
            f"if it was done in time, give that day with --on",
            "late",
        )
        for t in running
    )


def _sent_at(tracked: Tracked, ask: Ask) -> datetime | None:
    return sent_at(ask.workflow.clocks[tracked.deadline.clock], ask.values)


def _last_moment(tracked: Tracked, zone: str) -> str:
    """The last day; with the hour where a cut-off ends it."""
    reading = tracked.deadline.reading
    if runs_in_hours(reading) or not ends_within_day(reading):
        return f"{reading.due_on}"
    return f"{reading.due_on} at {dates.local_text(reading.due_at, zone)[11:16]}"


def _passed(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    running = _open_of(ask, guard)
    if not running:
        return (_against(guard, "no decision is being waited for", "none_running"),)
    if any(late(t, ask.on, ask.at) or _law_passed(t, ask) for t in running):
        return ()
    return tuple(_against(guard, _not_passed(t, ask), "not_passed") for t in running)


def _law_passed(tracked: Tracked, ask: Ask) -> bool:
    reading = tracked.deadline.reading
    if reading.law_at is None or reading.law_by is None:
        return False
    return ask.at > reading.law_at if ask.at is not None else ask.on > reading.law_by


def _not_passed(tracked: Tracked, ask: Ask) -> str:
    name, reading = tracked.deadline.deadline, tracked.deadline.reading
    if ask.at is None and ask.on == reading.due_on and ends_within_day(reading):
        return f"{name} is due at an hour of {reading.due_on}; give the instant with --at"
    if reading.law_by is None:
        return f"{name} is due {reading.due_on} and has not passed"
    return f"{name} is due {reading.due_on}, by the law {reading.law_by}; neither has passed"


def _in_order(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    known = [(name, day) for name in guard.fields if (day := _day(ask, name)) is not None]
    return tuple(
        _against(guard, f"{b} ({second}) is before {named(a)} ({first})", order_code(a, b))
        for (a, first), (b, second) in pairwise(known)
        if second < first
    )


def _day(ask: Ask, name: str) -> str | None:
    """The date of that name: ``on`` the transition's own, ``stage`` that of the stage's start.

    A field that the trigger carries counts only as given with it, any other as it was said last.
    """
    if name == DAY:
        return ask.on.isoformat()
    if name == STAGE:
        return _stage_start(ask)
    carried = name in ask.workflow.triggers[ask.trigger].fields
    value = ask.values.get(name) if carried else ask.case.fields.get(name)
    return value if isinstance(value, str) else None


def _stage_start(ask: Ask) -> str | None:
    """The day of the transition that led into the stage that the case is in."""
    stage_of = ask.workflow.stage_of
    here = stage_of(ask.case.state)
    if here is None:
        return None
    entries = [m for m in ask.case.moves if stage_of(m.to) == here != stage_of(m.origin)]
    return entries[-1].on.isoformat() if entries else None


def _expedited(ask: Ask, guard: Guard) -> tuple[Unmet, ...]:
    if ask.case.expedited:
        return ()
    return (_against(guard, "no expedited request is running in this stage", "not_expedited"),)


_REGISTRY: Mapping[GuardName, Condition] = {
    "ready": _ready,
    "rules": _rules,
    "in_time": _in_time,
    "in_order": _in_order,
    "passed": _passed,
    "expedited": _expedited,
}

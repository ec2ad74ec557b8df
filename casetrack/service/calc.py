"""What-if dates from the definitions alone: no ledger is opened and nothing is kept."""

import re
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from casetrack.catalog import defaults
from casetrack.catalog.shelf import Shelf
from casetrack.domain import clocks, dates, versions
from casetrack.domain.events import Reading
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Clock, Roll
from casetrack.errors import Refused, UnknownName, Unparsable

ZONE = defaults.ZONE
_DAY = re.compile(r"today|[0-9]{4}-[0-9]{2}-[0-9]{2}|[+-][0-9]{1,4}(bd|d)", re.ASCII)


class Question(Struct, frozen=True, kw_only=True):
    """``what`` is a length, or WORKFLOW/CLOCK; the rest goes with a length."""

    what: str
    start: str
    calendar: str = defaults.CALENDAR
    roll: str = "none"
    roll_calendar: str | None = None


class Answer(Struct, frozen=True, kw_only=True):
    clock: Clock
    reading: Reading
    home: str
    edition: str
    zone: str
    office: str | None = None


def calculate(question: Question, now: datetime, shelf: Shelf | None = None) -> Answer:
    """The dates that a length, or a clock, gives from a day or an instant.

    For a clock that counts from a receipt the day is the notice's, and receipt is not shown.
    """
    known = Shelf() if shelf is None else shelf
    if "/" in question.what:
        name, _, clock_name = question.what.partition("/")
        workflow = known.workflow(name)
        frame = clocks.frame(workflow, known)
        return _answer(_clock(clock_name, workflow.clocks), frame, question, now)
    clock = _adhoc(question)
    for name in filter(None, (question.calendar, clock.roll_calendar)):
        if known[name].own:
            raise Refused(f"{name} has closing days of one's own: nothing is counted by them")
    frame = clocks.Frame(zone=ZONE, home=known[question.calendar], calendars=known)
    return _answer(clock, frame, question, now)


def _clock(name: str, known: dict[str, Clock]) -> Clock:
    if name not in known:
        raise UnknownName(f"no such clock{suggest(name, known)}; its clocks: {', '.join(known)}")
    clock = known[name]
    if clock.expedited_only:
        return replace(clock, length=clock.expedited)
    if clock.length is None:
        raise Refused(f"{name} has no length: its last day is what {clock.until} states")
    return clock


def _adhoc(question: Question) -> Clock:
    """A plain clock of ours with the length and roll asked for."""
    clocks.parse_length(question.what)
    roll = _roll(question.roll)
    roll_calendar = question.roll_calendar or (question.calendar if roll != "none" else None)
    return Clock(
        title="that length", owner="provider", kind="statutory", armed_by=(), alive_in=(),
        ended_by=(), source="asked for", evidence="R", length=question.what, roll=roll,
        roll_calendar=roll_calendar,
    )  # fmt: skip


def _roll(text: str) -> Roll:
    match text:
        case "none" | "following" | "preceding":
            return text
        case _:
            known = ("none", "following", "preceding")
            raise Unparsable(f"no such roll{suggest(text, known)}; it is one of {', '.join(known)}")


def _answer(clock: Clock, frame: clocks.Frame, question: Question, now: datetime) -> Answer:
    start = _basis(clock, frame, question.start, now)
    clock = versions.in_force(clock, start.on)
    if clock.presumed_from is not None:
        start = versions.presumed(clock, start.on)
    reading = clocks.read(clock, frame, start)
    return Answer(
        clock=clock,
        reading=reading,
        home=frame.home.id,
        edition=frame.home.edition,
        zone=frame.zone,
        office=frame.office.id if frame.office else None,
    )


def _basis(clock: Clock, frame: clocks.Frame, text: str, now: datetime) -> clocks.Basis:
    field = "start" if clock.source == "asked for" else clock.counts_from
    if _DAY.fullmatch(text):
        today = dates.local_date(now, frame.zone)
        day = dates.parse_date(text, today, frame.home.add_business_days)
        return clocks.Basis(on=day, at=None, field=field)
    at = dates.parse_instant(text, frame.zone)
    return clocks.Basis(on=dates.local_date(at, frame.zone), at=at, field=field)

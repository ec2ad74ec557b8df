"""Deadlines that today's shipped definitions and calendars would date otherwise, or arm as well.

Each is counted again from the recorded facts, corrected as they are, and moved again by all that
moved it since. Nothing is changed; what differs is listed with the reason.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from msgspec import Struct
from msgspec.structs import replace

from casetrack.audit.findings import Editions, Recorded
from casetrack.audit.unarmed import unarmed
from casetrack.domain import clocks, corrections, freshness
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar
from casetrack.domain.case import Case, Tracked
from casetrack.domain.plans import PLAN, clock_of
from casetrack.domain.reliving import Life, Rules, event_name
from casetrack.domain.workflow import Workflow
from casetrack.errors import CasetrackError, Refused

_SHAPE = (
    "length", "expedited", "counts_from", "until", "roll", "roll_calendar", "presumed_from",
    "presumed_days", "cut_off", "version_by", "owner", "opens",
)  # fmt: skip


class Dates(Struct, frozen=True, kw_only=True):
    """The dates of a deadline that anybody acts on."""

    due_on: date
    due_at: datetime
    act_by: date
    law_by: date | None


class Why(Struct, frozen=True, kw_only=True):
    """``kind``: ``workflow``, ``calendar``, or ``facts`` as they were corrected since."""

    kind: str
    detail: str


class Drifted(Struct, frozen=True, kw_only=True):
    """``today`` is None where today's definitions can't date the deadline, or never arm it.

    ``recorded`` is None where they alone arm it, and then ``deadline`` is the name of its clock.
    """

    case: str
    deadline: str
    outcome: str | None
    recorded: Dates | None
    today: Dates | None
    why: tuple[Why, ...]


class Record(Struct, frozen=True, kw_only=True):
    """One case; ``pinned`` is its workflow, ``today`` the one shipped under that id, if any.

    ``left``: by digest, the definitions that it followed before. What closed under one of those is
    judged by that one: going over to another was asked for, and moves nothing that is closed.
    """

    name: str
    case: Case
    entries: Sequence[e.Entry]
    pinned: Workflow
    today: Workflow | None
    left: Mapping[str, Workflow] = {}

    def judging(self, tracked: Tracked) -> "Record":
        """With the workflow that a deadline is judged by."""
        digest = tracked.deadline.definition
        if tracked.outcome is None or digest == self.case.definition or digest not in self.left:
            return self
        return replace(self, pinned=self.left[digest], today=self.left[digest])


def dated(record: Record) -> Iterator[Tracked]:
    """The deadlines that rest on what still stands."""
    gone, entries = corrections.voided(record.entries), record.entries
    known = record.case.deadlines.values()
    return (t for t in known if freshness.fact_of(t, entries).version not in gone)


def drifted(record: Record, editions: Editions) -> Iterator[Drifted]:
    for tracked in dated(record):
        found = _Deadline(record.judging(tracked), editions, tracked).drift()
        if found is not None:
            yield found
    if record.today is not None:
        yield from _unarmed(record, record.today, editions)


def _unarmed(record: Record, today: Workflow, editions: Editions) -> Iterator[Drifted]:
    """What only an edition of today arms."""
    pinned = record.pinned
    for one in unarmed(record.case, record.entries, pinned, today, editions.shipped):
        arms = f"{one.event} (version {one.version}) arms it in edition {today.edition} alone"
        detail = f"{arms}: {one.reason}" if one.reason else arms
        yield Drifted(
            case=record.name,
            deadline=one.clock,
            outcome=None,
            recorded=None,
            today=None if one.reading is None else dates_of(one.reading),
            why=(Why(kind="workflow", detail=detail),),
        )


class _Deadline:
    """One deadline, counted again by one set of definitions after another."""

    def __init__(self, record: Record, editions: Editions, tracked: Tracked) -> None:
        self._record = record
        self._tracked = tracked
        self._editions = editions
        self._recorded = Recorded(editions).used_by(tracked.deadline)

    def drift(self) -> Drifted | None:
        record, was = self._record, dates_of(self._tracked.deadline.reading)
        now = record.today or record.pinned
        today: Dates | None = None
        try:
            today = dates_of(self._counted(now, self._editions.shipped))
            why = tuple(self._reasons()) if today != was else ()
        except CasetrackError as error:
            why = (Why(kind="workflow", detail=error.message),)
        return (
            None
            if today == was
            else Drifted(
                case=record.name,
                deadline=self._tracked.deadline.deadline,
                outcome=self._tracked.outcome,
                recorded=was,
                today=today,
                why=why,
            )
        )

    def _counted(self, workflow: Workflow, calendars: clocks.Calendars) -> e.Reading:
        record, tracked = self._record, self._tracked
        self._check_armed(workflow)
        life = Life(record.case, record.entries, Rules(workflow, calendars))
        reading = life.lived(tracked, tracked.closed_version).deadline.reading
        clock = clock_of(workflow, tracked.deadline.clock)
        if clock.owner != "provider" or clock.opens or not self._reprojected():
            return reading
        # What is ours was not moved later with a calendar or an edition, and would not be today.
        return replace(reading, act_by=min(reading.act_by, tracked.deadline.reading.act_by))

    def _check_armed(self, workflow: Workflow) -> None:
        name = self._tracked.deadline.clock
        if name == PLAN:
            return
        if name not in workflow.clocks:
            raise Refused(f"edition {workflow.edition} has no clock {name}")
        armed = freshness.fact_of(self._tracked, self._record.entries)
        values = self._record.case.values_of(armed.version)
        event = event_name(armed.data, values.get("kind"))
        if not workflow.clocks[name].starts_by(event):
            raise Refused(f"in edition {workflow.edition} {event} does not arm {name}")

    def _reprojected(self) -> bool:
        name = self._tracked.deadline.deadline
        for entry in self._record.entries:
            match entry.data:
                case e.DeadlineReprojected(moved=those) | e.WorkflowAdopted(kept=those):
                    if any(one.deadline == name for one in those):
                        return True
                case _:
                    pass
        return False

    def _reasons(self) -> Iterator[Why]:
        """One definition after the other is made today's; each that changes a date is a reason."""
        record, shipped = self._record, self._editions.shipped
        was = dates_of(self._tracked.deadline.reading)
        as_recorded = dates_of(self._counted(record.pinned, self._recorded))
        recalendared = dates_of(self._counted(record.pinned, shipped))
        if as_recorded != was:
            yield Why(kind="facts", detail=self._corrected())
        if recalendared != as_recorded:
            yield from self._calendars()
        if record.today is not None and recalendared != dates_of(
            self._counted(record.today, shipped)
        ):
            yield Why(kind="workflow", detail=self._workflow(record.today))

    def _corrected(self) -> str:
        versions = [
            str(entry.version)
            for entry in self._record.entries
            if isinstance(entry.data, e.EntryCorrected | e.EntryVoided)
        ]
        if not versions:
            return "its own working gives other dates; see audit conformance"
        return f"facts were corrected since it was dated: version {', '.join(versions)}"

    def _calendars(self) -> Iterator[Why]:
        reading = self._tracked.deadline.reading
        for use in reading.calendars:
            now = self._editions.shipped[use.id]
            if now.digest != use.digest:
                days = ", ".join(self._days(use, now)) or "no listed day differs"
                editions = f"{use.id}, edition {use.edition} -> {now.edition}"
                yield Why(kind="calendar", detail=f"{editions}: {days}")

    def _days(self, use: e.CalendarUse, now: Calendar) -> Iterator[str]:
        """The weekdays that are closed in one edition alone, from the count's start to its end."""
        reading = self._tracked.deadline.reading
        first, last = min(reading.from_on, reading.safe_from_on), reading.due_on
        before = {closed.date: closed.name for closed in use.closed}
        after = {day.date: day.name for day in now.closed_weekdays_between(first, last)}
        for day in sorted(before.keys() ^ after.keys()):
            told = "closed now" if day in after else "no longer closed"
            yield f"{day} {after.get(day) or before[day]} is {told}"

    def _workflow(self, today: Workflow) -> str:
        name, pinned = self._tracked.deadline.clock, self._record.pinned
        editions = f"{pinned.id}, edition {pinned.edition} -> {today.edition}"
        changes = _changed(clock_of(pinned, name), clock_of(today, name))
        return f"{editions}: {', '.join(changes) or 'the clock rests on other rules'}"


def _changed(was: object, now: object) -> Iterator[str]:
    for member in _SHAPE:
        before, after = getattr(was, member), getattr(now, member)
        if before != after:
            yield f"{member} {before} -> {after}"
    laws = [getattr(getattr(clock, "law", None), "length", None) for clock in (was, now)]
    if laws[0] != laws[1]:
        yield f"the law's length {laws[0]} -> {laws[1]}"


def dates_of(reading: e.Reading) -> Dates:
    return Dates(
        due_on=reading.due_on,
        due_at=reading.due_at,
        act_by=reading.act_by,
        law_by=reading.law_by,
    )

"""What must hold of the calendars that a workflow names."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from casetrack.catalog import resources
from casetrack.catalog.clock_rules import LENGTH
from casetrack.catalog.problems import Problem, Problems, dotted, quoted, unknown
from casetrack.domain.calendar import Calendar
from casetrack.domain.dates import add_months
from casetrack.domain.workflow import Clock, Workflow

Known = Mapping[str, Calendar]


def calendars_suit(workflow: Workflow, known: Known | None) -> Problems:
    """Each is there; where they can be looked at, each can do what it is asked for too."""
    ids = resources.calendar_ids() if known is None else list(known)
    for key, name in _named(workflow):
        yield from unknown(key, "calendar", name, ids)
    if known is not None and all(name in ids for _, name in _named(workflow)):
        yield from _only_ours_close(workflow, known)
        yield from _covered(workflow, known)
        if workflow.office:
            yield from _office(known[workflow.office], known[workflow.calendar])


def _named(workflow: Workflow) -> Iterator[tuple[str, str]]:
    if workflow.office:
        yield "office", workflow.office
    yield from _counting(workflow)


def _counting(workflow: Workflow) -> Iterator[tuple[str, str]]:
    yield "calendar", workflow.calendar
    for name, clock in workflow.clocks.items():
        if clock.roll_calendar is not None:
            yield dotted("clocks", name, "roll_calendar"), clock.roll_calendar


def _only_ours_close(workflow: Workflow, known: Known) -> Problems:
    """Nobody has longer because our office is closed."""
    for key, name in _counting(workflow):
        if known[name].own:
            says = f"{quoted(name)} has closing days of one's own: nothing is counted or rolled by"
            yield Problem(key, f"{says} them; name it as office")


def _office(office: Calendar, home: Calendar) -> Problems:
    """Closed whenever the other is, and sure of as many days, so that we only act earlier."""
    closed = {day.date for day in office.days}
    missing = [d for d in home.days if d.date not in closed and d.date.isoweekday() not in
               office.weekend and office.first <= d.date <= office.last]  # fmt: skip
    if missing or not set(home.weekend) <= set(office.weekend):
        day = f", {missing[0].date} for one" if missing else ""
        yield Problem("office", f"must be closed whenever {quoted(home.id)} is{day}: extend that")
    if office.first > home.first or office.last < home.last:
        yield Problem("office", f"must be sure of every day that {quoted(home.id)} is")


def _covered(workflow: Workflow, known: Known) -> Problems:
    for name, clock in workflow.clocks.items():
        used = {workflow.calendar, clock.roll_calendar or workflow.calendar}
        for key, length in _lengths(dotted("clocks", name), clock):
            for calendar in (known[id] for id in sorted(used)):
                if not _covers(calendar, length):
                    says = f"{length} is more than calendar {quoted(calendar.id)} is sure of"
                    yield Problem(key, f"{says}: {calendar.first} to {calendar.last}")


def _lengths(key: str, clock: Clock) -> Iterator[tuple[str, str]]:
    laws = [("law", clock.law)]
    yield f"{key}.length", clock.length or ""
    for n, version in enumerate(clock.versions):
        yield f"{key}.versions[{n}].length", version.length or ""
        laws.append((f"versions[{n}].law", version.law))
    for part, law in laws:
        yield f"{key}.{part}.length", law.length or "" if law else ""


def _covers(calendar: Calendar, length: str) -> bool:
    found = LENGTH.fullmatch(length)
    if found is None:
        return True
    n, unit = int(length.removesuffix(found[1])), found[1]
    if unit == "bd":
        return n <= calendar.business_days_between(calendar.first, calendar.last)
    if unit == "mo":
        return n <= (calendar.last.year - calendar.first.year + 1) * 12 and (
            add_months(calendar.first, n) <= calendar.last
        )
    days = {"d": 1, "w": 7}.get(unit, 0)
    return n * days <= (calendar.last - calendar.first) // timedelta(days=1)

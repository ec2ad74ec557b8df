"""What must hold of clocks: their events, lengths, fields, rolls and rungs."""

import re
from collections.abc import Iterable, Sequence

from casetrack.catalog.problems import Problem, Problems, all_known, dotted, quoted, unknown
from casetrack.domain.workflow import ANY, DUE_OF, REQUEST, Clock, Workflow

LENGTH = re.compile(r"[1-9][0-9]{0,3}(bd|d|w|mo|h)")
HOURS = re.compile(r"[1-9][0-9]{0,3}h")
RUNG = re.compile(r"(0|[1-9][0-9]{0,3})(bd|h)")
RECORD = "record:"
NOTE = "note:"


def events_are_known(workflow: Workflow) -> Problems:
    known = event_names(workflow)
    starting = [name for name in known if not name.startswith(NOTE)]
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        for event in clock.armed_by:
            if event == ANY:
                if clock.until is None or clock.length is not None:
                    says = "arms by any entry that says until; it needs that, and no length"
                    yield Problem(f"{key}.armed_by", f"{ANY!a} {says}")
            elif event.startswith(NOTE):
                yield Problem(f"{key}.armed_by", f"a note starts no clock, not {quoted(event)}")
            else:
                yield from unknown(f"{key}.armed_by", "event", event, starting)
        yield from all_known(f"{key}.ended_by", "event", clock.ended_by, known)


def event_names(workflow: Workflow) -> list[str]:
    """Every event that can arm or end a clock; ``note:KIND`` only where notes carry a kind."""
    kind = workflow.fields.get("kind")
    kinds = kind.values if kind and kind.clear and "kind" in workflow.note_fields else ()
    return [
        *workflow.triggers,
        *(f"{RECORD}{item}" for item in workflow.items),
        *(f"{NOTE}{value}" for value in kinds),
    ]


def clocks_have_a_life(workflow: Workflow) -> Problems:
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        if not clock.armed_by:
            yield Problem(f"{key}.armed_by", "must name at least one event")
        if not clock.alive_in:
            yield Problem(f"{key}.alive_in", "must name at least one state")


def clocks_can_start(workflow: Workflow) -> Problems:
    """Each trigger that arms a clock leads, from some state, to one where the clock lives."""
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name, "armed_by")
        for trigger in workflow.triggers.keys() & set(clock.armed_by):
            reached = {to for fired, _, to in workflow.arcs() if fired == trigger}
            if clock.alive_in and not any(_lives(clock, state) for state in reached):
                says = f"{trigger!a} never leads to a state of alive_in, so arms nothing"
                yield Problem(key, says)


def _lives(clock: Clock, state: str) -> bool:
    return state in clock.alive_in or state in clock.also_alive.get(state, ())


def lengths_are_lengths(workflow: Workflow) -> Problems:
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        if clock.expedited_only and clock.expedited is None:
            yield Problem(key, "needs a length, or until with the field that is its last day")
        if clock.length is not None and not LENGTH.fullmatch(clock.length):
            yield _no_length(f"{key}.length", clock.length)
        if clock.law and clock.law.length is not None and not LENGTH.fullmatch(clock.law.length):
            yield _no_length(f"{key}.law.length", clock.law.length)
        for rung in clock.rungs:
            if not RUNG.fullmatch(rung):
                says = f"{quoted(rung)} is no rung; write 10bd or 24h before, 0bd for the day"
                yield Problem(f"{key}.rungs", says)


def _no_length(key: str, text: str) -> Problem:
    return Problem(key, f"{quoted(text)} is no length; write 14bd, 65d, 6w, 4mo or 72h")


def expedited_readings(workflow: Workflow) -> Problems:
    """Hours, and only for what others owe us."""
    for name, clock in workflow.clocks.items():
        law = clock.law.expedited if clock.law else None
        for part, hours in (("expedited", clock.expedited), ("law.expedited", law)):
            key = f"{dotted('clocks', name)}.{part}"
            if hours is not None and not HOURS.fullmatch(hours):
                yield Problem(key, f"{quoted(hours)} must be a number of hours, as 72h")
            if hours is not None and clock.owner == "provider":
                yield Problem(key, "only a payer's or a reviewer's clock can be expedited")


def days_come_from_fields(workflow: Workflow) -> Problems:
    """The dates that a clock reads are carried by an event that arms it, and clear."""
    for name, clock in workflow.clocks.items():
        counted = clock.counts_from == REQUEST or clock.counts_from.startswith(DUE_OF)
        counts_from = None if counted else clock.counts_from
        parts = (
            ("counts_from", counts_from),
            ("until", clock.until),
            ("stated", clock.stated),
            ("presumed_from", clock.presumed_from),
            ("version_by", clock.version_by),
            *((f"versions[{n}].counts_from", v.counts_from or None)
              for n, v in enumerate(clock.versions)),
        )  # fmt: skip
        for part, field in parts:
            if field is not None:
                yield from _day_field(f"{dotted('clocks', name)}.{part}", field, clock, workflow)


def watched_dates_are_clear(workflow: Workflow) -> Problems:
    """A finding names the watched date, so it may not be sealed; it is asked for up to 20 days."""
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        field = workflow.fields.get(clock.watch or "")
        if clock.watch is not None and field is None:
            yield from unknown(f"{key}.watch", "field", clock.watch, workflow.fields)
        if field and not (field.type == "date" and field.clear):
            yield Problem(f"{key}.watch", f"field {clock.watch!a} must be a date, and clear")
        if not 0 <= clock.watch_days <= 20 or (clock.watch_days and clock.watch is None):
            yield Problem(f"{key}.watch_days", "must be 0 to 20 business days, beside a watch")


def _day_field(key: str, name: str, clock: Clock, workflow: Workflow) -> Problems:
    carried = carried_by(clock.armed_by, workflow)
    if name not in workflow.fields:
        yield from unknown(key, "field", name, workflow.fields)
    elif clock.armed_by and name not in carried:
        yield Problem(key, f"no event that arms the clock carries field {name!a}")
    field = workflow.fields.get(name)
    if field and not (field.type == "date" and field.clear):
        yield Problem(key, f"field {name!a} must be a date, and clear")


def carried_by(events: Iterable[str], workflow: Workflow) -> set[str]:
    """The fields that any of these events carries."""
    return {field for event in events for field in _carried(event, workflow)}


def _carried(event: str, workflow: Workflow) -> Sequence[str]:
    if event == ANY:
        fired = (name for trigger in workflow.triggers.values() for name in trigger.fields)
        shown = (name for item in workflow.items.values() for name in item.fields)
        return [*workflow.open_fields, *workflow.note_fields, *fired, *shown]
    if event in workflow.triggers:
        return workflow.triggers[event].fields
    item = workflow.items.get(event.removeprefix(RECORD))
    return item.fields if item and event.startswith(RECORD) else ()


def rolls_have_a_calendar(workflow: Workflow) -> Problems:
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        if clock.roll != "none" and clock.roll_calendar is None:
            yield Problem(f"{key}.roll_calendar", f"is missing; roll {clock.roll} needs one")
        if clock.roll == "none" and clock.roll_calendar is not None:
            yield Problem(f"{key}.roll", "is none: then roll_calendar must not be given")
        if clock.roll != "none" and (clock.length or "").endswith("h"):
            yield Problem(f"{key}.roll", "a clock that runs in hours does not roll")


def contacts_are_known(workflow: Workflow) -> Problems:
    for name, clock in workflow.clocks.items():
        if clock.contact is not None:
            key = dotted("clocks", name, "contact")
            yield from unknown(key, "contact", clock.contact, workflow.contacts)


RULES = (
    events_are_known,
    clocks_have_a_life,
    lengths_are_lengths,
    expedited_readings,
    days_come_from_fields,
    watched_dates_are_clear,
    rolls_have_a_calendar,
    contacts_are_known,
)
WHOLE = (clocks_can_start,)  # of the moves taken together

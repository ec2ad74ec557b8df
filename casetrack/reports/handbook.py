"""A workflow or a calendar, whole: as JSON-ready data, and for a person at 100 columns."""

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import to_builtins

from casetrack.domain.workflow import (
    ANY,
    Clock,
    Item,
    Law,
    Move,
    State,
    Trigger,
    Version,
    Workflow,
)
from casetrack.reports import handbook_order as order
from casetrack.reports import handbook_words as words
from casetrack.reports.handbook_calendar import calendar_data, calendar_lines
from casetrack.reports.lines import column, labelled, row
from casetrack.reports.sinks import terminal

__all__ = ["calendar_data", "calendar_lines", "workflow_data", "workflow_lines", "workflow_summary"]

Pairs = Iterable[tuple[str, str]]

_WIDEST = 28


def workflow_summary(w: Workflow) -> dict[str, str]:
    return {
        "id": w.id,
        "title": w.title,
        "edition": w.edition,
        "standing": w.standing,
        "caveat": w.caveat,
    }


def workflow_data(w: Workflow) -> dict[str, Any]:
    """The whole definition, defaults present."""
    made: dict[str, Any] = to_builtins(w)
    return made


def workflow_lines(w: Workflow) -> list[str]:
    """Everything that the definition says; safe for a terminal."""
    sections = (
        *(_head(w), _states(w), _stages(w), _triggers(w), _clocks(w)),
        *(_items(group, items) for group, items in order.groups(w).items()),
        *(_fields(w), _codes(w), _contacts(w), _statements(w)),
    )
    lines = [line for section in sections if section for line in ("", *section)]
    return lines[1:]


def _head(w: Workflow) -> list[str]:
    pairs = (
        ("id", w.id),
        ("edition", w.edition),
        ("standing", w.standing),
        ("source", w.source),
        ("zone", w.zone),
        ("calendar", f"{w.calendar}: whose business days are counted"),
        *([("office", f"{w.office}: our own closing days; we act earlier")] if w.office else []),
        ("caveat", w.caveat),
        ("never ends", f"a case comes back to {words.names(w.recurring)}" if w.recurring else ""),
        ("with open", words.names(w.open_fields)),
        ("with note", words.names(w.note_fields)),
    )
    return [*row((), _safe(w.title), 0), *_details(pairs, 2)]


def _section(title: str, body: Iterable[str]) -> list[str]:
    """A heading and its lines; nothing where there are none."""
    lines = list(body)
    return [_safe(title.upper()), *lines] if lines else []


def _entries(title: str, entries: Iterable[tuple[str, str, Pairs]]) -> list[str]:
    """A heading; then each name with its title, and the details below."""
    lines = (
        (*row((), _safe(f"{name}: {said}")), *_details(pairs)) for name, said, pairs in entries
    )
    return _section(title, (line for entry in lines for line in entry))


def _safe(text: str) -> str:
    """For the terminal; line ends, which a definition may hold, are blanks here."""
    return terminal(text.replace("\n", " "))


def _details(pairs: Pairs, indent: int = 4) -> Iterator[str]:
    for label, value in pairs:
        if value:
            yield from labelled(_safe(label), _safe(value), indent)


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Names in one column, what is said of each beside it."""
    kept = [(_safe(name), _safe(rest)) for name, rest in rows]
    room = column([name for name, _ in kept], _WIDEST)
    for name, rest in kept:
        yield from row([(name, room)], rest)


def _states(w: Workflow) -> list[str]:
    rows = ((name, _state(w.states[name])) for name in order.states(w))
    return _section("states", _table(rows))


def _state(state: State) -> str:
    marks = {"initial": state.initial, "final": state.final}
    return words.names([state.title, *(word for word, holds in marks.items() if holds)])


def _stages(w: Workflow) -> list[str]:
    rows = ((name, f"{s.title}: {words.names(s.states)}") for name, s in w.stages.items())
    return _section("stages, each with one expedited reading", _table(rows))


def _triggers(w: Workflow) -> list[str]:
    return _entries("triggers", ((n, t.title, _trigger(w, t)) for n, t in order.triggers(w)))


def _trigger(w: Workflow, trigger: Trigger) -> Pairs:
    yield from (("moves", _move(w, move)) for move in trigger.moves)
    yield "fields", words.required(trigger.fields, trigger.required)
    yield from (("guard", words.guard(guard)) for guard in trigger.guards)
    yield from (("rule", words.rule(rule)) for rule in trigger.rules)
    if trigger.reopens:
        yield "reopens", f"{words.names(trigger.reopens)}: the latest deadline returns as it was"
    if trigger.contests:
        yield "contests", words.names(trigger.contests)
    if trigger.expedites:
        yield "short clock", "asked for in this stage"
    if trigger.refuses_expedite:
        yield "short clock", "cancelled in this stage"
    yield "source", trigger.source
    yield "hint", trigger.hint


def _move(w: Workflow, move: Move) -> str:
    whole = "* (every state that is not final): " if move.origins == ("*",) else ""
    arcs = (f"{o} -> {move.to}" if move.to else f"{o} -> {o} (stays)" for o in w.origins(move))
    return whole + "; ".join(arcs)


def _clocks(w: Workflow) -> list[str]:
    return _entries("clocks", ((n, c.title, _clock(w, c)) for n, c in order.clocks(w)))


def _clock(w: Workflow, clock: Clock) -> Pairs:
    yield "owner", f"{clock.owner}, {clock.kind}"
    yield "armed by", words.names(clock.armed_by).replace(ANY, f"any entry with {clock.until}")
    yield "alive in", words.names(clock.alive_in)
    for state, more in clock.also_alive.items():
        yield "also alive", f"armed into {state}: {words.names(more)}"
    yield from _counting(clock)
    yield "ended by", words.names(clock.ended_by)
    yield from _proving(clock)
    yield "reminders", words.ladder(clock)
    yield "source", words.sourced(clock.source, clock.evidence)
    yield "caveat", clock.caveat
    if clock.law is not None:
        yield from _law(clock.law)
    for version in clock.versions:
        yield from _version(clock, version)
    if clock.contact is not None:
        yield "contact", f"{clock.contact}, {w.contacts[clock.contact].name}"


def _counting(clock: Clock) -> Pairs:
    yield from _starting(clock)
    if clock.until is not None:
        yield "until", f"{clock.until}, itself the last day"
    if clock.length is not None:
        yield "counts from", words.counts_from(clock)
        yield from _receipt(clock)
        fallback = f", where {clock.until} is not given" if clock.until else ""
        yield "length", words.length(clock.length) + fallback
    if clock.expedited is not None:
        yield "expedited", words.length(clock.expedited)
    if clock.stated is not None:
        yield "letter's date", f"{clock.stated}, kept beside"
    if clock.watch is not None:
        yield "watches", words.watched(clock.watch, clock.watch_days)
    yield "roll", f"{clock.roll} by {clock.roll_calendar}" if clock.roll_calendar else clock.roll
    if clock.cut_off is not None:
        judged = f", judged by {clock.sent_field}" if clock.sent_field else ""
        yield "cut-off", f"{clock.cut_off} on the last day{judged}"
    if clock.opens:
        yield "opens", "a right, once it has passed; never overdue"
    if clock.watch is not None:
        yield "watches", f"{clock.watch}, from {clock.watch_days} business days before"


def _starting(clock: Clock) -> Pairs:
    """What it takes for the clock to start at all."""
    for field, codes in (clock.armed_if or {}).items():
        yield "only if", f"{field} is {words.either(codes)}"
    if clock.expedited_only:
        yield "counts from", words.counts_from(clock)
        yield "length", "none: it starts only in a stage that is already expedited"


def _receipt(clock: Clock) -> Pairs:
    """What is counted from where nobody shows when a notice arrived."""
    if clock.presumed_from is not None:
        yield "not shown", words.presumption(clock.presumed_days, clock.presumed_from)


def _proving(clock: Clock) -> Pairs:
    if clock.proof_field is None:
        return
    shown = words.names((f"record:{clock.proof_item}", *clock.proven_by))
    yield "unproven", f"open without {clock.proof_field}, until {shown}"


def _version(clock: Clock, version: Version) -> Pairs:
    """What a later version of the rule says, and only that."""
    since = f"for {clock.version_by} from {version.since} on"
    yield "version", f"{since}; {words.sourced(version.source, version.evidence)}"
    if version.length is not None:
        yield "  length", words.length(version.length)
    if version.expedited is not None:
        yield "  expedited", words.length(version.expedited)
    if version.counts_from:
        yield "  counts from", version.counts_from
    if version.presumed_days is not None:
        yield "  not shown", words.presumption(version.presumed_days, clock.presumed_from or "")
    yield "  caveat", version.caveat
    if version.law is not None:
        yield from ((f"  {label}", text) for label, text in _law(version.law))


def _law(law: Law) -> Pairs:
    yield "law", words.length(law.length) if law.length else "has no such clock and sets no date"
    if law.expedited is not None:
        yield "law, expedited", words.length(law.expedited)
    yield "law's source", words.sourced(law.source, law.evidence)
    yield "law's caveat", law.caveat


def _items(group: str, items: Iterable[tuple[str, Item]]) -> list[str]:
    return _entries(f"requirements: {group}", ((n, i.title, _item(i)) for n, i in items))


def _item(item: Item) -> Pairs:
    yield "needed for", f"{words.names(item.needed_for) or 'no trigger'}; {words.weight(item)}"
    yield "fields", words.required(item.fields, item.required)
    yield from (("rule", words.rule(rule)) for rule in item.rules)
    if item.fresh is not None:
        yield "fresh", words.fresh(item.fresh)
    for field, codes in (item.answers or {}).items():
        yield "answers", f"{field}: {words.names(codes)}"
    yield "source", item.source
    yield "hint", item.hint


def _fields(w: Workflow) -> list[str]:
    rows = ((name, f"{field.title}: {words.field(field)}") for name, field in w.fields.items())
    return _section("fields", _table(rows))


def _codes(w: Workflow) -> list[str]:
    rows = ((f"{c.system} {c.code}", f"{c.use} [{c.source}]") for c in w.codes)
    return _section("codes", _table(rows))


def _contacts(w: Workflow) -> list[str]:
    rows = ((name, f"{c.name}: {c.how} [{c.source}]") for name, c in w.contacts.items())
    return _section("contacts", _table(rows))


def _statements(w: Workflow) -> list[str]:
    return _section("statements", _table((s.topic, f"{s.text} [{s.source}]") for s in w.statements))

"""What a diagram of a workflow says: its states with their clocks, its moves with their guards.

Of a case also the path that it took and the deadlines that run. Nothing that a person typed is
in it, but the case's reference.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from casetrack.domain.docket import Item
from casetrack.domain.workflow import Guard, GuardName, Trigger, Workflow
from casetrack.reports import chart_words as said
from casetrack.reports import words
from casetrack.reports.casefile import docket_item
from casetrack.reports.past import Told

EVERY = "*"
MANY = 4  # states that one trigger leads from to the same: said in each, not drawn
GUARDS: Mapping[GuardName, str] = {
    "ready": "checklist is ready",
    "rules": "rules hold",
    "in_time": "in time",
    "in_order": "dates in order",
    "passed": "time has passed",
    "expedited": "is expedited",
}

Arc = tuple[str, str]
Way = tuple[str, str]  # a trigger, and where it leads


class Step(Struct, frozen=True, kw_only=True):
    """A trigger: its title, its name, its guards in words, and the numbers it was taken as."""

    title: str
    name: str
    guards: tuple[str, ...]
    taken: tuple[int, ...] = ()

    @property
    def checked(self) -> str:
        """The guards, as `` [checklist is ready]``; nothing where there are none."""
        return f" [{', '.join(self.guards)}]" if self.guards else ""

    @property
    def numbers(self) -> str:
        """What stands before a step that was taken."""
        return f"({', '.join(map(str, self.taken))}) " if self.taken else ""


class Line(Struct, frozen=True, kw_only=True):
    """What stands in a state: a clock, or a step without an arrow.

    That stays, leaps elsewhere, or leads here from every state.
    """

    kind: Literal["clock", "stay", "leap", "every"]
    text: str
    ours: bool = False
    taken: tuple[int, ...] = ()


class Place(Struct, frozen=True, kw_only=True):
    """A state. ``kind``: where the case is, was, or has not been; ``plain`` without one."""

    name: str
    title: str
    initial: bool
    final: bool
    kind: Literal["plain", "here", "seen", "ahead"]
    lines: tuple[Line, ...]


class Arrow(Struct, frozen=True, kw_only=True):
    origin: str
    to: str
    steps: tuple[Step, ...]

    @property
    def taken(self) -> bool:
        return any(step.taken for step in self.steps)


class Chart(Struct, frozen=True, kw_only=True):
    """``said``: of a case, where it is and what runs; empty without one."""

    id: str
    title: str
    edition: str
    standing: str
    caveat: str
    initial: str
    places: tuple[Place, ...]
    arrows: tuple[Arrow, ...]
    said: tuple[str, ...]


def chart(workflow: Workflow, told: Told | None = None) -> Chart:
    """The workflow, and the case in it."""
    taken = _taken(told)
    arcs = _arcs(workflow, taken)
    leaps = _leaps(workflow, arcs)
    items = _items(told)
    return Chart(
        id=workflow.id,
        title=workflow.title,
        edition=workflow.edition,
        standing=workflow.standing,
        caveat=" ".join(workflow.caveat.split()),
        initial=workflow.initial,
        places=tuple(
            _place(
                workflow,
                name,
                told,
                (*_clocks(workflow, name, told, items), *_lines(workflow, name, arcs, leaps)),
            )
            for name in workflow.states
        ),
        arrows=tuple(_arrows(arcs, leaps)),
        said=tuple(_said(workflow, told, items)) if told else (),
    )


def _taken(told: Told | None) -> dict[tuple[str, str, str], list[int]]:
    """The numbers of the case's moves, from 1, by trigger and the two states."""
    found: dict[tuple[str, str, str], list[int]] = {}
    for number, move in enumerate(told.case.moves if told else (), 1):
        found.setdefault((move.trigger, move.origin, move.to), []).append(number)
    return found


def _arcs(
    workflow: Workflow, taken: Mapping[tuple[str, str, str], list[int]]
) -> dict[Arc, list[Step]]:
    """Each step by the states that it leads from and to."""
    arcs: dict[Arc, list[Step]] = {}
    for name, origin, to in workflow.arcs():
        step = _step(name, workflow.triggers[name], tuple(taken.get((name, origin, to), ())))
        arcs.setdefault((origin, to), []).append(step)
    return arcs


def _step(name: str, trigger: Trigger, taken: tuple[int, ...]) -> Step:
    guards = tuple(dict.fromkeys(_guard(guard) for guard in trigger.guards))
    return Step(title=trigger.title, name=name, guards=guards, taken=taken)


def _guard(guard: Guard) -> str:
    return GUARDS[guard.name]


def _leaps(workflow: Workflow, arcs: Mapping[Arc, list[Step]]) -> dict[Way, bool]:
    """The triggers, with where they lead, that are said and not drawn; whether from every state.

    Those are the ones from every state, and those from many where another way in is drawn.
    """
    ways = Counter((s.name, to) for (origin, to), steps in arcs.items() for s in steps
                   if origin != to)  # fmt: skip
    often = Counter(name for (name, _), count in ways.items() for _ in range(count))
    many = {w for w, n in ways.items() if n >= MANY or (n > 1 and often[w[0]] > MANY)}
    drawn = {to for _, to in ways.keys() - many}
    return {
        way: every
        for way in ways
        if (every := _from_every(workflow, way)) or (way in many and way[1] in drawn)
    }


def _from_every(workflow: Workflow, way: Way) -> bool:
    moves = workflow.triggers[way[0]].moves
    return any(move.origins == (EVERY,) and move.to == way[1] for move in moves)


def _arrows(arcs: Mapping[Arc, list[Step]], leaps: Mapping[Way, bool]) -> Iterator[Arrow]:
    for (origin, to), steps in arcs.items():
        shown = tuple(s for s in steps if s.taken or (s.name, to) not in leaps)
        if shown and origin != to:
            yield Arrow(origin=origin, to=to, steps=shown)


def _place(workflow: Workflow, name: str, told: Told | None, lines: tuple[Line, ...]) -> Place:
    state = workflow.states[name]
    kind: Literal["plain", "here", "seen", "ahead"] = "plain"
    if told:
        been = {workflow.initial, *(move.to for move in told.case.moves)}
        kind = "here" if told.case.state == name else "seen" if name in been else "ahead"
    return Place(
        name=name, title=state.title, initial=state.initial, final=state.final, kind=kind,
        lines=lines,
    )  # fmt: skip


def _lines(
    workflow: Workflow,
    name: str,
    arcs: Mapping[Arc, list[Step]],
    leaps: Mapping[Way, bool],
) -> Iterator[Line]:
    """The steps of a state that are not drawn, and those that lead to it from everywhere."""
    every: dict[str, Step] = {}
    for (origin, to), steps in arcs.items():
        for step in steps:
            if origin == to == name:
                yield Line(kind="stay", text=_named(step, step.title), taken=step.taken)
            elif origin == name and leaps.get((step.name, to)) is False and not step.taken:
                title = f"{step.title}: {workflow.states[to].title}"
                yield Line(kind="leap", text=_named(step, title))
            elif to == name and leaps.get((step.name, to)):
                every.setdefault(step.name, step)
    for step in every.values():
        yield Line(kind="every", text=_named(step, f"from every state: {step.title}"))


def _named(step: Step, title: str) -> str:
    return f"{step.numbers}{title} ({step.name}){step.checked}"


def _clocks(
    workflow: Workflow, name: str, told: Told | None, items: tuple[Item, ...]
) -> Iterator[Line]:
    """The clocks that live in a state; where the case is, its open deadlines."""
    if told and told.case.state == name:
        yield from (
            Line(kind="clock", text=said.running(i), ours=i.owner == said.OURS) for i in items
        )
        return
    for clock in workflow.clocks.values():
        if name in clock.alive_in:
            yield Line(kind="clock", text=said.rule(clock, workflow), ours=clock.owner == said.OURS)


def _items(told: Told | None) -> tuple[Item, ...]:
    """The open deadlines, by the day to act."""
    if told is None:
        return ()
    case = told.case
    found = (
        docket_item(tracked, case, told.workflow, told.calendar, told.at)
        for tracked in case.open_deadlines()
    )
    return tuple(sorted(found, key=lambda item: (item.act_by, item.deadline)))


def _said(workflow: Workflow, told: Told, items: tuple[Item, ...]) -> Iterator[str]:
    here = workflow.states[told.case.state].title
    since = told.case.moves[-1].on if told.case.moves else told.case.opened_on
    when = f", since {words.day(since)}" if since else ""
    made = words.minute(told.at, workflow.zone)
    practice = " (practice ledger)" if told.practice else ""
    yield f"Case {told.name}{practice}: {here}{when}. As of {made}."
    elsewhere = ", ".join(_elsewhere(workflow, told))
    if elsewhere:
        yield f"Steps by rules that it has left: {elsewhere}."
    yield from (f"{item.deadline}: {said.running(item)}" for item in items)


def _elsewhere(workflow: Workflow, told: Told) -> Iterator[str]:
    """The case's moves that are none of the workflow's, which no arrow can show."""
    arcs = set(workflow.arcs())
    for number, move in enumerate(told.case.moves, 1):
        if (move.trigger, move.origin, move.to) not in arcs:
            yield f"({number}) {move.trigger} from {move.origin} to {move.to}"

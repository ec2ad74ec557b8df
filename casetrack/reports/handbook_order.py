"""The order in which a person reads a workflow: as a case goes, since its tables have none."""

from collections.abc import Iterable

from casetrack.domain.workflow import Clock, Item, Trigger, Workflow


def states(w: Workflow) -> list[str]:
    """From the initial state on by the fewest moves; then those out of reach; final ones last."""
    reached = {w.initial: None}
    for state in (queue := [w.initial]):
        ahead = [to for _, origin, to in w.arcs() if origin == state and to not in reached]
        queue += dict.fromkeys(ahead)
        reached |= dict.fromkeys(ahead)
    return sorted(dict.fromkeys((*reached, *w.states)), key=lambda name: w.states[name].final)


def triggers(w: Workflow) -> list[tuple[str, Trigger]]:
    """By the first state that they leave; those that leave any state last."""
    order = states(w)
    return sorted(w.triggers.items(), key=lambda named: _leaves(named[1], order))


def _leaves(trigger: Trigger, order: list[str]) -> int:
    return _first((origin for move in trigger.moves for origin in move.origins), order)


def clocks(w: Workflow) -> list[tuple[str, Clock]]:
    """By the first state that they live in."""
    order = states(w)
    return sorted(w.clocks.items(), key=lambda named: _first(named[1].alive_in, order))


def groups(w: Workflow) -> dict[str, list[tuple[str, Item]]]:
    """Requirements by group, in the order of the triggers that need them; blocking ones first."""
    order = [name for name, _ in triggers(w)]
    found: dict[str, list[tuple[str, Item]]] = {}
    for name, item in sorted(w.items.items(), key=lambda named: _needed(named[1], order)):
        found.setdefault(item.group, []).append((name, item))
    return found


def _needed(item: Item, order: list[str]) -> tuple[int, bool, str]:
    return _first(item.needed_for, order), not item.blocking, item.group


def _first(names: Iterable[str], order: list[str]) -> int:
    return min((order.index(name) for name in names if name in order), default=len(order))

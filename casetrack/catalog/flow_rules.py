"""What must hold of states, stages and moves."""

from collections import Counter
from collections.abc import Iterable

from casetrack.catalog.problems import Problem, Problems, all_known, dotted, one_of
from casetrack.domain.workflow import Move, Workflow

ANY = "*"


def one_initial_state(workflow: Workflow) -> Problems:
    initial = [name for name, state in workflow.states.items() if state.initial]
    if not initial:
        yield Problem("states", "no state is initial; one must be")
    if len(initial) > 1:
        yield Problem("states", f"only one state may be initial, not {_listed(initial)}")


def a_final_state(workflow: Workflow) -> Problems:
    if not (workflow.recurring or any(state.final for state in workflow.states.values())):
        yield Problem("states", "no state is final; one must be")
    for name, state in workflow.states.items():
        if state.initial and state.final:
            yield Problem(dotted("states", name), "a state can't be both initial and final")


def states_are_known(workflow: Workflow) -> Problems:
    for trigger, n, move in _moves(workflow):
        key = f"{dotted('triggers', trigger, 'moves')}[{n}]"
        if move.origins != (ANY,):
            yield from all_known(f"{key}.origins", "state", move.origins, workflow.states)
        if move.to is not None:
            yield from all_known(f"{key}.to", "state", [move.to], workflow.states)
    yield from all_known("endless", "state", workflow.recurring, workflow.states)
    for name, stage in workflow.stages.items():
        key = dotted("stages", name, "states")
        yield from all_known(key, "state", stage.states, workflow.states)
    for name, clock in workflow.clocks.items():
        key = dotted("clocks", name)
        yield from all_known(f"{key}.alive_in", "state", clock.alive_in, workflow.states)
        yield from all_known(f"{key}.also_alive", "state", clock.also_alive, workflow.states)
        for reached, more in clock.also_alive.items():
            more_key = dotted(f"{key}.also_alive", reached)
            yield from all_known(more_key, "state", more, workflow.states)


def moves_are_stated(workflow: Workflow) -> Problems:
    for name, trigger in workflow.triggers.items():
        if not trigger.moves:
            yield Problem(dotted("triggers", name, "moves"), "must hold at least one move")
    for name, n, move in _moves(workflow):
        if not move.origins:
            key = f"{dotted('triggers', name, 'moves')}[{n}].origins"
            yield Problem(key, "must name at least one state, or * for every state not final")


def one_move_each(workflow: Workflow) -> Problems:
    pairs = Counter(
        (trigger, origin)
        for trigger, _, move in _moves(workflow)
        for origin in workflow.origins(move)
    )
    for (trigger, origin), times in pairs.items():
        if times > 1:
            key = dotted("triggers", trigger, "moves")
            yield Problem(key, f"there are {times} moves from state {origin!a}; one is allowed")


def final_states_are_final(workflow: Workflow) -> Problems:
    final = {name for name, state in workflow.states.items() if state.final}
    for trigger, n, move in _moves(workflow):
        for origin in final.intersection(move.origins):
            key = f"{dotted('triggers', trigger, 'moves')}[{n}].origins"
            yield Problem(key, f"state {origin!a} is final and can't be left")
    for name, clock in workflow.clocks.items():
        for state in final.intersection(clock.alive_in, workflow.states):
            key = dotted("clocks", name, "alive_in")
            yield Problem(key, f"state {state!a} is final: no deadline lives in it")


def stages_are_apart(workflow: Workflow) -> Problems:
    places = Counter(state for stage in workflow.stages.values() for state in stage.states)
    for name, stage in workflow.stages.items():
        key = dotted("stages", name, "states")
        if not stage.states:
            yield Problem(key, "must name at least one state")
        for state in stage.states:
            if places[state] > 1:
                yield Problem(key, f"state {state!a} stands in more than one stage")


def every_state_is_reached(workflow: Workflow) -> Problems:
    """From the initial state; judged only where there is one."""
    initial = [name for name, state in workflow.states.items() if state.initial]
    steps = [(origin, to) for _, origin, to in workflow.arcs()]
    reached = _closure(initial, steps)
    for name in workflow.states:
        if initial and name not in reached:
            yield Problem(dotted("states", name), "no moves lead here from the initial state")


def every_state_can_end(workflow: Workflow) -> Problems:
    final = [name for name, state in workflow.states.items() if state.final]
    back = [(to, origin) for _, origin, to in workflow.arcs()]
    ending = _closure([*final, *workflow.recurring], back)
    where = "a final state or one of endless" if workflow.recurring else "a final state"
    for name in workflow.states:
        if (final or workflow.recurring) and name not in ending:
            yield Problem(dotted("states", name), f"no moves lead from here to {where}")


def what_is_endless_comes_back(workflow: Workflow) -> Problems:
    """A state that a case always comes back to can be left, and reached again."""
    steps = [(origin, to) for _, origin, to in workflow.arcs() if origin != to]
    for name in workflow.recurring:
        if name in workflow.states and workflow.states[name].final:
            yield Problem("endless", f"state {name!a} is final and can't be left")
        elif name in workflow.states:
            beyond = [to for origin, to in steps if origin == name]
            if name not in _closure(beyond, steps):
                yield Problem("endless", f"no moves lead from state {name!a} back to it")


def _moves(workflow: Workflow) -> Iterable[tuple[str, int, Move]]:
    for name, trigger in workflow.triggers.items():
        for n, move in enumerate(trigger.moves):
            yield name, n, move


def _closure(start: Iterable[str], steps: Iterable[tuple[str, str]]) -> set[str]:
    ahead: dict[str, set[str]] = {}
    for origin, to in steps:
        ahead.setdefault(origin, set()).add(to)
    reached: set[str] = set()
    waiting = list(start)
    while waiting:
        state = waiting.pop()
        if state not in reached:
            reached.add(state)
            waiting.extend(ahead.get(state, ()))
    return reached


def _listed(names: Iterable[str]) -> str:
    return one_of(names).replace(" or ", " and ")


RULES = (
    one_initial_state,
    a_final_state,
    states_are_known,
    moves_are_stated,
    one_move_each,
    final_states_are_final,
    stages_are_apart,
)
WHOLE = (
    every_state_is_reached,
    every_state_can_end,
    what_is_endless_comes_back,
)  # of the moves taken together

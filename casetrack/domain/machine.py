"""What is allowed: one ``transitions`` machine per workflow answers wherever that is decided.

The machine keeps no case. It is asked with a probe that carries the state and the question; its
conditions are our own guards, which put every unmet reason on the probe. Guards that an override
sets aside are still asked, so that the gap is known.
"""

from functools import lru_cache

from transitions import EventData, Machine, MachineError

from casetrack.domain.guards import Ask, Unmet, unmet
from casetrack.domain.workflow import Workflow


class Probe:
    """A question to the machine: ``state`` is where the case is, then where it would go."""

    def __init__(self, ask: Ask, *, override: bool) -> None:
        self.state = ask.case.state
        self.ask = ask
        self.override = override
        self.unmet: tuple[Unmet, ...] = ()

    def admit(self) -> bool:
        """Ask every guard of the trigger, and none of them twice."""
        guards = self.ask.workflow.triggers[self.ask.trigger].guards
        self.unmet = tuple(u for guard in guards for u in unmet(self.ask, guard))
        return all(u.overridable and self.override for u in self.unmet)


def _admitted(event: EventData) -> bool:
    return isinstance(event.model, Probe) and event.model.admit()


@lru_cache(maxsize=64)
def machine_of(workflow: Workflow) -> Machine:
    """The workflow as a machine: its states, its triggers, and no move that it does not name."""
    return Machine(
        model=None,
        states=list(workflow.states),
        initial=workflow.initial,
        transitions=[
            {"trigger": trigger, "source": origin, "dest": to, "conditions": [_admitted]}
            for trigger, origin, to in workflow.arcs()
        ],
        auto_transitions=False,
        send_event=True,
    )


def possible(workflow: Workflow, state: str) -> tuple[str, ...]:
    """The triggers that lead anywhere from a state, guards aside, in the workflow's order."""
    from_here = set(machine_of(workflow).get_triggers(state))
    return tuple(name for name in workflow.triggers if name in from_here)


def leads_to(workflow: Workflow, state: str, trigger: str) -> str | None:
    """Where a trigger leads from a state, guards aside; None if nowhere."""
    found = machine_of(workflow).get_transitions(trigger=trigger, source=state)
    return str(found[0].dest) if found else None


def consult(ask: Ask, *, override: bool = False) -> tuple[str | None, tuple[Unmet, ...]]:
    """(the state a trigger would lead to, or None if it is refused; every unmet guard)."""
    probe = Probe(ask, override=override)
    try:
        moved = machine_of(ask.workflow).events[ask.trigger].trigger(probe)
    except MachineError:
        return None, ()
    return (probe.state if moved else None), probe.unmet

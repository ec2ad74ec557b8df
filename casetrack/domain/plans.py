"""Deadlines of our own: the one clock that no workflow names, known to everything that asks."""

from casetrack.domain.workflow import Clock, Workflow

PLAN = "plan"
DUE = "due"  # what the date is stated as

CLOCK = Clock(
    title="a deadline of our own",
    owner="provider",
    kind="planned",
    armed_by=(PLAN,),
    alive_in=(),
    ended_by=("done",),
    source="ours",
    evidence="V",
    until=DUE,
)


def clock_of(workflow: Workflow, name: str) -> Clock:
    """The clock of that name; ``plan`` is built in."""
    return CLOCK if name == PLAN else workflow.clocks[name]


def alive_in(workflow: Workflow) -> tuple[str, ...]:
    """Where a deadline of our own lives: every state that is not final."""
    return tuple(name for name, state in workflow.states.items() if not state.final)

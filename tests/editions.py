"""Editions of workflows that are not shipped, for cases that go over to one."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain.workflow import Clock, Workflow
from casetrack.ledger.store import Ledger
from casetrack.service.bootstrap import Definitions
from casetrack.service.tracker import Tracker

LATER = "2027-01-15"


class Shelf(Definitions):
    """The shipped workflows, those given in place of the shipped ones of their ids."""

    def __init__(self, ledger: Ledger, given: Mapping[str, Workflow]) -> None:
        super().__init__(ledger)
        self._given = given

    def current(self, name: str) -> tuple[Workflow, str, str]:
        if name not in self._given:
            return super().current(name)
        text = workflows.definition_text(self._given[name])
        digest = workflows.digest(text)
        self._texts[digest] = text
        return self._pinned.setdefault(digest, workflows.from_text(text)), digest, text


def ship(tracker: Tracker, *given: Workflow) -> None:
    """From now on these are what is shipped."""
    tracker.desk.definitions = Shelf(tracker.ledger, {w.id: w for w in given})


def later(workflow: Workflow, edition: str = LATER, **changes: Any) -> Workflow:  # noqa: ANN401
    """A newer edition: the same but for these members."""
    return replace(workflow, edition=edition, **changes)


def with_clock(workflow: Workflow, name: str, **changes: Any) -> Workflow:  # noqa: ANN401
    """A newer edition in which one clock is another, or new."""
    clock = replace(workflow.clocks[name], **changes)
    return later(workflow, clocks={**workflow.clocks, name: clock})


def with_new_clock(workflow: Workflow, name: str, clock: Clock) -> Workflow:
    return later(workflow, clocks={**workflow.clocks, name: clock})


def without_clock(workflow: Workflow, name: str) -> Workflow:
    left = {known: clock for known, clock in workflow.clocks.items() if known != name}
    triggers = {
        known: replace(
            trigger,
            reopens=tuple(n for n in trigger.reopens if n != name),
            guards=tuple(
                replace(g, clocks=tuple(n for n in g.clocks if n != name)) for g in trigger.guards
            ),
        )
        for known, trigger in workflow.triggers.items()
    }
    return later(workflow, clocks=left, triggers=triggers)


def without_state(workflow: Workflow, gone: str, new: str) -> Workflow:
    """A newer edition in which a state has another name."""
    text = workflows.definition_text(workflow).replace(f'"{gone}"', f'"{new}"')
    return later(workflows.from_text(text))

"""What a case would hold had it followed another definition from its first entry on.

Its recorded facts, as they now stand, are gone through again by the other definition alone. No
guard is asked. Only which clocks run is taken from it; their dates are counted elsewhere.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from msgspec.structs import asdict, replace

from casetrack.domain import clocks, consequences, corrections
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.fold import evolve
from casetrack.domain.plans import CLOCK, PLAN
from casetrack.domain.reliving import Rules, event_name
from casetrack.errors import CasetrackError

Key = tuple[str, int]  # a clock, and the version of the entry that armed it
_FACTS = (e.CaseOpened, e.TransitionFired, e.EvidenceRecorded, e.NoteAdded)


class Reenactment:
    """``deadlines``: by clock and entry, each as it would stand.

    ``undatable``: why one can't be dated, by the same.
    """

    def __init__(
        self,
        case: Case,
        entries: Sequence[e.Entry],
        rules: Rules,
        states: Mapping[str, str],
    ) -> None:
        """``case`` already follows the other definition; ``states``: what its own are called."""
        self._case = case
        self._entries = entries
        self._rules = rules
        self._states = states
        self._adopted = max((x.version for x in entries if _adopts(x)), default=0)
        self._at = 0
        self.undatable: dict[Key, str] = {}
        self._sim = replace(
            case, deadlines={}, state=rules.workflow.initial, expedited=False, version=0
        )
        gone = corrections.voided(entries)
        for entry in entries:
            if entry.version not in gone:
                self._take(entry)

    @property
    def deadlines(self) -> dict[Key, Tracked]:
        known = self._sim.deadlines.values()
        return {(t.deadline.clock, t.armed_version): t for t in known}

    def _take(self, entry: e.Entry) -> None:
        self._at = entry.version
        to = self._reached(entry)
        if isinstance(entry.data, _FACTS):
            self._happen(entry, to)
        self._sim = replace(self._sim, state=to)

    def _reached(self, entry: e.Entry) -> str:
        """The state after an entry; one that the other definition does not have is passed by."""
        match entry.data:
            case e.CaseOpened(state=named):
                pass
            case e.TransitionFired(to=named) | e.WorkflowAdopted(to=named):
                pass
            case _:
                return self._sim.state
        known = self._rules.workflow.states
        if entry.version >= self._adopted or named not in known:
            named = self._states.get(named, named)
        return named if named in known and not known[named].final else self._sim.state

    def _happen(self, entry: e.Entry, to: str) -> None:
        step = self._step(entry, to)
        if not self._counts(entry, step):
            return
        change = consequences.of(step, self._rules.calendars, self._arm)
        data = e.Effects(**asdict(change))
        if isinstance(entry.data, e.TransitionFired):
            self._sim = replace(self._sim, expedited=step.hurried)
        self._sim = evolve(self._sim, replace(entry, data=data))

    def _counts(self, entry: e.Entry, step: consequences.Step) -> bool:
        """Evidence older than what is on file arms nothing, and ends nothing."""
        if not isinstance(entry.data, e.EvidenceRecorded):
            return True
        latest = step.case.evidence_for(entry.data.item)
        return latest is None or step.moment[0] >= latest.on

    def _step(self, entry: e.Entry, to: str) -> consequences.Step:
        values = self._case.values_of(entry.version)
        return consequences.Step(
            case=self._before(entry.version),
            workflow=self._rules.workflow,
            name=event_name(entry.data, values.get("kind")),
            to=to,
            moment=corrections.happened(self._entries, entry),
            values=values,
            hurried=self._hurried(entry, to),
        )

    def _hurried(self, entry: e.Entry, to: str) -> bool:
        if not isinstance(entry.data, e.TransitionFired):
            return False
        workflow, sim = self._rules.workflow, self._sim
        trigger = workflow.triggers.get(entry.data.trigger)
        if trigger is not None:
            return consequences.expedited_after(sim, workflow, trigger, to)
        return sim.expedited and workflow.stage_of(sim.state) == workflow.stage_of(to) is not None

    def _before(self, version: int) -> Case:
        """The facts before an entry, as they now stand."""
        case = self._sim
        return replace(
            case,
            moves=tuple(m for m in self._case.moves if m.version < version),
            said={v: values for v, values in self._case.said.items() if v < version},
            evidence={
                item: tuple(x for x in known if x.version < version)
                for item, known in self._case.evidence.items()
            },
        )

    def _arm(self, name: str, step: consequences.Step, calendars: clocks.Calendars) -> e.Deadline:
        """What can't be dated stands in with the day of its event, for as long as it runs."""
        try:
            return consequences.armed_now(name, step, calendars)
        except CasetrackError as error:
            self.undatable[name, self._at] = error.message
            return self._stand_in(name, step, step.moment[0])

    def _stand_in(self, name: str, step: consequences.Step, on: date) -> e.Deadline:
        clock, before = step.workflow.clocks[name], step.case.latest(name)
        n = before.deadline.n + 1 if before else 1
        basis = clocks.Basis(on=on, at=None, field=PLAN, until=on)
        return e.Deadline(
            deadline=f"{name}#{n}",
            definition=step.case.definition,
            clock=name,
            n=n,
            owner=clock.owner,
            kind=clock.kind,
            alive_in=(*clock.alive_in, *clock.also_alive.get(step.to, ())),
            reading=clocks.read(CLOCK, self._rules.frame, basis),
        )


def _adopts(entry: e.Entry) -> bool:
    return isinstance(entry.data, e.WorkflowAdopted)

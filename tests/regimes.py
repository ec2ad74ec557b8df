"""Cases in workflows that are made for tests, each on a ledger of its own."""

from datetime import UTC, datetime
from pathlib import Path

from casetrack.catalog import workflows
from casetrack.domain import events as e
from casetrack.domain.case import Case, Tracked
from casetrack.domain.workflow import Workflow
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.bootstrap import Definitions
from casetrack.service.desk import Firing, Opening, Recording, Typed, When
from casetrack.service.tracker import Tracker, Written
from tests.fakes import FakeClock, fixed_sources

DATA = Path(__file__).parent / "data"
LONG_AFTER = datetime(2028, 6, 1, 17, 0, tzinfo=UTC)


def load(name: str) -> Workflow:
    """The guide, or a workflow of ``tests/data``."""
    path = DATA / f"{name}.toml"
    return workflows.check_file(path) if path.exists() else workflows.load(name)


class TestDefinitions(Definitions):
    """Takes new cases' workflows from the tests' own files, too."""

    __test__ = False

    def current(self, name: str) -> tuple[Workflow, str, str]:
        text = workflows.definition_text(load(name))
        digest = workflows.digest(text)
        return self._pinned.setdefault(digest, load(name)), digest, text


class Matter:
    """One case; whatever can be overridden is, if ``override`` is set."""

    def __init__(
        self, workflow: str, opened: str = "2024-01-02", now: datetime = LONG_AFTER
    ) -> None:
        self.ledger = MemoryLedger(fixed_sources(FakeClock(now)))
        self.tracker = self.at(now)
        self.workflow = load(workflow)
        opening = Opening(workflow=workflow, reference="C-1", when=When(on=opened))
        self.id = self.tracker.open(opening).case.id

    def at(self, now: datetime) -> Tracker:
        """A tracker on the same ledger at another ``now``."""
        tracker = Tracker(self.ledger, now, "eva")
        tracker.desk.definitions = TestDefinitions(self.ledger)
        return tracker

    def fire(self, trigger: str, when: str, **values: str) -> e.TransitionFired:
        """``when`` is a day, or an instant when it holds a ``T``."""
        data = self._do(Firing(trigger=trigger, when=_when(when), pairs=_pairs(values))).data
        assert isinstance(data, e.TransitionFired)
        return data

    def override(self, trigger: str, when: str, **values: str) -> e.TransitionFired:
        typed = Firing(trigger=trigger, when=_when(when), pairs=_pairs(values), override="test")
        data = self._do(typed).data
        assert isinstance(data, e.TransitionFired)
        return data

    def record(self, item: str, on: str, **values: str) -> e.EvidenceRecorded:
        data = self._do(Recording(item=item, when=When(on=on), pairs=_pairs(values))).data
        assert isinstance(data, e.EvidenceRecorded)
        return data

    def _do(self, typed: Typed) -> Written:
        return self.tracker.do(self.id, typed)

    @property
    def case(self) -> Case:
        return self.tracker.case(self.id)

    def deadline(self, name: str) -> Tracked:
        return self.case.deadlines[name]

    def reading(self, name: str) -> e.Reading:
        return self.deadline(name).deadline.reading

    def open_now(self) -> set[str]:
        return {t.deadline.deadline for t in self.case.open_deadlines()}


def _when(text: str) -> When:
    return When(at=text) if "T" in text else When(on=text)


def _pairs(values: dict[str, str]) -> list[tuple[str, str]]:
    return list(values.items())

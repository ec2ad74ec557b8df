"""The event log as others read it: by a reader of our own, and by a process miner with --full.

Neither shares anything with our writer.
"""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Protocol

import pytest

from casetrack.ledger.memory import MemoryLedger
from casetrack.service import demo
from casetrack.service.handing import Request, hand
from casetrack.service.tracker import Tracker
from tests import mining
from tests.fakes import FakeClock, fixed_sources
from tests.world import GUIDE, instant

pytestmark = pytest.mark.filterwarnings("ignore")  # the miner's own

ARCS = [("open", "start", GUIDE.initial), *GUIDE.arcs()]
MOVES = ("CaseOpened", "TransitionFired")


@cache
def office() -> tuple[Tracker, bytes]:
    """The demo's cases, in every state and every trouble, and their log."""
    clock = FakeClock(instant("2026-11-24"))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "eva")
    demo.fill(tracker)
    sink = BytesIO()
    hand(tracker, Request(form="xes", purpose="mining"), sink)
    return tracker, sink.getvalue()


class Miner(Protocol):
    def traces(self, text: bytes) -> Mapping[str, Sequence[mining.Event]]: ...

    def fitness(self, text: bytes) -> list[float]:
        """Of each trace's moves that were not taken back, on the workflow's net."""


class Own:
    def traces(self, text: bytes) -> Mapping[str, Sequence[mining.Event]]:
        return mining.traces(text)

    def fitness(self, text: bytes) -> list[float]:
        found = self.traces(text).values()
        return [mining.fitness(map(name, moves(trace)), ARCS, "start") for trace in found]


class Pm4py:
    """The only place that knows the miner, which only ``scripts/test --full`` installs."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pm4py
        self._pm4py: Any = pm4py
        self._path = folder / "log.xes"

    def traces(self, text: bytes) -> Mapping[str, Sequence[mining.Event]]:
        found = self._read(text).groupby("case:concept:name", sort=False)
        return {case: told.to_dict("records") for case, told in found}

    def fitness(self, text: bytes) -> list[float]:
        found = self._read(text)
        kept = found[found["entry_type"].isin(MOVES) & ~found["voided"].astype(bool)]
        told = self._pm4py.conformance_diagnostics_token_based_replay(kept, *self._net())
        return [trace["trace_fitness"] for trace in told]

    def _read(self, text: bytes) -> Any:  # noqa: ANN401 - a data frame
        self._path.write_bytes(text)
        return self._pm4py.read_xes(str(self._path), show_progress_bar=False)

    def _net(self) -> tuple[Any, Any, Any]:
        """The workflow as a Petri net: a place for each state, from any of which it may stop."""
        from pm4py.objects.petri_net.obj import Marking, PetriNet
        from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to as arc

        made, end = PetriNet(GUIDE.id), PetriNet.Place("end")
        places = {state: PetriNet.Place(state) for state in ("start", *GUIDE.states)}
        made.places.update([end, *places.values()])
        steps: list[tuple[str | None, Any, Any]] = [
            *((label, places[a], places[b]) for label, a, b in ARCS),
            *((None, place, end) for name, place in places.items() if name != "start"),
        ]
        for n, (label, origin, to) in enumerate(steps):
            step = PetriNet.Transition(f"t{n}", label)
            made.transitions.add(step)
            arc(origin, step, made)
            arc(step, to, made)
        return made, Marking({places["start"]: 1}), Marking({end: 1})


@pytest.fixture(params=["own", pytest.param("pm4py", marks=pytest.mark.full)])
def miner(request: pytest.FixtureRequest, tmp_path: Path) -> Miner:
    return Own() if request.param == "own" else Pm4py(tmp_path)


def name(event: mining.Event) -> str:
    return str(event["concept:name"])


def moves(trace: Sequence[mining.Event]) -> list[mining.Event]:
    return [event for event in trace if event["entry_type"] in MOVES and not event["voided"]]


def test_it_has_the_same_cases_events_and_order(miner: Miner) -> None:
    tracker, text = office()
    found = miner.traces(text)
    assert len(found) > 20
    assert list(found) == list(tracker.ledger.case_ids())
    for case_id, told in found.items():
        entries = tracker.ledger.entries(case_id)
        assert [x["digest"] for x in told] == [entry.digest for entry in entries]
        assert [x["version"] for x in told] == [entry.version for entry in entries]
        assert [x["org:resource"] for x in told] == [entry.actor for entry in entries]
        assert [x["recorded_at"] for x in told] == [entry.recorded_at for entry in entries]


def test_the_order_survives_a_sort_by_time_where_nothing_was_recorded_late(miner: Miner) -> None:
    for trace in miner.traces(office()[1]).values():
        told = moves(trace)
        assert sorted(told, key=lambda event: event["time:timestamp"]) == told


def test_legal_histories_replay_on_the_workflows_net_without_a_token_amiss(miner: Miner) -> None:
    tracker, text = office()
    found = miner.fitness(text)
    assert len(found) == len(list(tracker.ledger.case_ids()))
    assert set(found) == {1.0}


EVENT = r'  <event>\n   <string key="concept:name" value="submit"/>.*?</event>\n'


def violations(text: str) -> Iterator[str]:
    """In one case that was denied: a step never taken, and one taken where it leads nowhere."""
    traces = re.findall(r" <trace>.*?</trace>\n", text, re.DOTALL)
    denied = next(trace for trace in traces if 'value="deny"' in trace)
    yield text.replace(denied, re.sub(EVENT, "", denied, count=1, flags=re.DOTALL))
    yield text.replace(denied, denied.replace('value="deny"', 'value="overturn"', 1))


def test_a_history_that_the_workflow_forbids_does_not(miner: Miner) -> None:
    text = office()[1].decode()
    for changed in violations(text):
        assert changed != text
        assert len([x for x in miner.fitness(changed.encode()) if x < 1]) == 1


# The replay itself, by the textbook: half for what was missing, half for what was left over

NET = [("a", "start", "p"), ("b", "p", "q"), ("b", "q", "p"), ("c", "q", "end")]


@pytest.mark.parametrize(
    ("trace", "due"),
    [("", 1), ("a", 1), ("abc", 1), ("abbbc", 1), ("ac", 2 / 3), ("b", 1 / 2), ("ax", 2 / 3)],
)  # fmt: skip
def test_a_token_replay_counts_what_is_missing_and_what_is_left(trace: str, due: float) -> None:
    assert mining.fitness(trace, NET, "start") == pytest.approx(due)

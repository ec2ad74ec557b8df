"""The event log as a process miner reads it: pm4py, which shares nothing with our writer."""

import re
import warnings
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from casetrack.ledger.memory import MemoryLedger
from casetrack.service import demo
from casetrack.service.handing import Request, hand
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources
from tests.world import GUIDE, instant

pytestmark = pytest.mark.filterwarnings("ignore")  # the miner's own


@cache
def office() -> tuple[Tracker, bytes]:
    """The demo's cases, in every state and every trouble, and their log."""
    clock = FakeClock(instant("2026-11-24"))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "eva")
    demo.fill(tracker)
    sink = BytesIO()
    hand(tracker, Request(form="xes", purpose="mining"), sink)
    return tracker, sink.getvalue()


@pytest.fixture(scope="module")
def pm4py() -> ModuleType:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pm4py

        return pm4py  # type: ignore[no-any-return]


def mined(pm4py: ModuleType, text: bytes, folder: Path) -> Any:  # noqa: ANN401 - a data frame
    path = folder / "log.xes"
    path.write_bytes(text)
    return pm4py.read_xes(str(path), show_progress_bar=False)


def net(pm4py: ModuleType) -> tuple[Any, Any, Any]:
    """The workflow as a Petri net: a place for each state, from any of which a case may stop."""
    from pm4py.objects.petri_net.obj import Marking, PetriNet
    from pm4py.objects.petri_net.utils.petri_utils import add_arc_from_to as arc

    made = PetriNet(GUIDE.id)
    start, end = PetriNet.Place("start"), PetriNet.Place("end")
    places = {state: PetriNet.Place(state) for state in GUIDE.states}
    made.places.update([start, end, *places.values()])
    steps: list[tuple[str | None, Any, Any]] = [("open", start, places[GUIDE.initial])]
    steps += [(trigger, places[a], places[b]) for trigger, a, b in GUIDE.arcs()]
    steps += [(None, place, end) for place in places.values()]
    for n, (label, origin, to) in enumerate(steps):
        step = PetriNet.Transition(f"t{n}", label)
        made.transitions.add(step)
        arc(origin, step, made)
        arc(step, to, made)
    return made, Marking({start: 1}), Marking({end: 1})


def moves(found: Any) -> Any:  # noqa: ANN401 - a data frame
    kinds = found["entry_type"].isin(["CaseOpened", "TransitionFired"])
    return found[kinds & ~found["voided"].astype(bool)]


def fitness(pm4py: ModuleType, found: Any) -> list[float]:  # noqa: ANN401 - a data frame
    told = pm4py.conformance_diagnostics_token_based_replay(moves(found), *net(pm4py))
    return [trace["trace_fitness"] for trace in told]


def test_it_has_the_same_cases_events_and_order(pm4py: ModuleType, tmp_path: Path) -> None:
    tracker, text = office()
    found = mined(pm4py, text, tmp_path)
    ids = list(tracker.ledger.case_ids())
    assert len(ids) > 20
    assert list(found["case:concept:name"].unique()) == ids
    for case_id in ids:
        told = found[found["case:concept:name"] == case_id]
        entries = tracker.ledger.entries(case_id)
        assert list(told["digest"]) == [entry.digest for entry in entries]
        assert list(told["version"]) == [entry.version for entry in entries]
        assert list(told["org:resource"]) == [entry.actor for entry in entries]
        assert list(told["recorded_at"]) == [entry.recorded_at for entry in entries]


def test_the_order_survives_a_sort_by_time_where_nothing_was_recorded_late(
    pm4py: ModuleType, tmp_path: Path
) -> None:
    found = mined(pm4py, office()[1], tmp_path)
    for _, told in moves(found).groupby("case:concept:name", sort=False):
        by_time = told.sort_values("time:timestamp", kind="stable")
        assert list(by_time["version"]) == list(told["version"])


def test_legal_histories_replay_on_the_workflows_net_without_a_token_amiss(
    pm4py: ModuleType, tmp_path: Path
) -> None:
    found = fitness(pm4py, mined(pm4py, office()[1], tmp_path))
    assert len(found) == len(list(office()[0].ledger.case_ids()))
    assert set(found) == {1.0}


EVENT = r'  <event>\n   <string key="concept:name" value="submit"/>.*?</event>\n'


def violations(text: str) -> Iterator[str]:
    """In one case that was denied: a step never taken, and one taken where it leads nowhere."""
    traces = re.findall(r" <trace>.*?</trace>\n", text, re.DOTALL)
    denied = next(trace for trace in traces if 'value="deny"' in trace)
    yield text.replace(denied, re.sub(EVENT, "", denied, count=1, flags=re.DOTALL))
    yield text.replace(denied, denied.replace('value="deny"', 'value="overturn"', 1))


def test_a_history_that_the_workflow_forbids_does_not(pm4py: ModuleType, tmp_path: Path) -> None:
    text = office()[1].decode()
    for changed in violations(text):
        assert changed != text
        found = fitness(pm4py, mined(pm4py, changed.encode(), tmp_path))
        assert len([x for x in found if x < 1]) == 1

"""The event log: valid XML of IEEE 1849, every entry an event, nothing typed unless asked for."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.audit import xes
from casetrack.domain import events as e
from casetrack.ledger.memory import MemoryLedger
from casetrack.service.handing import Request, hand
from tests.facts import append, new_case, noted, opened
from tests.fakes import FakeClock, fixed_sources
from tests.world import World

NS = "{http://www.xes-standard.org/}"
KINDS = {"string", "date", "int", "float", "boolean", "id"}


def log_of(world: World, *, phi: bool = False, **more: Any) -> ET.Element:  # noqa: ANN401
    sink = BytesIO()
    hand(world.tracker, Request(form="xes", purpose="mining", phi=phi, **more), sink)
    return ET.fromstring(sink.getvalue())


def attributes(element: ET.Element) -> dict[str, str]:
    found = [x for x in element if x.tag.removeprefix(NS) in KINDS]
    made = {x.attrib["key"]: x.attrib["value"] for x in found}
    assert len(made) == len(found), "a key stands once"
    return made


def events_of(log: ET.Element, n: int = 0) -> list[dict[str, str]]:
    return [attributes(event) for event in log.findall(f"{NS}trace")[n].findall(f"{NS}event")]


@pytest.fixture
def world() -> World:
    made = World()
    made.record("age", "2026-11-20", dob="1990-02-28")
    made.fire("submit", "2026-11-24T09:00", method="portal", confirmation="K-1")
    made.note("2026-11-24")
    made.fire("deny", "2026-11-24", notice_on="2026-11-24", reason_code="experimental")
    made.void(5)
    return made


def test_it_has_the_parts_of_a_log_in_the_order_of_the_standard(world: World) -> None:
    log = log_of(world)
    assert (log.tag, log.attrib["xes.version"]) == (f"{NS}log", "1849.2016")
    order = ["extension", "global", "classifier", "attribute", "trace"]
    parts = [x.tag.removeprefix(NS) for x in log]
    ranks = [order.index("attribute" if part in KINDS else part) for part in parts]
    assert ranks == sorted(ranks)
    assert set(ranks) == set(range(5))
    declared = {x.attrib["prefix"] for x in log.findall(f"{NS}extension")}
    keys = {x.attrib["key"] for x in log.iter() if "key" in x.attrib}
    assert {key.split(":")[0] for key in keys if ":" in key} == declared
    (classifier,) = log.findall(f"{NS}classifier")
    assert classifier.attrib == {"name": "Activity", "keys": "concept:name"}


def test_every_event_has_what_the_log_says_that_all_have(world: World) -> None:
    log = log_of(world)
    promised = {
        scope.attrib["scope"]: set(attributes(scope)) for scope in log.findall(f"{NS}global")
    }
    assert promised["trace"] <= set(attributes(log.findall(f"{NS}trace")[0]))
    assert all(promised["event"] <= set(event) for event in events_of(log))


def test_each_entry_is_an_event_in_the_order_of_the_entries(world: World) -> None:
    found = events_of(log_of(world))
    assert [event["concept:name"] for event in found] == [
        "open", "record:age", "submit", "note", "deny", "void",
    ]  # fmt: skip
    assert [event["version"] for event in found] == ["1", "2", "3", "4", "5", "6"]
    assert [event["digest"] for event in found] == [x.digest for x in world.entries()]
    assert [event["voided"] for event in found] == ["false"] * 4 + ["true", "false"]
    assert {event["lifecycle:transition"] for event in found} == {"complete"}
    assert {event["org:resource"] for event in found} == {"eva"}
    assert (found[2]["from"], found[2]["to"]) == ("intake", "pa_submitted")
    assert found[4]["field_reason_code"] == "experimental"


def test_an_event_known_by_its_day_keeps_its_place_among_those_of_that_day(world: World) -> None:
    """Midnight in Chicago in November is 06:00 UTC; the submission was at 09:00 there."""
    times = [event["time:timestamp"] for event in events_of(log_of(world))]
    assert times == [
        "2026-08-03T05:00:00.000000+00:00",
        "2026-11-20T06:00:00.000000+00:00",
        "2026-11-24T15:00:00.000000+00:00",
        "2026-11-24T15:00:00.000000+00:00",
        "2026-11-24T15:00:00.000000+00:00",
        "2026-11-24T15:00:00.000000+00:00",
    ]


def test_an_event_of_an_earlier_day_goes_back_to_it(world: World) -> None:
    world.note("2026-11-21")
    assert events_of(log_of(world))[-1]["time:timestamp"] == "2026-11-21T06:00:00.000000+00:00"


def test_nothing_typed_is_in_it_unless_asked_for(world: World) -> None:
    quiet, loud = (ET.tostring(log_of(world, phi=phi), "unicode") for phi in (False, True))
    for typed in ("C-1", "1990-02-28", "K-1", "a note", "so it was"):
        assert typed not in quiet
        assert typed in loud
    trace = log_of(world).findall(f"{NS}trace")[0]
    assert attributes(trace)["concept:name"] == world.id
    trace = log_of(world, phi=True).findall(f"{NS}trace")[0]
    assert (attributes(trace)["concept:name"], attributes(trace)["case_id"]) == ("C-1", world.id)


def test_what_was_not_known_yet_is_not_in_it(world: World) -> None:
    assert len(events_of(log_of(world, as_of="2026-11-20"))) == 2


TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), max_size=40
)


@given(TEXT, TEXT)
def test_any_text_comes_back_as_it_was(name: str, other: str) -> None:
    r"""But for two characters that no XML can hold, U+FFFE and U+FFFF."""
    clock = FakeClock()
    ledger = MemoryLedger(fixed_sources(clock))
    case = new_case(ledger, opened("C-1", "x"))
    case, _ = append(ledger, case, noted(name, many=(name, other)))
    found = read(ledger.entries(case.id))
    shown = [x.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff") for x in (name, other)]
    assert found[-1]["value_note"] == shown[0]
    assert found[-1]["value_many"] == "; ".join(shown)


def read(entries: Sequence[e.Entry]) -> list[dict[str, str]]:
    trace = xes.Trace(
        case=entries[0].case, workflow="sample", zone="America/Chicago", entries=entries, phi=True
    )
    text = xes.head(entries[0].ledger, practice=False) + "".join(xes.trace(trace)) + xes.tail()
    return events_of(ET.fromstring(text.encode()))


def test_every_kind_of_entry_of_a_case_has_a_word() -> None:
    own = {e.LedgerOpened, e.DisclosureMade, e.KeyMade, e.KeyRotated}
    told = {*xes._ACTIVITIES, e.TransitionFired, e.EvidenceRecorded}  # noqa: SLF001 - the table
    assert set(e.CASE_TYPES.values()) - own == told


def test_every_instant_is_read_back_by_the_standard_library(world: World) -> None:
    for event in events_of(log_of(world)):
        assert datetime.fromisoformat(event["time:timestamp"]).utcoffset() is not None
        assert datetime.fromisoformat(event["recorded_at"]).utcoffset() is not None


def test_a_practice_ledger_says_so(world: World) -> None:
    assert attributes(log_of(world))["practice"] == "true"

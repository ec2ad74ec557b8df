"""Random commands in memory, in a file and on a server: the same outcome every time.

After each step the entries are the same bytes, the chain of digests holds, no earlier entry has
changed, and the views are what the entries replay to. Sealed at the end, they have the same root.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from casetrack.audit.findings import COUNTED
from casetrack.catalog import calendars, workflows
from casetrack.domain import events as e
from casetrack.domain import machine
from casetrack.domain.case import Case
from casetrack.domain.dates import local_date
from casetrack.domain.fold import replay
from casetrack.domain.plans import PLAN
from casetrack.domain.workflow import Field
from casetrack.errors import CasetrackError
from casetrack.ledger import connect
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import create_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger, Query
from casetrack.ledger.views import case_row, deadline_rows, value_rows
from casetrack.reports.casefile import case_name
from casetrack.service.conformance import examined
from casetrack.service.redaction import all_targets
from casetrack.service.sharing import Tally
from casetrack.service.tracker import Terms, Tracker, Written
from casetrack.service.typed import (
    Adopting,
    Amending,
    Assigning,
    Extending,
    Finishing,
    Firing,
    Noting,
    Opening,
    Planning,
    Recording,
    Resuming,
    Tolling,
    Typed,
    Voiding,
    When,
)
from tests import chains, sealing, servers
from tests.fakes import FakeClock, fixed_sources

FULL = os.environ.get("CASETRACK_FULL") == "1"
ASKED = 1 if FULL else 5  # steps between the questions that go over every case
FLOW = workflows.load("humana-il-guide")
KNOWN = {name: calendars.load(name) for name in calendars.available()}
ZONE = FLOW.zone
OPENING = {
    name
    for flow in workflows.available()
    for name, clock in workflows.load(flow).clocks.items()
    if clock.opens
}
STATES = sorted({state for name in workflows.available() for state in workflows.load(name).states})
MARK = "\u2603typed"  # in every text that must be sealed

Pair = tuple[str, str]
Pairs = tuple[Pair, ...]
Outcome = tuple[str, Any]

WAYS = tuple(
    way.split()
    for way in (
        "submit deny file_appeal uphold request_external_review uphold",
        "submit deny file_appeal uphold request_external_review expedite withdraw_appeal",
        "submit deny file_appeal expedite refuse_expedite reject_request file_appeal overturn",
        "submit expedite request_info provide_info approve_in_part file_appeal uphold reverse",
        "submit approve_in_part renew file_appeal withdraw_appeal administer",
        "submit approve renew renew administer",
    )
)

# What people type


def texts() -> st.SearchStrategy[str]:
    good = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=12)
    marked = st.builds(lambda text: MARK + text, good)
    return st.one_of(marked, marked, marked, st.sampled_from(["\x1b[31m", "a\x00", "\ud800"]))


def days() -> st.SearchStrategy[str]:
    near = st.integers(-80, 120).map(lambda n: (date(2026, 11, 24) + timedelta(n)).isoformat())
    shift = st.sampled_from(["today", "-1d", "-3bd", "+5bd", "-40d", "+30d", "-0d"])
    bad = st.sampled_from(["2026-02-30", "24.11.2026", "", "2050-01-01", "1999-01-01"])
    return st.one_of(near, near, shift, bad)


def instants() -> st.SearchStrategy[str]:
    near = st.integers(-900, 100).map(
        lambda n: (datetime(2026, 11, 24, 16, tzinfo=UTC) + timedelta(hours=n)).isoformat()
    )
    bad = st.sampled_from(["2026-11-01T01:30", "2026-03-08T02:30", "10:00", "2026-11-24T25:00"])
    return st.one_of(near, near, near, bad)


_GOOD: Mapping[str, Sequence[str]] = {
    "dob": ["1990-02-28"], "icd10": ["D67"], "hereditary": ["yes"], "percent": ["1.5"],
    "days": ["150"], "result": ["negative"], "confirmed": ["yes"], "hcpcs": ["J1411"],
    "units": ["1"], "ndc": ["0053-0099-01"], "benefit": ["medical"],
    "valid_through": ["2027-06-30", "2026-12-11", "+30d"],
    "notice_on": ["-1d", "today", "-20d"], "off_prophylaxis": ["yes"],
}  # fmt: skip


_GOOD_OF_TYPE: Mapping[str, Sequence[str]] = {
    "yes_no": ["yes", "no"], "integer": ["0", "1", "149", "-1"], "decimal": ["0", "1.5", "-1"],
    "date": ["today", "-1d", "-2bd", "2026-11-02"], "instant": ["2026-10-30T10:00"],
    "text": [MARK],
}  # fmt: skip


def good(name: str, field: Field) -> st.SearchStrategy[str]:
    """A value that is understood, if not always allowed."""
    return st.sampled_from(_GOOD.get(name) or _GOOD_OF_TYPE.get(field.type) or field.values)


def wild(field: Field) -> st.SearchStrategy[str]:
    match field.type:
        case "date":
            return days()
        case "instant":
            return instants()
        case "integer" | "decimal":
            return st.sampled_from(["NaN", "1_0", "\u0663", "1.5", "", "99", "2.000000001"])
        case "code" | "yes_no":
            return st.sampled_from(["", "portal ", "perhaps", *field.values])
        case "text":
            return texts()


@st.composite
def values(draw: st.DrawFn, names: Sequence[str], required: Sequence[str] = ()) -> tuple[Pair, ...]:
    """Some of the fields, the required ones more often; now and then a name that is not known."""
    found = []
    for name in names:
        if draw(st.integers(0, 9)) < (9 if name in required else 3):
            field = FLOW.fields[name]
            calm = draw(st.integers(0, 9)) < 8
            found.append((name, draw(good(name, field) if calm else wild(field))))
    if found and draw(st.integers(0, 9)) == 9:
        found.append(found[0])
    if draw(st.integers(0, 19)) == 19:
        found.append((draw(st.sampled_from(["nonsense", "dob", "kind", "\u0435"])), "x"))
    return tuple(found)


def whens(*, instant: bool = True) -> st.SearchStrategy[When]:
    none = st.just(When())
    on = days().map(lambda day: When(on=day))
    at = instants().map(lambda text: When(at=text))
    both = st.tuples(days(), instants()).map(lambda pair: When(on=pair[0], at=pair[1]))
    return st.one_of(none, none, none, on, at, both) if instant else st.one_of(none, on)


@st.composite
def recordings(draw: st.DrawFn) -> Recording:
    item = draw(st.sampled_from([*FLOW.items, *FLOW.items, "inhibitor", ""]))
    known = FLOW.items.get(item)
    file = draw(st.sampled_from([None, None, (MARK + ".pdf", 3, "a" * 64), ("a\x07.pdf", 1, "b")]))
    return Recording(
        item=item,
        when=draw(whens(instant=False)),
        pairs=draw(values(known.fields, known.required)) if known else (),
        file=file,
    )


@st.composite
def firings(draw: st.DrawFn, trigger: str) -> Firing:
    known = FLOW.triggers.get(trigger)
    return Firing(
        trigger=trigger,
        when=draw(whens()),
        pairs=draw(values(known.fields, known.required)) if known else (),
        reason=draw(st.none() | texts()),
        override=draw(st.none() | texts()),
    )


@st.composite
def tame_values(draw: st.DrawFn, trigger: str) -> tuple[Pair, ...]:
    """What the trigger requires, and now and then what it may also have."""
    known = FLOW.triggers[trigger]
    names = [name for name in known.fields if name in known.required or draw(st.booleans())]
    return tuple((name, draw(good(name, FLOW.fields[name]))) for name in names)


def terms() -> st.SearchStrategy[Terms]:
    plain = st.just(Terms())
    other = st.builds(
        Terms,
        if_version=st.none() | st.integers(0, 12),
        key=st.sampled_from([None, "k1", "k2", "bad key", ""]),
        dry_run=st.booleans(),
    )
    return st.one_of(plain, plain, plain, other)


class Stores(RuleBasedStateMachine):
    """The same commands to each; whatever differs is a fault of a store."""

    def __init__(self, server: str) -> None:
        super().__init__()
        self.made = ExitStack()
        self.steps = 0
        self.patch = pytest.MonkeyPatch()
        # What a power cut would leave is not asked here; to wait for the disk is most of the time.
        self.patch.setattr(connect, "PRAGMAS", (*connect.PRAGMAS, "synchronous=OFF"))
        self.clock = FakeClock()
        self.folder = Path(tempfile.mkdtemp(prefix="casetrack-agree-"))
        memory = MemoryLedger(fixed_sources(self.clock), practice=True)
        places = (
            str(self.folder / "l.db"),
            self.made.enter_context(servers.database(server)),
        )
        self.stored = tuple(
            create_ledger(place, fixed_sources(self.clock), practice=True) for place in places
        )
        self.memory = memory
        self.ledgers: tuple[Ledger, ...] = (memory, *self.stored)
        self.trackers = tuple(
            Tracker(ledger, self.clock.now, "eva", KNOWN) for ledger in self.ledgers
        )
        self.bodies: dict[str, list[str]] = {}
        self.outcomes: dict[tuple[str, str], str | None] = {}

    def teardown(self) -> None:
        try:
            before = self.everything()
            self.rebuilds()
            assert self.everything() == before
            self.all_answer_alike()
            self.what_was_allowed_conforms()
            self.sealed_they_have_one_root()
        finally:
            for ledger in self.stored:
                ledger.close()
            self.made.close()
            self.patch.undo()
            shutil.rmtree(self.folder)

    def sealed_they_have_one_root(self) -> None:
        """And the notes, which hold the root, are signed over the same order of leaves."""
        for ledger in self.ledgers:
            sealing.make_key(ledger)
        notes = [sealing.seal(ledger) for ledger in self.ledgers]
        leaves = [list(ledger.tree.leaves()) for ledger in self.ledgers]
        assert len(leaves[0]) == self.memory.stats().entries
        assert notes == [notes[0]] * 3
        assert leaves == [leaves[0]] * 3

    def what_was_allowed_conforms(self) -> None:
        """An audit finds nothing against it but what corrections have made of earlier entries."""
        tracker = self.trackers[1]
        found = list(examined(tracker, self.cases, Tally()))
        corrected = {
            case_name(tracker.case(case_id))
            for case_id in self.cases
            for entry in self.memory.entries(case_id)
            if isinstance(entry.data, e.EntryCorrected | e.EntryVoided)
        }
        against = [x for x in found if x.severity in COUNTED and x.rule != "hindsight"]
        assert against == []
        assert {x.case for x in found if x.rule == "hindsight"} <= corrected

    @property
    def cases(self) -> list[str]:
        return list(self.memory.case_ids())

    def case(self, data: st.DataObject) -> Case:
        case_id = data.draw(st.sampled_from(self.cases), label="case")
        return self.trackers[0].case(case_id)

    # Each is asked, and all are compared

    def each(self, command: Callable[[Tracker], object]) -> Outcome:
        before = self.everything()
        first, *others = [self.attempt(tracker, command) for tracker in self.trackers]
        assert others == [first] * len(others)
        if first[0] == "refused":
            assert MARK not in str(first)
            assert self.everything() == before
        return first

    def attempt(self, tracker: Tracker, command: Callable[[Tracker], object]) -> Outcome:
        tracker.now = tracker.desk.now = self.clock.now
        try:
            return "done", command(tracker)
        except CasetrackError as error:
            return "refused", (error.kind, error.message, error.reasons)

    def everything(self) -> list[object]:
        """Every body and view of the file and of the server."""
        ids = [LEDGER_CASE, *self.cases]
        return [[*map(ledger.stored, ids), *map(ledger.views, ids[1:])] for ledger in self.stored]

    # Commands

    @initialize(data=st.data(), way=st.sampled_from(WAYS))
    def a_case_is_somewhere(self, data: st.DataObject, way: Sequence[str]) -> None:
        """A case some allowed steps along a way, for what follows to happen to."""
        self.each(lambda tracker: tracker.open(Opening(workflow=FLOW.id, reference="")))
        for trigger in way[: data.draw(st.integers(0, len(way)))]:
            self.goes_on(data, self.trackers[0].case(self.cases[0]), trigger)

    def goes_on(self, data: st.DataObject, case: Case, trigger: str) -> None:
        at = self.clock.now.isoformat() if FLOW.triggers[trigger].expedites else None
        pairs = data.draw(tame_values(trigger))
        firing = Firing(trigger=trigger, when=When(at=at), pairs=pairs, override=MARK)
        self.does(case, firing, Terms())

    @rule(
        reference=st.sampled_from(["", "", "C-1", "C-2", "a b", "x" * 33]),
        patient=st.none() | texts(),
        workflow=st.sampled_from([FLOW.id, FLOW.id, FLOW.id, "no-such"]),
        pairs=values(FLOW.open_fields),
        when=whens(instant=False),
    )
    def opens(
        self, reference: str, patient: str | None, workflow: str, pairs: Pairs, when: When
    ) -> None:
        assume(len(self.cases) < 4)
        opening = Opening(
            workflow=workflow, reference=reference, when=when, patient=patient, pairs=pairs
        )
        self.each(lambda tracker: tracker.open(opening))

    def does(self, case: Case, typed: Typed, on: Terms) -> None:
        kind, found = self.each(lambda tracker: tracker.do(case.id, typed, on))
        if kind == "done" and on.dry_run:
            assert len(self.memory.entries(case.id)) == case.version
        elif kind == "done" and isinstance(found, Written) and not found.repeated:
            assert found.version == case.version + 1

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), on=terms())
    def fires_anything(self, data: st.DataObject, on: Terms) -> None:
        trigger = data.draw(st.sampled_from([*FLOW.triggers, "aprove", ""]))
        self.does(self.case(data), data.draw(firings(trigger)), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def fires_what_is_possible(self, data: st.DataObject) -> None:
        case = self.case(data)
        ahead = machine.possible(FLOW, case.state)
        assume(ahead)
        self.does(case, data.draw(firings(data.draw(st.sampled_from(ahead)))), Terms())

    @precondition(lambda self: self.cases)
    @rule(data=st.data())
    def goes_on_as_allowed(self, data: st.DataObject) -> None:
        case = self.case(data)
        ahead = [name for name in machine.possible(FLOW, case.state) if name != "close"]
        assume(ahead)
        self.goes_on(data, case, data.draw(st.sampled_from(ahead)))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), item=st.sampled_from(["inhibitor_test", "liver_panel", "age"]))
    def records_what_is_asked(self, data: st.DataObject, item: str) -> None:
        names = FLOW.items[item].required
        pairs = [(name, data.draw(good(name, FLOW.fields[name]))) for name in names]
        self.does(self.case(data), Recording(item=item, pairs=tuple(pairs)), Terms())

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), typed=recordings(), on=terms())
    def records(self, data: st.DataObject, typed: Recording, on: Terms) -> None:
        self.does(self.case(data), typed, on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), batch=st.lists(recordings(), min_size=1, max_size=4))
    def records_a_packet(self, data: st.DataObject, batch: list[Recording]) -> None:
        case = self.case(data)
        kind, found = self.each(lambda tracker: tracker.record_all(case.id, batch))
        if kind == "done":
            versions = [written.version for written in found]
            assert versions == list(range(case.version + 1, case.version + 1 + len(batch)))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), text=texts(), pairs=values(FLOW.note_fields), when=whens(), on=terms())
    def notes(self, data: st.DataObject, text: str, pairs: Pairs, when: When, on: Terms) -> None:
        self.does(self.case(data), Noting(text=text, pairs=pairs, when=when), on)

    @precondition(lambda self: self.cases)
    @rule(
        data=st.data(),
        name=st.sampled_from([None, "ana", "bo", "", "a\nb", "x" * 201, "\u202eevil"]),
        on=terms(),
    )
    def assigns(self, data: st.DataObject, name: str | None, on: Terms) -> None:
        self.does(self.case(data), Assigning(name=name), on)

    # Changes of deadlines and of entries

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), title=texts(), due=days(), on=terms())
    def plans(self, data: st.DataObject, title: str, due: str, on: Terms) -> None:
        self.does(self.case(data), Planning(title=title, due=due), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), when=whens(instant=False), on=terms())
    def is_done(self, data: st.DataObject, when: When, on: Terms) -> None:
        case = self.case(data)
        titles = [title for title in case.titles.values() if isinstance(title, str)]
        name = data.draw(st.sampled_from(["plan#1", "plan#2", "plan", "pa_decision#1", *titles]))
        self.does(case, Finishing(name=name, when=when), on)

    def a_deadline(self, data: st.DataObject, case: Case) -> str:
        running = [t.deadline.deadline for t in case.open_deadlines()]
        return data.draw(st.sampled_from([*running, *running, *case.deadlines, "plan", "none"]))

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), to=days(), basis=texts(), reason=texts(), on=terms())
    def is_extended(self, data: st.DataObject, to: str, basis: str, reason: str, on: Terms) -> None:
        case = self.case(data)
        name = self.a_deadline(data, case)
        tracked = case.deadlines.get(name)
        if tracked is not None and data.draw(st.booleans()):
            later = timedelta(data.draw(st.integers(-1, 370)))
            to = (tracked.deadline.reading.due_on + later).isoformat()
        self.does(case, Extending(deadline=name, to=to, basis=basis, reason=reason), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), reason=texts(), when=whens(instant=False), on=terms())
    def stands_still(self, data: st.DataObject, reason: str, when: When, on: Terms) -> None:
        case = self.case(data)
        self.does(case, Tolling(deadline=self.a_deadline(data, case), reason=reason, when=when), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), reason=texts(), when=whens(instant=False), on=terms())
    def runs_again(self, data: st.DataObject, reason: str, when: When, on: Terms) -> None:
        case = self.case(data)
        stopped = [t.deadline.deadline for t in case.open_deadlines() if t.tolled_on]
        name = data.draw(st.sampled_from(stopped)) if stopped else self.a_deadline(data, case)
        self.does(case, Resuming(deadline=name, reason=reason, when=when), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), reason=texts(), on=terms())
    def is_amended(self, data: st.DataObject, reason: str, on: Terms) -> None:
        case = self.case(data)
        version = data.draw(st.integers(0, case.version + 1))
        said = [name for name in case.values_of(version) if name in FLOW.fields]
        pairs = list(data.draw(values(said, said)))
        if data.draw(st.booleans()):
            pairs.append(("on", data.draw(days())))
        if data.draw(st.integers(0, 4)) == 4:
            pairs.append(("at", data.draw(instants())))
        self.does(case, Amending(version=version, pairs=tuple(pairs), reason=reason), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), reason=texts(), on=terms())
    def is_voided(self, data: st.DataObject, reason: str, on: Terms) -> None:
        case = self.case(data)
        last = [m.version for m in case.moves[-1:]] * 3
        shown = [x.version for known in case.evidence.values() for x in known]
        version = data.draw(st.sampled_from([*last, *shown, 1, case.version]))
        self.does(case, Voiding(version=version, reason=reason), on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), to=st.sampled_from([*workflows.available(), "nonsense", "back"]),
          reason=st.none() | texts(), on=terms())  # fmt: skip
    def goes_over(self, data: st.DataObject, to: str, reason: str | None, on: Terms) -> None:
        """To another workflow, its states renamed or not, or back to one that it has left."""
        case = self.case(data)
        to = (case.left or (case.definition,))[-1] if to == "back" else to
        states = (
            [(case.state, data.draw(st.sampled_from(STATES)))] if data.draw(st.booleans()) else []
        )
        typed = Adopting(workflow=to, states=states, reason=reason)
        self.does(case, typed, on)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), reason=texts(), odd=st.booleans())
    def redacts(self, data: st.DataObject, reason: str, odd: bool) -> None:
        case = self.case(data)
        left = all_targets(self.memory.entries(case.id))
        chosen = data.draw(st.lists(st.sampled_from(left), max_size=3, unique=True) if left
                           else st.just([]))  # fmt: skip
        if odd:
            chosen += [e.Target(version=1, name="no_such")]
        self.each(lambda tracker: tracker.redact(case.id, chosen, reason))
        gone = {(target.version, target.name) for target in chosen}
        kept = {(target.version, target.name) for target in left} - gone
        now = {(t.version, t.name) for t in all_targets(self.memory.entries(case.id))}
        assert kept <= now

    @rule(command=st.sampled_from(["show", "export"]), purpose=st.none() | texts())
    def discloses(self, command: str, purpose: str | None) -> None:
        self.each(lambda tracker: tracker.disclose(command, self.cases, purpose))

    @rule(hours=st.sampled_from([1, 5, 24, 72, 24 * 10, 24 * 40]))
    def waits(self, hours: int) -> None:
        self.clock.move(hours=hours)

    @rule(minutes=st.integers(1, 90))
    def runs_behind(self, minutes: int) -> None:
        self.clock.move(minutes=-minutes)

    @rule()
    def rebuilds(self) -> None:
        rebuilt = [ledger.rebuild() for ledger in self.ledgers]
        assert rebuilt == [len(self.cases)] * 3

    # What always holds

    @invariant()
    def all_hold_the_same_bytes(self) -> None:
        ids = [LEDGER_CASE, *self.cases]
        for ledger in self.stored:
            assert list(ledger.case_ids()) == self.cases
            assert [*map(ledger.entries, ids)] == [*map(self.memory.entries, ids)]
            assert [*map(ledger.stored, ids)] == [*map(self.memory.stored, ids)]

    @invariant()
    def nothing_earlier_changed_and_the_chain_holds(self) -> None:
        for case_id in [LEDGER_CASE, *self.cases]:
            stored = self.memory.stored(case_id)
            assert chains.problems(case_id, stored) == []
            known, now = self.bodies.get(case_id, []), [body for body, _ in stored]
            assert now[: len(known)] == known
            self.bodies[case_id] = now
            assert not [body for body in now if MARK in body]

    @invariant()
    def the_views_are_what_the_entries_replay_to(self) -> None:
        for case_id in self.cases:
            case = replay(case_id, self.memory.entries(case_id))
            made = case_row(case), deadline_rows(case), value_rows(case)
            assert [ledger.views(case_id) for ledger in self.ledgers] == [made] * 3

    @invariant()
    def all_answer_alike_now_and_then(self) -> None:
        self.steps += 1
        if self.steps % ASKED == 0:
            self.all_answer_alike()

    def all_answer_alike(self) -> None:
        first, *others = [self.answers(ledger) for ledger in self.ledgers]
        assert others == [first] * 2

    def answers(self, ledger: Ledger) -> list[object]:
        names = ["confirmation", "authorization", "patient"]
        queries = (
            Query(),
            Query(state="intake", limit=1),
            Query(assignee=""),
            Query(owner="payer", overdue_at=self.clock.now),
            Query(where={"method": "portal"}),
            Query(patient=MARK),
        )
        return [
            ledger.stats(),
            list(ledger.docket(None, patients=True)),
            list(ledger.counts()),
            list(ledger.references("C-")),
            list(ledger.find(MARK, names)),
            *(list(ledger.list_cases(query)) for query in queries),
        ]

    @invariant()
    def deadlines_keep_their_rules(self) -> None:
        for case_id in self.cases:
            entries = self.memory.entries(case_id)
            case = replay(case_id, entries)
            self.check_lives(case, entries)
            self.check_identities(case, entries)
            for tracked in case.deadlines.values():
                check_reading(tracked.deadline.reading, opens=tracked.deadline.clock in OPENING)

    def check_lives(self, case: Case, entries: Sequence[e.Entry]) -> None:
        """Open only where alive; what was closed opens again by ``reopened`` alone."""
        returned = {
            name
            for entry in entries
            if isinstance(entry.data, e.Effects)
            for name in entry.data.reopened
        }
        counted = [t for t in case.open_deadlines() if t.deadline.clock != PLAN]
        open_clocks = [t.deadline.clock for t in counted]
        assert len(open_clocks) == len(set(open_clocks))
        assert not (case.final and case.open_deadlines())
        for name, tracked in case.deadlines.items():
            if tracked.outcome is None:
                assert case.state in tracked.deadline.alive_in or tracked.unproven
                assert self.outcomes.get((case.id, name)) is None or name in returned
            self.outcomes[case.id, name] = tracked.outcome

    def check_identities(self, case: Case, entries: Sequence[e.Entry]) -> None:
        """Each arming has the next number of its clock, and no name is used twice."""
        armed = [d for entry in entries for d in getattr(entry.data, "armed", ())]
        names = [deadline.deadline for deadline in armed]
        assert len(names) == len(set(names)) == len(case.deadlines)
        for clock in {deadline.clock for deadline in armed}:
            numbers = [d.n for d in armed if d.clock == clock]
            assert numbers == list(range(1, len(numbers) + 1))
        for deadline in armed:
            assert deadline.deadline == f"{deadline.clock}#{deadline.n}"


def check_reading(reading: e.Reading, *, opens: bool) -> None:
    """``act_by`` is the earliest of all; ``due_at`` falls on ``due_on``, after the count began.

    Where a right ``opens`` once the day has passed, it may be the day after, and never later.
    """
    assert local_date(reading.due_at, ZONE) == reading.due_on
    assert reading.unrolled_on <= reading.due_on
    assert reading.act_by <= reading.due_on + timedelta(days=opens)
    assert reading.law_by is None or reading.act_by <= reading.law_by
    assert reading.stated_due_on is None or reading.act_by <= reading.stated_due_on
    if reading.length[0].isdigit():
        assert reading.due_on >= reading.from_on
    if reading.from_at is not None:
        assert reading.due_at >= reading.from_at or not reading.length[0].isdigit()


def test_random_commands_come_to_the_same_in_every_store(server: str) -> None:
    run_state_machine_as_test(
        partial(Stores, server),  # type: ignore[arg-type]  # it takes whatever makes a machine
        settings=settings(
            max_examples=300 if FULL else 6,
            stateful_step_count=40 if FULL else 25,
            deadline=None,
            derandomize=not FULL,
            suppress_health_check=list(HealthCheck),
        ),
    )

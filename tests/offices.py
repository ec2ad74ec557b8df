"""A practice of invented cases made of hand-built events, and what its sweeps come to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path

from casetrack.catalog import workflows
from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.errors import Undelivered
from casetrack.ledger.codec import new_case_id
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.store import Draft, Ledger
from casetrack.reports.notices import Notice
from casetrack.service.outcomes import Swept
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from tests.facts import deadline, opened, reading, with_changes
from tests.fakes import CountingBytes, FakeClock, fixed_sources

FLOW = workflows.load("humana-il-guide")
TEXT = workflows.definition_text(FLOW)
DIGEST = workflows.digest(TEXT)
ZONE = FLOW.zone
STATUTORY = ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd")


def at(day: date, hour: float = 7) -> datetime:
    return dates.start_of_day(day, ZONE) + timedelta(hours=hour)


def due_reading(act_by: date, due_on: date | None = None, **changes: object) -> e.Reading:
    due = due_on or act_by
    members = {"due_on": due, "due_at": dates.end_of_day(due, ZONE), "rungs": STATUTORY}
    return reading(act_by, **with_changes(members, changes))


def filing(act_by: date, due_on: date | None = None, n: int = 1, **changes: object) -> e.Deadline:
    """Ours by law; ``changes`` are the reading's."""
    return deadline(
        "appeal_filing", act_by, n, definition=DIGEST, owner="provider",
        alive_in=("denied",), reading=due_reading(act_by, due_on, **changes),
    )  # fmt: skip


def decision(act_by: date, due_on: date | None = None, n: int = 1, **changes: object) -> e.Deadline:
    """The payer's promise; ``changes`` are the reading's."""
    changed = with_changes({"rungs": ("2bd", "0bd")}, changes)
    return deadline(
        "pa_decision", act_by, n, definition=DIGEST, owner="payer", kind="service",
        alive_in=("pa_submitted",), reading=due_reading(act_by, due_on, **changed),
    )  # fmt: skip


class Box:
    """A channel that keeps what it was given, and fails when told to."""

    name = "box"

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self.told: list[str] = []
        self.failing = False

    def deliver(self, notice: Notice) -> None:
        if self.failing:
            raise Undelivered("the box is shut")
        self.notices.append(notice)

    def tell(self, subject: str, body: str) -> None:
        if self.failing:
            raise Undelivered("the box is shut")
        self.told.append(f"{subject}; {body}")


class Practice:
    """One ledger and a clock; cases are opened with the deadlines they are to have."""

    def __init__(self, ledger: Ledger, clock: FakeClock) -> None:
        self.ledger = ledger
        self.clock = clock
        self.box = Box()

    def case(self, reference: str, *armed: e.Deadline, assignee: str | None = None) -> str:
        event = opened(reference, "P 1", armed)
        event = e.Event(
            data=e.CaseOpened(
                workflow=FLOW.id, definition=DIGEST, edition=FLOW.edition,
                state=FLOW.initial, fields={}, armed=armed,
            ),
            occurred_on=dates.local_date(self.clock.now, ZONE),
            typed=event.typed,
        )  # fmt: skip
        made = Case(id=new_case_id(self.ledger.sources))
        self.ledger.append(made, [Draft(event=event, actor="eva")], {DIGEST: TEXT})
        if assignee:
            self.say(made.id, e.CaseAssigned(assignee=assignee))
        return made.id

    def say(self, case_id: str, data: e.Data) -> None:
        """A fact on the case, now."""
        on = dates.local_date(self.clock.now, ZONE)
        event = e.Event(data=data, occurred_on=on)
        self.ledger.append(self.tracker().case(case_id), [Draft(event=event, actor="eva")])

    def tracker(self) -> Tracker:
        return Tracker(self.ledger, self.clock.now, "eva")

    def sweep(self, *, accept_gap: bool = False) -> Swept:
        return sweep(self.tracker(), [self.box], accept_gap=accept_gap)

    def sent(self, case_id: str) -> list[e.ReminderSent]:
        found = (entry.data for entry in self.ledger.entries(case_id))
        return [data for data in found if isinstance(data, e.ReminderSent)]


def noted(values: Mapping[str, str] | None = None) -> e.NoteAdded:
    return e.NoteAdded(fields=dict(values or {}))


def new_practice(path: Path | str, now: datetime) -> Practice:
    clock = FakeClock(now)
    return Practice(create_ledger(str(path), fixed_sources(clock), practice=True), clock)


@contextmanager
def practice(kind: str, folder: Path, day: date) -> Iterator[Practice]:
    """A new one at that day's start of work: ``memory``, or ``sqlite`` in the folder."""
    if kind == "sqlite":
        made = new_practice(folder / "cases.db", at(day))
    else:
        clock = FakeClock(at(day))
        made = Practice(MemoryLedger(fixed_sources(clock), practice=True), clock)
    yield made
    made.ledger.close()


def reopened(path: Path, clock: FakeClock) -> SqlLedger:
    """The same ledger for another process or thread; its randomness starts elsewhere."""
    sources = fixed_sources(clock)
    randomness = CountingBytes()
    for _ in range(1000):
        randomness(1 if _ < 255 else 2)
    return open_ledger(str(path), sources)

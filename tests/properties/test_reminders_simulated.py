"""A practice over weeks: what was recorded equals what a plain model, day by day, says.

Cron fails for days, runs twice or thrice at once; dates move, clocks are tolled, cases end, and
the clocks of the country change. With ``--full`` it is 2,000 cases over 400 days.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from casetrack.catalog import calendars
from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.ledger import connect
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import Sources
from casetrack.ledger.views import deadline_rows
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker
from tests.facts import deadline
from tests.offices import DIGEST, Practice, due_reading, new_practice

FULL = os.environ.get("CASETRACK_FULL") == "1"
CASES, DAYS = (2_000, 400) if FULL else (60, 60)
FIRST = date(2026, 10, 12)
LOCAL = ZoneInfo("America/Chicago")
HOME = calendars.load("illinois-state")
OPEN_DAYS = np.busdaycalendar(holidays=[np.datetime64(day.date) for day in HOME.days])
LADDERS = {
    "ours": ("20bd", "10bd", "5bd", "3bd", "2bd", "1bd", "0bd"),
    "planned": ("1bd", "0bd"),
    "theirs": ("2bd", "0bd"),
    "hours": ("24h", "8h", "2h"),
}


# The model: what should be, as a person would work it out


def local(day: date, at: time = time()) -> datetime:
    return datetime.combine(day, at, LOCAL).astimezone(UTC)


def is_open(day: date) -> bool:
    return bool(np.is_busday(np.datetime64(day), busdaycal=OPEN_DAYS))


class Expected:
    """One deadline, and the warnings that are to be recorded of it."""

    def __init__(self, kind: str, act_by: date, due_on: date, due_at: datetime) -> None:
        self.kind = kind
        self.act_by, self.due_on, self.due_at = act_by, due_on, due_at
        self.live = True
        self.tolled = False
        self.sent: set[str] = set()
        self.told: set[tuple[str, datetime]] = set()
        self.log: list[tuple[str, frozenset[str], datetime, date]] = []

    def come(self, now: datetime) -> dict[str, datetime]:
        found = {name: self.before(name) for name in LADDERS[self.kind]} | dict(self.after(now))
        return {name: at for name, at in found.items() if at <= now}

    def before(self, name: str) -> datetime:
        if name.endswith("h"):
            return self.due_at - timedelta(hours=int(name[:-1]))
        day, left = self.act_by, int(name[:-2])
        while left:
            day -= timedelta(days=1)
            left -= is_open(day)
        return local(day)

    def after(self, now: datetime) -> Iterator[tuple[str, datetime]]:
        start = self.act_by if self.kind == "ours" else self.due_on
        day, business, weekly = start, 0, None
        while self.kind != "planned" and local(day + timedelta(days=1)) <= now:
            day += timedelta(days=1)
            business += is_open(day)
            chased = is_open(day) and business in {1, 3, 5}
            if self.kind == "ours" or chased or (weekly and (day - weekly).days % 7 == 0):
                yield f"+{(day - start).days}d", local(day)
            if chased and business == 5:
                weekly = day

    def run(self, now: datetime) -> None:
        if not self.live or self.tolled:
            return
        fresh = sorted((at, n) for n, at in self.come(now).items() if n not in self.sent)
        known = [number for number, (at, n) in enumerate(fresh, 1) if (n, at) in self.told]
        fresh = fresh[max(known, default=0) :]
        if fresh:
            at, name = fresh[-1]
            self.log.append((name, frozenset(n for _, n in fresh[:-1]), at, self.act_by))
            self.told.add((name, at))
            self.sent |= {n for _, n in fresh}

    def move(self, act_by: date, due_on: date, due_at: datetime, now: datetime) -> None:
        old, today = self.come(now), now.astimezone(LOCAL).date()
        self.act_by, self.due_on, self.due_at = act_by, due_on, due_at
        self.sent &= {
            name
            for name, at in self.come(now).items()
            if name.endswith("h") or at == old.get(name) or at.astimezone(LOCAL).date() < today
        }


# The real thing


class World:
    def __init__(self, path: Path, seed: int) -> None:
        self.random = Random(seed)
        self.path = path
        self.office: Practice = new_practice(path, local(FIRST, time(6)))
        self.expected: dict[tuple[str, str], Expected] = {}

    @property
    def now(self) -> datetime:
        return self.office.clock.now

    def dates(self) -> tuple[date, date, datetime]:
        today = self.now.astimezone(LOCAL).date()
        act_by = today + timedelta(days=self.random.randint(-3, 40))
        due_on = act_by + timedelta(days=self.random.choice([0, 0, 1, 4, 12]))
        return act_by, due_on, local(due_on, time(self.random.randint(1, 22), 17))

    def open(self, number: int) -> None:
        made = []
        kinds = self.random.sample(sorted(LADDERS), self.random.randint(1, 2))
        for kind in kinds:
            act_by, due_on, due_at = self.dates()
            if kind == "hours":
                act_by = due_on
            made.append((f"{kind}#1", Expected(kind, act_by, due_on, due_at)))
        armed = tuple(self.armed(name, expected) for name, expected in made)
        case = self.office.case(f"C-{number}", *armed, assignee="eva")
        self.expected.update({(case, name): expected for name, expected in made})

    def reading(self, of: Expected) -> e.Reading:
        return due_reading(of.act_by, of.due_on, due_at=of.due_at, rungs=LADDERS[of.kind])

    def armed(self, name: str, of: Expected) -> e.Deadline:
        owner, kind = {
            "ours": ("provider", self.random.choice(["statutory", "service"])),
            "planned": ("provider", "planned"),
            "theirs": (self.random.choice(["payer", "reviewer"]), "service"),
            "hours": ("payer", "service"),
        }[of.kind]
        return deadline(
            name[:-2], of.act_by, definition=DIGEST, owner=owner, kind=kind,
            alive_in=("intake",), reading=self.reading(of),
        )  # fmt: skip

    def disturb(self, case: str, name: str) -> None:
        """Now and then a date moves, a clock is stopped or runs on, a deadline ends."""
        of = self.expected[case, name]
        chance = self.random.random()
        past = (self.now.astimezone(LOCAL).date() - of.due_on).days
        if chance < (0.15 if past > 5 else 0.01):
            of.live = False
            ended = (e.Ended(deadline=name, outcome="satisfied"),)
            self.office.say(case, e.NoteAdded(fields={}, closed=ended))
        elif chance < 0.18 and not of.tolled and past < 20:
            self.move(case, name, *self.dates())
        elif chance < 0.19 and not of.tolled and of.kind != "hours":
            of.tolled = True
            self.office.say(case, e.DeadlineTolled(deadline=name))
        elif chance > 0.8 and of.tolled:
            of.tolled = False
            self.move(case, name, *self.dates())

    def move(self, case: str, name: str, act_by: date, due_on: date, due_at: datetime) -> None:
        of = self.expected[case, name]
        of.move(due_on if of.kind == "hours" else act_by, due_on, due_at, self.now)
        move = e.Moved(
            deadline=name, why="amended", reading=self.reading(of), standard=None,
            sent=tuple(sorted(of.sent)),
        )  # fmt: skip
        self.office.say(case, e.NoteAdded(fields={}, moved=(move,)))

    def run(self) -> None:
        """A sweep, or several at once."""
        for of in self.expected.values():
            of.run(self.now)
        many = self.random.choice([1, 1, 1, 2, 3])
        if many == 1:
            assert self.office.sweep().failed == ()
            return
        failures: list[Any] = []
        threads = [Thread(target=self.alongside, args=(failures,)) for _ in range(many)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        # One may have left what another had in hand when that one had not yet looked.
        assert self.office.sweep().sent == ()

    def alongside(self, failures: list[Any]) -> None:
        sources = Sources(now=lambda: self.now, randomness=secrets.token_bytes, account="os:t@h")
        ledger = open_ledger(str(self.path), sources)
        try:
            failures += sweep(Tracker(ledger, self.now, "cron"), [self.office.box]).failed
        except Exception as error:  # noqa: BLE001  # told by the thread that waits
            failures.append(error)
        finally:
            ledger.close()


def recorded(world: World, case: str, name: str) -> list[Any]:
    return [
        (data.rung, frozenset(data.folded), data.scheduled_for, data.act_by)
        for data in world.office.sent(case)
        if data.deadline == name
    ]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    # Nothing here is killed; the disk need not keep up.
    fast = (p.replace("synchronous=FULL", "synchronous=OFF") for p in connect.PRAGMAS)
    monkeypatch.setattr(connect, "PRAGMAS", tuple(fast))
    made = World(tmp_path / "cases.db", seed=int(os.environ.get("CASETRACK_SEED", "11")))
    yield made
    made.office.ledger.close()


def test_every_reminder_is_recorded_once_and_when_it_should_be(world: World) -> None:
    outage = 0
    for day in range(DAYS):
        today = FIRST + timedelta(days=day)
        world.office.clock.now = local(today, time(6, 30))
        if day < DAYS // 2:
            for number in range(CASES * 2 // DAYS):
                world.open(day * 10_000 + number)
        for case, name in list(world.expected):
            if world.expected[case, name].live:
                world.disturb(case, name)
        outage = outage - 1 if outage else world.random.choice([0] * 8 + [1, 3, 9])
        if outage:
            continue
        for hour in sorted(world.random.sample(range(7, 24), world.random.choice([1, 1, 2, 4]))):
            world.office.clock.now = local(today, time(hour))
            world.run()
    agree(world)


def agree(world: World) -> None:
    total = 0
    for (case, name), of in world.expected.items():
        assert recorded(world, case, name) == of.log, (case, name)
        total += len(of.log)
    assert total > CASES
    assert len(world.office.box.notices) == total
    assert not any(notice.may_repeat for notice in world.office.box.notices)
    ledger = world.office.ledger
    assert ledger.runs.compare(list(ledger.case_ids())).differing == ()
    for case in ledger.case_ids():
        found = replay(case, ledger.entries(case))
        assert list(ledger.views(case)[1]) == deadline_rows(found)

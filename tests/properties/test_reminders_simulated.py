"""A practice over weeks: what was recorded equals what a plain model, day by day, says.

Cron fails for days, runs twice or thrice at once; cases are submitted, denied, appealed and closed,
and their dates changed, by the real commands; the clocks of the country change. In a file and on a
server. With ``--full`` it is 2,000 cases over 400 days.
"""

import os
import secrets
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import pytest

from casetrack.domain.fold import replay
from casetrack.ledger import connect
from casetrack.ledger.sql import open_ledger
from casetrack.ledger.store import Sources
from casetrack.ledger.views import deadline_rows
from casetrack.service import typed as t
from casetrack.service.sweep import sweep
from casetrack.service.tracker import Tracker, Written
from tests.expected import Expected, Warned, business, local, local_day
from tests.offices import FLOW, Practice, new_practice

FULL = os.environ.get("CASETRACK_FULL") == "1"
SIZES = {"file": (60, 60), "server": (15, 40)}  # cases and days
if FULL:
    SIZES = dict.fromkeys(SIZES, (2_000, 400))
RESTLESS = 0.03 if FULL else 0.2  # how probable it is that something happens to a case on a day
FIRST = date(2026, 10, 12)
MOVES = (
    "submit", "expedite", "deny", "void", "amend", "file_appeal", "close", "call", "plan", "done",
    "extend", "toll", "resume",
)  # fmt: skip


class Matter:
    """One case, moved by real commands, and its deadlines as they should be."""

    def __init__(self, world: "World", reference: str) -> None:
        self.world = world
        opening = t.Opening(workflow=FLOW.id, reference=reference)
        self.id = world.tracker().open(opening).case.id
        self.state, self.since = "intake", world.today
        self.of: dict[str, Expected] = {}
        self.denied, self.corrected = 0, 0  # versions: of the denial, of its newest correction
        self.closed: list[Expected] = []  # by the denial
        self.notices: list[date] = []  # what its letter was thought to be dated

    def do(self, typed: t.Typed) -> Written:
        return self.world.tracker().do(self.id, typed)

    def fire(self, trigger: str, *, at: datetime | None = None, **values: str) -> int:
        when = t.When(at=None if at is None else at.isoformat())
        pairs = tuple(values.items())
        firing = t.Firing(trigger=trigger, when=when, pairs=pairs, override="on paper")
        return self.do(firing).version

    def become(self, state: str) -> None:
        self.state, self.since = state, self.world.today

    def arm(self, clock: str, of: Expected) -> None:
        n = sum(name.startswith(f"{clock}#") for name in self.of) + 1
        self.of[f"{clock}#{n}"] = of

    def live(self, *clocks: str) -> dict[str, Expected]:
        """Those that run, of these clocks or of all."""
        wanted = {n: of for n, of in self.of.items() if not clocks or n.partition("#")[0] in clocks}
        return {name: of for name, of in wanted.items() if of.live}

    def end(self, *clocks: str) -> list[Expected]:
        ended = list(self.live(*clocks).values())
        for of in ended:
            of.live = False
        return ended

    def one(self, *clocks: str) -> tuple[str, Expected]:
        return next(iter(self.live(*clocks).items()))

    # What may happen on a day; True if it did

    def submit(self) -> bool:
        now, today = self.world.now, self.world.today
        if self.state != "intake":
            return False
        self.fire("submit", at=now, method="portal", confirmation="K-1")
        self.become("pa_submitted")
        law = local_day(now + timedelta(hours=72))
        self.arm("pa_follow_up", Expected("planned", business(today, 5), unit="bd"))
        self.arm("pa_decision", Expected("theirs", business(today, 14), law, unit="bd"))
        return True

    def expedite(self) -> bool:
        if self.state != "pa_submitted" or self.one("pa_decision")[1].changed:
            return False
        _, of = self.one("pa_decision")
        self.fire("expedite", at=self.world.now, expedite_reason="active_bleeding")
        of.expedite(self.world.now)
        of.changed = True
        return True

    def deny(self) -> bool:
        waited = (self.world.today - self.since).days
        if self.state != "pa_submitted" or waited < 8 or self.one("pa_decision")[1].tolled_on:
            return False
        notice = self.world.today - timedelta(days=self.world.random.randint(0, 6))
        self.denied = self.corrected = self.fire("deny", notice_on=str(notice))
        self.notices = [notice]
        self.become("denied")
        self.closed = self.end("pa_follow_up", "pa_decision")
        self.arm("appeal_filing", appeal(notice))
        return True

    def void(self) -> bool:
        """The denial never happened: what it ended runs on with its dates and its warnings."""
        if self.state != "denied" or self.one("appeal_filing")[1].changed:
            return False
        self.do(t.Voiding(version=self.denied, reason="it was another's letter"))
        self.become("pa_submitted")
        self.end("appeal_filing")
        for of in self.closed:
            of.live = True
        return True

    def amend(self) -> bool:
        """The letter was of another day, or of the day that it was thought to be of before."""
        if self.state != "denied" or self.one("appeal_filing")[1].changed:
            return False
        other = self.world.today - timedelta(days=self.world.random.randint(0, 60))
        notice = self.world.random.choice([other, *self.notices[-2:-1] * 2])
        pairs = (("notice_on", str(notice)),)
        amending = t.Amending(version=self.corrected, pairs=pairs, reason="misread")
        _, of = self.one("appeal_filing")
        fresh = appeal(notice)
        if fresh.due_on == of.due_on:
            return False
        self.corrected = self.do(amending).version
        self.notices.append(notice)
        of.law = fresh.law
        of.move(fresh.due_on, self.world.now)
        return True

    def file_appeal(self) -> bool:
        if self.state != "denied" or self.one("appeal_filing")[1].tolled_on:
            return False
        self.fire("file_appeal", at=self.world.now, method="fax", confirmation="K-2")
        self.become("internal_appeal")
        self.end("appeal_filing")
        month, week = (self.world.today + timedelta(days=n) for n in (30, 7))
        self.arm("appeal_decision", Expected("theirs", month, week))
        return True

    def close(self) -> bool:
        if self.state == "closed" or (self.world.today - self.since).days < 30:
            return False
        self.fire("close", close_reason="withdrawn")
        self.become("closed")
        self.end()
        return True

    def call(self) -> bool:
        if self.state == "pa_submitted":
            self.do(t.Noting(text="they decide soon", pairs=(("kind", "call"),)))
            return bool(self.end("pa_follow_up"))
        return False

    def plan(self) -> bool:
        if self.state == "closed" or len(self.live("plan")) > 1:
            return False
        due = self.world.today + timedelta(days=self.world.random.randint(0, 40))
        self.do(t.Planning(title=f"look again, {len(self.of)}", due=str(due)))
        self.arm("plan", Expected("planned", due))
        return True

    def done(self) -> bool:
        if not (plans := self.live("plan")):
            return False
        name = self.world.random.choice(sorted(plans))
        self.do(t.Finishing(name=name))
        plans[name].live = False
        return True

    def extend(self) -> bool:
        found = self.changeable()
        if found is None or self.world.now > found[1].due_at:
            return False
        name, of = found
        to = of.due_on + timedelta(days=self.world.random.randint(1, 30))
        self.do(t.Extending(deadline=name, to=str(to), basis="42 CFR", reason="asked"))
        of.move(to, self.world.now)
        of.changed = of.extended = True
        return True

    def toll(self) -> bool:
        found = self.changeable()
        if found is None or found[1].extended or found[1].due_on <= self.world.today:
            return False
        name, of = found
        self.do(t.Tolling(deadline=name, reason="they wait"))
        of.tolled_on = self.world.today
        of.changed = True
        return True

    def resume(self) -> bool:
        stopped = {name: of for name, of in self.live().items() if of.tolled_on}
        if not stopped:
            return False
        name, of = next(iter(stopped.items()))
        self.do(t.Resuming(deadline=name, reason="they go on"))
        of.resume(self.world.today, self.world.now)
        return True

    def changeable(self) -> tuple[str, Expected] | None:
        """One that counts in days and that others wait for."""
        named = self.live("appeal_filing", "pa_decision", "appeal_decision").items()
        able = [(n, of) for n, of in named if of.kind != "hours" and not of.tolled_on]
        return self.world.random.choice(able) if able else None


def appeal(notice: date) -> Expected:
    """65 days by the guide, 60 by the law, both from the notice's date."""
    return Expected("ours", notice + timedelta(days=65), notice + timedelta(days=60))


class World:
    def __init__(self, place: str, size: tuple[int, int], seed: int) -> None:
        self.random = Random(seed)
        self.place = place
        self.cases, self.days = size
        self.office: Practice = new_practice(place, local(FIRST, time(6)))
        self.matters: list[Matter] = []
        self.happened: Counter[str] = Counter()
        self._tracker = self.office.tracker()

    @property
    def now(self) -> datetime:
        return self.office.clock.now

    @property
    def today(self) -> date:
        return local_day(self.now)

    def tracker(self) -> Tracker:
        self._tracker.now = self._tracker.desk.now = self.now
        return self._tracker

    def live(self) -> None:
        """Something that can happen does, to some, today."""
        for matter in self.matters:
            if self.random.random() < RESTLESS:
                moves = self.random.sample(MOVES, len(MOVES))
                self.happened[next((name for name in moves if getattr(matter, name)()), "-")] += 1

    def run(self) -> None:
        """A sweep, or several at once."""
        for matter in self.matters:
            for of in matter.of.values():
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
        sources = Sources(
            now=lambda: self.now,
            randomness=secrets.token_bytes,
            account="os:t@h",
            zone="America/Chicago",
        )
        ledger = open_ledger(self.place, sources)
        try:
            failures += sweep(Tracker(ledger, self.now, "cron"), [self.office.box]).failed
        except Exception as error:  # noqa: BLE001  # told by the thread that waits
            failures.append(error)
        finally:
            ledger.close()


@pytest.fixture(params=SIZES)
def world(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    # Nothing here is killed; the disk need not keep up.
    fast = (p.replace("synchronous=FULL", "synchronous=OFF") for p in connect.PRAGMAS)
    monkeypatch.setattr(connect, "PRAGMAS", tuple(fast))
    # A machine with much else to do is no finding.
    monkeypatch.setattr(connect, "BUSY_SECONDS", 600)
    in_file = request.param == "file"
    place = str(tmp_path / "cases.db") if in_file else request.getfixturevalue("database")
    seed = int(os.environ.get("CASETRACK_SEED", "11"))
    made = World(place, SIZES[request.param], seed)
    yield made
    made.office.ledger.close()


def test_every_reminder_is_recorded_once_and_when_it_should_be(world: World) -> None:
    outage, cases, days = 0, world.cases, world.days
    for day in range(days):
        today = FIRST + timedelta(days=day)
        world.office.clock.now = local(today, time(6, 30))
        if day < days // 2:
            numbers = range(day * cases * 2 // days, (day + 1) * cases * 2 // days)
            world.matters += [Matter(world, f"C-{number}") for number in numbers]
        world.live()
        outage = outage - 1 if outage else world.random.choice([0] * 8 + [1, 3, 9])
        if outage:
            continue
        for hour in sorted(world.random.sample(range(7, 24), world.random.choice([1, 1, 2, 4]))):
            world.office.clock.now = local(today, time(hour))
            world.run()
    agree(world)


def agree(world: World) -> None:
    assert all(world.happened[name] for name in MOVES), world.happened
    assert len(world.matters) == world.cases
    ledger, total = world.office.ledger, 0
    for matter in world.matters:
        case = replay(matter.id, ledger.entries(matter.id))
        dates = {t.deadline.deadline: t.deadline.reading for t in case.open_deadlines()}
        assert {name: (reading.due_on, reading.act_by) for name, reading in dates.items()} == {
            name: (of.due_on, of.act_by) for name, of in matter.live().items()
        }, matter.id
        for name, of in matter.of.items():
            assert recorded(world, matter.id, name) == of.log, (matter.id, name)
            total += len(of.log)
        assert list(ledger.views(matter.id)[1]) == deadline_rows(case)
    assert total > world.cases
    assert len(world.office.box.notices) == total
    assert not any(notice.may_repeat for notice in world.office.box.notices)
    assert ledger.runs.compare([matter.id for matter in world.matters]).differing == ()


def recorded(world: World, case: str, name: str) -> list[Warned]:
    return [
        (data.rung, frozenset(data.folded), data.scheduled_for, data.act_by, data.sent_at)
        for data in world.office.sent(case)
        if data.deadline == name
    ]

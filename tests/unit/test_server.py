"""A server's jobs: what each says when the clock jumped, and when others are at work."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from casetrack.reports.lines import Line
from casetrack.service.daily import Order
from casetrack.service.health import DAILY
from casetrack.service.locks import alone
from casetrack.service.operating import Operating
from casetrack.service.server import Server
from casetrack.service.tracker import Tracker
from tests.offices import Box, Practice, at, filing, new_practice, reopened

NOV_2 = date(2026, 11, 2)


class Served:
    """A server on a practice ledger, and all that it said."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cases.db"
        self.office: Practice = new_practice(self.path, at(NOV_2))
        self.office.case("C-1", filing(date(2026, 11, 30)))
        self.box = Box()
        self.said: list[str] = []
        self.opened = Event()
        order = Order(database=str(self.path))
        self.server = Server(self.open, lambda _: (self.box,), self.say, order, Operating())

    def open(self) -> Tracker:
        self.opened.set()
        clock = self.office.clock
        return Tracker(reopened(self.path, clock), clock.now, "server")

    def say(self, lines: Iterable[Line]) -> None:
        self.said += [line.text for line in lines]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    made = Served(tmp_path)
    yield made
    made.office.ledger.close()


def test_a_gap_is_refused_by_every_job_until_somebody_accepts_it_beside_the_server(
    served: Served,
) -> None:
    served.server.sweep()
    assert len(served.box.notices) == 1
    served.office.clock.move(days=46)
    for job in (served.server.sweep, served.server.daily):
        served.said.clear()
        job()
        assert "run 'casetrack sweep --accept-gap' once" in "".join(served.said)
        assert len(served.box.notices) == 1
    assert len(served.office.sweep(accept_gap=True).sent) == 1
    served.said.clear()
    served.office.clock.move(days=1)
    served.server.sweep()
    assert served.said == ["PRACTICE LEDGER; 1 reminder sent"]


def test_a_daily_run_looks_at_the_clock_after_its_wait_for_another(served: Served) -> None:
    job = Thread(target=served.server.daily)
    with alone(str(served.path), 0):
        job.start()
        assert not served.opened.wait(0.5)
        served.office.clock.move(hours=1)
    job.join()
    assert served.office.ledger.runs.beats()[DAILY] == at(NOV_2) + timedelta(hours=1)
    assert len(served.box.notices) == 1


def test_a_server_without_a_ledger_goes_on_trying(served: Served) -> None:
    served.path.rename(served.path.with_suffix(".gone"))
    assert served.server.sweep() is None
    assert served.said[0].startswith("FAILED: ")
    served.path.with_suffix(".gone").rename(served.path)
    served.server.sweep()
    assert len(served.box.notices) == 1


def test_a_ping_that_is_not_taken_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served = Served(tmp_path)
    monkeypatch.setattr("casetrack.service.daily._pinged", lambda _: iter(["no ping"]))
    served.server.daily()
    assert served.said.count("warning: no ping") == 2
    served.office.ledger.close()

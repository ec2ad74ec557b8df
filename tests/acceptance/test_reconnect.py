"""A server that goes away and comes back: what commands, a daily run and ``serve`` say of it."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest

from casetrack.domain.dates import instant_text
from casetrack.ledger import server as servers_of_ours
from casetrack.ledger.sql import open_ledger
from casetrack.reports.lines import Line
from casetrack.service.daily import Order
from casetrack.service.health import DAILY
from casetrack.service.operating import Operating
from casetrack.service.server import Server
from casetrack.service.tracker import Tracker
from tests import servers
from tests.cli.driver import Office
from tests.fakes import fixed_sources
from tests.offices import Practice, at, filing, new_practice

NOV_2 = date(2026, 11, 2)


@pytest.fixture(scope="module")
def own() -> Iterator[servers.Own]:
    with servers.own() as server:
        yield server


@pytest.fixture
def place(own: servers.Own) -> Iterator[str]:
    with servers.database(own.url) as url:
        yield url


class Served:
    """The jobs of ``serve`` on a practice ledger, and all that they said."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.office: Practice = new_practice(place, at(NOV_2))
        self.office.case("C-1", filing(date(2026, 11, 30)))
        self.said: list[str] = []
        order = Order(database=place)
        channels = (self.office.box,)
        self.server = Server(self.open, lambda _: channels, self.say, order, Operating())

    def open(self) -> Tracker:
        clock = self.office.clock
        return Tracker(open_ledger(self.place, fixed_sources(clock)), clock.now, "server")

    def say(self, lines: Iterable[Line]) -> None:
        self.said += [line.text for line in lines]

    def beat(self) -> datetime | None:
        return self.office.ledger.runs.beats().get(DAILY)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_serve_goes_on_when_the_server_is_back_and_makes_up_for_the_daily_run(
    own: servers.Own, place: str, mode: str
) -> None:
    served = Served(place)
    try:
        served.server.sweep()
        assert len(served.office.box.notices) == 1
        served.office.clock.move(days=14)
        own.stop(mode)
        try:
            served.said.clear()
            served.server.daily()
            assert served.server.sweep() is None
        finally:
            own.start()
        assert len(served.said) == 3  # the daily run, once more before the sweep, and the sweep
        assert all(said.startswith("FAILED: postgresql://") for said in served.said)
        assert all("cannot be reached" in said for said in served.said)
        assert served.beat() is None
        served.server.sweep()
        assert served.beat() == served.office.clock.now
        assert len(served.office.box.notices) == 2
        served.said.clear()
        served.server.sweep()
        assert "FAILED" not in "".join(served.said)
    finally:
        served.office.ledger.close()


def test_a_ledger_that_is_open_goes_on_after_a_restart(own: servers.Own, place: str) -> None:
    """The connections that it kept are dead, and it finds out before it uses them."""
    office = new_practice(place, at(NOV_2))
    office.case("C-1", filing(date(2026, 11, 30)))
    own.stop("immediate")
    own.start()
    assert len(office.sweep().sent) == 1
    office.ledger.close()


def plain(said: str, ending: str) -> bool:
    """The error, and nothing else."""
    words = " ".join(said.split())
    return words.startswith("error: postgresql://") and words.endswith(ending)


def commands(folder: Path) -> list[list[str]]:
    return [
        ["list"],
        ["note", "C-1", "x"],
        ["due"],
        ["sweep"],
        ["daily", "--report-dir", str(folder / "out")],
        ["doctor"],
        ["audit", "verify"],
        ["replay", "--all"],
    ]


def test_every_command_says_plainly_that_the_server_is_away(
    own: servers.Own, place: str, tmp_path: Path
) -> None:
    office = Office(tmp_path, now=instant_text(at(NOV_2)), server=place)
    office.do("db", "init", "--practice")
    own.stop()
    try:
        done = [office(*words) for words in commands(tmp_path)]
    finally:
        own.start()
    assert {one.code for one in done} == {4}
    assert {one.out for one in done} == {""}
    says = "cannot be reached; is the server running, and the address right?"
    assert [one.err for one in done if not plain(one.err, says)] == []


def test_every_command_says_to_try_again_when_no_connection_is_left(
    own: servers.Own, place: str, tmp_path: Path
) -> None:
    office = Office(tmp_path, now=instant_text(at(NOV_2)), server=place)
    office.do("db", "init", "--practice")
    name = place.rpartition("/")[2].partition("?")[0]
    servers.execute(own.url, f"CREATE ROLE guest_{name} LOGIN CONNECTION LIMIT 0")
    guest = place.replace("postgres:@", f"guest_{name}@")
    try:
        done = [Office(tmp_path, server=guest)(*words) for words in commands(tmp_path)]
    finally:
        servers.execute(own.url, f"DROP ROLE guest_{name}")
    assert {one.code for one in done} == {75}
    says = "starts, stops or has no connection left; try again"
    assert [one.err for one in done if not plain(one.err, says)] == []


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("lock_timeout", "is in use by another process; try again"),
        ("statement_timeout", "took too long; try again"),
    ],
)
def test_who_waits_too_long_for_another_is_told_to_try_again(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str, says: str
) -> None:
    import psycopg

    office = Office(tmp_path, now=instant_text(at(NOV_2)), server=place)
    office.do("db", "init", "--practice")
    office.do("open", "--ref", "C-1")
    monkeypatch.setitem(servers_of_ours._SETTINGS, setting, 100)  # noqa: SLF001
    plain = place.replace("postgresql+psycopg", "postgresql", 1)
    with psycopg.connect(plain) as other:
        other.execute("LOCK TABLE casetrack.ledger IN ACCESS EXCLUSIVE MODE")
        done = office("note", "C-1", "x")
    assert done.code == 75
    assert done.err.rstrip().endswith(says)

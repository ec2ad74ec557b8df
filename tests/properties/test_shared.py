"""An audit whose work is shared comes to the same verdict, whatever was tampered with."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest
from msgspec.structs import replace

from casetrack.audit import verdict as told
from casetrack.audit.verdict import Verdict
from casetrack.domain.fold import replay as fold
from casetrack.errors import Busy, CasetrackError
from casetrack.ledger import connect
from casetrack.ledger.sql import create_ledger, open_ledger
from casetrack.ledger.store import Ledger
from casetrack.service import crew, ranges, replaying
from casetrack.service.replaying import Replayed
from casetrack.service.verifying import verify
from tests import facts, sealing
from tests.conftest import FULL
from tests.contract.asking import run
from tests.facts import append, draft, new_case, noted, opened
from tests.fakes import fixed_sources
from tests.mutated import Forger, in_one_file
from tests.properties.test_mutations import MUTATIONS

SEEDS = range(6 if FULL else 1)


class Here(Executor):
    """Does the work at once, and ``before`` each piece of it something else."""

    def __init__(self, before: Callable[[int], object] = lambda _: None) -> None:
        self._before = before
        self.done = 0

    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        self._before(self.done)
        self.done += 1
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  # as an executor does
            future.set_exception(error)
        return future


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranges, "ENTRIES", 8)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("base") / "ledger.db"
    in_one_file(path, cases=18)
    return path


@pytest.fixture(scope="module")
def pool() -> Iterator[Executor]:
    with crew.at_work(2, None) as made:
        assert made is not None
        yield made


def everything(path: Path, executor: Executor | None) -> list[object]:
    """All that can be said of a ledger, or the error that is told instead."""
    return [
        _said(lambda: verify(str(path), executor=executor)),
        _said(lambda: verify(str(path), quick=True, executor=executor)),
        _said(lambda: timeless(replaying.replay(str(path), executor=executor))),
    ]


def _said(call: Callable[[], Verdict | Replayed]) -> object:
    try:
        found = call()
    except CasetrackError as error:
        return error.kind, error.message, error.exit_code
    if isinstance(found, Verdict):
        return told.data(found), list(told.lines(found))
    return found


def timeless(found: Replayed) -> Replayed:
    return replace(found, seconds=0)


@pytest.mark.parametrize("name", MUTATIONS)
def test_whatever_was_changed_the_verdict_is_that_of_one_process(
    base: Path, tmp_path: Path, pool: Executor, name: str
) -> None:
    for seed in SEEDS:
        copy = tmp_path / f"{seed}.db"
        forger = Forger(base, copy, seed, careful=True)
        MUTATIONS[name](forger)
        forger.close()
        assert everything(copy, pool) == everything(copy, None)


def test_an_untouched_ledger_is_vouched_for_by_the_workers_alone(base: Path) -> None:
    here = Here()
    shared = everything(base, here)
    assert shared == everything(base, None)
    assert here.done == 3 * len(_pieces(base))


def _pieces(path: Path) -> list[object]:
    from casetrack.ledger.scan import scanning

    with scanning(str(path)) as scan:
        pieces = scan.pieces(ranges.ENTRIES)
        assert len(pieces) > 10
        assert sum(number for _, number in pieces) == scan.count()
    return list(pieces)


def test_a_thread_is_an_executor_too(base: Path) -> None:
    with ThreadPoolExecutor(1) as threads:
        assert everything(base, threads) == everything(base, None)


def test_the_bar_goes_up_to_the_number_of_entries(base: Path) -> None:
    for quick in (False, True):
        steps: list[int] = []
        found = verify(str(base), quick=quick, tick=steps.append, executor=Here())
        assert sum(steps) == found.entries
        assert len(steps) > 10


# Cases that many things are wrong with, and very many


def test_a_range_with_very_many_wrong_cases_is_read_again_as_a_whole(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ranges, "MOST_LEFT", 1)
    forger = Forger(base, tmp_path / "copy.db", 1, careful=True)
    forger.run("UPDATE ledger SET digest = randomblob(32) WHERE version = 2")
    forger.run("UPDATE case_view SET state = 'won'")
    forger.close()
    assert everything(forger.path, Here()) == everything(forger.path, None)


# While others write


class Writer:
    """Somebody who records, opens, seals and once erases, a little before each piece of work."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids = list(ledger.case_ids())
        self._numbers = count(1)

    def __call__(self, *_: int) -> None:
        number = next(self._numbers)
        at = self._ids[number * 7 % len(self._ids)]
        case = append(self._ledger, fold(at, self._ledger.entries(at)), noted("meanwhile"))[0]
        if number % 3 == 0:
            new_case(self._ledger, opened(f"W-{number}", "Jana"))
        if number % 4 == 0:
            sealing.seal(self._ledger, sealing.SECOND)
        if number == 5:
            with suppress(Busy):  # the audit still reads older pages
                self._ledger.redact(case, draft(facts.redacted((case.version, "note"))))


def unmoved_by_writers(ledger: Ledger, url: str) -> None:
    writer = Writer(ledger)
    for quick in (True, False):
        alone = verify(url, quick=quick)
        shared = verify(url, quick=quick, executor=Here(writer))
        assert told.data(shared) == told.data(alone)
        assert told.data(verify(url, quick=quick)) != told.data(alone)
    before = timeless(replaying.replay(url))
    after = replaying.replay(url, executor=Here(writer))
    assert timeless(after) == before


def test_the_verdict_is_of_the_moment_it_was_asked_for(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.05)
    copy = tmp_path / "copy.db"
    Forger(base, copy, 1, careful=True).close()
    run(copy, "PRAGMA journal_mode=WAL")
    ledger = open_ledger(str(copy), replace(fixed_sources(), randomness=token_bytes))
    unmoved_by_writers(ledger, str(copy))
    ledger.close()


def test_on_a_server_too(database: str, pool: Executor) -> None:
    ledger = create_ledger(database, fixed_sources(), practice=True)
    sealing.make_key(ledger)
    for number in range(40):
        append(ledger, new_case(ledger, opened(f"C-{number}", number=f"N-{number}")), noted("x"))
    sealing.seal(ledger)
    sealing.rotate(ledger)
    alone = verify(database)
    assert alone.ok
    assert verify(database, executor=pool) == alone
    unmoved_by_writers(ledger, database)
    ledger.close()

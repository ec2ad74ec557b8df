"""Runs that are killed, that meet, and that find their tables tampered with lose no reminder."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest

from casetrack.domain.dates import instant_text
from casetrack.ledger import connect
from casetrack.service.reminding import find
from tests.cli.driver import run
from tests.console import ROOT
from tests.offices import Practice, at, decision, filing, new_practice

FULL = os.environ.get("CASETRACK_FULL") == "1"
ROUNDS = 50 if FULL else 3
FIRST = date(2026, 11, 2)
BATCH = 5  # the largest of twelve reminders: 1, 2, 4 and what is left
MOMENTS = 200  # before, after and at the end of what a run with twelve reminders puts to SQLite
CHILD = """
import os, signal, sys
from sqlalchemy import Engine, event
from casetrack.cli.app import run
import casetrack.service.daily, casetrack.ledger.sql, casetrack.service.publishing
import casetrack.reports.html, casetrack.reports.ics
left = int(sys.argv[1])
def counted(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
for act in ("before_cursor_execute", "after_cursor_execute", "commit"):
    event.listen(Engine, act, counted)
print("ready", flush=True)
sys.exit(run(sys.argv[2:]))
"""


class Cron:
    """A practice with a config file whose channel is a file, and real processes that work on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.box = folder / "reminders.txt"
        self.config = folder / "config.toml"
        self.config.write_text(f'[notify]\nchannels = ["file"]\nfile = "{self.box}"\n')
        self.office: Practice = new_practice(folder / "cases.db", at(FIRST))

    def arguments(self, *words: str) -> list[str]:
        now = instant_text(self.office.clock.now)
        options = ["--db", str(self.folder / "cases.db"), "--config", str(self.config)]
        return [*options, "--now", now, *words]

    def start(self, *words: str, dies_at: int = 0) -> "subprocess.Popen[str]":
        """A process that is about to begin; it kills itself at its n-th moment."""
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(dies_at), *self.arguments(*words)], cwd=ROOT,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    def run(self, *words: str) -> tuple[int, str]:
        """(the exit code, what was said) of a run in this process."""
        done = run(*self.arguments(*words))
        return done.code, done.out + done.err

    def delivered(self, *, first: bool = False) -> Counter[str]:
        """How often each reminder's id came out, or did so without a word that it may repeat."""
        text = self.box.read_text("utf-8") if self.box.exists() else ""
        lines = [x for x in text.split("\n") if x and not (first and "may repeat" in x)]
        return Counter(line.partition("reminder ")[2].partition(",")[0] for line in lines)

    def recorded(self) -> Counter[str]:
        cases = self.office.ledger.case_ids()
        return Counter(data.reminder for case in cases for data in self.office.sent(case))

    def differing(self) -> tuple[str, ...]:
        return self.office.ledger.runs.compare(list(self.office.ledger.case_ids())).differing


@pytest.fixture
def cron(tmp_path: Path) -> Iterator[Cron]:
    made = Cron(tmp_path)
    for number in range(12):
        made.office.case(f"C-{number}", filing(FIRST - timedelta(days=number), FIRST))
    yield made
    made.office.ledger.close()


def test_runs_killed_at_any_point_record_once_and_say_of_each_repeat_that_it_may_be_one(
    cron: Cron,
) -> None:
    """By the clock, which may strike anywhere, and by the statement, which strikes in the work."""
    random = Random(7)
    kills, midway = 0, 0
    for number in range(ROUNDS):
        words = ("sweep",) if number % 2 else ("daily", "--report-dir", str(cron.folder / "out"))
        if number % 4 < 3:
            child = cron.start(*words, dies_at=random.randint(1, MOMENTS))
        else:
            child = cron.start(*words)
            time.sleep(random.uniform(0, 1))
            child.send_signal(signal.SIGKILL)
        child.communicate()
        killed = child.returncode == -signal.SIGKILL
        kills += killed
        midway += killed and 12 * number < len(cron.recorded()) < 12 * (number + 1)
        assert set(cron.recorded().values()) <= {1}
        assert sum(cron.delivered().values()) - len(cron.recorded()) <= BATCH * kills
        assert cron.run(*words)[0] == 0
        assert set(cron.recorded().values()) == {1}
        assert cron.delivered().keys() == cron.recorded().keys()
        assert set(cron.delivered(first=True).values()) <= {1}
        repeats = sum(n - 1 for n in cron.delivered().values())
        assert repeats <= BATCH * kills
        assert len(cron.recorded()) == 12 * (number + 1)
        assert cron.differing() == ()
        cron.office.clock.move(days=1)
    assert kills
    assert midway > ROUNDS // 5


# Where, at which time that it comes there, and what is then: reminders recorded, delivered but
# not recorded, claimed. The batches are of 1, 2, 4 and 5.
POINTS = {
    "before it claims": ("casetrack.ledger.sql_runs.SqlRuns.claim", 3, (3, 0, 0)),
    "between claim and delivery": ("casetrack.service.notify.Filed.deliver", 4, (3, 0, 4)),
    "between two deliveries": ("casetrack.service.notify.Filed.deliver", 6, (3, 2, 4)),
    "between delivery and entry": ("casetrack.service.sending.Batch._record", 3, (3, 4, 4)),
    "between entry and release": ("casetrack.ledger.sql_runs.SqlRuns.release", 3, (3, 4, 4)),
    "between two batches": ("casetrack.ledger.sql.SqlLedger.several", 4, (7, 0, 0)),
    "before its heartbeat": ("casetrack.service.sweep._beat", 1, (12, 0, 0)),
}
DIES = """
import os, signal, sys
from importlib import import_module
place, left = sys.argv[1], int(sys.argv[2])
owner, name = place.rsplit(".", 1)
module, _, kind = owner.rpartition(".")
try:
    owner = getattr(import_module(module), kind)
except (ImportError, AttributeError):
    owner = import_module(owner)
kept = getattr(owner, name)
def dies(*arguments, **named):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return kept(*arguments, **named)
setattr(owner, name, dies)
from casetrack.cli.app import run
sys.exit(run(sys.argv[3:]))
"""


@pytest.mark.parametrize("command", ["sweep", "daily"])
@pytest.mark.parametrize("point", POINTS)
def test_a_run_killed_at_this_very_point_records_once_and_repeats_only_what_may_be(
    cron: Cron, point: str, command: str
) -> None:
    """The entries of a batch and the release of its claims are one transaction."""
    place, nth, (recorded, in_doubt, claimed) = POINTS[point]
    arguments = [sys.executable, "-c", DIES, place, str(nth), *cron.arguments(command)]
    died = subprocess.run(arguments, cwd=ROOT, capture_output=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert len(cron.recorded()) == recorded
    assert sum(cron.delivered().values()) == recorded + in_doubt
    assert sqlite_rows(cron, "SELECT count(*) FROM claim") == [(claimed,)]
    assert cron.run(command)[0] == 0
    assert (set(cron.recorded().values()), len(cron.recorded())) == ({1}, 12)
    assert len([n for n in cron.delivered().values() if n > 1]) == in_doubt
    assert set(cron.delivered(first=True).values()) == {1}
    assert cron.box.read_text("utf-8").count("may repeat") == claimed
    assert sqlite_rows(cron, "SELECT count(*) FROM claim") == [(0,)]
    assert cron.differing() == ()


SLOW = """
import sys, time
from casetrack.service import notify, sending
kept, sending.SPAN = notify.Filed.deliver, 0.01
def slowly(self, notice):
    time.sleep(0.02)
    kept(self, notice)
    print("out", flush=True)
notify.Filed.deliver = slowly
from casetrack.cli.app import run
sys.exit(run(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", range(1, 12, 3))
def test_where_a_channel_is_slow_a_killed_run_leaves_one_reminder_in_doubt(
    cron: Cron, number: int
) -> None:
    """Slower than a batch may last, each is recorded before the next is begun."""
    words = [sys.executable, "-c", SLOW, *cron.arguments("sweep")]
    child = subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert [child.stdout.readline() for _ in range(number)] == ["out\n"] * number
    child.send_signal(signal.SIGKILL)
    child.communicate()
    assert sum(cron.delivered().values()) - len(cron.recorded()) <= 1
    assert cron.run("sweep")[0] == 0
    assert sum(cron.delivered().values()) <= 13
    assert set(cron.delivered(first=True).values()) <= {1}
    assert set(cron.recorded().values()) == {1}


@pytest.mark.parametrize("number", [2, 8])
def test_sweeps_that_meet_send_each_reminder_once(cron: Cron, number: int) -> None:
    children = [cron.start("sweep") for _ in range(number)]
    for child in children:
        child.communicate()
    assert {child.returncode for child in children} == {0}
    assert set(cron.recorded().values()) == {1}
    assert cron.delivered() == cron.recorded()
    assert len(cron.recorded()) == 12


def test_of_two_daily_runs_one_waits_for_the_other(cron: Cron) -> None:
    children = [cron.start("daily") for _ in range(3)]
    for child in children:
        child.communicate()
    assert {child.returncode for child in children} == {0}
    assert cron.delivered() == cron.recorded()


def test_a_daily_run_that_can_wait_no_longer_says_to_try_again(cron: Cron) -> None:
    with cron.config.open("a") as config:
        config.write("[daily]\nwait_seconds = 0\n")
    first = cron.start("daily")
    while not cron.delivered():
        time.sleep(0.001)
    first.send_signal(signal.SIGSTOP)
    code, out = cron.run("daily")
    first.send_signal(signal.SIGCONT)
    first.communicate()
    assert (code, first.returncode) == (75, 0)
    assert "another daily run" in out


# Tables changed by hand


def sqlite_rows(cron: Cron, *statements: str) -> list[tuple[int, ...]]:
    with closing(sqlite3.connect(cron.folder / "cases.db")) as connection, connection:
        for statement in statements:
            found = connection.execute(statement).fetchall()
    return found


TAMPERING = (
    "DELETE FROM deadline_view",
    "DELETE FROM case_view",
    "UPDATE deadline_view SET sent = rungs || ' +1d +2d +3d +4d +5d +6d +7d +8d +9d +10d +11d'",
    "UPDATE deadline_view SET outcome = 'satisfied'",
    "UPDATE deadline_view SET act_by = '2036-01-01', due_on = '2036-01-01'",
    "UPDATE deadline_view SET tolled_on = '2026-11-02', kind = 'planned'",
    "UPDATE deadline_view SET rungs = 'x'",
    "UPDATE case_view SET final = 1, definition = 'x'",
    "DELETE FROM claim",
    "DELETE FROM heartbeat",
    "UPDATE heartbeat SET at = 'never'",
    "UPDATE heartbeat SET at = '2026-11-09T00:00:00.000000Z'",
    "UPDATE deadline_view SET case_id = 'x' || case_id",
    "UPDATE OR REPLACE case_view SET reference = 'C-0'",
    (
        "INSERT OR REPLACE INTO case_view SELECT 'x' || case_id, reference, workflow, definition,"
        " state, 1, assignee, version, silent FROM case_view"
    ),
    "UPDATE case_view SET silent = 1 - silent",
    "UPDATE deadline_view SET owner = 'nobody', kind = 'nothing', clock = 'none'",
)


@pytest.mark.parametrize("statement", TAMPERING)
def test_tables_changed_by_hand_silence_nothing(cron: Cron, statement: str) -> None:
    cron.run("sweep")
    cron.office.clock.move(days=1)
    sqlite_rows(cron, statement)
    code, out = cron.run("daily")
    assert len(cron.recorded()) == 24
    assert set(cron.recorded().values()) == {1}
    harmed = "_view" in statement
    assert code == (5 if harmed else 0)
    assert ("VIEWS DIFFERED" in out.split("\n")[0]) == harmed
    assert cron.differing() == ()
    assert cron.run("daily")[0] == 0


def test_a_heartbeat_long_ago_stops_the_run_and_says_so_until_it_is_accepted(cron: Cron) -> None:
    """It may be a planted row, or the clock that jumped: a person has to look."""
    cron.run("daily")
    cron.office.clock.move(days=1)
    sqlite_rows(cron, "UPDATE heartbeat SET at = '2020-01-01T00:00:00.000000Z'")
    folder = cron.folder / "out"
    code, out = cron.run("daily", "--report-dir", str(folder))
    assert (code, out.startswith("NO REMINDER WAS SENT: ")) == (4, True)
    assert "C-0" in (folder / "due.txt").read_text("utf-8")
    assert cron.run("sweep")[0] == 4
    assert cron.run("sweep", "--accept-gap")[0] == 0
    assert len(cron.recorded()) == 24


def test_planted_claims_silence_nothing(cron: Cron) -> None:
    cron.run("sweep")
    cron.office.clock.move(days=1)
    for case in cron.office.ledger.case_ids():
        due = find(cron.office.tracker(), case, "appeal_filing#1")
        assert due is not None
        row = f"'{case}', '{due.id}', 'x@1.1', '9999-12-31T00:00:00.000000Z'"
        sqlite_rows(cron, f"INSERT INTO claim VALUES ({row})")
    assert cron.run("sweep")[0] == 0
    assert len(cron.recorded()) == 24


@pytest.mark.parametrize("days", [1, 2, 30], ids=str)
def test_views_changed_without_a_trace_are_found_within_thirty_days(cron: Cron, days: int) -> None:
    """However seldom the run comes: it looks at what the days without one would have."""
    cron.run("daily")
    with closing(connect.connect(cron.folder / "cases.db")) as connection:
        connection.execute("UPDATE deadline_view SET outcome = 'satisfied'")
        connection.execute("DELETE FROM touched")
    found = 0
    for _ in range(30 // days):
        cron.office.clock.move(days=days)
        code, out = cron.run("daily")
        found += code == 5
        assert ("VIEWS DIFFERED" in out) == (code == 5)
    assert found
    assert cron.differing() == ()
    assert {len(cron.office.sent(case)) > 1 for case in cron.office.ledger.case_ids()} == {True}


def test_one_corrupt_case_does_not_silence_the_others(cron: Cron) -> None:
    sqlite_rows(
        cron,
        "DROP TRIGGER ledger_update",
        "UPDATE ledger SET body = replace(body, 'eva', 'ota') WHERE case_id ="
        " (SELECT case_id FROM case_view WHERE reference = 'C-3')",
    )
    assert cron.run("sweep")[0] == 5
    assert len(cron.delivered()) == 11


def test_an_unwritable_report_folder_leaves_the_entries_true(cron: Cron) -> None:
    (cron.folder / "taken").write_text("a file")
    code, out = cron.run("daily", "--report-dir", str(cron.folder / "taken"))
    assert code == 6
    assert "FAILED: report due.txt" in out
    assert len(cron.recorded()) == 12


def test_a_daily_run_done_again_changes_nothing(cron: Cron) -> None:
    cron.office.case("C-99", decision(FIRST, FIRST + timedelta(days=3)), assignee="eva")
    words = ("daily", "--report-dir", str(cron.folder / "out"))
    cron.run(*words)
    before = {path.name: path.read_bytes() for path in (cron.folder / "out").iterdir()}
    assert set(before) == {"due.txt", "due.html", "due.csv", "due.json", "due.ics"}
    entries, sent = cron.office.ledger.stats().entries, cron.delivered()
    said = cron.run(*words)
    assert said == cron.run(*words)
    assert said[0] == 0
    assert {path.name: path.read_bytes() for path in (cron.folder / "out").iterdir()} == before
    assert (cron.office.ledger.stats().entries, cron.delivered()) == (entries, sent)

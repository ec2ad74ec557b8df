"""The cron operator's commands, as scripts and monitors see them."""

import json
import os
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from casetrack.domain.dates import instant_text
from casetrack.service.locks import alone
from tests.cli.driver import Office, denied, practice, submitted
from tests.console import ROOT
from tests.posts import Web, web

PROGRAM = Path(sys.executable).with_name("casetrack")
SENT = {
    "case", "deadline", "rung", "folded", "scheduled_for", "sent_at", "may_repeat", "reminder",
    "channels",
}  # fmt: skip


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A case denied on 24 November 2026, looked at on 1 December."""
    made = practice(tmp_path)
    submitted(made, "C-1")
    denied(made, "C-2")
    made.do("audit", "key", "new")
    made.now = "2026-12-01T13:00Z"
    return made


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as found:
        yield found


def configured(office: Office, text: str) -> tuple[str, str]:
    path = office.folder / "config.toml"
    path.write_text(text)
    return "--config", str(path)


# sweep


def test_a_sweeps_data_is_as_promised(office: Office) -> None:
    done = office.do("sweep", "--json")
    assert set(done.data) == {
        "schema", "as_of", "practice", "sent", "folded", "failed", "missed_days", "held",
        "differing", "moved",
    }  # fmt: skip
    assert done.data["schema"] == "casetrack.sweep/1"
    assert {frozenset(one) for one in done.data["sent"]} == {frozenset(SENT)}
    assert done.data["folded"] == sum(len(one["folded"]) for one in done.data["sent"])
    assert done.data["sent"][0]["scheduled_for"].endswith("06:00:00.000000Z")
    assert done.err.count("reminder R-") == len(done.data["sent"])


def test_a_sweep_says_what_it_did_and_never_nothing(office: Office) -> None:
    assert "sent" in office.do("sweep").out.splitlines()[-1]
    assert office.do("sweep").out == "PRACTICE LEDGER; no reminder sent\n"
    assert office.do("sweep", "--quiet").out == ""


def test_a_sweep_names_no_patient(office: Office) -> None:
    done = office.do("sweep")
    assert "C-1" in done.out
    assert "P 1" not in done.out + done.err


def test_a_clock_behind_and_a_long_gap_are_refused_loudly(office: Office) -> None:
    office.do("sweep")
    behind = office("sweep", now="2026-11-20T13:00Z")
    assert (behind.code, "set the clock right" in behind.err) == (4, True)
    gap = office("sweep", now="2027-03-01T13:00Z")
    assert (gap.code, "--accept-gap" in gap.err) == (4, True)
    assert office("sweep", "--accept-gap", now="2027-03-01T13:00Z").code == 0


def test_missed_days_head_the_run(office: Office) -> None:
    office.do("sweep")
    office.now = "2026-12-04T13:00Z"
    assert office.do("sweep", "--json").data["missed_days"] == ["2026-12-02", "2026-12-03"]
    office.now = "2026-12-07T13:00Z"
    head = office.do("daily").out.splitlines()[0]
    assert head == "NO RUN on 2 days: Sat 2026-12-05, Sun 2026-12-06"


def test_a_wrong_channel_address_writes_nothing(office: Office) -> None:
    real = Office(office.folder / "real", now=None)
    real.folder.mkdir()
    real.do("db", "init")
    config = configured(real, '[notify]\nchannels = ["apprise"]\nurls = ["pigeon://geheim"]\n')
    before = real.written()
    for command in ("sweep", "daily", "serve"):
        done = real(*config, command)
        assert (done.code, "geheim" in done.err) == (4, False)
    assert real.written() == before


# daily


def test_a_daily_runs_data_is_as_promised(office: Office) -> None:
    folder = office.folder / "reports"
    done = office.do("daily", "--report-dir", str(folder), "--json")
    assert done.data["schema"] == "casetrack.daily/1"
    assert done.data["sent"]
    assert done.data["exit_code"] == 0
    assert {Path(name).name for name in done.data["reports"]} == {
        "due.txt", "due.html", "due.csv", "due.json", "due.ics",
    }  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert json.loads((folder / "due.json").read_text())["schema"] == "casetrack.due/1"


def test_a_daily_run_whose_sweep_is_refused_still_reports(office: Office) -> None:
    office.do("daily")
    folder = office.folder / "reports"
    done = office("daily", "--report-dir", str(folder), now="2027-03-01T13:00Z")
    assert done.code == 4
    assert done.out.startswith("NO REMINDER WAS SENT: the last sweep was")
    assert (folder / "due.txt").exists()


def test_a_report_folder_of_somebody_else_keeps_no_reminder_from_going_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may do all, but for this
    folder = office.folder / "theirs"
    folder.mkdir()
    done = office("daily", "--report-dir", str(folder))
    assert done.code == 0
    assert any(body["type"] == "ReminderSent" for body in office.bodies())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--config", "{long}", "daily"), "the config file"),
        (("--config", "{long}", "due"), "the config file"),
        (("due", "--output", "{long}"), "can't be written: file name too long"),
        (("--db", "{long}", "daily"), "file name too long"),
        (("--db", "{long}", "open"), "cannot be opened: file name too long"),
        (("--db", "{long}", "demo"), "cannot be opened: file name too long"),
    ],
)
def test_a_path_that_can_not_even_be_looked_at_is_named(
    office: Office, words: tuple[str, ...], says: str
) -> None:
    done = office(*(word.format(long="x" * 300) for word in words))
    assert (done.code, says in done.err) == (4, True)


def test_a_template_that_fails_keeps_no_other_report_from_its_place(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> str:
        raise ZeroDivisionError("P 1")

    monkeypatch.setattr("casetrack.reports.html.render", broken)
    folder = office.folder / "reports"
    done = office("daily", "--report-dir", str(folder))
    assert done.code == 6
    assert "FAILED: report due.html can't be made: unexpected ZeroDivisionError\n" in done.out
    assert {path.name for path in folder.iterdir()} == {"due.txt", "due.csv", "due.json", "due.ics"}
    assert any(body["type"] == "ReminderSent" for body in office.bodies())


def real_office(folder: Path, text: str) -> tuple[Office, tuple[str, str]]:
    office = Office(folder, now=None)
    office.do("db", "init")
    return office, configured(office, text)


def test_a_monitor_reads_numbers_and_no_case(tmp_path: Path) -> None:
    path = tmp_path / "casetrack.prom"
    office, config = real_office(tmp_path, f'[daily]\nmetrics = "{path}"\n')
    office.do("audit", "key", "new")
    for case in ("C-1", "C-2"):
        office.do("open", "--ref", case)
    before = time.time()
    office.do(*config, "daily")
    text = path.read_text()
    assert path.stat().st_mode & 0o777 == 0o644
    assert "casetrack_last_run_exit_code 0\n" in text
    assert "casetrack_open_cases 2\n" in text
    entries = office.do("db", "stats", "--json").data["entries"]
    assert f"casetrack_sealed_entries {entries}\n" in text
    assert "casetrack_unsealed_entries 0\n" in text
    at = re.search(r"casetrack_last_run_timestamp_seconds ([0-9.]+)\n", text)
    assert at is not None
    assert before <= float(at[1]) <= time.time()
    assert "C-1" not in text


def test_a_monitors_folder_that_is_not_there_is_not_made_for_ourselves_alone(
    tmp_path: Path,
) -> None:
    office, config = real_office(tmp_path, f'[daily]\nmetrics = "{tmp_path}/gone/a.prom"\n')
    done = office(*config, "daily")
    assert (done.code, "FAILED: metrics: " in done.out) == (6, True)
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("wrong", ["ledger", "address"])
def test_a_watcher_is_told_of_a_run_that_can_not_begin(
    tmp_path: Path, site: Web, wrong: str
) -> None:
    ping = f'[ping]\nstart = "http://{site.host}/start"\nfailure = "http://{site.host}/failure"\n'
    office, config = real_office(tmp_path, ping)
    if wrong == "ledger":
        office.db = tmp_path / "mistyped.db"
    else:
        config = configured(office, f'{ping}[notify]\nchannels = ["apprise"]\nurls = ["geheim"]\n')
    assert office(*config, "daily").code == 4
    assert [path for _, path, _ in site.asked] == ["/failure"]


def test_a_watcher_is_told_of_start_and_end_by_empty_gets(tmp_path: Path, site: Web) -> None:
    names = ("start", "success", "failure")
    urls = "".join(f'{name} = "http://{site.host}/{name}"\n' for name in names)
    office, config = real_office(tmp_path, f"[ping]\n{urls}")
    assert office(*config, "daily").code == 0
    assert site.asked == [("GET", "/start", b""), ("GET", "/success", b"")]
    site.asked.clear()
    (tmp_path / "taken").write_text("")
    assert office(*config, "daily", "--report-dir", str(tmp_path / "taken")).code == 6
    assert [path for _, path, _ in site.asked] == ["/start", "/failure"]


def test_a_ping_follows_no_redirect_and_its_failure_changes_no_exit_code(
    tmp_path: Path, site: Web
) -> None:
    site.answers["/start"] = (302, {"Location": f"http://{site.host}/elsewhere"})
    site.answers["/success"] = (500, {})
    urls = f'start = "http://{site.host}/start"\nsuccess = "http://{site.host}/success"\n'
    office, config = real_office(tmp_path, f"[ping]\n{urls}")
    done = office(*config, "daily")
    assert (done.code, done.err.count("ping was not taken")) == (0, 2)
    assert [path for _, path, _ in site.asked] == ["/start", "/success"]
    assert site.host not in done.err


def test_a_watcher_that_takes_for_ever_holds_up_no_run(
    tmp_path: Path, site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casetrack.service.ping.TIMEOUT", 0.3)
    office, config = real_office(tmp_path, f'[ping]\nstart = "http://{site.host}/late"\n')
    site.late.add("/late")
    done = office(*config, "daily")
    assert (done.code, done.err.count("ping was not taken")) == (0, 1)


def test_a_practice_run_tells_no_watcher(office: Office, site: Web) -> None:
    path = office.folder / "casetrack.prom"
    pinged = f'[ping]\nsuccess = "http://{site.host}/success"\n'
    config = configured(office, f'{pinged}[daily]\nmetrics = "{path}"\n')
    office.do(*config, "daily")
    assert site.asked == []
    assert not path.exists()


def test_the_day_in_a_few_words_goes_out_by_the_channels(tmp_path: Path, site: Web) -> None:
    office, config = real_office(
        tmp_path, f'[notify]\nchannels = ["apprise"]\nurls = ["json://{site.host}/hook"]\n'
    )
    assert office(*config, "daily", "--notify").code == 0
    (posted,) = site.posted
    assert "0 open; no open deadline" in posted["title"]
    site.answers["/hook"] = (500, {})
    failed = office(*config, "daily", "--notify")
    assert (failed.code, "FAILED: apprise" in failed.out) == (6, True)


def test_the_day_in_a_few_words_goes_out_once_for_the_same_now(office: Office) -> None:
    box = office.folder / "box"
    config = configured(office, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    office.do(*config, "daily", "--notify")
    once = box.read_text()
    assert "; " in once.splitlines()[-1]
    office.do(*config, "daily", "--notify")
    assert box.read_text() == once
    office.now = "2026-12-02T13:00Z"
    office.do(*config, "daily", "--notify")
    assert len(box.read_text().splitlines()) > len(once.splitlines())


def test_a_reminder_reaches_a_real_endpoint_and_one_that_fails_stays_due(
    tmp_path: Path, site: Web
) -> None:
    office, config = real_office(
        tmp_path, f'[notify]\nchannels = ["apprise"]\nurls = ["json://{site.host}/hook"]\n'
    )
    office.do("open", "--ref", "C-1", "--patient", "P 1")
    office.do("plan", "C-1", "call P 1 back", "--due", "today")
    site.answers["/hook"] = (503, {})
    failed = office(*config, "sweep", "--json")
    assert failed.code == 6
    assert [one["rung"] for one in failed.data["failed"]] == ["0bd"]
    del site.answers["/hook"]
    site.asked.clear()
    assert office(*config, "sweep", "--json").data["sent"][0]["channels"] == ["apprise"]
    (posted,) = site.posted
    assert posted["title"].startswith("C-1: a deadline of our own, act by ")
    assert "P 1" not in json.dumps(posted)
    assert office(*config, "sweep").out == "no reminder sent\n"


def test_the_lock_is_let_go_when_its_run_ends(tmp_path: Path) -> None:
    with alone(str(tmp_path / "cases.db"), 0):
        pass
    with alone(str(tmp_path / "cases.db"), 0):
        assert (tmp_path / "cases.db.daily-lock").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("command", ["sweep", "daily"])
def test_a_name_that_crons_locale_does_not_have_silences_nothing(
    office: Office, command: str
) -> None:
    office.do("assign", "C-1", "Zoë")
    done = subprocess.run(
        [PROGRAM, "--db", office.db, "--now", office.now or "", command], capture_output=True,
        env={**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, b""), done.stdout
    assert "assigned to Zoë" in done.stdout.decode()


# A screen that is full


def on_a_full_screen(office: Office, config: tuple[str, ...], *words: str) -> tuple[int, str]:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [sys.executable, "-m", "casetrack", "--db", str(office.db), "--now", office.now or "",
             *config, *words],
            cwd=ROOT, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", ["sweep", "daily"])
def test_a_screen_that_takes_nothing_silences_no_other_channel(
    office: Office, command: str
) -> None:
    box = office.folder / "box"
    config = configured(office, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    office.do(*config, "daily")
    before = len(box.read_text().splitlines())
    office.now = "2026-12-04T13:00Z"  # after days without a run, which are said first
    code, err = on_a_full_screen(office, config, command)
    assert (code, "standard output can't be written" in err) == (6, True)
    assert len(box.read_text().splitlines()) > before
    assert office.do(*config, "sweep", "--json").data["sent"] == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", ["sweep", "daily"])
def test_what_was_to_stand_on_a_full_screen_stays_due(office: Office, command: str) -> None:
    code, err = on_a_full_screen(office, configured(office, ""), command)
    assert (code, "Traceback" in err) == (6, False)
    assert not any(body["type"] == "ReminderSent" for body in office.bodies())
    sent = office.do("sweep", "--json").data["sent"]
    assert {one["may_repeat"] for one in sent} == {True}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize(
    "words",
    [("sweep", "--json"), ("daily", "--json"), ("due",), ("due", "--json"), ("open",),
     ("list", "--json"), ("schedule", "--cron")],
)  # fmt: skip
def test_whatever_is_printed_on_a_full_screen_is_told_with_the_code_for_it(
    office: Office, words: tuple[str, ...]
) -> None:
    office.do("sweep")
    code, err = on_a_full_screen(office, (), *words)
    assert (code, err.count("standard output can't be written")) == (6, 1)
    assert "Exception" not in err
    assert "unexpected" not in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("words", [("sweep",), ("daily",), ("sweep", "--json")])
def test_a_log_on_a_full_disk_silences_no_other_channel(
    office: Office, words: tuple[str, ...]
) -> None:
    """Output and errors both go there, after days without a run, which are said first."""
    box = office.folder / "box"
    config = configured(office, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    office.do(*config, "daily")
    before = len(box.read_text().splitlines())
    office.now = "2026-12-04T13:00Z"
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [PROGRAM, "--db", office.db, "--now", office.now, *config, *words],
            stdout=full, stderr=full, check=False,
        )  # fmt: skip
    assert done.returncode == 6
    assert len(box.read_text().splitlines()) > before


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_reminders_beside_json_that_nobody_could_read_stay_due(office: Office) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [PROGRAM, "--db", office.db, "--now", office.now or "", "sweep", "--json"],
            stdout=subprocess.PIPE, stderr=full, check=False,
        )  # fmt: skip
    assert done.returncode == 6
    assert json.loads(done.stdout)["failed"]
    assert not any(body["type"] == "ReminderSent" for body in office.bodies())


@pytest.mark.parametrize("words", [("sweep",), ("daily",), ("due",)])
def test_a_screen_that_was_closed_takes_no_reminder(office: Office, words: tuple[str, ...]) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" >&-', "sh", sys.executable, "-m", "casetrack",
         "--db", str(office.db), "--now", office.now or "", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "unexpected" in done.stderr) == (6, False)
    assert "no reason given" not in done.stderr
    assert not any(body["type"] == "ReminderSent" for body in office.bodies())


def test_a_reader_that_goes_away_gets_no_reminder_and_no_complaint(office: Office) -> None:
    office.do("sweep")
    office.now = "2026-12-02T13:00Z"
    box = office.folder / "box"
    config = configured(office, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    assert through_a_closed_pipe(office, *config, "daily") == (0, "")
    office.now = "2026-12-09T13:00Z"
    assert through_a_closed_pipe(office, *configured(office, ""), "daily") == (6, "")
    assert office.do("sweep", "--json").data["sent"]


def through_a_closed_pipe(office: Office, *words: str) -> tuple[int, str]:
    reader, writer = os.pipe()
    os.close(reader)
    arguments = ["--db", str(office.db), "--now", office.now or "", *words]
    done = subprocess.run(
        [sys.executable, "-m", "casetrack", *arguments],
        cwd=ROOT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(writer)
    return done.returncode, done.stderr


# Who is warned


def test_at_a_terminal_every_command_warns_of_a_run_that_is_late(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casetrack.cli.session.interactive", lambda: True)
    assert office("list").err == ""
    office.do("daily")
    office.now = "2026-12-02T15:00Z"
    assert office("list").err == ""
    office.now = "2026-12-02T15:01Z"
    for arguments in (["list"], ["show", "C-1"], ["note", "C-1", "called"]):
        done = office.do(*arguments)
        assert done.err.startswith("warning: the last daily run was 26 hours ago"), arguments
    assert "warning" not in office.do("daily").err
    assert office("list").err == ""


def test_at_a_terminal_a_ledger_that_nobody_runs_warns_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("casetrack.cli.session.interactive", lambda: True)
    office = Office(tmp_path, now=None)
    office.do("db", "init")
    made = datetime.now(UTC)
    soon, later = (instant_text(made + timedelta(hours=hours)) for hours in (25, 27))
    assert office("list", now=soon).err == ""
    assert office("list", now=later).err.startswith("warning: no daily run yet")
    office.do("daily")
    assert office("list").err == ""


def test_a_script_is_not_warned(office: Office) -> None:
    office.do("daily")
    assert office("list", now="2026-12-05T15:00Z").err == ""


# doctor


def kinds(office: Office, now: str = "") -> dict[str, str | None]:
    done = office("doctor", "--json", now=now)
    assert done.code == (3 if done.data["findings"] else 0)
    assert done.data["ok"] == (not done.data["findings"])
    return {one["kind"]: one["case"] for one in done.data["findings"]}


def test_a_ledger_that_is_run_has_nothing_to_mend(office: Office) -> None:
    assert kinds(office) == {"never_run": None}
    office.do("daily")
    assert kinds(office) == {}
    assert office.do("doctor").out == "nothing to mend\n"


def test_the_doctor_finds_a_run_that_stopped(office: Office) -> None:
    office.do("daily")
    assert kinds(office, now="2026-12-02T15:01Z") == {"stale_run": None}


def test_the_doctor_finds_a_case_that_nobody_watches(office: Office) -> None:
    office.do("open", "--ref", "C-9")
    office.do("daily")
    assert kinds(office) == {"silent_case": "C-9"}
    office.do("plan", "C-9", "call", "--due", "2026-12-20")
    assert kinds(office) == {}


def test_the_doctor_finds_an_hour_clock_without_frequent_sweeps(office: Office) -> None:
    office.do("fire", "C-1", "expedite", "expedite_reason=active_bleeding", "--at",
              "2026-12-01T12:00Z", "--override", "statement follows")  # fmt: skip
    office.do("daily")
    assert kinds(office) == {"hour_clock": "C-1"}
    office.now = "2026-12-01T13:30Z"
    office.do("sweep")
    assert kinds(office) == {}
    assert "hour_clock" in kinds(office, now="2026-12-01T14:31Z")


def test_the_doctor_finds_a_clock_that_is_behind(office: Office) -> None:
    office.do("daily")
    assert "clock_skew" in kinds(office, now="2026-11-23T15:00Z")


@pytest.mark.parametrize("name", ["daily", "sweep"])
def test_the_doctor_finds_a_run_that_is_still_to_come(office: Office, name: str) -> None:
    office.do("daily")
    with closing(sqlite3.connect(office.db)) as connection, connection:
        changed = f"UPDATE heartbeat SET at = '2027-01-01T13:00:00.000000Z' WHERE name = '{name}'"
        connection.execute(changed)
    assert kinds(office) == {"clock_skew": None}


def test_the_doctor_reads_no_docket(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it asks grows with what it reports; only a new calendar has all looked at, once."""
    office.do("daily")

    def docket(*_: object, **__: object) -> None:
        raise AssertionError("every open deadline was read")

    monkeypatch.setattr("casetrack.ledger.sql.SqlLedger.docket", docket)
    assert kinds(office) == {}


def test_the_doctor_finds_a_calendar_that_ends_too_soon(office: Office) -> None:
    office.do("daily", "--accept-gap", now="2036-02-01T13:00Z")
    found = office("doctor", "--json", now="2036-02-01T13:00Z").data["findings"]
    assert "illinois-state" in next(f["detail"] for f in found if f["kind"] == "calendar_coverage")


def test_the_doctor_believes_the_entries_before_the_views(office: Office) -> None:
    office.do("daily")
    with closing(sqlite3.connect(office.db)) as connection, connection:
        connection.execute("UPDATE case_view SET state = 'intake' WHERE reference = 'C-1'")
    assert kinds(office) == {}


# schedule and serve


def test_the_crontab_line_names_everything_that_cron_does_not_know(office: Office) -> None:
    lines = office.do("schedule", "--cron", "--report-dir", "re ports%").out.splitlines()
    daily = next(line for line in lines if line.startswith("0 7 * * * "))
    assert f"--db {office.db}" in daily
    assert daily.endswith(r"re ports\%'")
    assert any(line.endswith("sweep --quiet") for line in lines)


def test_the_folders_that_the_environment_names_are_carried_along(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cron knows none of them; a shell, started with nothing else, finds the same config file."""
    folder = tmp_path / "con fig%$x"
    (folder / "casetrack").mkdir(parents=True)
    (folder / "casetrack" / "config.toml").write_text('actor = "night"\n')
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder))
    monkeypatch.delenv("XDG_DATA_HOME")
    line = office.do("schedule", "--cron").out.splitlines()[1].removeprefix("0 7 * * * ")
    shown = line.replace(r"\%", "%").replace(" daily", " --now 2026-12-01 config show")
    env = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    said = subprocess.run(["sh", "-c", shown], env=env, capture_output=True, text=True, check=False)
    assert "night" in said.stdout, (shown, said)
    assert "XDG_DATA_HOME" not in line
    units = office.do("schedule", "--systemd", "--json").data["units"]
    for name in ("casetrack-daily.service", "casetrack.service"):
        words = shlex.split(unit(units[name])["Service", "Environment"])
        known = dict(word.replace("%%", "%").split("=", 1) for word in words)
        assert known["XDG_CONFIG_HOME"] == str(folder)
        assert known["XDG_STATE_HOME"] == os.environ["XDG_STATE_HOME"]


def test_without_such_folders_none_is_named(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.delenv(f"XDG_{name}_HOME")
    assert "XDG" not in office.do("schedule", "--cron").out
    assert "Environment" not in office.do("schedule", "--systemd").out


NASTY = "re ports %h $HOME \"quoted\" 'single' \\ back"


def test_a_shell_reads_from_the_crontab_line_what_was_meant(office: Office) -> None:
    """As cron does: a percent sign that is not escaped would end the line."""
    out = office.do("schedule", "--cron", "--report-dir", NASTY).out
    line = next(line for line in out.splitlines() if line.startswith("0 7 * * * "))
    command = line.removeprefix("0 7 * * * ")
    assert not re.search(r"(?<!\\)%", command)
    assert shlex.split(command.replace(r"\%", "%"))[-2:] == [
        "--report-dir", str(Path(NASTY).absolute()),
    ]  # fmt: skip


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="this system has no systemd")
@pytest.mark.parametrize("folder", ["reports", NASTY])
def test_systemd_finds_nothing_to_complain_of_in_the_units(office: Office, folder: str) -> None:
    done = office.do("schedule", "--systemd", "--json", "--report-dir", folder)
    paths = [office.folder / name for name in done.data["units"]]
    for path in paths:
        path.write_text(done.data["units"][path.name])
    with TemporaryDirectory(dir="/tmp") as short:  # a socket's path has 107 bytes at most
        checked = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", "--user", *map(str, paths)],
            capture_output=True, text=True, check=False,
            env={**os.environ, "XDG_RUNTIME_DIR": short},
        )  # fmt: skip
    complaints = [line for line in checked.stderr.splitlines() if str(office.folder) in line]
    assert (checked.returncode, complaints) == (0, []), checked.stderr


def test_unit_files_say_what_systemd_is_to_run(office: Office) -> None:
    """By the rules of systemd.syntax: quotes, backslashes, and doubled percent and dollar signs."""
    units = office.do("schedule", "--systemd", "--json", "--report-dir", NASTY).data["units"]
    parsed = {name: unit(text) for name, text in units.items()}
    daily, timer, server = (
        parsed[n] for n in ("casetrack-daily.service", "casetrack-daily.timer", "casetrack.service")
    )
    for service, command in ((daily, "daily"), (server, "serve")):
        words = exec_words(service["Service", "ExecStart"])
        assert Path(words[0]).is_absolute()
        assert words[-3:] == [command, "--report-dir", str(Path(NASTY).absolute())]
    assert daily["Service", "Type"] == "oneshot"
    assert server["Service", "Restart"] == "on-failure"
    assert (timer["Timer", "OnCalendar"], timer["Timer", "Persistent"]) == ("*-*-* 07:00", "true")
    assert timer["Install", "WantedBy"] == "timers.target"
    assert ("Install", "WantedBy") not in daily  # the timer starts it


def unit(text: str) -> dict[tuple[str, str], str]:
    """A unit file's settings by section and name; each once, nothing else in it."""
    found: dict[tuple[str, str], str] = {}
    section = ""
    for line in filter(None, text.split("\n")):
        if line.startswith("["):
            section = line[1:-1]
            assert section in {"Unit", "Service", "Timer", "Install"}
            continue
        name, equals, value = line.partition("=")
        assert equals
        assert re.fullmatch("[A-Z][A-Za-z]+", name)
        assert (section, name) not in found
        found[section, name] = value
    return found


def exec_words(line: str) -> list[str]:
    words = shlex.split(line)  # in double quotes a backslash escapes quote and backslash alone
    assert all("%" not in word.replace("%%", "") for word in words)
    assert all("$" not in word.replace("$$", "") for word in words)
    return [word.replace("%%", "%").replace("$$", "$") for word in words]


def test_unit_files_are_printed_whole(office: Office) -> None:
    units = office.do("schedule", "--systemd", "--json").data["units"]
    assert set(units) == {"casetrack-daily.service", "casetrack-daily.timer", "casetrack.service"}
    assert "Persistent=true" in units["casetrack-daily.timer"]
    assert all(text.startswith("[Unit]\n") for text in units.values())
    assert office("schedule").code == 2
    assert office("schedule", "--cron", "--systemd").code == 2


def test_a_server_needs_a_clock_that_runs(office: Office) -> None:
    assert office("serve").code == 4


def serving(office: Office, config: tuple[str, str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "casetrack", "--db", str(office.db), *config, "serve"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip


def await_(what: str, office: Office) -> None:
    for _ in range(600):
        if any(row[0] == what for row in office.rows("heartbeat")):
            return
        time.sleep(0.05)
    raise AssertionError(what)


def test_two_servers_send_each_reminder_once_and_stop_cleanly(tmp_path: Path) -> None:
    box = tmp_path / "box.txt"
    office, config = real_office(tmp_path, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    for number in range(8):
        office.do("open", "--ref", f"C-{number}")
        office.do("plan", f"C-{number}", "call", "--due", "today")
    servers = [serving(office, config) for _ in range(2)]
    await_("daily", office)
    time.sleep(0.5)
    for server in servers:
        server.send_signal(signal.SIGTERM)
    outs = [server.communicate(timeout=30)[0] for server in servers]
    assert [server.returncode for server in servers] == [0, 0]
    assert all(out.endswith("stopped\n") for out in outs)
    assert "FAILED" not in "".join(outs)
    assert len(box.read_text().splitlines()) == 8
    assert sum(body["type"] == "ReminderSent" for body in office.bodies()) == 8


def test_a_server_that_is_told_to_stop_finishes_the_reminder_in_hand(
    tmp_path: Path, site: Web
) -> None:
    site.late.add("/hook")
    office, config = real_office(
        tmp_path, f'[notify]\nchannels = ["apprise"]\nurls = ["json://{site.host}/hook"]\n'
    )
    for number in range(3):
        office.do("open", "--ref", f"C-{number}")
        office.do("plan", f"C-{number}", "call", "--due", "today")
    server = serving(office, config)
    for _ in range(600):
        if site.asked:
            break
        time.sleep(0.05)
    server.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    assert server.poll() is None
    site.hurry.set()
    out = server.communicate(timeout=60)[0]
    assert (server.returncode, out.endswith("stopped\n"), "FAILED" in out) == (0, True, False)
    recorded = sum(body["type"] == "ReminderSent" for body in office.bodies())
    assert recorded == len(site.posted) == 3
    assert office.rows("claim") == []


def test_a_server_wakes_at_the_next_rung_in_hours(tmp_path: Path) -> None:
    """The rung two hours before a decision that is due in two hours and a few seconds."""
    box = tmp_path / "box.txt"
    office, config = real_office(tmp_path, f'[notify]\nchannels = ["file"]\nfile = "{box}"\n')
    submitted_now(office)
    due_in = timedelta(hours=2, seconds=8)
    asked = instant_text(datetime.now(UTC) - timedelta(hours=72) + due_in)
    office.do("fire", "C-1", "expedite", "expedite_reason=active_bleeding", "--at", asked,
              "--override", "statement follows")  # fmt: skip
    office.do(*config, "sweep")
    before = len(box.read_text().splitlines())
    server = serving(office, config)
    for _ in range(400):
        if len(box.read_text().splitlines()) > before:
            break
        time.sleep(0.05)
    server.send_signal(signal.SIGTERM)
    server.communicate(timeout=30)
    assert "rung 2h" in box.read_text().splitlines()[-1]


def submitted_now(office: Office) -> None:
    day = (datetime.now(UTC) - timedelta(days=5)).date().isoformat()
    office.do("open", "--ref", "C-1", "--on", day)
    office.do("fire", "C-1", "submit", "method=portal", "confirmation=K-1", "--on", day,
              "--override", "packet is on paper")  # fmt: skip


def test_the_settings_of_runs_are_shown_without_their_secrets(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    text = '[notify]\nurls = ["json://geheim"]\nsupervisor = "geheim"\n[notify.people]\n'
    config = configured(office, text + 'eva = "geheim"\n[serve]\nat = "06:30"\n')
    done = office.do(*config, "config", "show", "--json")
    assert done.data["settings"]["notify.urls"]["value"] == "(set)"
    assert done.data["settings"]["serve.at"]["value"] == "06:30"
    assert "geheim" not in done.out + office.do(*config, "config", "show").out

"""What the command line promises: JSON fields, exit codes, and that a refusal writes nothing."""

import json
import os
import pty
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click
import pytest

from casetrack.ledger import connect
from casetrack.ledger.tables import REVISION
from tests.cli.driver import (
    LEDGER,
    NOW,
    Office,
    Run,
    commands,
    denied,
    packet_csv,
    practice,
    run,
    submitted,
)

Words = Sequence[str]
Shape = Mapping[str, object]
ROOT = Path(__file__).parents[2]
TEXT, COUNT, FLAG, LIST, TABLE = str, int, bool, list, dict
MAYBE = (str, type(None))

BASE: Shape = {"case": TEXT, "version": COUNT, "state": TEXT, "digest": TEXT}
DEADLINE: Shape = {
    "case": TEXT, "assignee": MAYBE, "workflow": TEXT, "state": TEXT, "deadline": TEXT,
    "title": TEXT, "owner": TEXT, "kind": TEXT, "due_on": TEXT, "due_at": TEXT, "act_by": TEXT,
    "law_by": MAYBE, "status": TEXT, "unproven": FLAG, "business_days_left": COUNT,
    "calendar_days_left": COUNT, "ended_by": LIST, "source": TEXT, "evidence": TEXT,
    "finding": MAYBE,
}  # fmt: skip
ERROR: Shape = {"schema": TEXT, "code": COUNT, "kind": TEXT, "message": TEXT, "reasons": LIST}


def fits(found: object, shape: object, where: str = "") -> None:
    """Every promised member is there with its type; what else is there is free."""
    if isinstance(shape, Mapping):
        assert isinstance(found, dict), where
        for name, inner in shape.items():
            assert name in found, f"{where}.{name} is missing"
            fits(found[name], inner, f"{where}.{name}")
    elif isinstance(shape, list):
        assert isinstance(found, list), where
        assert found, f"{where} is empty, so nothing is proved of it"
        for line in found:
            fits(line, shape[0], f"{where}[]")
    else:
        assert isinstance(found, shape), f"{where} is {found!r}"  # type: ignore[arg-type]
        assert shape is not int or not isinstance(found, bool), f"{where} is {found!r}"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Cases in several states; what follows either reads or is refused."""
    made = practice(tmp_path_factory.mktemp("office"))
    submitted(made, "C-1")
    denied(made, "C-2")
    made.do("fire", "C-2", "file_appeal", "method=fax", "--override", "letters follow")
    made.do("open", "--ref", "C-12", "benefit=medical")
    made.do("open", "--ref", "W-40")
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Office:
    """A practice ledger with one case in its first state."""
    made = practice(tmp_path)
    made.do("open", "--ref", "C-1", "--patient", "P 1")
    return made


@pytest.fixture
def real(tmp_path: Path) -> Office:
    """A ledger on the real clock, with a case."""
    made = Office(tmp_path, now=None)
    made.do("db", "init")
    made.do("open", "--ref", "C-1", "--patient", "P 1")
    return made


# What every command prints

READS: Mapping[str, tuple[Words, Shape]] = {
    "due": (
        ["due", "--within", "300d"],
        {
            "as_of": TEXT, "within": TEXT, "practice": FLAG, "counts": TABLE, "items": [DEADLINE],
        },
    ),
    "calc": (
        ["calc", "14bd", "--from", "2026-11-24"],
        {
            "from": TEXT, "length": TEXT, "calendar": TEXT, "edition": TEXT, "roll": TEXT,
            "unrolled_on": TEXT, "due_on": TEXT, "due_at": TEXT, "act_by": TEXT,
            "steps": [{"date": TEXT, "counted": FLAG, "why": TEXT}],
        },
    ),
    "show": (
        ["show", "C-2"],
        {
            "case": TEXT, "id": TEXT, "version": COUNT, "workflow": TEXT, "definition": TEXT,
            "state": TEXT, "assignee": MAYBE, "expedited": FLAG, "fields": TABLE,
            "evidence": TABLE, "deadlines": [{**DEADLINE, "outcome": TEXT}], "open_items": [TEXT],
            "allowed": [TEXT], "followed_by": LIST,
        },
    ),
    "list": (
        ["list"],
        {
            "items": [
                {"case": TEXT, "state": TEXT, "workflow": TEXT, "assignee": MAYBE,
                 "act_by": MAYBE, "deadline": MAYBE}
            ]
        },
    ),
    "next": (
        ["next", "C-1"],
        {"allowed": [TEXT], "refused": [{"trigger": TEXT, "reasons": [TEXT]}]},
    ),
    "check": (
        ["check", "C-1", "--for", "administer"],
        {
            "ready": FLAG,
            "items": [
                {"item": TEXT, "status": TEXT, "blocking": FLAG, "detail": TEXT, "source": TEXT}
            ],
        },
    ),
    "history": (
        ["history", "C-2"],
        {
            "entries": [
                {"case": TEXT, "version": COUNT, "type": TEXT, "occurred_on": TEXT,
                 "occurred_at": MAYBE, "recorded_at": TEXT, "actor": TEXT, "by": TEXT,
                 "data": TABLE, "values": TABLE, "digest": TEXT}
            ]
        },
    ),
    "history-diff": (["history", "C-2", "--diff", "-1d", "today"], {"items": [{"case": TEXT}]}),
    "audit-conformance": (
        ["audit", "conformance"],
        {
            "findings": [
                {"severity": TEXT, "case": MAYBE, "rule": TEXT, "detail": TEXT}
            ],
            "practice": FLAG, "cases": COUNT, "entries": COUNT, "counts": TABLE,
        },
    ),
    "audit-drift": (
        ["audit", "drift", "C-1"],
        {"items": LIST, "cases": COUNT, "deadlines": COUNT, "differing": COUNT},
    ),
    "find": (["find", "K-77"], {"items": [{"case": TEXT, "field": TEXT}]}),
    "explain": (
        ["explain", "C-1"],
        {"case": TEXT, "deadlines": [{"deadline": TEXT, "outcome": TEXT, "source": TEXT}]},
    ),
    "calendar-show": (
        ["calendar", "show", "illinois-state", "--year", "2026"],
        {"days": [{"date": TEXT, "name": TEXT, "status": TEXT}]},
    ),
    "calendar-list": (["calendar", "list"], {"items": [{"id": TEXT}]}),
    "calendar-check": (["calendar", "check", str(ROOT / "calendars/us-federal.toml")], {}),
    "workflow-choose": (
        ["workflow", "choose", "--plan", "commercial", "--funding", "insured", "--state", "IL"],
        {"coverage": TEXT, "workflow": MAYBE, "title": TEXT, "because": TEXT, "source": TEXT,
         "evidence": TEXT, "when": TABLE, "given": TABLE},
    ),
    "workflow-diff": (
        ["workflow", "diff", "humana-il-guide", "ma-part-b-drug"],
        {
            "a": TEXT, "b": TEXT,
            "clocks": [{"clock": TEXT, "differs": LIST, "safe": MAYBE, "safe_expedited": MAYBE}],
            "triggers": [{"trigger": TEXT, "a": TEXT, "b": TEXT}],
        },
    ),
    "workflow-diagram": (
        ["workflow", "diagram", "humana-il-guide", "--case", "C-1", "--format", "mermaid"],
        {"workflow": TEXT, "case": TEXT, "format": TEXT, "text": TEXT},
    ),
    "workflow-list": (["workflow", "list"], {"items": [{"id": TEXT}]}),
    "workflow-show": (["workflow", "show", "humana-il-guide"], {}),
    "workflow-check": (["workflow", "check", str(ROOT / "states/humana-il-guide.toml")], {}),
    "db-stats": (
        ["db", "stats"],
        {
            "cases": COUNT, "entries": COUNT, "open_deadlines": COUNT, "database": TEXT,
            "practice": FLAG,
        },
    ),
    "config-show": (["config", "show"], {}),
    "replay": (
        ["replay", "--all"],
        {"cases": COUNT, "entries": COUNT, "matching": COUNT, "differing": LIST},
    ),
    "audit-verify": (
        ["audit", "verify"],
        {
            "ok": FLAG, "entries": COUNT, "cases": COUNT, "sealed": COUNT, "unsealed": COUNT,
            "root": TEXT, "witness": (dict, type(None)), "problems": LIST,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READS)
def test_a_reading_command_keeps_its_json_promise(office: Office, name: str) -> None:
    arguments, shape = READS[name]
    done = office(*arguments, "--json")
    assert (done.code in {0, 3}, done.err) == (True, "")
    assert done.data["schema"] == f"casetrack.{name}/1"
    fits(done.data, shape, name)


@pytest.mark.parametrize("name", READS)
def test_a_reading_command_prints_text_and_no_message(office: Office, name: str) -> None:
    arguments, _ = READS[name]
    done = office(*arguments)
    assert done.code in {0, 3}
    assert done.out.strip()
    assert done.err == ""


@pytest.mark.parametrize("name", READS)
def test_a_reading_command_writes_nothing(office: Office, name: str) -> None:
    before = office.written()
    office(*READS[name][0])
    assert office.written() == before


def test_the_schema_revision_is_told_too(office: Office) -> None:
    """``db stats`` promises a member ``schema`` where ``--json`` promises its own name."""
    text = office("db", "stats").out
    assert REVISION in text


WRITES: Mapping[str, tuple[Words, Shape]] = {
    "workflow-adopt": (
        ["workflow", "adopt", "il-commercial", "--case", "C-1"],
        {
            "workflow": TEXT, "definition": TEXT, "edition": TEXT, "dry_run": FLAG,
            "counts": {"adopted": COUNT, "already": COUNT, "refused": COUNT, "lapsed": COUNT},
            "items": [{
                **BASE, "status": TEXT, "from": TEXT, "to": TEXT, "reasons": LIST, "lapsed": LIST,
                "act_now": LIST, "armed": LIST, "closed": LIST, "moved": LIST, "reopened": LIST,
                "unproven": LIST, "dropped": LIST, "unused": LIST,
            }],
        },
    ),
    "open": (
        ["open", "--ref", "N-1", "--on", "2026-11-20", "--workflow", "humana-il-guide"], BASE
    ),
    "record": (["record", "C-1", "age", "dob=1990-02-28", "--on", "-3d"], BASE),
    "note": (["note", "C-1", "called", "kind=call", "--on", "2026-11-23"], BASE),
    "redact": (["redact", "C-1", "patient", "--reason", "asked", "--yes"], BASE),
    "assign": (["assign", "C-1", "ana"], {"items": [BASE]}),
    "fire": (
        ["fire", "C-1", "close", "close_reason=withdrawn"],
        {
            **BASE, "from": TEXT, "to": TEXT, "trigger": TEXT, "armed": LIST, "closed": LIST,
            "moved": LIST, "dry_run": FLAG, "repeated": FLAG,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WRITES)
def test_a_write_says_case_version_state_and_digest(fresh: Office, name: str) -> None:
    arguments, shape = WRITES[name]
    done = fresh(*arguments, "--json")
    assert (done.code, done.err) == (0, "")
    assert done.data["schema"] == f"casetrack.{name}/1"
    fits(done.data, shape, name)
    said = done.data["items"][0] if "items" in done.data else done.data
    assert (said["version"], said["digest"]) in {
        (row[1], row[6].hex()) for row in fresh.rows("ledger")
    }


@pytest.mark.parametrize("name", WRITES)
def test_a_write_in_text_prints_something_and_no_message(fresh: Office, name: str) -> None:
    done = fresh(*WRITES[name][0])
    assert (done.code, done.err) == (0, "")
    assert done.out.strip()


def test_a_whole_packet_is_recorded_at_once(fresh: Office) -> None:
    done = fresh("record", "C-1", "--from", "-", "--json", stdin=packet_csv())
    assert (done.code, done.data["version"]) == (0, 9)
    assert fresh("check", "C-1", "--json").data["ready"] is True


def test_what_is_armed_closed_and_moved_is_listed(fresh: Office) -> None:
    fresh.do("record", "C-1", "--from", "-", stdin=packet_csv())
    sent = fresh.do("fire", "C-1", "submit", "--at", "2026-11-24T09:00", "--json").data
    assert {d["deadline"] for d in sent["armed"]} == {"pa_decision#1", "pa_follow_up#1"}
    assert "inhibitor_fresh#1" in {d["deadline"] for d in sent["closed"]}
    urgent = fresh.do(
        "fire", "C-1", "expedite", "expedite_reason=deterioration", "--at", "2026-11-24T09:30",
        "--override", "statement follows", "--json",
    ).data  # fmt: skip
    assert [d["deadline"] for d in urgent["moved"]] == ["pa_decision#1"]
    assert fresh.do("show", "C-1", "--json").data["expedited"] is True


def test_a_dry_run_says_what_would_be_and_writes_nothing(fresh: Office) -> None:
    before = fresh.written()
    done = fresh.do("fire", "C-1", "close", "close_reason=withdrawn", "--dry-run", "--json")
    assert done.data["dry_run"] is True
    assert (done.data["to"], done.data["version"]) == ("closed", 1)
    assert fresh.written() == before


def test_a_note_of_a_call_ends_the_follow_up(office: Office, tmp_path: Path) -> None:
    mine = practice(tmp_path)
    submitted(mine)
    done = mine.do("note", "C-1", "asked", "kind=call", "--json")
    assert [d["deadline"] for d in done.data["closed"]] == ["pa_follow_up#1"]


@pytest.mark.parametrize("option", [[], ["--practice"]])
def test_a_new_ledger_is_announced_and_private(tmp_path: Path, option: list[str]) -> None:
    office = Office(tmp_path / "made", now=None)
    done = office("db", "init", *option, "--json")
    assert (done.code, done.data["schema"]) == (0, "casetrack.db-init/1")
    assert office.db.stat().st_mode & 0o777 == 0o600
    assert office.folder.stat().st_mode & 0o777 == 0o700
    for beside in office.folder.iterdir():
        assert beside.stat().st_mode & 0o077 == 0, beside.name


def test_a_backup_is_private_and_whole(fresh: Office, tmp_path: Path) -> None:
    copy = Office(tmp_path / "copies")
    done = fresh("db", "backup", str(tmp_path / "copies" / "cases.db"), "--json")
    assert (done.code, done.data["schema"]) == (0, "casetrack.db-backup/1")
    assert (copy.db.stat().st_mode & 0o777, copy.folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert copy.written() == fresh.written()
    assert fresh("db", "backup", str(copy.db)).code == 4


@pytest.mark.parametrize("what", ["rebuild", "upgrade"])
def test_upkeep_changes_no_entry_and_no_view(fresh: Office, what: str) -> None:
    before = fresh.written()
    done = fresh("db", what, "--json")
    assert (done.code, done.err, done.data["schema"]) == (0, "", f"casetrack.db-{what}/1")
    assert fresh.written() == before


@pytest.mark.parametrize("form", ["text", "md", "html", "csv", "json", "ics"])
def test_a_report_goes_to_a_private_file(office: Office, tmp_path: Path, form: str) -> None:
    target = tmp_path / "new" / "due"
    done = office("due", "--format", form, "--output", str(target))
    assert (done.code, done.out) == (0, "")
    assert (target.stat().st_mode & 0o777, target.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert target.read_bytes().decode() == office("due", "--format", form).out
    assert list(target.parent.iterdir()) == [target]


def test_an_export_goes_to_a_private_file(office: Office, tmp_path: Path) -> None:
    target = tmp_path / "new" / "cases.csv"
    done = office("export", "C-1", "--output", str(target), "--json")
    assert (done.code, done.data["schema"]) == (0, "casetrack.export/1")
    assert (target.stat().st_mode & 0o777, target.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert list(target.parent.iterdir()) == [target]


def test_an_export_that_fails_discloses_nothing(office: Office, tmp_path: Path) -> None:
    (tmp_path / "there.csv").write_text("mine")
    refused(office, ["export", "--output", str(tmp_path / "there.csv")], 4)
    refused(office, ["export", "--output", str(tmp_path)], 4)
    refused(office, ["export", "NOPE", "--output", str(tmp_path / "new.csv")], 4)
    refused(office, ["export"], 2)
    assert (tmp_path / "there.csv").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


IMPORTED = b"case,action,on,close_reason\nN-1,open,2026-11-20,\nN-1,close,2026-11-23,declined\n"


def test_an_import_says_how_much(fresh: Office) -> None:
    done = fresh("import", "-", "--json", stdin=IMPORTED)
    assert (done.code, done.data["schema"]) == (0, "casetrack.import/1")
    assert (done.data["rows"], done.data["cases"], done.data["rejected"]) == (2, 1, 0)
    assert fresh.do("show", "N-1", "--json").data["state"] == "closed"


REJECTED = IMPORTED + b"N-2,open,2026-11-20,\nN-2,x,today,\n"


def test_an_import_that_is_refused_as_a_whole_writes_nothing(fresh: Office) -> None:
    assert "N-2" in " ".join(refused(fresh, ["import", "-"], 4, REJECTED)["reasons"])


def test_an_import_that_keeps_going_exits_3_for_what_it_rejects(
    fresh: Office, tmp_path: Path
) -> None:
    rejected = tmp_path / "rejected.csv"
    done = fresh("import", "-", "--keep-going", "--rejected", str(rejected), stdin=REJECTED)
    assert (done.code, bool(done.out), "N-2" in done.err) == (3, True, True)
    assert rejected.stat().st_mode & 0o777 == 0o600
    assert fresh.do("show", "N-1", "--json").data["state"] == "closed"
    assert fresh("show", "N-2").code == 4


def test_a_demo_fills_a_practice_ledger_and_no_other(tmp_path: Path, real: Office) -> None:
    office = Office(tmp_path / "demo")
    done = office("demo", "--json")
    assert (done.code, done.data["schema"]) == (0, "casetrack.demo/1")
    assert office.do("due").out.strip()
    before = real.written()
    assert real("demo").code == 4
    assert real.written() == before


@pytest.mark.parametrize(
    ("now", "fail_on", "code"),
    [
        (NOW, "due", 0),
        ("2026-11-27T18:00Z", "due", 3),
        ("2026-11-27T18:00Z", "overdue", 0),
        ("2027-03-01T18:00Z", "overdue", 3),
        ("2027-03-01T18:00Z", "payer-overdue", 3),
        (NOW, "payer-overdue", 0),
    ],
)
def test_due_can_fail_on_what_is_due(office: Office, now: str, fail_on: str, code: int) -> None:
    done = office("due", "--fail-on", fail_on, now=now)
    assert (done.code, bool(done.out), done.err) == (code, True, "")


# Help


COMMANDS = dict(commands())


@pytest.mark.parametrize(
    "group", [[], ["audit"], ["db"], ["workflow"], ["calendar"], ["config"]], ids=" ".join
)
def test_a_bare_group_shows_its_help_and_exits_2(group: list[str]) -> None:
    done = run(*group)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("Usage: ")
    assert "Commands:" in done.err


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage:" in done.out
    assert len(done.out.splitlines()) > 4


ARGUMENTS = [
    (path, param)
    for path, command in COMMANDS.items()
    for param in command.params
    if isinstance(param, click.Argument)
]


@pytest.mark.parametrize(
    ("path", "param"),
    ARGUMENTS,
    ids=[f"{' '.join(path)} {param.name}" for path, param in ARGUMENTS],
)
def test_every_argument_says_what_it_takes(path: tuple[str, ...], param: click.Argument) -> None:
    help_ = param.help  # type: ignore[attr-defined]  # Typer's arguments have it
    assert help_
    assert " ".join(help_.split()) in " ".join(run(*path, "--help").out.split())


@pytest.mark.parametrize(
    "name",
    [
        "open", "record", "check", "fire", "next", "show", "list", "find", "assign", "note",
        "plan", "done", "extend", "toll", "resume", "amend", "void", "explain",
        "calc", "due", "history", "redact", "import", "export", "demo",
    ],
)  # fmt: skip
def test_every_command_says_what_it_does(name: str) -> None:
    assert (COMMANDS[name,].help or "").strip()


def test_the_version_is_told() -> None:
    done = run("--version")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("casetrack ")


# Exit codes, one mistake at a time. Each row: arguments, code, kind, words that must occur.

Mistake = tuple[Words, int, str, Words]
FIRE = ["fire", "C-1"]
NAMES: list[Mistake] = [
    (["show", "NOPE"], 4, "UnknownName", []),
    (["show", ""], 4, "UnknownName", []),
    (["show", LEDGER], 4, "UnknownName", []),
    (["next", "NOPE"], 4, "UnknownName", []),
    (["check", "NOPE"], 4, "UnknownName", []),
    (["fire", "NOPE", "close", "close_reason=withdrawn"], 4, "UnknownName", []),
    (["record", "NOPE", "age", "dob=1990-02-28"], 4, "UnknownName", []),
    (["note", "NOPE", "text"], 4, "UnknownName", []),
    (["assign", "NOPE", "ana"], 4, "UnknownName", []),
    (["explain", "NOPE"], 4, "UnknownName", []),
    (["history", "NOPE"], 4, "UnknownName", []),
    (["audit", "conformance", "NOPE"], 4, "UnknownName", []),
    (["audit", "drift", "C-1", "NOPE"], 4, "UnknownName", []),
    (["audit", "drift", "C-"], 4, "AmbiguousCase", ["C-1"]),
    (["redact", "NOPE", "--all", "--reason", "asked", "--yes"], 4, "UnknownName", []),
    (["open", "--workflow", "humana-il-gide"], 4, "UnknownName", ["humana-il-guide"]),
    (["workflow", "show", "humana-il-gide"], 4, "UnknownName", ["humana-il-guide"]),
    (["calendar", "show", "ilinois-state"], 4, "UnknownName", ["illinois-state"]),
    ([*FIRE, "aprove"], 4, "UnknownName", ["approve"]),
    (["check", "C-1", "--for", "aprove"], 4, "UnknownName", ["approve"]),
    ([*FIRE, "approve", "valid_thru=2027-06-30"], 4, "UnknownName", ["valid_through"]),
    ([*FIRE, "approve", "dob=1990-02-28"], 4, "UnknownName", ["valid_through"]),
    (["open", "benefitt=medical"], 4, "UnknownName", ["benefit"]),
    (["note", "C-1", "text", "knd=call"], 4, "UnknownName", ["kind"]),
    (["record", "C-1", "inhibitor_tst"], 4, "UnknownName", ["inhibitor_test"]),
    (["record", "C-1", "age", "dob_=1990-02-28"], 4, "UnknownName", ["dob"]),
    (["explain", "C-1", "pa_decison"], 4, "UnknownName", ["pa_decision#1"]),
    (["explain", "C-1", "pa_decision#2"], 4, "UnknownName", ["pa_decision#1"]),
    (["calc", "humana-il-guide/pa_decison", "--from", "2026-11-24"], 4, "UnknownName",
     ["pa_decision"]),
    (["calc", "5bd", "--from", "2026-11-24", "--calendar", "ilinois-state"], 4, "UnknownName",
     ["illinois-state"]),
    (["redact", "C-1", "patent", "--reason", "asked", "--yes"], 4, "UnknownName", ["patient"]),
    (["redact", "C-1", "--entry", "99", "--reason", "asked", "--yes"], 4, "UnknownName", []),
    (["list", "--workflow", "humana-il-gide"], 4, "UnknownName", ["humana-il-guide"]),
    (["list", "--where", "benefitt=medical"], 4, "UnknownName", ["benefit"]),
    (["list", "--state", "intak"], 4, "UnknownName", ["intake"]),
    (["show", "C-"], 4, "AmbiguousCase", ["C-1", "C-12", "C-2"]),
    (["note", "C-", "text"], 4, "AmbiguousCase", []),
    (["fire", "W", "close", "close_reason=withdrawn"], 4, "AmbiguousCase", []),
    (["record", "W-4", "age", "dob=1990-02-28"], 4, "AmbiguousCase", []),
    (["redact", "W-4", "reference", "--reason", "asked", "--yes"], 4, "AmbiguousCase", []),
    (["assign", "W-4", "ana"], 4, "AmbiguousCase", []),
    (["open", "--ref", "C-1"], 4, "Refused", []),
]  # fmt: skip
VALUES: list[Mistake] = [
    ([*FIRE, "submit", "method=potral"], 4, "Refused", ["method", "portal"]),
    ([*FIRE, "close", "close_reason=withdrawn", "close_reason=deceased"], 4, "Refused", ["once"]),
    ([*FIRE, "close"], 4, "TransitionRefused", ["close_reason"]),
    ([*FIRE, "deny"], 4, "TransitionRefused", ["notice_on"]),
    ([*FIRE, "administer"], 4, "TransitionRefused", ["pa_submitted"]),
    ([*FIRE, "payer_missed"], 4, "TransitionRefused", ["pa_decision#1"]),
    ([*FIRE, "refuse_expedite", "--override", "so be it"], 4, "TransitionRefused", []),
    ([*FIRE, "expedite", "expedite_reason=deterioration", "--override", "x"], 4,
     "TransitionRefused", ["--at"]),
    ([*FIRE, "close", "close_reason"], 2, "Unparsable", ["name=value"]),
    ([*FIRE, "close", "=withdrawn"], 2, "Unparsable", ["name=value"]),
    (["note", "C-1", "text", "kind=@/no/such/file"], 4, "Refused", []),
    (["note", "C-1", "@/no/such/file"], 4, "Refused", []),
    (["note", "C-1", ""], 4, "Refused", []),
    (["note", "C-1", " \n"], 4, "Refused", []),
    (["record", "C-1", "age", "--file", "/no/such/file"], 4, "Refused", ["file"]),
    (["record", "C-1", "age", "--file", "/"], 4, "Refused", ["file"]),
    (["record", "C-1", "--from", "/no/such/file"], 4, "Refused", []),
    (["redact", "C-1", "patient", "--reason", "asked"], 4, "Refused", ["--yes"]),
    (["redact", "C-1", "patient", "--yes"], 2, "Unparsable", ["--reason"]),
    (["redact", "C-1", "--reason", "asked", "--yes"], 2, "Unparsable", ["--all"]),
    (["redact", "C-1", "patient", "--all", "--reason", "asked", "--yes"], 2, "Unparsable", []),
    ([*FIRE, "close", "close_reason=withdrawn", "--if-version", "3"], 4, "StaleVersion", ["10"]),
    ([*FIRE, "close", "close_reason=withdrawn", "--if-version", "three"], 2, "Unparsable",
     ["--if-version"]),
    ([*FIRE, "close", "close_reason=withdrawn", "--idempotency-key", "a b"], 4, "Refused", []),
    ([*FIRE, "close", "close_reason=withdrawn", "--idempotency-key", "k" * 65], 4, "Refused", []),
    ([*FIRE, "close", "close_reason=withdrawn", "--idempotency-key", ""], 4, "Refused", []),
]  # fmt: skip
USAGE: list[Mistake] = [
    ([], 2, "Unparsable", []),
    (["shwo"], 2, "Unparsable", ["show"]),
    (["show"], 2, "Unparsable", ["CASE"]),
    (["fire", "C-1"], 2, "Unparsable", ["TRIGGER"]),
    (["note", "C-1"], 2, "Unparsable", ["TEXT"]),
    (["record", "C-1"], 2, "Unparsable", ["--from"]),
    (["record", "C-1", "age", "--from", "-"], 2, "Unparsable", ["--from"]),
    (["assign", "ana"], 2, "Unparsable", ["NAME"]),
    (["history"], 2, "Unparsable", ["--patient"]),
    (["history", "C-1", "--patient", "P 1"], 2, "Unparsable", ["--patient"]),
    (["history", "C-1", "--diff", "today"], 2, "Unparsable", ["--diff"]),
    (["history", "C-1", "--format", "pdf"], 2, "Unparsable", ["--format", "html"]),
    (["find", ""], 2, "Unparsable", ["TEXT"]),
    (["show", "C-1", "C-2"], 2, "Unparsable", []),
    (["show", "C-1", "--phy"], 2, "Unparsable", ["--phi"]),
    (["due", "--ouput", "x"], 2, "Unparsable", ["--output"]),
    (["due", "--format", "pdf"], 2, "Unparsable", ["--format", "csv"]),
    (["due", "--owner", "nobody"], 2, "Unparsable", ["--owner", "payer"]),
    (["due", "--fail-on", "never"], 2, "Unparsable", ["--fail-on"]),
    (["due", "--within", "soon"], 2, "Unparsable", []),
    (["due", "--within", "72h"], 2, "Unparsable", []),
    (["due", "--within", "-5bd"], 2, "Unparsable", []),
    (["list", "--limit", "-1"], 2, "Unparsable", ["--limit"]),
    (["list", "--where", "benefit"], 2, "Unparsable", ["name=value"]),
    (["calc", "14", "--from", "2026-11-24"], 2, "Unparsable", []),
    (["calc", "1_0bd", "--from", "2026-11-24"], 2, "Unparsable", []),
    (["calc", "٣bd", "--from", "2026-11-24"], 2, "Unparsable", []),
    (["calc", "5bd"], 2, "Unparsable", ["--from"]),
    (["calc", "5bd", "--from", "2026-11-24", "--roll", "folowing"], 2, "Unparsable",
     ["following"]),
]  # fmt: skip


@pytest.mark.parametrize(
    "row", [*NAMES, *VALUES, *USAGE], ids=lambda row: " ".join(row[0])[:60].replace("\n", " ")
)
def test_a_mistake_has_its_exit_code_and_writes_nothing(office: Office, row: Mistake) -> None:
    arguments, code, kind, words = row
    error = refused(office, arguments, code)
    assert error["kind"] == kind
    said = " ".join([error["message"], *error["reasons"]])
    assert [word for word in words if word not in said] == []


def refused(office: Office, arguments: Words, code: int, stdin: bytes = b"") -> dict[str, Any]:
    """The error in JSON of a command that is refused and writes nothing."""
    before = office.written()
    done = office(*arguments, "--json", stdin=stdin)
    assert office.written() == before
    return error_of(done, code)


def error_of(done: Run, code: int) -> dict[str, Any]:
    """One error object is on stderr and nothing else, and nothing on stdout."""
    assert (done.code, done.out) == (code, ""), done
    assert done.err.count("\n") == 1, done.err
    error = done.error
    assert set(error) == set(ERROR)
    fits(error, ERROR)
    assert (error["schema"], error["code"]) == ("casetrack.error/1", code)
    assert error["message"]
    return error


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["show", "NOPE"], 4),
        (["show"], 2),
        (["shwo"], 2),
        (["show", "C-1", "--phy"], 2),
        (["fire", "C-1", "deny"], 4),
        (["due", "--output"], 2),
        (["note", "C-1", "\x1b[31m"], 2),
    ],
)
def test_a_mistake_is_told_in_words_too(office: Office, arguments: list[str], code: int) -> None:
    done = office(*arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    assert "\x1b" not in done.err


def test_a_reading_command_takes_a_unique_prefix(office: Office) -> None:
    assert office.do("show", "W", "--json").data["case"] == "W-40"
    assert office.do("show", "C-1", "--json").data["case"] == "C-1"
    dry = office.do("fire", "W", "close", "close_reason=withdrawn", "--dry-run", "--json")
    assert dry.data["case"] == "W-40"


# Days, instants, numbers


MALFORMED_DAYS = [
    "2026-02-30", "2025-02-29", "2026-13-01", "2026-00-10", "03/04/2026", "24.11.2026",
    "2026-11", "2026", "20261124", "2026-W48-2", "26-11-24", "2026-11-24T00:00", "tomorrow",
    "now", "Today", "today ", " 2026-11-24", "2026-11-24\n", "٢٠٢٦-١١-٢٤", "２０２６-１１-２４",
    "2026‐11‐24", "+5", "-3bd ", "+5BD", "+1w", "-3mo", "+12345d", "−3d", "+-3d", "0000-01-01",
    "+٣d",
]  # fmt: skip
FUTURE_DAYS = ["2026-11-25", "+1d", "+1bd", "9999-12-31", "+9999d"]


@pytest.mark.parametrize("day", MALFORMED_DAYS)
def test_a_malformed_day_cannot_be_parsed(office: Office, day: str) -> None:
    refused(office, ["record", "C-1", "age", "dob=1990-02-28", f"--on={day}"], 2)
    refused(office, ["fire", "C-1", "deny", f"notice_on={day}"], 2)


@pytest.mark.parametrize("option", ["--on", "--at"])
def test_a_variable_that_was_empty_is_not_today(office: Office, option: str) -> None:
    refused(office, ["fire", "C-1", "deny", "notice_on=2026-11-24", f"{option}="], 2)


@pytest.mark.parametrize(
    ("field", "code"),
    [("notice_on", 2), ("received_on", 2), ("reason_text", 4), ("reason_code", 4)],
)
def test_a_field_that_is_empty_is_refused(office: Office, field: str, code: int) -> None:
    refused(office, ["fire", "C-1", "deny", f"{field}="], code)


@pytest.mark.parametrize("day", FUTURE_DAYS)
def test_a_future_day_is_refused(office: Office, day: str) -> None:
    refused(office, ["record", "C-1", "age", "dob=1990-02-28", f"--on={day}"], 4)
    refused(office, ["fire", "C-1", "deny", f"notice_on={day}"], 4)


@pytest.mark.parametrize(
    "arguments",
    [
        ["record", "C-12", "inhibitor_test", "result=negative", "--on", "2018-06-01"],
        ["record", "C-12", "inhibitor_test", "result=negative", "--on", "0001-01-01"],
        ["record", "C-12", "age", "dob=1990-02-28", "--on=-9000bd"],
        ["fire", "C-1", "deny", "notice_on=2017-06-01", "--override", "so it stands there"],
        ["fire", "C-1", "deny", "notice_on=0001-01-01", "--override", "so it stands there"],
        ["fire", "C-1", "approve", "valid_through=2045-01-31"],
        ["fire", "C-1", "approve", "valid_through=9999-12-31"],
        ["fire", "C-1", "request_info", "respond_on=9999-12-31"],
        ["calc", "14bd", "--from", "2036-12-30"],
        ["calc", "5bd", "--from", "2018-12-01"],
        ["calc", "9999bd", "--from", "2026-11-24"],
        ["calc", "9999d", "--from", "2026-11-24"],
        ["due", "--within", "9999bd"],
    ],
    ids=" ".join,
)
def test_a_day_beyond_the_calendar_is_refused_and_never_guessed(
    office: Office, arguments: list[str]
) -> None:
    assert refused(office, arguments, 4)["kind"] in {"BeyondHorizon", "Refused"}


MALFORMED_INSTANTS = [
    "now", "2026-11-24", "10:00", "2026-11-24T25:00", "2026-11-24T10:60", "2026-11-24T24:00",
    "2026-11-24T10", "2026-11-24T10:00:60", "2026-02-30T10:00", "2026-11-24T10:00+25:00",
    "2026-11-24T10:00+0600", "2026-11-24T10:00 CST", "2026-11-24t10:00", "٢٠٢٦-١١-٢٤T10:00",
    "2026-11-24T10:00:00.1234567Z", "1764000000", "2026-11-24T10:00Z\n",
]  # fmt: skip


@pytest.mark.parametrize("instant", MALFORMED_INSTANTS)
def test_a_malformed_instant_cannot_be_parsed(office: Office, instant: str) -> None:
    refused(office, ["fire", "C-2", "peer_to_peer", f"--at={instant}"], 2)
    refused(office, ["fire", "C-2", "file_appeal", f"sent_at={instant}"], 2)


@pytest.mark.parametrize(
    "instant",
    [
        "2026-11-01T01:30",
        "2026-03-08T02:30",
        "2026-11-24T10:01",
        "2026-11-24T16:00:00.000001Z",
        "9999-12-31T23:59",
        "9999-12-31T23:59Z",
    ],
)
def test_an_ambiguous_impossible_or_future_instant_is_refused(office: Office, instant: str) -> None:
    refused(office, ["fire", "C-1", "deny", "notice_on=2026-11-24", "--at", instant], 4)


@pytest.mark.parametrize(
    "instant",
    [
        "0001-01-01T00:00", "0001-01-01T00:00Z", "0001-01-02T00:00", "0001-01-01T00:00+14:00",
        "9999-12-31T23:00-14:00",
    ],
)  # fmt: skip
def test_the_first_and_last_instant_of_all_are_no_unexpected_error(
    office: Office, instant: str
) -> None:
    done = office("fire", "C-1", "deny", "notice_on=2026-11-24", "--at", instant, "--json")
    assert done.code in {2, 4}, done
    assert done.out == ""


@pytest.mark.parametrize(
    "now", ["0001-01-01T00:00Z", "9999-12-31T23:59Z", "2018-01-01T00:00Z", "2040-01-01T00:00Z"]
)
@pytest.mark.parametrize(
    "arguments",
    [["list", "--overdue"], ["due"], ["show", "C-1"], ["next", "C-1"], ["check", "C-1"]],
    ids=" ".join,
)
def test_a_clock_set_beyond_the_calendar_is_no_unexpected_error(
    office: Office, now: str, arguments: list[str]
) -> None:
    done = office(*arguments, now=now)
    assert done.code in {0, 2, 3, 4}, done


@pytest.mark.parametrize("now", ["", "now", "2026-11-24", "yesterday", "2026-11-24T25:00", "٣"])
def test_a_malformed_now_cannot_be_parsed(office: Office, now: str) -> None:
    done = run("--db", str(office.db), "--now", now, "list", "--json")
    error_of(done, 2)


@pytest.mark.parametrize(
    "number",
    ["NaN", "nan", "inf", "Infinity", "-Infinity", "1_0", "٣", "３", "1e3", "+1", " 1", "1 ",
     "0x10", "1.", ".5", "1,5", "12345678901", "1\n", "½", "--1"],
)  # fmt: skip
def test_a_number_is_plain_ascii_digits(office: Office, number: str) -> None:
    refused(office, ["record", "C-1", "exposure_days", f"days={number}"], 2)
    refused(office, ["record", "C-1", "factor_ix_activity", f"percent={number}"], 2)


# Text that no entry may hold, and text that is too long


CONTROL = ["\x1b[31mred", "bell\x07", "nul-less\x01", "del\x7f", "nel\x85", "csi\x9b1m", "a\rb"]


@pytest.mark.parametrize("text", CONTROL, ids=ascii)
def test_a_control_character_cannot_be_parsed_wherever_it_is_typed(
    office: Office, text: str
) -> None:
    for arguments in (
        ["open", "--patient", text],
        ["open", "--ref", text],
        ["open", f"physician={text}"],
        ["fire", "C-1", "close", "close_reason=withdrawn", "--reason", text],
        ["fire", "C-12", "submit", "--override", text],
        ["record", "C-1", "approved_center", f"center={text}"],
        ["record", "C-1", "diagnosis", "icd10=D67", f"other_codes={text}"],
        ["note", "C-1", text],
        ["note", "C-1", f"x{text}"],
        ["redact", "C-1", "patient", "--reason", text, "--yes"],
    ):
        assert text not in refused(office, arguments, 2)["message"]


@pytest.mark.parametrize("text", [*CONTROL, "two\nlines", "a\ttab"], ids=ascii)
def test_a_name_stands_on_one_line(office: Office, text: str) -> None:
    before = office.written()
    assert office("note", "C-1", "text", actor=text).code == 2
    assert office("assign", "C-1", text).code == 2
    assert office.written() == before


def test_a_file_name_with_a_control_character_cannot_be_parsed(
    office: Office, tmp_path: Path
) -> None:
    (tmp_path / "a\x1b[31mb.pdf").write_bytes(b"x")
    refused(office, ["record", "C-1", "age", "--file", str(tmp_path / "a\x1b[31mb.pdf")], 2)


@pytest.mark.parametrize("place", range(4))
def test_a_lone_surrogate_cannot_be_parsed(office: Office, place: int) -> None:
    arguments = ["note", "C-1", "text", "kind=call"]
    arguments[place] += os.fsdecode(b"\xff")
    refused(office, arguments, 2)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["note", "C-1", "@-"], b"\xff\xfe"),
        (["note", "C-1", "@-"], b"\xed\xa0\x80"),
        (["open", "--patient", "@-"], b"caf\xe9"),
        (["record", "C-1", "--from", "-"], b"item\n\xff\n"),
        (["record", "C-1", "--from", "-"], b""),
        (["record", "C-1", "--from", "-"], b"what\nage\n"),
        (["record", "C-1", "--from", "-"], b"item,item\nage,age\n"),
        (["record", "C-1", "--from", "-"], b"item,on\nage\n"),
        (["record", "C-1", "--from", "-"], b"item,on\nage,,x\n"),
        (["record", "C-1", "--from", "-"], b'item,on\n"age,2026-11-20\n'),
        (["record", "C-1", "--from", "-"], b"item,on\nage,24.11.2026\n"),
        (["record", "C-1", "--from", "-"], b"item,dob\nage,1990-02-28\nage,\x1b[31m\n"),
    ],
    ids=repr,
)
def test_standard_input_that_is_no_text_cannot_be_parsed(
    office: Office, arguments: list[str], stdin: bytes
) -> None:
    refused(office, arguments, 2, stdin)


@pytest.mark.parametrize(
    "packet",
    [
        b"item,dob\nage,1990-02-28\nagee,1990-02-28\n",
        b"item,dobb\nage,1990-02-28\n",
        b"item,dob,file\nage,1990-02-28,/no/such/file\n",
        b"item,on,dob\nage,2026-11-20,1990-02-28\nage,2026-11-25,1990-02-28\n",
        b"item,on,dob\n",
    ],
)
def test_a_packet_is_written_as_a_whole_or_not_at_all(office: Office, packet: bytes) -> None:
    refused(office, ["record", "C-1", "--from", "-"], 4, packet)


@pytest.mark.parametrize("option", ["--on=2026-11-02", "--file=pyproject.toml"])
def test_an_option_that_a_packet_does_not_take_is_not_silently_ignored(
    fresh: Office, option: str
) -> None:
    refused(fresh, ["record", "C-1", "--from", "-", option], 2, b"item,dob\nage,1990-02-28\n")


LIMITS: list[tuple[Words, int, Words]] = [
    (["open", "--patient"], 200, []),
    (["open", "--ref"], 32, []),
    (["note", "C-12"], 64 * 1024, []),
    (["fire", "C-12", "close", "close_reason=withdrawn", "--reason"], 16 * 1024, ["--dry-run"]),
]


@pytest.mark.parametrize(("arguments", "limit", "more"), LIMITS)
def test_a_value_over_its_limit_is_refused(
    office: Office, arguments: Words, limit: int, more: Words
) -> None:
    refused(office, [*arguments, "x" * (limit + 1)], 4)
    if "--ref" not in arguments:
        refused(office, [*arguments, "é" * (limit // 2 + 1)], 4)


@pytest.mark.parametrize(("arguments", "limit", "more"), LIMITS)
def test_a_value_at_its_limit_is_kept(
    tmp_path: Path, arguments: Words, limit: int, more: Words
) -> None:
    office = practice(tmp_path)
    office.do("open", "--ref", "C-12")
    office.do(*arguments, "x" * limit)


def test_a_field_over_its_limit_is_refused_by_name(office: Office) -> None:
    error = refused(office, ["open", f"physician={'x' * (16 * 1024 + 1)}"], 4)
    assert "physician" in error["message"]
    many = [f"other_codes={'x' * 9_000}"] * 2
    error = refused(office, ["record", "C-1", "diagnosis", "icd10=D67", *many], 4)
    assert "other_codes" in error["message"]


@pytest.mark.parametrize("text", [".x", "-", "a b", "a/b", "Jane@x", "é", "٣", "a\nb", "x" * 33])
def test_a_reference_has_its_own_alphabet(office: Office, text: str) -> None:
    refused(office, ["open", f"--ref={text}"], 4)


@pytest.mark.parametrize("actor", ["", "x" * 201])
def test_an_actor_has_a_name_of_some_length(office: Office, actor: str) -> None:
    before = office.written()
    assert office("note", "C-1", "text", actor=actor).code == 4
    assert office.written() == before


# --if-version, --idempotency-key, --now


def test_a_version_that_holds_is_written_on(fresh: Office) -> None:
    done = fresh.do("fire", "C-1", "close", "close_reason=withdrawn", "--if-version", "1", "--json")
    assert done.data["version"] == 2


def test_the_same_key_acts_once(fresh: Office) -> None:
    again = ["fire", "C-1", "close", "close_reason=withdrawn", "--idempotency-key", "k1", "--json"]
    first, second = fresh.do(*again).data, fresh.do(*again).data
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert first | {"repeated": True} == second
    assert len(fresh.bodies(first["case"])) == 0
    assert len([body for body in fresh.bodies() if body["type"] == "TransitionFired"]) == 1


@pytest.mark.parametrize(
    "other",
    [
        ["fire", "C-1", "deny", "notice_on=2026-11-24", "--idempotency-key", "k1"],
        ["fire", "C-1", "close", "close_reason=deceased", "--idempotency-key", "k1"],
    ],
)
def test_a_key_serves_one_command_only(fresh: Office, other: list[str]) -> None:
    fresh.do("fire", "C-1", "close", "close_reason=withdrawn", "--idempotency-key", "k1")
    refused(fresh, other, 4)


REAL_WRITES: list[Words] = [
    ["open", "--ref", "C-9"],
    ["record", "C-1", "age", "dob=1990-02-28"],
    ["fire", "C-1", "close", "close_reason=withdrawn"],
    ["note", "C-1", "text"],
    ["assign", "C-1", "ana"],
    ["redact", "C-1", "patient", "--reason", "asked", "--yes"],
    ["show", "C-1", "--phi"],
    ["history", "C-1", "--phi"],
    ["find", "C-1", "--phi"],
    ["due", "--phi"],
]


@pytest.mark.parametrize("arguments", REAL_WRITES, ids=" ".join)
def test_a_set_clock_writes_to_no_real_ledger(
    real: Office, monkeypatch: pytest.MonkeyPatch, arguments: Words
) -> None:
    before = real.written()
    assert real(*arguments, now=NOW).code == 4
    monkeypatch.setenv("CASETRACK_NOW", NOW)
    error_of(real(*arguments, "--json"), 4)
    assert real.written() == before


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["show", "C-1"], ["due"],
     ["fire", "C-1", "close", "close_reason=withdrawn", "--dry-run"]],
    ids=" ".join,
)  # fmt: skip
def test_a_set_clock_serves_reads_and_dry_runs_of_a_real_ledger(
    real: Office, arguments: list[str]
) -> None:
    before = real.written()
    later = real(*arguments, now="2030-01-07T16:00Z")
    assert later.code == 0, later
    assert real.written() == before


def test_a_real_ledger_is_not_begun_at_a_set_time(tmp_path: Path) -> None:
    office = Office(tmp_path)
    assert office("db", "init").code == 4
    assert office("open", "--ref", "C-1").code == 4
    assert list(tmp_path.iterdir()) == []


def test_a_first_case_that_is_refused_makes_no_ledger(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    assert office("open", "--workflow", "no-such").code == 4
    assert list(tmp_path.iterdir()) == []


def test_a_first_case_makes_the_ledger_and_says_so(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    done = office("open", "--ref", "C-1", "--json")
    assert (done.code, done.data["case"], str(office.db) in done.err) == (0, "C-1", True)


# The database


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def no_sqlite(path: Path) -> None:
    path.write_text("not a database at all, only some text that is long enough\n" * 40)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other_sqlite(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE t (x)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def missing(path: Path) -> None:
    path.unlink()


def truncated(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) * 2 // 5])


def half_a_page(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def scrambled(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    whole[8192:] = b"\x5a" * (len(whole) - 8192)
    path.write_bytes(bytes(whole))


def without_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE disclosure")


DAMAGES = [
    (directory, 4), (no_sqlite, 4), (empty, 4), (other_sqlite, 4), (newer, 4), (missing, 4),
    (truncated, 5), (half_a_page, 5), (scrambled, 5), (without_a_table, 5),
]  # fmt: skip


@pytest.mark.parametrize("arguments", [["show", "C-1"], ["note", "C-1", "text"]], ids=" ".join)
@pytest.mark.parametrize(("damage", "code"), DAMAGES, ids=[d.__name__ for d, _ in DAMAGES])
def test_a_database_that_is_none_of_ours_or_damaged(
    fresh: Office, tmp_path: Path, damage: Callable[[Path], object], code: int, arguments: list[str]
) -> None:
    copy = Office(tmp_path / "copy")
    fresh.do("db", "backup", str(copy.db))
    damage(copy.db)
    error = error_of(copy(*arguments, "--json"), code)
    assert error["kind"] == ("Corrupt" if code == 5 else "BadDatabase")
    assert copy(*arguments).code == code


def test_opening_a_case_leaves_a_file_that_is_no_ledger_alone(tmp_path: Path) -> None:
    office = Office(tmp_path, now=None)
    no_sqlite(office.db)
    before = office.db.read_bytes()
    assert office("open").code == 4
    assert office("db", "init").code == 4
    assert office.db.read_bytes() == before


def test_a_read_only_database_is_read_and_not_written(
    fresh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = sqlite3.connect

    def read_only(place: str, **options: Any) -> object:  # noqa: ANN401  # passed on as they are
        return connected(place.replace("mode=rw", "mode=ro"), **options)

    monkeypatch.setattr(sqlite3, "connect", read_only)
    assert fresh("show", "C-1").code == 0
    error = error_of(fresh("note", "C-1", "text", "--json"), 4)
    assert error["kind"] == "BadDatabase"


def test_a_database_in_use_asks_to_try_again(
    fresh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "BUSY_SECONDS", 0.05)
    with closing(sqlite3.connect(fresh.db, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        error = error_of(fresh("note", "C-1", "text", "--json"), 75)
    assert error["kind"] == "Busy"
    assert fresh("note", "C-1", "text").code == 0


@pytest.mark.parametrize("url", ["mysql://s3cret@host/db", "sqlite://x", "", ":memory:"])
def test_a_url_that_is_no_file_is_refused_unechoed(url: str) -> None:
    done = run("--db", url, "list", "--json")
    error_of(done, 4)
    assert "s3cret" not in done.err


def test_settings_never_show_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASETRACK_DB", "postgresql://jo:s3cret@host/db")
    for arguments in (["config", "show"], ["config", "show", "--json"]):
        done = run(*arguments)
        assert (done.code, "s3cret" in done.out + done.err) == (0, False)


def test_settings_name_their_origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "c.toml").write_text('within = "5bd"\nactor = "filed"\n')
    monkeypatch.setenv("CASETRACK_ACTOR", "from-env")
    done = run("--config", str(tmp_path / "c.toml"), "--db", "x.db", "config", "show", "--json")
    found = done.data["settings"]
    assert (found["actor"]["value"], found["within"]["value"]) == ("from-env", "5bd")
    assert all(setting["origin"] for setting in found.values())


@pytest.mark.parametrize(
    ("text", "code"),
    [("actor = 1\n", 4), ("acter = 'x'\n", 4), ("now = '2026-11-24T10:00Z'\n", 4), ("= = =\n", 4)],
)
def test_a_config_file_with_a_mistake_is_refused(tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "c.toml").write_text(text)
    done = run("--config", str(tmp_path / "c.toml"), "config", "show", "--json")
    error_of(done, code)


def test_a_config_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    error_of(run("--config", str(tmp_path / "none.toml"), "config", "show", "--json"), 4)


@pytest.mark.parametrize("group", ["workflow", "calendar"])
@pytest.mark.parametrize("text", ["", "= = =", "id = 3\n", 'id = "x"\n[states]\n'])
def test_a_definition_that_is_not_sound_is_refused(tmp_path: Path, group: str, text: str) -> None:
    (tmp_path / "x.toml").write_text(text)
    error_of(run(group, "check", str(tmp_path / "x.toml"), "--json"), 4)
    error_of(run(group, "check", str(tmp_path / "none.toml"), "--json"), 4)


# An error that nobody expected


def test_an_unexpected_error_is_one_json_object_too(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("inner")

    monkeypatch.setattr("casetrack.service.tracker.Tracker.resolve", fail)
    plain = office("show", "C-1")
    assert (plain.code, plain.out, "Traceback" in plain.err) == (1, "", False)
    error_of(office("show", "C-1", "--json"), 1)


# In a process of its own


def shell(
    office: Office,
    *arguments: str | bytes,
    stdout: int,
    stderr: int,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    before = ["--db", str(office.db), "--now", NOW]
    return subprocess.Popen(
        [sys.executable, "-m", "casetrack", *before, *arguments],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
    )  # fmt: skip


def test_an_argument_that_is_no_utf_8_cannot_be_parsed(office: Office) -> None:
    pipe = subprocess.PIPE
    process = shell(office, "note", "C-1", b"\xff", "--json", stdout=pipe, stderr=pipe)
    out, err = process.communicate()
    error_of(Run(process.returncode, out.decode(), err.decode()), 2)


@pytest.mark.parametrize("name", ["CASETRACK_DB", "CASETRACK_ACTOR", "CASETRACK_NOW"])
def test_a_setting_that_is_no_utf_8_is_no_unexpected_error(tmp_path: Path, name: str) -> None:
    made = Office(tmp_path, now=None)
    made.do("open", "--ref", "C-1")
    env = {**os.environ, "CASETRACK_DB": str(made.db), name: os.fsdecode(b"/tmp/\xff")}
    done = subprocess.run(
        [sys.executable, "-m", "casetrack", "note", "C-1", "text", "--json"],
        cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode in {2, 4}, done
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["history", "C-2"], ["history", "C-2", "--json"]])
def test_a_reader_that_goes_away_is_no_error(office: Office, arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    process = shell(office, *arguments, stdout=write_end, stderr=subprocess.PIPE)
    os.close(write_end)
    _, err = process.communicate()
    assert (process.returncode, err) == (0, b"")


def in_terminal(office: Office, *arguments: str, **env: str) -> bytes:
    """What a command shows on a terminal."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in {"NO_COLOR", "TERM"}}
    process = shell(
        office,
        *arguments,
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm", **env},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(ours)
        process.wait()
    return shown


@pytest.mark.parametrize("arguments", [["due", "--within", "300d"], ["show", "NOPE"]])
def test_colour_is_for_a_terminal_that_wants_it(office: Office, arguments: list[str]) -> None:
    assert b"\x1b[" in in_terminal(office, *arguments)
    assert b"\x1b" not in in_terminal(office, *arguments, NO_COLOR="1")
    done = office(*arguments)
    assert "\x1b" not in done.out + done.err


def test_json_is_never_coloured(office: Office) -> None:
    shown = in_terminal(office, "show", "NOPE", "--json")
    assert json.loads(shown)["kind"] == "UnknownName"


def test_the_same_key_at_once_acts_once(fresh: Office) -> None:
    closing_it = ["fire", "C-1", "close", "close_reason=withdrawn", "--idempotency-key", "k1"]
    pipe = subprocess.PIPE
    both = [shell(fresh, *closing_it, "--json", stdout=pipe, stderr=pipe) for _ in range(2)]
    said = [json.loads(process.communicate()[0]) for process in both]
    assert sorted(done["repeated"] for done in said) == [False, True]
    assert len([body for body in fresh.bodies() if body["type"] == "TransitionFired"]) == 1


def test_two_writers_at_once_both_get_through(fresh: Office) -> None:
    script = textwrap.dedent("""
        import sys
        from casetrack.cli.app import run
        for _ in range(3):
            assert run(sys.argv[1:]) == 0
    """)
    command = [
        sys.executable,
        "-c",
        script,
        "--db",
        str(fresh.db),
        "--now",
        NOW,
        "note",
        "C-1",
        "x",
    ]
    both = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        for _ in range(2)
    ]
    assert [process.wait() for process in both] == [0, 0]
    assert len([body for body in fresh.bodies() if body["type"] == "NoteAdded"]) == 6

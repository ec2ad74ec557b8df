"""What the shell offers after a tab: what can be typed there for that case, and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.driver import Office, denied, practice, submitted

PROGRAM = Path(sys.executable).with_name("casetrack")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = practice(tmp_path_factory.mktemp("office"))
    denied(made, "C-2")
    submitted(made, "C-3")
    return made


def offered(office: Office, *typed: str, db: Path | None = None) -> list[str]:
    """The last word typed is the one that is to be completed."""
    done = subprocess.run(
        [PROGRAM],
        env={
            **os.environ,
            "CASETRACK_DB": str(db or office.db),
            "_CASETRACK_COMPLETE": "complete_bash",
            "COMP_WORDS": " ".join(("casetrack", *typed)),
            "COMP_CWORD": str(len(typed)),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize("command", ["show", "fire", "extend", "amend", "explain", "done"])
def test_cases_are_offered_by_their_start(office: Office, command: str) -> None:
    assert offered(office, command, "C-") == ["C-2", "C-3"]


def test_only_triggers_that_the_state_allows_are_offered(office: Office) -> None:
    assert offered(office, "fire", "C-2", "") == ["close", "file_appeal", "peer_to_peer", "reverse"]
    assert offered(office, "fire", "C-3", "app") == ["approve", "approve_in_part"]


def test_they_are_offered_for_an_option_too(office: Office) -> None:
    assert offered(office, "check", "C-3", "--for", "app") == ["approve", "approve_in_part"]
    assert offered(office, "check", "C-2", "--for", "") == [
        "close", "file_appeal", "peer_to_peer", "reverse",
    ]  # fmt: skip
    assert offered(office, "check", "--for", "") == []


@pytest.mark.parametrize("command", ["extend", "toll", "resume", "explain"])
def test_the_open_deadlines_of_the_case_are_offered(office: Office, command: str) -> None:
    assert offered(office, command, "C-2", "") == ["appeal_filing#1"]
    assert offered(office, command, "C-3", "pa_d") == ["pa_decision#1"]


def test_without_a_ledger_nothing_is_offered_and_nothing_is_made(
    office: Office, tmp_path: Path
) -> None:
    assert offered(office, "fire", "C-2", "", db=tmp_path / "none.db") == []
    assert list(tmp_path.iterdir()) == []

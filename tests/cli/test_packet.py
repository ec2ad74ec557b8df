"""The packet's cover sheet at the command line: forms, files, disclosures, refusals."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.driver import LEDGER, Office, denied, practice, submitted
from tests.console import ROOT

FORMS = ("text", "md", "html", "json")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = practice(tmp_path / "office")
    denied(made, "C-2")
    return made


def disclosures(office: Office) -> list[dict[str, object]]:
    return [b["data"] for b in office.bodies(LEDGER) if b["type"] == "DisclosureMade"]


@pytest.mark.parametrize("form", FORMS)
def test_without_phi_nothing_is_written_and_the_same_bytes_come_again(
    office: Office, form: str
) -> None:
    before = office.written()
    first = office.do("packet", "C-2", "--format", form).out
    assert office.do("packet", "C-2", "--format", form).out == first
    assert office.written() == before
    assert "P 1" not in first


@pytest.mark.parametrize("form", FORMS)
def test_with_phi_each_sheet_is_an_entry_that_names_the_case(office: Office, form: str) -> None:
    made = office.do("packet", "C-2", "--phi", "--format", form)
    assert "P 1" in made.out
    case_id = office.do("show", "C-2", "--json").data["id"]
    (entry,) = disclosures(office)
    assert (entry["command"], entry["scope"], entry["cases"]) == ("packet", "listed", [case_id])


def test_the_bytes_do_not_depend_on_the_process(office: Office) -> None:
    """Neither on how it hashes text, nor on its language and time zone."""
    made = set()
    for seed, zone in (("1", "UTC"), ("2", "Pacific/Auckland")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(ROOT)}
        line = ["--db", str(office.db), "--now", str(office.now), "packet", "C-2"]
        done = subprocess.run(
            [sys.executable, "-m", "casetrack", *line, "--format", "html"],
            env=env, capture_output=True, check=True,
        )  # fmt: skip
        made.add(done.stdout)
    assert len(made) == 1


def test_the_json_has_its_schema_and_says_what_is_missing(office: Office) -> None:
    data = office.do("packet", "C-2", "--json").data
    assert data["schema"] == "casetrack.packet/1"
    assert {"case": "C-2", "for": "file_appeal", "state": "denied", "ready": False}.items() <= (
        data.items()
    )
    assert [lack["name"] for lack in data["missing"]] == [
        "clinical_evidence", "denial_letter", "medical_necessity_letter", "experimental",
    ]  # fmt: skip
    (refusal,) = data["refusals"]
    assert refusal["values"]["reason_code"] == ["experimental"]
    assert (refusal["trigger"], refusal["on"]) == ("deny", "2026-11-24")
    assert [d["deadline"] for d in data["deadlines"]] == ["appeal_filing#1"]
    assert "patient" not in data
    assert office.do("packet", "C-2", "--json", "--phi").data["patient"] == "P 1"
    assert json.loads(office.do("packet", "C-2", "--format", "json").out) == data


def test_the_named_step_is_told_whatever_the_state(office: Office) -> None:
    submitted(office, "C-3")
    assert office.do("packet", "C-3", "--for", "submit", "--json").data["for"] == "submit"
    assert office.do("packet", "C-3", "--json").data["for"] == "expedite"


@pytest.mark.parametrize("form", FORMS)
def test_a_file_is_private_and_holds_what_is_printed(
    office: Office, tmp_path: Path, form: str
) -> None:
    target = tmp_path / "new" / "sheet"
    printed = office.do("packet", "C-2", "--format", form).out
    done = office.do("packet", "C-2", "--format", form, "--output", str(target))
    assert (done.out, done.err) == ("", f"written: {target}\n")
    assert target.read_text(encoding="utf-8") == printed
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_what_can_not_be_told_is_refused(office: Office) -> None:
    before = office.written()
    for arguments, words in (
        (["C-9"], "no case"),
        (["C-2", "--for", "file_apeal"], "did you mean 'file_appeal'?"),
        (["C-2", "--for", "file_apeal", "--phi"], "did you mean 'file_appeal'?"),
        (["C-2", "--output", str(office.folder)], "is a folder"),
    ):
        done = office("packet", *arguments)
        assert (done.code, done.out) == (4, "")
        assert words in done.err
    assert office("packet", "C-2", "--format", "pdf").code == 2
    assert office.written() == before


def test_a_real_ledger_shows_typed_values_at_the_real_time_only(tmp_path: Path) -> None:
    office = Office(tmp_path / "real", now=None)
    office.do("db", "init")
    office.do("open", "--workflow", "humana-il-guide", "--ref", "C-1")
    assert "PRACTICE" not in office.do("packet", "C-1").out
    assert office("packet", "C-1", "--phi", now="2026-11-24T16:00Z").code == 4
    assert office("packet", "C-1", now="2027-11-24T16:00Z").code == 0

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
from tests.own import folder

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
        (["C-2", "--for", ""], "trigger"),
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


LOOSE = """
id = "loose"
title = "Reasons in free text"
edition = "2026-11-24"
standing = "ours"
source = "ours"
zone = "America/Chicago"
calendar = "illinois-state"

[states]
intake = { title = "Start", initial = true }
denied = { title = "Denied" }
closed = { title = "End", final = true }

[fields]
reason_code = { title = "Reason", type = "text", many = true }
notice_on = { title = "Notice", type = "date", clear = true }

[stages]
[items]
[clocks]

[triggers.deny]
title = "Deny"
source = "ours"
moves = [{ origins = ["intake"], to = "denied" }]
fields = ["reason_code", "notice_on"]

[triggers.close]
title = "Close"
source = "ours"
moves = [{ origins = ["*"], to = "closed" }]
"""


@pytest.mark.parametrize("form", FORMS)
def test_a_reason_that_was_typed_is_in_no_packet_and_under_no_rules_where_it_is_a_code(
    office: Office, tmp_path: Path, form: str
) -> None:
    own = ("--states", str(folder(tmp_path, loose=LOOSE)))
    office.do(*own, "open", "--workflow", "loose", "--ref", "P-1")
    office.do("fire", "P-1", "deny", "notice_on=2026-11-24", "reason_code=she was rude")
    adopted = office("workflow", "adopt", "humana-il-guide", "--case", "P-1")
    assert adopted.code == 4
    assert "holds sealed: reason_code" in " ".join(adopted.err.split())
    told = office(*own, "packet", "P-1", "--format", form)
    assert "rude" not in told.out + told.err + adopted.out + adopted.err


def late(office: Office) -> None:
    """Denied by a step that only Medicare's workflow has, and then under the guide."""
    office.do("open", "--workflow", "ma-part-b-drug", "--ref", "L-1")
    office.do("fire", "L-1", "submit", "--at", "2026-11-16T10:00", "method=portal")
    office.do("fire", "L-1", "payer_missed", "--on", "2026-11-20")
    given = ("notice_on=2026-11-21", "reason_code=experimental")
    office.do("fire", "L-1", "late_notice", "--on", "2026-11-21", *given)
    office.do("workflow", "adopt", "humana-il-guide", "--case", "L-1")


@pytest.mark.parametrize("form", FORMS)
def test_a_refusal_by_a_step_of_rules_that_were_left_is_told_by_its_name(
    office: Office, form: str
) -> None:
    late(office)
    told = office.do("packet", "L-1", "--format", form).out.replace("\\", "")
    assert "late_notice" in told
    assert "late_notice (late_notice)" not in told
    (refusal,) = office.do("packet", "L-1", "--json").data["refusals"]
    assert [point["code"] for point in refusal["points"]] == ["experimental"]


def test_a_diagram_names_the_steps_that_its_workflow_has_not(office: Office) -> None:
    late(office)
    told = office.do("workflow", "diagram", "humana-il-guide", "--case", "L-1").out
    left = "(2) payer_missed from pa_submitted to denied, (3) late_notice from denied to denied."
    assert f"Steps by rules that it has left: {left}" in told
    before = office.do("workflow", "diagram", "humana-il-guide", "--case", "C-2").out
    assert "that it has left" not in before

"""Workflows and calendars of one's own on the command line, and what happens without them."""

import json
from pathlib import Path

import pytest

from casetrack.catalog import workflows
from tests.cli.driver import NOW, Office, packet_csv, practice, run
from tests.console import ROOT
from tests.own import CLINIC, GUIDE, SMALL, folder


class Clinic:
    """An office with folders of its own."""

    def __init__(self, tmp_path: Path) -> None:
        for name in ("s", "c", "office"):
            (tmp_path / name).mkdir()
        self.states = folder(tmp_path / "s", my_guide=GUIDE)
        self.calendars = folder(tmp_path / "c", my_clinic=CLINIC)
        self.plain = practice(tmp_path / "office")

    @property
    def options(self) -> list[str]:
        return ["--states", str(self.states), "--calendars", str(self.calendars)]

    def do(self, *arguments: str, now: str = NOW, stdin: bytes = b"") -> str:
        before = ["--db", str(self.plain.db), "--actor", "eva", "--now", now, *self.options]
        done = run(*before, *arguments, stdin=stdin)
        assert done.code == 0, (arguments, done)
        return done.out

    def submitted(self) -> None:
        self.do("open", "--ref", "C-1", "--workflow", "my-guide")
        self.do("record", "C-1", "--from", "-", stdin=packet_csv())
        self.do("fire", "C-1", "submit", "method=portal", "confirmation=K")


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    return Clinic(tmp_path)


def test_ones_own_are_listed_after_the_shipped_and_marked(clinic: Clinic) -> None:
    items = json.loads(clinic.do("workflow", "list", "--json"))["items"]
    assert [(w["id"], w["shipped"]) for w in items] == [
        *((name, True) for name in workflows.available()),
        ("my-guide", False),
    ]
    items = json.loads(clinic.do("calendar", "list", "--json"))["items"]
    assert (items[-1]["id"], items[-1]["shipped"]) == ("my-clinic", False)
    assert clinic.do("workflow", "list").endswith("The guide, at our clinic  (your own)\n")


def test_all_that_there_are_are_checked(clinic: Clinic) -> None:
    assert "my-guide: sound\n" in clinic.do("workflow", "check")
    assert "my-clinic: sound\n" in clinic.do("calendar", "check")


def test_a_file_anywhere_is_checked_with_what_it_extends(clinic: Clinic, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    text = GUIDE.replace('id = "my-guide"', 'id = "other"').replace(
        '"humana-il-guide"', '"my-guide"'
    )
    other.write_text(text.replace('remove = ["clocks.pa_follow_up"]\n', ""))
    assert clinic.do("workflow", "check", str(other)) == "other: sound\n"
    found = run("workflow", "check", str(other))
    assert (found.code, "unknown workflow 'my-guide'" in found.err) == (4, True)


def test_the_problems_of_every_file_are_told_at_once(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text("a = 1\n")
    files = [str(tmp_path / f"{name}.toml") for name in ("one", "two")]
    found = run("workflow", "check", *files, "--json")
    assert found.code == 4
    assert found.error["kind"] == "BadDefinition"
    for file in files:
        assert f"{file}: line 1: a: unknown key" in "".join(found.error["reasons"])


def test_what_is_resolved_is_a_file_that_can_be_checked(clinic: Clinic, tmp_path: Path) -> None:
    for noun, name in (("workflow", "my-guide"), ("calendar", "my-clinic")):
        file = tmp_path / f"{name}.toml"
        file.write_text(clinic.do(noun, "show", name, "--resolved"))
        assert clinic.do(noun, "check", str(file)) == f"{name}: sound\n"


def test_a_case_is_opened_counted_and_warned_of_by_ones_own(clinic: Clinic) -> None:
    clinic.submitted()
    clinic.do("fire", "C-1", "deny", "notice_on=2026-11-24", "reason_code=other")
    (filing,) = [d for d in json.loads(clinic.do("show", "C-1", "--json"))["deadlines"]
                 if d["deadline"] == "appeal_filing#1"]  # fmt: skip
    # 65 days end on Thu 2027-01-28; the law's 60 on Sat 01-23, safe on Fri 01-22.
    assert (filing["due_on"], filing["act_by"]) == ("2027-01-28", "2027-01-22")
    assert "day" in clinic.do("explain", "C-1")


def test_a_closing_day_moves_back_what_is_ours_and_is_named(clinic: Clinic) -> None:
    told = clinic.do("calc", "my-guide/appeal_filing", "--from", "2026-09-04")
    assert "act by          Fri 2026-10-30" in told
    assert "2026-11-02 Staff day" in " ".join(told.split())
    refused = run(
        *clinic.options, "calc", "14bd", "--from", "2026-09-04", "--calendar", "my-clinic"
    )
    assert (refused.code, "nothing is counted by them" in refused.err) == (4, True)


def test_the_case_lives_on_without_the_folders(clinic: Clinic) -> None:
    """What it was opened under is in the ledger; only what would be counted anew is refused."""
    clinic.submitted()
    office = clinic.plain
    for words in (
        ["replay", "--all"], ["show", "C-1"], ["list"], ["due", "--within", "300d"], ["explain"],
        ["next", "C-1"], ["history", "C-1"], ["audit", "conformance"], ["audit", "verify"],
        ["packet", "C-1"], ["workflow", "diagram", "my-guide", "--case", "C-1"],
        ["audit", "drift"], ["list", "--workflow", "my-guide"], ["db", "rebuild"], ["find", "K"],
    ):  # fmt: skip
        office.do(*words, *(["C-1"] if words == ["explain"] else []))
    assert office("sweep", now="2026-12-10T16:00Z").code == 0
    assert office("daily", now="2026-12-10T16:00Z").code == 0
    before = office.written()
    refused = office("fire", "C-1", "deny", "notice_on=2026-11-24", "reason_code=other", "--json")
    assert (refused.code, refused.error["kind"]) == (4, "UnknownName")
    assert "--calendars" in refused.error["message"]
    assert office.written() == before
    found = office("doctor", "--json")
    kinds = {finding["kind"] for finding in found.data["findings"]}
    assert (found.code, "calendar_unknown" in kinds) == (3, True)
    clinic.do("fire", "C-1", "deny", "notice_on=2026-11-24", "reason_code=other")


def test_a_case_counted_by_a_calendar_that_is_gone_is_told_and_leaves_its_workflow(
    tmp_path: Path,
) -> None:
    """What was recorded is told, and never called a refusal."""
    office = practice(tmp_path)
    data = ROOT / "tests" / "data"
    permits = ("--states", str(data), "--calendars", str(data / "calendars"))
    office.do(*permits, "open", "--ref", "B-1", "--workflow", "building-permit-nl")
    office.do(*permits, "fire", "B-1", "apply", "--override", "counter", "--on", "2026-10-01")
    assert "Site plan" in office.do("packet", "B-1", "--for", "apply").out
    over = ("workflow", "adopt", "il-commercial", "--case", "B-1", "--map", "applied=intake")
    told = office.do(*over)
    assert "B-1: follows il-commercial" in told.out
    assert office.do("show", "B-1", "--json").data["workflow"] == "il-commercial"


def test_a_broken_folder_stops_no_warning_and_the_doctor_says_so(clinic: Clinic) -> None:
    clinic.submitted()
    (clinic.states / "bad.toml").write_text("a = [")
    (clinic.calendars / "bad.toml").write_text("[[")
    before = [*clinic.options, "--db", str(clinic.plain.db), "--now", "2026-12-10T16:00Z"]
    assert run(*before, "sweep").code == 0
    assert run(*before, "due").code == 0
    found = run(*before, "doctor", "--json")
    told = [f["detail"] for f in found.data["findings"] if f["kind"] == "definition"]
    assert found.code == 3
    assert any("bad.toml: " in detail and "states" not in detail for detail in told)
    opened = run(*before, "open", "--workflow", "my-guide")
    assert opened.code == 4
    assert run(*before, "open", "--ref", "C-9", "--workflow", "il-commercial").code == 0


def test_the_config_file_names_the_folders(clinic: Clinic, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'states = "{clinic.states}"\ncalendars = "{clinic.calendars}"\n')
    listed = run("--config", str(config), "workflow", "list")
    assert "my-guide" in listed.out
    shown = run("--config", str(config), "config", "show", "--json").data["settings"]
    assert shown["states"] == {"value": str(clinic.states), "origin": f"config file {config}"}
    config.write_text('states = "workflows"\n')
    refused = run("--config", str(config), "workflow", "list")
    assert (refused.code, "must be a whole path" in refused.err) == (4, True)


@pytest.mark.parametrize("option", ["--states", "--calendars"])
@pytest.mark.parametrize("value", ["", " "])
def test_an_empty_name_is_not_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str
) -> None:
    monkeypatch.chdir(folder(tmp_path, small=SMALL))
    refused = run(option, value, "workflow", "list")
    assert (refused.code, "is empty" in refused.err) == (4, True)


def test_nothing_is_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder(tmp_path, small=SMALL))
    assert "small" not in run("workflow", "list").out
    assert run("workflow", "show", "small").code == 4


def test_what_needs_no_definition_looks_at_no_folder(clinic: Clinic) -> None:
    missing = ["--states", "/nowhere/s", "--calendars", "/nowhere/c"]
    office = clinic.plain
    for words in (
        ["db", "stats"],
        ["config", "show"],
        ["list"],
        ["calc", "14bd", "--from", "today"],
    ):
        assert run(*missing, "--db", str(office.db), "--now", NOW, *words).code == 0
    refused = run(*missing, "workflow", "list")
    assert (refused.code, "/nowhere/s: there is no such folder" in refused.err) == (4, True)


def test_what_cron_is_given_names_the_folders(clinic: Clinic) -> None:
    for kind in ("--cron", "--systemd"):
        told = clinic.do("schedule", kind)
        assert told.count(f"--states {clinic.states}") == told.count("--db")
        assert f"--calendars {clinic.calendars}" in told


def test_two_workflows_are_compared_with_ones_own(clinic: Clinic) -> None:
    assert "second_call" in clinic.do("workflow", "diff", "humana-il-guide", "my-guide")


def test_ones_own_is_drawn_and_its_case_without_the_folders_too(clinic: Clinic) -> None:
    for form in ("svg", "mermaid", "dot"):
        told = clinic.do("workflow", "diagram", "my-guide", "--format", form)
        assert "The guide, at our clinic" in told
    clinic.submitted()
    asked = ("workflow", "diagram", "my-guide", "--case", "C-1")
    assert clinic.plain.do(*asked).out == clinic.do(*asked)


def test_the_schemas_are_printed_and_found() -> None:
    for noun in ("workflow", "calendar"):
        printed = run(noun, "schema").out
        assert printed == Path(run(noun, "schema", "--path").out.strip()).read_text("utf-8")
        assert "$schema" in json.loads(printed)


def test_a_warning_skips_our_closing_days_and_the_audit_agrees(clinic: Clinic) -> None:
    """Act by Thu 2026-12-31; back from there, Thu 24 is the clinic's and Fri 25 everybody's."""
    clinic.submitted()
    stated = ["notice_on=2026-11-24", "stated_due_on=2026-12-31", "reason_code=other"]
    clinic.do("fire", "C-1", "deny", *stated)
    clinic.do("sweep", now="2026-12-21T18:00Z")  # what has been due until then
    expected = {"22": "5bd", "28": "3bd", "29": "2bd", "30": "1bd", "31": "0bd"}
    for day in ("22", "23", "24", "28", "29", "30", "31"):
        sent = json.loads(clinic.do("sweep", "--json", now=f"2026-12-{day}T18:00Z"))["sent"]
        told = [x["rung"] for x in sent if x["deadline"] == "appeal_filing#1"]
        assert told == ([expected[day]] if day in expected else []), day
    for options in ([], clinic.options):
        before = [*options, "--db", str(clinic.plain.db), "--now", "2026-12-31T19:00Z"]
        assert run(*before, "audit", "conformance").code == 0


def test_a_case_of_ones_own_reads_the_same_with_and_without_the_folders(clinic: Clinic) -> None:
    clinic.submitted()
    office: Office = clinic.plain
    for words in (["due", "--within", "300d"], ["show", "C-1"], ["explain", "C-1"]):
        assert office.do(*words).out == clinic.do(*words)

"""What an auditor is told of cases at a point, of rules and of dates, and what is refused."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from casetrack.ledger import canonical
from tests.cli.driver import LEDGER, Office, denied, practice, submitted

LATE = "2026-12-10T16:00Z"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """C-1 is submitted on 24 November; the letter's date is corrected on 10 December."""
    made = practice(tmp_path)
    denied(made, "C-1")
    made.do("amend", "C-1", "11", "notice_on=2026-11-20", "--reason", "misread", now=LATE)
    made.now = LATE
    return made


def told(office: Office, *arguments: str) -> dict[str, Any]:
    """The one case of a history."""
    (case,) = office.do("history", "C-1", *arguments, "--json").data["cases"]
    assert isinstance(case, dict)
    return case


def deadline(case: dict[str, Any], name: str = "appeal_filing#1") -> dict[str, Any]:
    (found,) = [line for line in case["deadlines"] if line["deadline"] == name]
    assert isinstance(found, dict)
    return found


# At a point


def test_the_state_is_told_as_true_and_as_known(office: Office) -> None:
    """65 days from 24 November end on 28 January, from 20 November on the 24th."""
    true, known = told(office, "--as-of", "2026-11-24"), told(office, "--known-at", "2026-11-24")
    assert (true["state"], known["state"]) == ("denied", "denied")
    assert deadline(true)["due_on"] == "2027-01-24"
    assert deadline(known)["due_on"] == "2027-01-28"
    assert (true["fields"]["notice_on"], known["fields"]["notice_on"]) == (
        "2026-11-20", "2026-11-24",
    )  # fmt: skip
    both = told(office, "--as-of", "2026-11-24", "--known-at", "2026-11-24")
    assert deadline(both)["due_on"] == "2027-01-28"
    assert (deadline(true)["dated_by"], deadline(both)["dated_by"]) == (12, 11)


def test_each_entry_keeps_the_promised_members_and_gains_some(office: Office) -> None:
    entries = office.do("history", "C-1", "--json").data["entries"]
    assert {tuple(entry) for entry in entries} == {(
        "case", "version", "type", "occurred_on", "occurred_at", "recorded_at", "actor", "by",
        "data", "values", "sealed", "digest", "corrected_by", "taken_back_by",
    )}  # fmt: skip
    assert [entry["corrected_by"] for entry in entries if entry["version"] == 11] == [[12]]


def test_what_was_taken_back_says_by_what(office: Office) -> None:
    office.do("void", "C-1", "11", "--reason", "never happened")
    entries = office.do("history", "C-1", "--json").data["entries"]
    assert [e["taken_back_by"] for e in entries if e["version"] == 11] == [13]
    assert told(office, "--as-of", "2026-11-30")["state"] == "pa_submitted"
    assert told(office, "--known-at", "2026-11-30")["state"] == "denied"


def test_days_are_counted_from_the_point(office: Office) -> None:
    assert deadline(told(office, "--as-of", "2026-11-24"), "pa_decision#1")["outcome"] == (
        "satisfied"
    )
    line = deadline(told(office, "--known-at", "2026-11-24"))
    assert line["calendar_days_left"] == 59  # to Friday 22 January, the safe date
    now = deadline(told(office))
    assert now["calendar_days_left"] < line["calendar_days_left"]


def test_the_reminders_and_corrections_known_by_then_are_told(office: Office) -> None:
    office.do("sweep", now="2026-12-22T16:00Z")
    office.now = "2026-12-23T16:00Z"
    assert [r["deadline"] for r in told(office)["reminders"]] == ["appeal_filing#1"]
    assert told(office, "--known-at", "2026-12-21")["reminders"] == []
    assert [c["of"] for c in told(office)["corrections"]] == [[11]]
    assert told(office, "--known-at", "2026-12-09")["corrections"] == []


def test_the_chain_is_verified_whole_whatever_the_point(office: Office) -> None:
    chain = told(office, "--known-at", "2026-11-24")["chain"]
    digest = office.do("history", "C-1", "--json").data["entries"][-1]["digest"]
    assert chain == {"entries": 12, "head": digest, "ok": True, "problems": []}
    assert "self-consistent" in office.do("history", "C-1").out.splitlines()[-1]


def test_a_broken_chain_is_told(office: Office) -> None:
    """An entry put in place of another, with the digest of what it says."""
    with closing(sqlite3.connect(office.db)) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for (name,) in names.fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        query = "SELECT case_id, body FROM ledger WHERE case_id != ? AND version = 2"
        case_id, body = connection.execute(query, (LEDGER,)).fetchone()
        forged = body.replace('"actor":"eva"', '"actor":"ada"')
        digest = bytes.fromhex(canonical.digest(forged))
        connection.execute(
            "UPDATE ledger SET body = ?, digest = ? WHERE case_id = ? AND version = 2",
            (forged, digest, case_id),
        )
        connection.commit()
    chain = told(office)["chain"]
    assert chain["ok"] is False
    assert chain["problems"] == ["version 2: version 3 follows another text"]
    assert "BROKEN" in office.do("history", "C-1").out
    assert "BROKEN" in office.do("history", "C-1", "--format", "html").out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--as-of", "2026-12-11"], 4, ["--as-of", "future", "2026-12-10"]),
        (["--known-at", "2026-12-10T16:01Z"], 4, ["--known-at", "future"]),
        (["--as-of", "+1d"], 4, ["future"]),
        (["--as-of", "2026-11-23"], 4, ["nothing of C-1", "2026-11-24"]),
        (["--known-at", "2026-11-23"], 4, ["nothing of C-1", "first recorded"]),
        (["--as-of", "yesterday"], 2, ["--as-of", "2026-11-24T15:00", "today"]),
        (["--as-of", "2026-11-01T01:30"], 4, ["--as-of", "twice"]),
        (["--known-at", "1850-01-01"], 4, ["--known-at", "1900"]),
        (["--diff", "2026-11-24", "soon"], 2, ["--diff", "as-of:INSTANT"]),
        (["--diff", "as-of:2026-11-24", "today", "--as-of", "today"], 4, ["--diff"]),
        (["--diff", "2026-11-01", "2026-11-02"], 4, ["nothing of C-1"]),
        (["--diff", "today", "2027-01-01"], 4, ["future"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_point_that_cannot_be_is_refused_in_words(
    office: Office, arguments: list[str], code: int, words: list[str]
) -> None:
    done = office("history", "C-1", *arguments, "--json")
    assert (done.code, done.out) == (code, "")
    assert [word for word in words if word not in done.error["message"]] == []


def test_all_of_today_is_no_future(office: Office) -> None:
    assert told(office, "--as-of", "2026-12-10")["state"] == "denied"
    assert told(office, "--as-of", "today", "--known-at", "today")["version"] == 12


def test_of_a_patient_only_the_cases_that_were_open_are_told(office: Office) -> None:
    office.do("open", "--ref", "C-2", "--patient", "P 1")
    made = office.do("history", "--patient", "P 1", "--as-of", "2026-11-30", "--json").data
    assert [case["case"] for case in made["cases"]] == ["C-1"]
    made = office.do("history", "--patient", "P 1", "--json").data
    assert sorted(case["case"] for case in made["cases"]) == ["C-1", "C-2"]


# Between two points


def difference(office: Office, *arguments: str) -> dict[str, Any]:
    (item,) = office.do("history", "C-1", "--diff", *arguments, "--json").data["items"]
    assert isinstance(item, dict)
    return item


def test_what_a_correction_changed_is_told_between_what_was_known(office: Office) -> None:
    made = difference(office, "known-at:2026-12-09", "known-at:2026-12-10")
    assert (made["state"], made["evidence"]) == (None, [])
    assert made["fields"] == [
        {"name": "notice_on", "was": "2026-11-24", "is": "2026-11-20", "sealed": False}
    ]
    (moved,) = made["deadlines"]
    assert (moved["deadline"], moved["was"]["due_on"], moved["is"]["due_on"]) == (
        "appeal_filing#1", "2027-01-28", "2027-01-24",
    )  # fmt: skip
    assert made["entries"] == {"gained": [12], "lost": []}


def test_between_what_was_true_the_correction_is_in_both(office: Office) -> None:
    made = difference(office, "as-of:2026-12-09", "as-of:2026-12-10")
    assert (made["fields"], made["entries"]) == ([], {"gained": [], "lost": []})
    assert "nothing changed" in office.do(
        "history", "C-1", "--diff", "as-of:2026-12-09", "as-of:2026-12-10"
    ).out  # fmt: skip


def test_an_option_holds_the_other_time_for_both_sides(office: Office) -> None:
    sides = ["as-of:2026-11-24", "as-of:2026-12-10", "--known-at", "2026-12-09"]
    made = difference(office, *sides)
    assert {made["from"]["known_at"], made["to"]["known_at"]} == {"2026-12-10T05:59:59.999999Z"}
    assert made["fields"] == []


def test_a_bare_instant_is_one_in_both_times(office: Office) -> None:
    made = difference(office, "2026-11-23", "2026-11-24")
    assert made["state"] == {"was": None, "is": "denied"}
    assert made["from"]["as_of"] == made["from"]["known_at"] is not None
    assert {x["item"] for x in made["evidence"]} >= {"age", "inhibitor_test"}
    assert made["entries"]["gained"] == list(range(1, 12))


def test_a_sealed_change_is_told_without_the_value(office: Office) -> None:
    office.do("amend", "C-1", "10", "confirmation=K-78", "--reason", "misread")
    sides = ["known-at:2026-12-09", "known-at:2026-12-10"]
    done = office.do("history", "C-1", "--diff", *sides)
    assert "changed (sealed)" in done.out
    assert "K-7" not in done.out
    assert "K-7" not in office.do("history", "C-1", "--diff", *sides, "--json").out
    with_phi = office.do("history", "C-1", "--diff", *sides, "--phi").out
    assert "K-77 -> K-78" in with_phi
    assert [body["data"]["command"] for body in office.bodies(LEDGER)[1:]] == ["history"]


def test_a_difference_is_no_page(office: Office) -> None:
    done = office("history", "C-1", "--diff", "-1d", "today", "--format", "html")
    assert (done.code, done.out) == (2, "")
    assert "text or json" in done.err


# The page


def test_the_page_is_written_privately_and_whole(office: Office, tmp_path: Path) -> None:
    path = tmp_path / "c-1.html"
    done = office.do("history", "C-1", "--format", "html", "--output", str(path))
    assert (done.out, done.err) == ("", f"written: {path}\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert office.do("history", "C-1", "--format", "html").out == path.read_text("utf-8")


def test_text_and_json_go_to_files_too(office: Office, tmp_path: Path) -> None:
    for form in ("text", "json"):
        path = tmp_path / form
        office.do("history", "C-1", "--format", form, "--output", str(path))
        assert office.do("history", "C-1", "--format", form).out == path.read_text("utf-8")


def test_more_cases_are_a_page_each_in_a_folder(office: Office, tmp_path: Path) -> None:
    office.do("open", "--ref", "C-2", "--patient", "P 1")
    asked = ["history", "--patient", "P 1", "--format", "html"]
    assert office(*asked).code == 4
    assert office(*asked, "--output", str(tmp_path / "none.html")).code == 4
    folder = tmp_path / "pages"
    folder.mkdir()
    office.do(*asked, "--output", str(folder))
    assert sorted(path.name for path in folder.iterdir()) == ["C-1.html", "C-2.html"]


def test_a_page_names_the_patient_only_with_phi_and_that_is_an_entry(office: Office) -> None:
    plain = office.do("history", "C-1", "--format", "html").out
    assert ("P 1" in plain, "K-77" in plain, "1990-02-28" in plain) == (False, False, False)
    assert len(office.bodies(LEDGER)) == 1
    shown = office.do("history", "C-1", "--format", "html", "--phi").out
    assert ("P 1" in shown, "K-77" in shown, "1990-02-28" in shown) == (True, True, True)
    (entry,) = office.bodies(LEDGER)[1:]
    assert (entry["type"], entry["data"]["command"]) == ("DisclosureMade", "history")


def test_a_refused_page_discloses_nothing(office: Office) -> None:
    office.do("open", "--ref", "C-2", "--patient", "P 1")
    before = office.written()
    assert office("history", "--patient", "P 1", "--format", "html", "--phi").code == 4
    assert office("history", "C-1", "--as-of", "2026-11-01", "--phi").code == 4
    assert office.written() == before


# Checks


def test_conformance_of_what_commands_wrote_is_clean(tmp_path: Path) -> None:
    clean = practice(tmp_path)
    submitted(clean)
    done = clean("audit", "conformance", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.data["schema"] == "casetrack.audit-conformance/1"
    assert (done.data["cases"], done.data["entries"], done.data["practice"]) == (1, 10, True)
    assert done.data["counts"] == {"error": 0, "warning": 0, "info": len(done.data["findings"])}
    assert clean.do("audit", "conformance").out.splitlines()[-1].startswith("1 case, 10 entries: ")


def test_a_finding_names_case_version_rule_and_severity_and_exits_3(office: Office) -> None:
    """The corrected date of the letter is before the submission that it answers."""
    done = office("audit", "conformance", "C-1", "--json")
    assert (done.code, done.data["counts"]["warning"]) == (3, 1)
    (finding,) = [f for f in done.data["findings"] if f["severity"] == "warning"]
    assert (finding["case"], finding["version"], finding["rule"]) == ("C-1", 11, "hindsight")
    assert "notice_on (2026-11-20) is before the request" in finding["detail"]
    assert finding["detail"].endswith("as version 12 has it")
    text = office("audit", "conformance", "C-1")
    assert text.code == 3
    assert "C-1 version 11" in text.out


def test_only_the_cases_named_are_examined(office: Office) -> None:
    submitted(office, "C-2")
    assert office.do("audit", "conformance", "C-2", "C-2", "--json").data["cases"] == 1
    assert office("audit", "conformance", "--json").data["cases"] == 2
    assert office.do("audit", "drift", "C-2", "--json").data["cases"] == 1


def test_an_empty_ledger_has_no_findings(tmp_path: Path) -> None:
    empty = practice(tmp_path)
    assert empty.do("audit", "drift", "--json").data == {
        "schema": "casetrack.audit-drift/1", "items": [],
        "cases": 0, "deadlines": 0, "differing": 0,
    }  # fmt: skip
    assert json.loads(empty.do("audit", "conformance", "--json").out)["cases"] == 0


def test_drift_shows_what_the_correction_left_behind(office: Office) -> None:
    """The appeal is filed, which closes the window; then the letter's date turns out earlier."""
    assert office("audit", "drift").code == 0
    office.do("fire", "C-1", "file_appeal", "--override", "x", "confirmation=K-9")
    office.do("amend", "C-1", "12", "notice_on=2026-11-19", "--reason", "misread again")
    done = office("audit", "drift", "--json")
    assert (done.code, done.data["differing"]) == (3, 1)
    (item,) = done.data["items"]
    assert (item["deadline"], item["outcome"]) == ("appeal_filing#1", "satisfied")
    assert (item["recorded"]["due_on"], item["today"]["due_on"]) == ("2027-01-24", "2027-01-23")
    assert [why["kind"] for why in item["why"]] == ["facts"]
    assert "2027-01-23" in office("audit", "drift").out


def test_the_checks_write_nothing(office: Office) -> None:
    before = office.written()
    office("audit", "drift")
    office("audit", "conformance")
    office("history", "C-1", "--format", "html")
    assert office.written() == before


def test_what_was_overridden_is_told_in_words(tmp_path: Path) -> None:
    made = practice(tmp_path)
    made.do("open", "--ref", "C-1")
    made.do("fire", "C-1", "submit", "method=fax", "--override", "the payer asked for it at once")
    said = " ".join(made.do("history", "C-1").out.split())
    assert "overridden nothing was on file for Exposure history (exposure_days)" in said
    assert "code=" not in said
    (fired,) = made.do("history", "C-1", "--json").data["entries"][-1:]
    assert {"code": "missing", "guard": "ready", "item": "exposure_days"} in fired["data"][
        "overridden"
    ]


@pytest.mark.parametrize(
    "words",
    [
        ("C-1", "--diff", "2026-11-24", "2026-12-10", "--format", "html"),
        ("C-1", "--diff", "2026-11-24"),
        ("C-1", "--patient", "P 1"),
        (),
    ],
)
def test_misuse_says_where_the_usage_stands(office: Office, words: tuple[str, ...]) -> None:
    done = office("history", *words)
    assert (done.code, done.out) == (2, "")
    assert "see 'casetrack history --help'" in done.err

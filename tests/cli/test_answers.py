"""What a reader in a hurry is told: what to type, what is missing, when, and counted from what."""

import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from casetrack.service import tracker
from tests.cli.driver import LEDGER, NOW, Office, denied, packet_csv, pairs, practice, submitted

CLAIM = {
    "hcpcs": "J1411", "units": "1", "ndc": "0053-0100-10", "benefit": "medical",
    "authorization": "A-1",
}  # fmt: skip
AGING = ("factor_ix_activity", "inhibitor_test", "liver_panel")


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return practice(tmp_path)


def fired(office: Office, ref: str, trigger: str, *more: str, now: str = "") -> dict[str, Any]:
    return office.do("fire", ref, trigger, *more, "--json", now=now or office.now).data


def approved(office: Office, ref: str = "C-1", through: str = "2027-01-29") -> str:
    submitted(office, ref)
    office.do("fire", ref, "approve", f"valid_through={through}")
    return ref


def due(office: Office, *more: str, now: str = NOW) -> dict[str, dict[str, Any]]:
    items = office.do("due", *more, "--json", now=now).data["items"]
    return {item["deadline"]: item for item in items}


def joined(text: str) -> str:
    return " ".join(text.split())


# A date that a deadline watches. 29 January 2027 is a Friday; 20 business days before it is
# Wednesday, 30 December (1 and 18 January are closed).

LONG_BEFORE, ASKED = "2026-12-29T16:00Z", "2026-12-30T16:00Z"


def test_an_approval_near_its_end_without_an_infusion_date_is_told_beyond_the_window(
    office: Office,
) -> None:
    approved(office)
    assert due(office, "--within", "5bd", now=LONG_BEFORE) == {}
    item = due(office, "--within", "5bd", now=ASKED)["approval_validity#1"]
    assert (item["finding"], item["business_days_left"]) == ("no infusion_on yet", 20)
    assert item["status"] == "upcoming"
    sooner = due(office, "--within", "300d", now=LONG_BEFORE)["approval_validity#1"]
    assert (sooner["finding"], sooner["business_days_left"]) == (None, 21)


def test_what_has_no_finding_stays_beyond_the_window(office: Office) -> None:
    submitted(office)
    assert set(due(office, "--within", "0bd", now="2026-11-24T16:00Z")) == set()
    approved(office, "C-2", "2026-12-16")
    assert set(due(office, "--within", "0bd", now="2026-11-24T16:00Z")) == {"approval_validity#1"}


@pytest.mark.parametrize(
    ("on", "finding"),
    [
        ("2027-01-29", None),
        ("2026-12-20", None),
        ("2027-01-30", "infusion_on 2027-01-30 is after the last day"),
    ],
)
def test_a_date_given_by_a_note_answers_or_is_found_too_late(
    office: Office, on: str, finding: str | None
) -> None:
    ref = approved(office)
    office.do("note", ref, "booked", f"infusion_on={on}")
    assert due(office, "--within", "60d", now=ASKED)["approval_validity#1"]["finding"] == finding
    told = office.do("show", ref, "--json", now=ASKED).data["open_items"]
    assert told == ([f"approval_validity#1: {finding}"] if finding else [])


def test_the_date_said_last_counts_and_a_renewal_is_a_new_last_day(office: Office) -> None:
    ref = approved(office)
    office.do("note", ref, "booked", "infusion_on=2027-01-20")
    office.do("note", ref, "moved", "infusion_on=2027-02-10")
    found = due(office, now=ASKED)["approval_validity#1"]["finding"]
    assert found == "infusion_on 2027-02-10 is after the last day"
    office.do("fire", ref, "renew", "valid_through=2027-02-26")
    assert office.do("show", ref, "--json", now=ASKED).data["open_items"] == []
    assert due(office, now=ASKED) == {}


@pytest.mark.parametrize("form", ["text", "md", "csv", "json"])
def test_the_finding_stands_in_every_form_of_the_report(office: Office, form: str) -> None:
    approved(office)
    said = office.do("due", "--format", form, now=ASKED).out.replace("\\", "")
    assert "no infusion_on yet" in joined(said).lower()


def test_a_finding_is_an_open_item_of_the_case_and_no_reason_to_fail(office: Office) -> None:
    ref = approved(office)
    assert "approval_validity#1: no infusion_on yet" in office.do("show", ref, now=ASKED).out
    assert office("due", "--fail-on", "due", now=ASKED).code == 0
    assert due(office, "--owner", "payer", now=ASKED) == {}
    assert due(office, "--assignee", "ana", now=ASKED) == {}


# What to type


def typed(office: Office, *more: str, now: str) -> list[list[str]]:
    """The commands that the report says to type."""
    lines = office.do("due", *more, now=now).out.splitlines()
    found = [re.match(r" +type +(casetrack .+)", line) for line in lines]
    return [shlex.split(match[1]) for match in found if match]


def possible(office: Office, ref: str, now: str) -> set[str]:
    """What the state allows, guards and values aside."""
    steps = office.do("next", ref, "--json", now=now).data
    held = [step["trigger"] for step in steps["refused"]
            if not step["reasons"][0].startswith("not possible")]  # fmt: skip
    return {*steps["allowed"], *held}


@pytest.mark.parametrize("now", [NOW, "2026-12-21T16:00Z", "2027-06-01T16:00Z"])
def test_every_command_that_the_report_says_to_type_is_possible(tmp_path: Path, now: str) -> None:
    office = Office(tmp_path)
    office.do("demo")
    commands = typed(office, "--within", "300d", now=now)
    assert commands
    for _, verb, ref, *rest in commands:
        if verb == "fire":
            assert rest[0] in possible(office, ref, now)
        else:
            assert verb in {"note", "record", "next"}


def test_a_granted_part_of_a_denied_case_is_not_told_to_be_administered(office: Office) -> None:
    ref = submitted(office)
    office.do("fire", ref, "approve_in_part", "notice_on=2026-11-24", "valid_through=2027-01-29")
    office.do("fire", ref, "file_appeal", "--override", "letters follow")
    office.do("fire", ref, "withdraw_appeal")
    after = "2027-02-01T16:00Z"
    assert ["casetrack", "next", ref] in typed(office, now=after)
    assert "administer" not in office.do("due", now=after).out


def test_a_stale_test_is_told_to_be_recorded_anew(office: Office) -> None:
    office.do("open", "--ref", "C-1")
    office.do("record", "C-1", "inhibitor_test", "result=negative", "--on", "2026-10-20")
    assert typed(office, now=NOW) == [
        ["casetrack", "record", "C-1", "inhibitor_test", "--on", "DATE"]
    ]
    assert "also possible: submit" in office.do("due").out


# What the claim goes ahead without


def test_claim_values_that_nobody_gave_are_warnings_that_hold_nothing_up(office: Office) -> None:
    ref = approved(office)
    done = office("check", ref, "--for", "administer", "--json")
    assert (done.code, done.data["ready"]) == (0, True)
    missing = {i["item"]: (i["status"], i["blocking"]) for i in done.data["items"]}
    assert {name: missing[name] for name in CLAIM} == dict.fromkeys(CLAIM, ("warning", False))
    wrong = fired(office, ref, "administer", "--dry-run")
    assert [gap["code"] for gap in wrong["overridden"]] == list(CLAIM)


def test_claim_values_are_owed_until_a_note_gives_them(office: Office) -> None:
    ref = approved(office)
    done = fired(office, ref, "administer", "hcpcs=J1411")
    owed = [name for name in CLAIM if name != "hcpcs"]
    assert [(g["guard"], g["code"], g["item"]) for g in done["overridden"]] == [
        ("rules", name, None) for name in owed
    ]
    office.do("note", ref, "read from the kit", "ndc=0053-0100-10", "units=2")
    left = office.do("show", ref, "--json").data["open_items"]
    told = " ".join(left)
    assert [name for name in owed if f"although {name} was wrong or not given" in told] == [
        "units", "benefit", "authorization",
    ]  # fmt: skip
    office.do("note", ref, "the claim", *pairs({n: CLAIM[n] for n in owed}))
    assert office.do("show", ref, "--json").data["open_items"] == []


def test_a_wrong_claim_value_is_refused_and_named_alone(office: Office) -> None:
    ref = approved(office)
    before = office.written()
    done = office("fire", ref, "administer", "units=2", "--json")
    assert (done.code, done.error["kind"]) == (4, "TransitionRefused")
    assert [reason.partition(":")[0] for reason in done.error["reasons"]] == ["units"]
    assert office.written() == before


# The day of evidence, the day of a note


@pytest.mark.parametrize("item", AGING)
@pytest.mark.parametrize("more", [[], ["--json"]])
def test_evidence_whose_age_counts_says_that_it_is_dated_today(
    office: Office, item: str, more: list[str]
) -> None:
    office.do("open", "--ref", "C-1")
    done = office.do("record", "C-1", item, *more)
    assert item in done.err
    assert "today" in done.err
    assert "--on" in done.err
    assert item not in office.do("record", "C-1", item, "--on", "today", *more).err
    assert office.do("record", "C-1", item, "--on", "2026-11-20", *more).err == ""


def test_evidence_of_no_age_is_dated_today_without_a_word(office: Office) -> None:
    office.do("open", "--ref", "C-1")
    assert office.do("record", "C-1", "age", "dob=1990-02-28").err == ""


@pytest.mark.parametrize("item", AGING)
def test_a_packets_row_whose_age_counts_needs_its_day(office: Office, item: str) -> None:
    office.do("open", "--ref", "C-1")
    rows = packet_csv().decode().replace(f"{item},2026-11-20", f"{item},").encode()
    before = office.written()
    done = office("record", "C-1", "--from", "-", "--json", stdin=rows)
    assert (done.code, done.out, done.error["kind"]) == (4, "", "Refused")
    assert item in done.error["message"]
    assert [other for other in AGING if other in done.error["message"]] == [item]
    assert office.written() == before


def test_a_packets_row_of_no_age_needs_none(office: Office) -> None:
    office.do("open", "--ref", "C-1")
    rows = packet_csv().decode().replace("age,2026-11-20", "age,").encode()
    assert office.do("record", "C-1", "--from", "-", stdin=rows).err == ""
    assert office.do("show", "C-1", "--json").data["evidence"]["age"][0]["on"] == "2026-11-24"


@pytest.mark.parametrize(
    ("when", "on", "at"),
    [
        ([], "2026-11-24", None),
        (["--on", "2026-11-20"], "2026-11-20", None),
        (["--on", "-2bd"], "2026-11-20", None),
        (["--at", "2026-11-20T09:30"], "2026-11-20", "2026-11-20T15:30:00.000000Z"),
        (["--on", "2026-11-20", "--at", "2026-11-20T15:30Z"], "2026-11-20",
         "2026-11-20T15:30:00.000000Z"),
    ],
)  # fmt: skip
def test_a_note_has_the_day_on_which_it_happened(
    office: Office, when: Sequence[str], on: str, at: str | None
) -> None:
    office.do("open", "--ref", "C-1", "--on", "2026-11-02")
    office.do("note", "C-1", "called", *when)
    entry = office.do("history", "C-1", "--json").data["entries"][-1]
    assert (entry["type"], entry["occurred_on"], entry["occurred_at"]) == ("NoteAdded", on, at)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        (["--on", "2026-11-25"], 4),
        (["--at", "2026-11-24T10:01"], 4),
        (["--on", "2026-11-20", "--at", "2026-11-21T10:00"], 4),
        (["--on", "24.11.2026"], 2),
        (["--on", ""], 2),
        (["--at", "10:00"], 2),
    ],
)
def test_a_note_is_not_of_a_day_to_come_nor_of_no_day(
    office: Office, when: list[str], code: int
) -> None:
    office.do("open", "--ref", "C-1")
    before = office.written()
    assert office("note", "C-1", "called", *when).code == code
    assert office.written() == before


def test_a_call_of_an_earlier_day_ends_only_a_follow_up_that_had_begun(office: Office) -> None:
    ref = submitted(office)
    early = office.do("note", ref, "asked", "kind=call", "--on", "2026-11-23", "--json").data
    assert early["closed"] == []
    later = office.do("note", ref, "asked", "kind=call", "--on", "2026-11-24", "--json").data
    assert [end["deadline"] for end in later["closed"]] == ["pa_follow_up#1"]


# How late is not known from a day alone


def test_of_a_deadline_in_hours_a_day_alone_does_not_tell_whether_it_was_late(
    office: Office,
) -> None:
    ref = submitted(office)
    fired(office, ref, "expedite", "expedite_reason=deterioration", "--at", "2026-11-24T10:00",
          "--override", "statement follows")  # fmt: skip
    done = fired(office, ref, "deny", "notice_on=2026-11-27", "--dry-run", now="2026-11-27T22:00Z")
    ended = {end["deadline"]: end["late"] for end in done["closed"]}
    assert ended["pa_decision#1"] is None
    for when, late in (("2026-11-27T09:00", False), ("2026-11-27T10:01", True)):
        done = fired(office, ref, "deny", "notice_on=2026-11-27", "--at", when, "--dry-run",
                     now="2026-11-27T22:00Z")  # fmt: skip
        assert {end["deadline"]: end["late"] for end in done["closed"]}["pa_decision#1"] is late


# Why


def explained(office: Office, ref: str, *more: str, now: str = NOW) -> dict[str, str]:
    """The labels and first lines of ``explain``."""
    lines = office.do("explain", ref, *more, now=now).out.splitlines()
    parts = [line.strip().split("  ", 1) for line in lines[::-1] if "  " in line.strip()]
    return {label: rest.strip() for label, rest in parts}


def test_the_law_says_what_it_counts_from_before_and_after_an_expedite(office: Office) -> None:
    ref = submitted(office)
    told = explained(office, ref, "pa_decision")
    assert told["law"] == "Fri 2026-11-27 00:00 CST (72h from Tue 2026-11-24, request)"
    fired(office, ref, "expedite", "expedite_reason=deterioration", "--at", "2026-11-24T09:00",
          "--override", "statement follows")  # fmt: skip
    told = explained(office, ref, "pa_decision")
    assert told["law"] == "Wed 2026-11-25 09:00 CST (24h from Tue 2026-11-24 09:00 CST, expedite)"
    law = office.do("explain", ref, "pa_decision", "--json").data["deadlines"][0]["law"]
    assert (law["from"], law["from_at"], law["counted_from"], law["length"]) == (
        "2026-11-24", "2026-11-24T09:00:00-06:00", "expedite", "24h",
    )  # fmt: skip


def test_the_law_on_a_letter_counts_from_the_letter(office: Office) -> None:
    ref = denied(office)
    told = explained(office, ref)
    assert told["law"] == "Sat 2027-01-23 23:59 CST (60d from Tue 2026-11-24, notice_on)"


def test_a_date_that_a_field_states_is_said_to_be_stated(office: Office) -> None:
    ref = approved(office)
    told = explained(office, ref)
    assert told["stated by"] == "valid_through"
    assert "counted from" not in told
    made = office.do("explain", ref, "--json").data["deadlines"][0]
    assert (made["length"], made["due_on"]) == ("valid_through", "2027-01-29")


@pytest.mark.parametrize("now", [NOW, "2026-12-10T16:00Z", "2026-12-17T16:00Z"])
def test_explain_marks_a_deadline_as_show_does(office: Office, now: str) -> None:
    ref = submitted(office)
    shown = office.do("show", ref, "--json", now=now).data["deadlines"]
    marks = {line["deadline"]: line["outcome"] for line in shown}
    for name, outcome in marks.items():
        (told,) = office.do("explain", ref, name, "--json", now=now).data["deadlines"]
        assert told["outcome"] == outcome
    assert marks["pa_decision#1"] == ("lapsed" if now > "2026-12-17" else "open")
    assert marks["pa_follow_up#1"] == "open"
    assert marks["inhibitor_fresh#1"] == "satisfied"


# Whose entry it is, and whose values were shown


def test_each_entry_of_a_history_names_its_case(office: Office) -> None:
    for ref in ("C-1", "C-2"):
        office.do("open", "--ref", ref, "--patient", "P 1")
        office.do("note", ref, "called")
    entries = office.do("history", "--patient", "P 1", "--json").data["entries"]
    named = [(entry["case"], entry["version"]) for entry in entries]
    first, second = dict.fromkeys(ref for ref, _ in named)
    assert {first, second} == {"C-1", "C-2"}
    assert named == [(first, 1), (first, 2), (second, 1), (second, 2)]
    text = office.do("history", "--patient", "P 1").out.splitlines()
    heads = [line for line in text if line in {"C-1", "C-2"}]
    assert (heads, text[0]) == ([first, second], first)
    assert office.do("history", "C-2").out.splitlines()[0] == "C-2"


def disclosed(office: Office) -> list[dict[str, Any]]:
    """What the ledger's own stream says of values that were shown, oldest first."""
    return [body["data"] for body in office.bodies(LEDGER) if body["type"] == "DisclosureMade"]


def case_ids(office: Office) -> set[str]:
    return {body["case"] for body in office.bodies()} - {LEDGER}


def test_a_report_on_a_big_ledger_is_disclosed_in_several_entries(office: Office) -> None:
    rows = ["case,action,on,patient,override"]
    for number in range(1001):
        rows.append(f"B-{number},open,2026-11-20,P {number},")
        rows.append(f"B-{number},submit,2026-11-20,,sent before")
    office.do("import", "-", stdin="\n".join(rows).encode())
    office.do("due", "--within", "60d", "--phi")
    made = disclosed(office)
    assert [(one["command"], one["scope"], len(one["cases"])) for one in made] == [
        ("due", "listed", 1000), ("due", "listed", 1),
    ]  # fmt: skip
    listed = [case for one in made for case in one["cases"]]
    assert len(set(listed)) == 1001
    assert set(listed) == case_ids(office)


def test_a_small_report_is_disclosed_in_one_entry(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracker, "LISTED", 2)
    for ref in ("C-1", "C-2"):
        submitted(office, ref)
    office.do("due", "--within", "60d", "--phi")
    (made,) = disclosed(office)
    assert (made["scope"], set(made["cases"])) == ("listed", case_ids(office))


def test_a_report_that_shows_nothing_discloses_nothing(office: Office) -> None:
    office.do("open", "--ref", "C-1", "--patient", "P 1")
    office.do("due", "--phi")
    assert disclosed(office) == []


def test_an_export_of_all_is_disclosed_as_of_all(office: Office) -> None:
    office.do("open", "--ref", "C-1", "--patient", "P 1")
    office.do("export")
    office.do("export", "C-1")
    made = [(one["command"], one["scope"], one["cases"]) for one in disclosed(office)]
    assert made == [("export", "all", []), ("export", "listed", sorted(case_ids(office)))]


# Checks of several definitions


@pytest.mark.parametrize(
    ("group", "ids", "folder"),
    [
        ("workflow", ["humana-il-guide"], "states"),
        ("calendar", ["illinois-state", "illinois-statutory", "us-federal"], "calendars"),
    ],
)
def test_definitions_are_checked_by_file_by_id_or_all_that_are_shipped(
    office: Office, group: str, ids: list[str], folder: str
) -> None:
    root = Path(__file__).parents[2] / folder
    files = [str(root / f"{id}.toml") for id in ids]
    for names in (ids, files, [ids[0], *files[1:]]):
        assert office.do(group, "check", *names, "--json").data["items"] == ids
    assert set(ids) <= set(office.do(group, "check", "--json").data["items"])
    done = office(group, "check", ids[0], "no-such.toml", "--json")
    assert (done.code, done.out) == (4, "")

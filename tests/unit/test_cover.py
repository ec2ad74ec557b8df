"""The cover sheet of a packet: what is missing first, then what is on file, and nothing else.

``CASETRACK_GOLDEN=write`` writes the golden files anew; read each one before it is kept.
"""

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from casetrack.domain import events as e
from casetrack.domain.contest import answering
from casetrack.errors import Refused, UnknownName
from casetrack.reports import cover_data, cover_markdown, cover_page, cover_text
from casetrack.reports.cover import Cover
from casetrack.reports.cover_parts import Requirement
from casetrack.reports.lines import COLUMNS, width
from casetrack.service.covering import covered
from casetrack.service.typed import Adopting, Firing, Recording
from tests.cli.driver import PACKET
from tests.regimes import Matter
from tests.unit.test_story import Parts, words
from tests.world import GUIDE, World, day, when

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
WRITE = os.environ.get("CASETRACK_GOLDEN") == "write"
DIGEST = "ab" * 32
HOSTILE = "<b>x</b>\u202e[/]|`{{ 7 * 7 }}`\n"


def sheet(world: World, step: str | None = None, *, phi: bool = False) -> Cover:
    return covered(world.tracker, "C-1", step, phi=phi)


def as_text(cover: Cover) -> str:
    return "".join(f"{line.text}\n" for line in cover_text.render(cover))


FORMS: dict[str, Callable[[Cover], str]] = {
    "txt": as_text, "md": cover_markdown.render, "html": cover_page.render,
}  # fmt: skip


def said(cover: Cover) -> str:
    return " ".join(as_text(cover).split())


def file(world: World, item: str, on: str, name: str, **values: str) -> int:
    """Evidence with a document; its version."""
    typed = Recording(
        item=item, when=when(on), pairs=tuple(values.items()), file=(name, 1234, DIGEST)
    )
    return world.do(typed).version


def one(cover: Cover, item: str) -> Requirement:
    return next(r for r in cover.requirements if r.item == item)


def lacking(cover: Cover) -> list[tuple[str, str]]:
    return [(lack["status"], lack["name"]) for lack in cover_data.data(cover)["missing"]]


def packed(now: str = "2026-11-24", on: str = "2026-11-20") -> World:
    """A case with the eight requirements on file."""
    world = World(now)
    for item, values in PACKET.items():
        world.record(item, on, **values)
    return world


def denied(*codes: str, now: str = "2026-12-14") -> World:
    """Submitted without its inhibitor test, and denied for these reasons."""
    world = World(now)
    file(world, "diagnosis", "2026-11-20", "Roe, Jane D67.pdf", icd10="D67", hereditary="yes")
    file(world, "inhibitor_test", "2026-11-09", "inhibitor.pdf", result="negative")
    world.fire("submit", "2026-11-20")
    pairs = (("notice_on", "2026-12-07"), *(("reason_code", code) for code in codes))
    world.do(Firing(trigger="deny", when=when("2026-12-08"), pairs=pairs))
    return world


# What is missing


def test_of_an_empty_case_everything_is_missing_the_eight_that_block_first() -> None:
    cover = sheet(World())
    assert cover.step == "submit"
    assert not cover.ready
    statuses = [status for status, _ in lacking(cover)]
    assert statuses == ["missing"] * 8 + ["warning"] * 9
    assert {name for status, name in lacking(cover) if status == "missing"} == set(PACKET)


def test_a_whole_packet_is_ready_and_lacks_only_what_warns() -> None:
    cover = sheet(packed())
    assert cover.ready
    assert {status for status, _ in lacking(cover)} == {"warning"}
    assert [one(cover, item).status for item in PACKET] == ["satisfied"] * 8


@pytest.mark.parametrize("form", FORMS)
def test_what_is_missing_is_the_first_part_of_every_form(form: str) -> None:
    world = denied("experimental")
    made = FORMS[form](sheet(world))
    made = words(made) if form == "html" else made
    parts = ["Missing (", "Goes out by", "Reasons to answer", "Requirements"]
    places = [made.index(part) for part in parts]
    assert places == sorted(places)
    assert made.index("clinical") > places[0], "nothing of it stands before that"


# How old


@pytest.mark.parametrize(
    ("on", "through", "since"),
    [
        ("2026-11-09", "2026-12-09", "2026-12-10"),
        ("2026-12-02", "2027-01-01", "2027-01-02"),
        ("2028-01-30", "2028-02-29", "2028-03-01"),
        ("2027-01-30", "2027-03-01", "2027-03-02"),
    ],
)
def test_evidence_is_fresh_for_thirty_days_and_stale_from_the_day_after(
    on: str, through: str, since: str
) -> None:
    world = World(through)
    world.record("inhibitor_test", on, result="negative")
    last = one(sheet(world), "inhibitor_test")
    assert (last.status, last.fresh_through, last.stale_since) == ("satisfied", day(through), None)
    cover = sheet(world.at(since))
    gone = one(cover, "inhibitor_test")
    assert (gone.status, gone.stale_since) == ("stale", day(since))
    assert lacking(cover)[0][0] != "warning"
    told = re.search(r"stale +inhibitor_test .*?\[", said(cover))
    assert told is not None
    assert re.search(rf"stale since \w\w\w {since} \[", told[0])


def test_a_laboratory_value_that_only_warns_says_since_when_it_is_stale() -> None:
    cover = sheet(packed("2026-12-21"))
    assert one(cover, "liver_panel").stale_since == date(2026, 12, 21)
    assert ("warning", "liver_panel") in lacking(cover)
    assert cover.ready is False, "the inhibitor test blocks"
    assert said(cover).count("stale since Mon 2026-12-21") == 6


def test_a_sheet_as_of_a_day_before_the_evidence_says_why_it_is_not_fresh() -> None:
    """The clock of a read can be set back; the evidence is then of a day to come."""
    world = World("2026-12-01")
    world.record("inhibitor_test", "2026-11-30", result="negative")
    cover = sheet(world.at("2026-11-24"))
    found = one(cover, "inhibitor_test")
    assert (found.status, found.stale_since) == ("stale", None)
    assert "Inhibitor status: dated 2026-11-30, after 2026-11-24" in said(cover)


# What is on file


def test_evidence_taken_back_is_not_listed_and_what_it_replaced_counts_again() -> None:
    world = World()
    kept = file(world, "inhibitor_test", "2026-11-03", "first.pdf", result="negative")
    gone = file(world, "inhibitor_test", "2026-11-10", "second.pdf", result="positive")
    assert one(sheet(world), "inhibitor_test").status == "failing"
    world.void(gone)
    found = one(sheet(world, phi=True), "inhibitor_test")
    assert [paper.version for paper in found.papers] == [kept]
    assert found.status == "satisfied"
    assert all("second.pdf" not in make(sheet(world, phi=True)) for make in FORMS.values())


def test_the_evidence_that_counts_stands_first_and_is_marked_among_several() -> None:
    world = World()
    world.record("inhibitor_test", "2026-11-10", result="negative")
    world.record("inhibitor_test", "2026-11-03", result="negative")
    papers = one(sheet(world), "inhibitor_test").papers
    assert [(p.on.isoformat(), p.counts) for p in papers] == [
        ("2026-11-10", True), ("2026-11-03", False),
    ]  # fmt: skip
    assert said(sheet(world)).count("(counts)") == 1
    assert "(counts)" not in said(sheet(packed()))


def test_an_amended_value_and_day_are_told_as_amended() -> None:
    world = World()
    version = file(world, "inhibitor_test", "2026-11-01", "a.pdf", result="positive")
    world.amend(version, result="negative", on="2026-11-11")
    (paper,) = one(sheet(world, phi=True), "inhibitor_test").papers
    assert (paper.on, paper.values) == (date(2026, 11, 11), {"result": "negative"})
    assert paper.file is not None
    assert paper.file.name == "a.pdf"


@pytest.mark.parametrize("form", FORMS)
def test_names_sizes_and_digests_are_told_only_with_phi(form: str) -> None:
    world = denied("criteria_not_met")
    shown, sealed = (FORMS[form](sheet(world, phi=phi)) for phi in (True, False))
    for typed in ("Roe, Jane D67", "1234 bytes", DIGEST):
        assert typed in " ".join(shown.replace("\\", "").split())
        assert typed not in sealed.replace("\\", "")
    assert "file on record" in sealed


def test_what_was_redacted_is_said_as_such_with_phi_and_without() -> None:
    world = World()
    version = file(world, "diagnosis", "2026-11-20", "Jane.pdf", icd10="D67", hereditary="yes")
    targets = [e.Target(version=version, name=n) for n in ("icd10", "file_name", "file_sha256")]
    world.tracker.redact(world.id, targets, "asked for")
    for phi in (True, False):
        cover = sheet(world, phi=phi)
        (paper,) = one(cover, "diagnosis").papers
        assert paper.values["icd10"] == "(redacted)"
        assert paper.file is not None
        assert (paper.file.name, paper.file.sha256) == ("(redacted)", "(redacted)")
        assert one(cover, "diagnosis").status == "failing"
        assert "icd10: redacted, and can't be judged" in said(cover)
        assert "file (redacted)" in said(cover)


# An appeal, point by point

ANSWERS = {
    "medical_necessity": {
        "bleeding_history", "step_therapy", "clinical_evidence", "medical_necessity_letter",
    },
    "experimental": {"clinical_evidence", "medical_necessity_letter"},
    "not_covered": {"verify_pa_list", "verify_policy"},
    "missing_information": {*PACKET, "clinical_evidence"},
    "criteria_not_met": {
        *PACKET, "step_therapy", "verify_policy", "clinical_evidence", "medical_necessity_letter",
    },
    "out_of_network": {"approved_center", "verify_network"},
    "other": set(),
}  # fmt: skip


def test_the_guide_says_what_answers_each_reason() -> None:
    assert set(GUIDE.fields["reason_code"].values) == set(ANSWERS)
    for code, items in ANSWERS.items():
        assert set(answering(GUIDE, "reason_code", code)) == items, code


def points(cover: Cover) -> dict[str, tuple[str, ...]]:
    return {p.code: p.answers for refusal in cover.refusals for p in refusal.points}


def test_each_reason_is_answered_by_what_is_on_file_and_the_others_are_named_as_missing() -> None:
    world = denied("criteria_not_met", "experimental", "other")
    cover = sheet(world)
    assert cover.step == "file_appeal"
    assert points(cover) == {
        "criteria_not_met": ("diagnosis", "inhibitor_test"), "experimental": (), "other": (),
    }  # fmt: skip
    assert lacking(cover)[-2:] == [("unanswered", "experimental"), ("unanswered", "other")]
    assert "not on file: clinical_evidence, medical_necessity_letter" in said(cover)
    assert "no requirement of the workflow answers it" in said(cover)
    world.record("medical_necessity_letter", "2026-12-10")
    cover = sheet(world)
    assert points(cover)["experimental"] == ("medical_necessity_letter",)
    assert ("unanswered", "experimental") not in lacking(cover)


def test_the_reasons_are_those_of_the_denial_as_amended() -> None:
    world = denied("experimental")
    world.amend(world.case.moves[-1].version, reason_code="out_of_network")
    assert points(sheet(world)) == {"out_of_network": ()}
    assert "experimental" not in as_text(sheet(world))


def test_a_denial_taken_back_gives_no_reasons() -> None:
    world = denied("experimental")
    world.void(world.case.moves[-1].version)
    cover = sheet(world, "file_appeal")
    assert cover.refusals == ()
    assert ("unanswered", "reason_code") in lacking(cover)
    assert "Reason for denial: none recorded" in said(cover)


def test_a_packet_that_contests_nothing_tells_no_reasons() -> None:
    world = denied("experimental")
    world.fire("reverse", "2026-12-11", valid_through="2027-06-30")
    cover = sheet(world)
    assert cover.step == "administer"
    assert cover.refusals == ()
    assert "experimental" not in as_text(cover)


def test_a_stale_answer_says_so_though_the_appeal_does_not_ask_its_age() -> None:
    cover = sheet(denied("criteria_not_met"))
    found = one(cover, "inhibitor_test")
    assert (found.status, found.blocking) == ("on_file", False)
    assert found.stale_since == date(2026, 12, 10)
    assert "Inhibitor status: on file; stale since Thu 2026-12-10" in said(cover)


def test_evidence_that_breaks_a_rule_answers_nothing_and_says_why() -> None:
    """What is on file proves the payer right, whether its rule blocks or only warns."""
    world = denied("criteria_not_met", "out_of_network")
    world.record("inhibitor_test", "2026-12-10", result="positive")
    world.record("verify_network", "2026-12-10", in_network="no")
    cover = sheet(world)
    assert points(cover) == {"criteria_not_met": ("diagnosis",), "out_of_network": ()}
    assert ("failing", "inhibitor_test") in lacking(cover)
    assert ("warning", "verify_network") in lacking(cover)
    assert ("unanswered", "out_of_network") in lacking(cover)
    assert not one(cover, "inhibitor_test").blocking
    assert "answered by diagnosis; on file and failing: inhibitor_test; not on file" in said(cover)
    assert "the factor IX inhibitor test must be negative" in said(cover)


# When, to whom, and what was passed over


def test_it_goes_out_by_the_deadline_that_the_step_ends_to_the_contact_of_the_next_clock() -> None:
    """The letter of 7 December: 65 days end on 10 February, 60 on the 5th, a Friday."""
    cover = sheet(denied("experimental"))
    (line,) = cover.deadlines
    assert (line.deadline, line.act_by, line.due_on) == (
        "appeal_filing#1", date(2027, 2, 5), date(2027, 2, 10),
    )  # fmt: skip
    assert [c.name for c in cover.contacts] == ["Humana Member Services"]
    assert "Fri 2027-02-05 File the internal appeal (appeal_filing#1)" in said(cover)
    assert "file_appeal by the member portal or in writing" in said(cover)


@pytest.mark.parametrize(
    ("now", "mark"),
    [("2027-02-04", ""), ("2027-02-05", " act now;"), ("2027-02-10", " act now;"),
     ("2027-02-11", " OVERDUE;")],
)  # fmt: skip
def test_a_day_that_has_come_or_gone_is_said_to_have(now: str, mark: str) -> None:
    told = said(sheet(denied("experimental", now=now)))
    assert f"File the internal appeal (appeal_filing#1);{mark} legal last day" in told


def test_what_was_overridden_and_is_still_open_is_listed() -> None:
    told = said(sheet(denied("experimental")))
    assert "Open items submit on 2026-11-20 went ahead although nothing was on file for Age" in told
    assert "Diagnosis confirmation (diagnosis)" not in told.partition("Open items")[2]


def test_the_rules_of_a_claim_stand_beside_its_evidence() -> None:
    world = World("2026-12-14")
    world.fire("submit", "2026-11-20")
    world.fire("approve", "2026-12-01", valid_through="2027-06-30", authorization="A-1")
    world.note("2026-12-02", hcpcs="J1412", benefit="medical")
    cover = sheet(world)
    assert cover.step == "administer"
    assert lacking(cover)[0] == ("failing", "hcpcs")
    assert "the claim must go through the medical benefit, not pharmacy: satisfied" in said(cover)


# Which step

STEPS = [
    ("humana-il-guide", [], "submit"),
    ("humana-il-guide", [("submit", {}), ("request_info", {})], "provide_info"),
    ("humana-il-guide", [("submit", {})], "expedite"),
    ("ma-part-b-drug", [("submit", {}), ("deny", {"notice_on": "2026-11-09"})], "file_appeal"),
    ("il-commercial", [("submit", {}), ("deny", {"notice_on": "2026-11-09"})], "file_appeal"),
]


@pytest.mark.parametrize(("workflow", "path", "step"), STEPS)
def test_the_state_says_what_the_packet_is_for(
    workflow: str, path: list[tuple[str, dict[str, str]]], step: str
) -> None:
    matter = Matter(workflow, "2026-11-02")
    for n, (trigger, values) in enumerate(path):
        matter.override(trigger, f"2026-11-{9 + n:02}T10:00", **values)
    assert covered(matter.tracker, "C-1", None, phi=False).step == step


def test_in_a_final_state_there_is_no_packet_and_an_unknown_step_is_refused() -> None:
    world = World()
    with pytest.raises(UnknownName, match="did you mean 'submit'"):
        sheet(world, "sumbit")
    world.fire("close", close_reason="declined")
    with pytest.raises(Refused, match="no step from closed asks for a packet; possible: nothing"):
        sheet(world)


def test_under_the_law_evidence_answers_a_denial_too() -> None:
    matter = Matter("il-commercial", "2026-11-02")
    matter.override("submit", "2026-11-09T10:00")
    matter.override("deny", "2026-11-10T10:00", notice_on="2026-11-10", reason_code="experimental")
    matter.record("physician_certificate", "2026-11-12")
    cover = covered(matter.tracker, "C-1", None, phi=False)
    assert points(cover) == {"experimental": ("physician_certificate",)}
    assert [c.name for c in cover.contacts] == ["The plan"]


@pytest.mark.parametrize("form", FORMS)
def test_a_step_that_the_state_does_not_allow_is_never_ready(form: str) -> None:
    world = packed()
    assert sheet(world, "submit").ready
    world.fire("submit", "2026-11-24", method="fax")
    cover = sheet(world, "submit")
    assert (cover.possible, cover.ready) == (False, False)
    data = cover_data.data(cover)
    assert (data["possible"], data["ready"]) == (False, False)
    assert not [lack for lack in data["missing"] if lack["blocking"]]
    made = FORMS[form](cover)
    made = words(made) if form == "html" else made
    assert "NOT READY; submit is not possible in this state" in " ".join(made.split())


@pytest.mark.parametrize("form", FORMS)
def test_evidence_that_the_workflow_adopted_does_not_know_stands_apart(form: str) -> None:
    world = World("2026-11-24")
    version = file(world, "inhibitor_test", "2026-11-20", "Roe.pdf", result="negative")
    world.record("clinical_evidence", "2026-11-20")
    world.do(Adopting(workflow="il-commercial"))
    cover = sheet(world, "submit")
    ((name, (paper,)),) = [(one.item, one.papers) for one in cover.former]
    assert (name, paper.version, str(paper.on)) == ("inhibitor_test", version, "2026-11-20")
    assert "inhibitor_test" not in {one.item for one in cover.requirements}
    assert cover_data.data(cover)["former"][0]["item"] == name
    made = FORMS[form](cover)
    made = words(made) if form == "html" else made
    assert "Evidence of other rules" in made
    assert "inhibitor" in made.partition("Evidence of other rules")[2]
    assert "Roe.pdf" not in made
    assert "Roe.pdf" in FORMS[form](sheet(world, "submit", phi=True))


def test_without_an_adoption_there_is_no_such_part() -> None:
    cover = sheet(packed())
    assert cover.former == ()
    assert "other rules" not in as_text(cover)


# Bytes, and what is typed


def full() -> World:
    """An appeal with every kind of thing on its sheet."""
    world = denied("experimental", "criteria_not_met", "other")
    file(world, "denial_letter", "2026-12-08", "denial.pdf", notes=HOSTILE)
    file(world, "medical_necessity_letter", "2026-12-10", HOSTILE[:-1], physician="Dr. Poe")
    version = file(world, "diagnosis", "2026-11-21", "old.pdf", icd10="D67", hereditary="yes")
    world.tracker.redact(world.id, [e.Target(version=version, name="icd10")], "asked for")
    return world


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("phi", [True, False], ids=["phi", "sealed"])
def test_the_sheet_is_as_in_the_golden_file(form: str, phi: bool) -> None:
    made = FORMS[form](sheet(full(), phi=phi))
    golden = GOLDEN / f"packet{'-phi' if phi else ''}.{form}"
    if WRITE:
        golden.write_text(made, encoding="utf-8")
    assert made == golden.read_text(encoding="utf-8")


def test_no_line_is_wider_than_the_page_and_none_holds_what_a_terminal_obeys() -> None:
    for line in cover_text.render(sheet(full(), phi=True)):
        assert width(line.text) <= COLUMNS
        assert "\u202e" not in line.text
        assert line.text.isprintable()


def test_the_page_is_well_formed_and_fetches_and_runs_nothing() -> None:
    made = cover_page.render(sheet(full(), phi=True))
    parts = Parts(made)
    assert len(parts.ids) == len(set(parts.ids))
    assert set(parts.labels) <= set(parts.ids)
    assert parts.tags & {"script", "link", "img", "iframe", "object", "form", "base", "b"} == set()
    assert not {name for name in parts.attributes if name.startswith("on") or name == "src"}
    assert "default-src 'none'; style-src 'sha256-" in made
    assert re.findall(r"https?:", made) == []
    assert "&lt;b&gt;x&lt;/b&gt;\\u202e[/]|`{{ 7 * 7 }}`" in made


def test_markdown_keeps_what_was_typed_as_text() -> None:
    made = cover_markdown.render(sheet(full(), phi=True))
    assert "\\<b\\>x\\</b\\>\\u202e\\[/\\]\\|\\`\\{\\{ 7 \\* 7 \\}\\}\\`" in made.replace(
        "\\\\", "\\"
    )
    table = made.partition("## Missing")[2].partition("##")[0].strip().splitlines()[2:]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in table} == {4}

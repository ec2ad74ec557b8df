"""What ``workflow show`` and ``calendar show`` print: the definition whole, nothing left out."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime

import msgspec
import pytest
from msgspec.structs import replace

from casetrack.catalog import calendars, workflows
from casetrack.domain import clocks
from casetrack.domain.workflow import Clock, Item, Trigger, Workflow
from casetrack.errors import BeyondHorizon
from casetrack.reports import handbook, handbook_words
from tests import regimes

GUIDE = "humana-il-guide"
IDS = workflows.available()

APPEAL_FILING = """
  appeal_filing: File the internal appeal
    owner           provider, statutory
    armed by        deny, approve_in_part
    alive in        denied, approved_in_part
    counts from     notice_on
    length          65d, 65 calendar days
    letter's date   stated_due_on, kept beside
    roll            none
    ended by        file_appeal
    unproven        open without confirmation, until record:proof_of_receipt, overturn, uphold
    reminders       20bd, 10bd, 5bd, 3bd, 2bd, 1bd, 0bd before, the usual ones
    source          guide: Internal Appeal (V2: a secondary source quotes it)
    caveat          The guide's 65 days are the law's 60 with 5 for the mail: count on 60 from the
                    date of the notice. That an urgent appeal has the same window is inferred.
    law             60d, 60 calendar days
    law's source    42 CFR 422.582(b) (V2: a secondary source quotes it)
    law's caveat    60 days from receipt, which is presumed 5 days after the notice; counted here
                    from the notice's own date, the safe reading.
"""
UPHOLD = """
  uphold: Denial is upheld
    moves           internal_appeal -> appeal_denied
    moves           external_review -> final_denial
    fields          notice_on (required), received_on, stated_due_on, granted_part
    guard           in_order: none of these dates is before the one named ahead of it: stage (the
                    day on which the case's stage began), notice_on, received_on, on (its own day);
                    can be overridden with a reason
    source          guide: Appeals Process in Illinois
"""
INHIBITOR_TEST = """
  inhibitor_test: Inhibitor status
    needed for      submit; blocking
    fields          result (required)
    rule            the factor IX inhibitor test must be negative (result equals negative; blocking)
                    [guide: Required Clinical Documentation]
    fresh           0 to 30 days old on the day of submit, provide_info; blocking [guide: Required
                    Clinical Documentation]
    answers         reason_code: criteria_not_met, missing_information
    source          guide: Required Clinical Documentation
    hint            laboratory report of a factor IX inhibitor test, 30 days old at most
"""


def leaves(value: object) -> Iterator[str]:
    """Every text that a definition holds, the names in its tables included."""
    match value:
        case str():
            yield value
        case msgspec.Struct():
            for name in value.__struct_fields__:
                yield from leaves(getattr(value, name))
        case dict():
            for name, inner in value.items():
                yield from (*leaves(name), *leaves(inner))
        case tuple():
            for inner in value:
                yield from leaves(inner)


def plain(text: str) -> str:
    return " ".join(text.split())


def shown(workflow: Workflow) -> str:
    return "\n".join(handbook.workflow_lines(workflow))


def parts(w: Workflow) -> dict[str, Trigger | Clock | Item]:
    return {**w.triggers, **w.clocks, **w.items}


def entry(workflow: Workflow, name: str) -> str:
    """The lines of one trigger, clock or requirement, up to the next entry or heading."""
    lines = handbook.workflow_lines(workflow)
    start = lines.index(f"  {name}: {parts(workflow)[name].title}")
    more = lines[start + 1 :]
    length = next((i for i, line in enumerate(more) if not line.startswith("    ")), len(more))
    return "\n".join(lines[start : start + 1 + length])


def line_of(workflow: Workflow, section: str, name: str) -> str:
    """One row of a table, its wrapped lines joined."""
    _, _, after = shown(workflow).partition(f"{section}\n")
    rows = after.partition("\n\n")[0].replace("\n   ", " ").splitlines()
    return plain(next(row for row in rows if row.split()[0] == name))


@pytest.mark.parametrize("id", [*IDS, "ma-like", "il-like"])
def test_every_text_of_the_definition_is_shown(id: str) -> None:
    workflow = regimes.load(id)
    output = plain(shown(workflow))

    missing = [text for text in leaves(workflow) if text and plain(text) not in output]

    assert missing == []


@pytest.mark.parametrize("id", IDS)
def test_every_text_of_a_trigger_a_clock_or_a_requirement_stands_in_its_own_entry(id: str) -> None:
    w = workflows.load(id)

    missing = [
        (name, text)
        for name, part in parts(w).items()
        for told in [plain(entry(w, name))]
        for text in set(leaves(part)) - untold(part)
        if plain(text) not in told
    ]

    assert missing == []


@pytest.mark.parametrize(
    ("id", "name", "told"),
    [
        (
            "ma-like",
            "filing",
            (
                "counts from received_on",
                "not shown counts from notice_on",
                "unproven open without confirmation, until record:proof_of_receipt, affirm,",
                "version for notice_on from 2025-01-01 on; 42 CFR 422.582(b) (V2: a secondary",
                "not shown presumed received 5 days after notice_on; our own reading from",
                "caveat 60 days from receipt, presumed 5 days after the notice.",
            ),
        ),
        ("il-like", "filing", ("cut-off 16:59 on the last day, judged by sent_at",)),
        ("il-like", "exhaustion", ("opens a right, once it has passed; never overdue",)),
        ("il-like", "review_filing", ("roll following by illinois-statutory",)),
        ("il-like", "validity", ("watches infusion_on, from 20 business days before",)),
    ],
)
def test_the_finer_points_of_a_clock_are_told(id: str, name: str, told: tuple[str, ...]) -> None:
    said = plain(entry(regimes.load(id), name))
    assert [text for text in told if text not in said] == []


def untold(part: Trigger | Clock | Item) -> set[str]:
    """A group is the heading's, and a clock that counts nothing counts from nothing."""
    match part:
        case Item(group=group):
            return {"", group}
        case Clock(length=None):
            return {"", "request", "*"}
    return {""}


@pytest.mark.parametrize("id", IDS)
def test_every_move_is_shown_with_the_state_it_leaves_and_reaches(id: str) -> None:
    w = workflows.load(id)

    for trigger, origin, to in w.arcs():
        assert f"{origin} -> {to}" in plain(entry(w, trigger))


@pytest.mark.parametrize("id", IDS)
def test_every_requirement_stands_under_its_group(id: str) -> None:
    w = workflows.load(id)
    lines = handbook.workflow_lines(w)

    for name, item in w.items.items():
        above = lines[: lines.index(f"  {name}: {item.title}")]
        heading = [line for line in above if line and not line.startswith(" ")][-1]
        assert heading == f"REQUIREMENTS: {item.group.upper()}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("appeal_filing", APPEAL_FILING),
        ("uphold", UPHOLD),
        ("inhibitor_test", INHIBITOR_TEST),
    ],
)
def test_an_entry_of_the_guide_as_typed_by_hand(name: str, expected: str) -> None:
    assert entry(workflows.load(GUIDE), name) == expected.strip("\n")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("pa_decision", "length 14bd, 14 business days"),
        ("pa_decision", "expedited 72h, 72 elapsed hours"),
        ("pa_decision", "law, expedited 24h, 24 elapsed hours"),
        ("pa_decision", "contact humana, Humana Member Services"),
        ("pa_decision", "reminders 2bd, 0bd before, the usual ones; 24h, 8h, 2h once expedited"),
        ("info_response", "until respond_on, itself the last day"),
        ("info_response", "length 5bd, 5 business days, where respond_on is not given"),
        ("info_response", "reminders 1bd, 0bd before, the usual ones"),
        ("info_response", "source ours (R: recalled, unverified)"),
        (
            "approval_validity",
            "armed into approved_in_part: internal_appeal, denied, appeal_denied,",
        ),
        ("approval_validity", "reminders 30bd, 20bd, 10bd, 5bd before"),
        (
            "approval_validity",
            "watches infusion_on: not after the last day, and asked for from 20 business days",
        ),
        ("external_filing", "law has no such clock and sets no date"),
        ("external_filing", "42 CFR 422.590, 422.592 (V: text of the law seen)"),
        ("expedite", "short clock asked for in this stage"),
        ("file_appeal", "contests reason_code"),
        ("refuse_expedite", "short clock cancelled in this stage"),
        ("refuse_expedite", "is running in this stage; can't be overridden"),
        ("peer_to_peer", "denied -> denied (stays)"),
        ("close", "* (every state that is not final): "),
        ("close", "close_reason (required)"),
        (
            "withdraw_appeal",
            "appeal_filing, external_filing: the latest deadline returns as it was",
        ),
        ("administer", "(on not_before 2023-04-01; blocking) [HCPCS: beyond the guide]"),
    ],
)
def test_the_entry_of_a_trigger_or_a_clock_says(name: str, expected: str) -> None:
    assert expected in plain(entry(workflows.load(GUIDE), name))


@pytest.mark.parametrize(
    ("section", "name", "expected"),
    [
        ("STATES", "intake", "intake Packet in preparation, initial"),
        ("STATES", "final_denial", "final_denial Denied on external review, final"),
        ("STAGES, EACH WITH ONE EXPEDITED READING", "pa", "pa Prior authorization: pa_submitted,"),
        ("FIELDS", "dob", "dob Date of birth: date; sealed"),
        ("FIELDS", "respond_on", "respond_on Respond by: date; clear; may be future"),
        ("FIELDS", "other_codes", "codes: text; sealed; codes of icd-10-cm; repeats"),
        ("FIELDS", "authorization", "Authorization number: text; sealed; findable"),
        ("FIELDS", "kind", "Kind of note: code, one of call, letter, other; clear"),
        ("CONTACTS", "illinois_doi", "Illinois Department of Insurance: (877) 527-9431"),
    ],
)
def test_a_table_says(section: str, name: str, expected: str) -> None:
    assert expected in line_of(workflows.load(GUIDE), section, name)


@pytest.mark.parametrize("id", IDS)
def test_no_line_is_wider_than_100_columns(id: str) -> None:
    assert max(map(len, handbook.workflow_lines(workflows.load(id)))) <= 100


def test_a_definition_of_ones_own_can_not_reach_the_terminal() -> None:
    guide = workflows.load(GUIDE)
    state = replace(guide.states["intake"], title="\x1b[2J\u202eintake")

    output = shown(replace(guide, title="a\x1b]0;b\x07", states={**guide.states, "intake": state}))

    assert "\x1b" not in output
    assert "\u202e" not in output
    assert "a\\x1b]0;b\\x07" in output
    assert "\\x1b[2J\\u202eintake, initial" in output


def test_a_text_of_many_lines_is_wrapped_as_one() -> None:
    output = handbook.workflow_lines(replace(workflows.load(GUIDE), caveat="one\ntwo"))

    assert "  caveat          one two" in output


def test_the_order_is_that_of_a_case_on_its_way() -> None:
    lines = handbook.workflow_lines(workflows.load(GUIDE))

    def after(heading: str) -> list[str]:
        body = lines[lines.index(heading) + 1 :]
        section = body[: body.index("")]
        return [line.split()[0] for line in section if not line.startswith("   ")]

    assert after("STATES") == [
        "intake", "pa_submitted", "approved", "approved_in_part", "denied", "info_requested",
        "internal_appeal", "appeal_denied", "external_review", "closed", "completed",
        "final_denial",
    ]  # fmt: skip
    assert (after("TRIGGERS")[0], after("TRIGGERS")[-1]) == ("submit:", "close:")
    assert after("CLOCKS")[-2:] == ["external_filing:", "external_decision:"]
    assert [line for line in lines if line.startswith("REQUIREMENTS")] == [
        "REQUIREMENTS: PACKET", "REQUIREMENTS: HISTORY", "REQUIREMENTS: SUBMISSION",
        "REQUIREMENTS: VERIFICATION", "REQUIREMENTS: URGENT", "REQUIREMENTS: APPEAL",
        "REQUIREMENTS: COVERAGE", "REQUIREMENTS: FILING",
    ]  # fmt: skip


def test_what_a_definition_does_not_have_gets_no_heading() -> None:
    output = shown(replace(workflows.load(GUIDE), codes=(), contacts={}, statements=(), clocks={}))

    assert not {"CODES", "CONTACTS", "STATEMENTS", "CLOCKS"} & set(output.splitlines())


def test_the_ladder_of_an_hour_clock_is_the_one_its_deadlines_get() -> None:
    clock = replace(workflows.load(GUIDE).clocks["pa_decision"], length="72h", law=None)
    workflow = replace(workflows.load(GUIDE), clocks={"pa_decision": clock})

    assert "reminders 24h, 8h, 2h before" in plain(entry(workflow, "pa_decision"))
    assert armed(clock) == handbook_words.HOUR_RUNGS


def armed(clock: Clock) -> tuple[str, ...]:
    calendar = calendars.load("illinois-state")
    frame = clocks.Frame(
        zone="America/Chicago", home=calendar, calendars={"illinois-state": calendar}
    )
    at = datetime(2026, 11, 24, 16, tzinfo=UTC)
    basis = clocks.Basis(on=date(2026, 11, 24), at=at, field="request")
    return clocks.read(clock, frame, basis).rungs


@pytest.mark.parametrize("id", IDS)
def test_the_data_is_the_whole_definition(id: str) -> None:
    workflow = workflows.load(id)

    data = json.loads(json.dumps(handbook.workflow_data(workflow)))

    again = msgspec.convert(data, Workflow)
    assert workflows.definition_text(again) == workflows.definition_text(workflow)


def test_the_summary_tells_which_workflow_it_is_and_how_it_stands() -> None:
    summary = handbook.workflow_summary(workflows.load(GUIDE))

    assert list(summary) == ["id", "title", "edition", "standing", "caveat"]
    assert summary["id"] == GUIDE
    assert summary["title"] == "Hemgenix with Humana in Illinois, by the published guide"
    assert summary["edition"] == "2026-11-24"
    assert summary["standing"].startswith("a publisher's guide, not law")
    assert summary["caveat"].startswith("The guide speaks of a Medicare Advantage plan")


def test_a_year_of_a_calendar_as_data() -> None:
    data = handbook.calendar_data(calendars.load("illinois-state"), 2026)

    assert (data["id"], data["title"]) == ("illinois-state", "Illinois state offices")
    assert (data["edition"], data["year"]) == ("2026-11-24", 2026)
    assert len(data["digest"]) == 64
    assert data["source"].startswith("Days on which Illinois state offices")
    assert [day["date"] for day in data["days"]] == [
        "2026-01-01", "2026-01-19", "2026-02-12", "2026-02-16", "2026-05-25", "2026-06-19",
        "2026-07-03", "2026-09-07", "2026-10-12", "2026-11-03", "2026-11-11", "2026-11-26",
        "2026-11-27", "2026-12-25",
    ]  # fmt: skip
    assert data["days"][6] == {
        "date": "2026-07-03",
        "name": "Independence Day",
        "status": "computed",
        "observed_for": "2026-07-04",
        "source": "80 Ill. Adm. Code 303.190",
    }


def test_a_calendar_without_a_year_is_shown_whole() -> None:
    data = handbook.calendar_data(calendars.load("us-federal"), None)

    assert data["year"] is None
    assert data["days"][0]["date"] == "2019-01-01"
    assert data["days"][-1]["date"] == "2036-12-25"


@pytest.mark.parametrize(
    ("id", "year", "day", "told"),
    [
        ("illinois-state", 2026, "Fri 2026-07-03", "Independence Day, for Sat 2026-07-04"),
        ("illinois-state", 2026, "Tue 2026-11-03", "General Election Day"),
        ("illinois-state", 2026, "Fri 2026-11-27", "Day after Thanksgiving"),
        ("illinois-state", 2027, "Fri 2027-12-31", "New Year's Day, for Sat 2028-01-01"),
        ("illinois-statutory", 2026, "Fri 2026-04-03", "Good Friday"),
        ("illinois-statutory", 2026, "Sat 2026-07-04", "Independence Day"),
        ("illinois-statutory", 2027, "Mon 2027-03-01", "Casimir Pulaski Day"),
        ("us-federal", 2026, "Thu 2026-11-26", "Thanksgiving Day"),
    ],
)
def test_a_calendar_shows_the_day_its_name_and_its_source(
    id: str, year: int, day: str, told: str
) -> None:
    sources = {
        "illinois-state": "80 Ill. Adm. Code 303.190",
        "illinois-statutory": "205 ILCS 630/17(a)",
        "us-federal": "5 U.S.C. 6103",
    }

    lines = handbook.calendar_lines(calendars.load(id), year)

    assert f"  {day}  {told} (computed) [{sources[id]}]" in lines


def test_a_day_of_a_published_list_is_official() -> None:
    lines = handbook.calendar_lines(calendars.load("illinois-state"), 2025)

    assert lines[-1] == (
        "  Thu 2025-12-25  Christmas Day (official) [Illinois CMS, state holidays 2025]"
    )


def test_a_calendar_names_its_edition_its_horizon_and_its_source() -> None:
    calendar = calendars.load("illinois-statutory")
    output = plain("\n".join(handbook.calendar_lines(calendar, 2026)))

    assert plain(calendar.source) in output
    assert f"edition 2026-11-24, digest {calendar.digest}" in output
    assert "sure of 2019-01-01 to 2036-12-31, both included" in output
    assert "weekend Saturday, Sunday" in output


@pytest.mark.parametrize("year", [2018, 2037])
def test_a_year_beyond_the_horizon_is_refused_not_shown_empty(year: int) -> None:
    calendar = calendars.load("illinois-state")

    for told in (handbook.calendar_data, handbook.calendar_lines):
        with pytest.raises(BeyondHorizon, match=f"{year} is beyond the horizon .* 2036-12-31"):
            told(calendar, year)

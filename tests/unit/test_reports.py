"""The due-soon report against golden files, then the working and the history.

``CASETRACK_GOLDEN=write`` writes the golden files anew; read each one before it is kept.
"""

import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from casetrack.catalog import calendars, workflows
from casetrack.domain import clocks, dates
from casetrack.domain import events as e
from casetrack.domain.docket import Docket, Doubt, DoubtKind, Item, Status, Tally, acts, tally
from casetrack.domain.expediting import expedite
from casetrack.domain.workflow import Clock, Kind, Law, Owner, State, Workflow
from casetrack.reports import data, markdown, table, text, timeline, words, working
from casetrack.reports.lines import COLUMNS, width, wrap
from casetrack.reports.sections import sections

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
WRITE = os.environ.get("CASETRACK_GOLDEN") == "write"
ZONE = "America/Chicago"
GUIDE = workflows.load("humana-il-guide")
NOW = datetime(2026, 11, 24, 16, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)
LONGEST = "R2026-11.Very_Long-Reference.032"
HUMANA = "Humana, the provider line on the member's card"


@dataclass(frozen=True)
class Rule:
    """What all deadlines of one clock have in common."""

    clock: str
    title: str
    state: str
    owner: Owner
    kind: Kind
    ended_by: tuple[str, ...]
    source: str
    evidence: str = "V2"
    law: str | None = None
    contact: str | None = None
    expires: bool = False
    opens: bool = False
    workflow: str = "humana-il-guide"


CALL = Rule(
    "pa_follow_up", "Call the payer about the request", "pa_submitted", "provider", "planned",
    ("request_info", "approve", "approve_in_part", "deny", "refuse_expedite", "note:call"),
    'guide: Submission Process ("5-14 business days")', contact=HUMANA,
)  # fmt: skip
PA = Rule(
    "pa_decision", "Payer decides the prior authorization", "pa_submitted", "payer", "service",
    ("approve", "approve_in_part", "deny"), "guide: Submission Process; FAQ",
    law="42 CFR 422.568(b)(3), 422.572(a)", contact=HUMANA,
)  # fmt: skip
FILE = Rule(
    "appeal_filing", "File the internal appeal", "denied", "provider", "statutory",
    ("file_appeal",), "guide: Internal Appeal", law="42 CFR 422.582(b)",
)  # fmt: skip
APPEAL = Rule(
    "appeal_decision", "Payer decides the internal appeal", "internal_appeal", "payer", "service",
    ("overturn", "uphold"), "guide: Internal Appeal", law="42 CFR 422.590(c), (e)", contact=HUMANA,
)  # fmt: skip
EXTERNAL = Rule(
    "external_filing", "Request external review", "appeal_denied", "provider", "statutory",
    ("request_external_review",), "215 ILCS 180/35(a), 180/42", evidence="V",
    workflow="il-commercial",
)  # fmt: skip
REVIEW = Rule(
    "external_decision", "Reviewer decides", "external_review", "reviewer", "service",
    ("overturn", "uphold"), "guide: External Review", law="42 CFR 422.590, 422.592",
)  # fmt: skip
APPROVAL = Rule(
    "approval_validity", "Infuse before the approval ends", "approved", "provider", "service",
    ("administer", "renew"), "ours", evidence="R", contact=HUMANA, expires=True,
)  # fmt: skip
OPENING = Rule(
    "exhaustion", "External review opens without a decision", "internal_appeal", "provider",
    "planned", ("request_external_review",), "215 ILCS 180/30(b)", evidence="V", opens=True,
    workflow="il-commercial",
)  # fmt: skip
TEST = Rule(
    "inhibitor_fresh", "Inhibitor test is still fresh", "intake", "provider", "planned",
    ("submit", "provide_info"), "guide: Required Clinical Documentation", expires=True,
)  # fmt: skip


def _acts(rule: Rule) -> tuple[str, ...]:
    """As the guide gives them; the right that opens is of no clock of the guide."""
    clock = GUIDE.clocks.get(rule.clock)
    return acts(clock, GUIDE, rule.state) if clock else rule.ended_by


def due(
    rule: Rule,
    case: str,
    due_on: str,
    act_by: str,
    status: Status,
    *,
    law_by: str | None = None,
    assignee: str | None = "jordan",
    at: str | None = None,
    **more: Any,  # noqa: ANN401  # any other field of the line
) -> Item:
    """A docket line on 2026-11-24, its days left counted by the shipped calendar."""
    by = date.fromisoformat(act_by)
    end = dates.local_text(dates.end_of_day(date.fromisoformat(due_on), ZONE), ZONE)
    item = Item(
        case=case, patient=None, assignee=assignee, workflow=rule.workflow, state=rule.state,
        deadline=f"{rule.clock}#1", title=rule.title, owner=rule.owner, kind=rule.kind,
        due_on=date.fromisoformat(due_on), due_at=at or end, act_by=by,
        law_by=None if law_by is None else date.fromisoformat(law_by), stated_due_on=None,
        status=status, unproven=False,
        business_days_left=calendars.load("illinois-state").business_days_between(TODAY, by),
        calendar_days_left=(by - TODAY).days, ended_by=rule.ended_by, source=rule.source,
        evidence=rule.evidence, law=rule.law, contact=rule.contact, expires=rule.expires,
        opens=rule.opens, acts=_acts(rule),
    )  # fmt: skip
    return replace(item, **more)


ITEMS = (
    due(FILE, "C-7QK2MZ4A", "2026-11-08", "2026-11-02", "overdue", law_by="2026-11-03"),
    due(FILE, "C-B3XW9P2L", "2026-11-25", "2026-11-20", "act_now", law_by="2026-11-20",
        assignee=None, stated_due_on=date(2026, 11, 30)),
    due(EXTERNAL, LONGEST, "2026-11-24", "2026-11-24", "act_now", assignee="sam",
        patient='=HYPERLINK("https://evil.example";"Ada")'),
    due(CALL, "C-D5N8RT6V", "2026-11-17", "2026-11-17", "act_now"),
    due(TEST, "C-E2JH4K7C", "2026-11-19", "2026-11-19", "act_now", assignee="sam"),
    due(PA, "C-D5N8RT6V", "2026-12-02", "2026-11-12", "act_now", law_by="2026-11-12"),
    due(APPEAL, "C-F6YB3S9D", "2026-11-22", "2026-10-30", "overdue", law_by="2026-10-30"),
    due(REVIEW, "C-G9VA5U2E", "2026-11-24", "2026-11-24", "overdue", assignee=None,
        at="2026-11-24T09:00:00-06:00"),
    due(APPROVAL, "C-H4TC8X3F", "2026-11-30", "2026-11-30", "due_soon", assignee="sam",
        finding="no infusion_on yet"),
    due(APPROVAL, "C-P4XK7B2N", "2026-11-24", "2026-11-24", "act_now",
        finding="infusion_on 2026-12-07 is after the last day"),
    due(TEST, "C-J7WD2M5G", "2026-12-05", "2026-12-04", "upcoming", assignee="עדי"),
    due(CALL, "C-K3ZE6Q8H", "2026-12-01", "2026-12-01", "due_soon",
        assignee="\x1b[2J\u202eevil|<b>`x`\n@me", patient="Zoë 👩\u200d🔬 '=1"),
    due(PA, "C-K3ZE6Q8H", "2026-12-14", "2026-11-24", "act_now", law_by="2026-11-24"),
    due(PA, LONGEST.lower(), "2026-11-28", "2026-11-28", "due_soon", assignee="a" * 40, law=None,
        title="Payer decides: " + "a title without an end " * 6 + "x" * 80),
    due(FILE, "C-L8SF4N2J", "2026-12-08", "2026-12-03", "due_soon", law_by="2026-12-03",
        unproven=True, state="internal_appeal", acts=("record:proof_of_receipt", "uphold")),
    due(OPENING, "C-P4XS8C3N", "2026-11-21", "2026-11-22", "act_now"),
    due(OPENING, "C-Q6ZU2D7P", "2026-12-01", "2026-12-02", "upcoming"),
    due(APPEAL, "C-M5RG7Y9K", "2026-12-09", "2026-12-09", "upcoming", law=None),
    due(PA, "C-N2QH3B6M", "2026-12-16", "2026-11-27", "tolled", law_by="2026-11-27"),
)  # fmt: skip


def doubt(kind: DoubtKind, detail: str, case: str = "C-B3XW9P2L", **more: Any) -> Doubt:  # noqa: ANN401  # any other field
    about = {"state": "denied", "assignee": "jordan", "deadline": "appeal_filing#1",
             "title": "File the internal appeal", "due_on": date(2026, 11, 25)}  # fmt: skip
    return msgspec.convert({"kind": kind, "case": case, "detail": detail, **about, **more}, Doubt)


WHOLE: Any = {"deadline": None, "title": None, "due_on": None}
DOUBTS = (
    doubt("unproven", "filed, and nothing shows that it arrived", "C-L8SF4N2J",
          state="internal_appeal", proof="proof_of_receipt"),
    doubt("stated_date", "the letter says 2026-11-30, the rule gives 2026-11-25"),
    doubt("receipt_not_shown", "received_on is not given: counted from a presumed receipt",
          assignee=None),
    doubt("unassigned", "nobody's", LONGEST, assignee=None, **WHOLE),
    doubt("unassigned", "nobody's", "\x1b[2J\u202eevil", assignee=None, **WHOLE),
    doubt("silent", "open, with no open deadline", "C-R8BW5F9Q", **WHOLE),
)  # fmt: skip
DUE = Docket(
    as_of=NOW,
    zone=ZONE,
    within="10bd",
    until=date(2026, 12, 9),
    practice=True,
    items=ITEMS[::-1],
    open_cases=47,
    next_on=date(2026, 10, 30),
    by_state=(
        Tally(state="denied", assignee=None, cases=1),
        Tally(state="denied", assignee="jordan", cases=11),
        Tally(state="pa_submitted", assignee="\x1b[2J\u202eevil|<b>`x`\n@me", cases=1),
        Tally(state="pa_submitted", assignee="sam", cases=34),
    ),
    doubts=DOUBTS,
)
EMPTY = Docket(
    as_of=datetime(2026, 7, 1, 4, 30, tzinfo=UTC),
    zone=ZONE,
    within="10bd",
    until=date(2026, 7, 15),
    practice=False,
    items=(),
    open_cases=47,
    next_on=date(2026, 12, 4),
    by_state=(Tally(state="approved", assignee="sam", cases=47),),
)


def as_text(docket: Docket) -> str:
    return "".join(f"{line.text}\n" for line in text.render(docket))


def as_json(docket: Docket) -> str:
    return json.dumps(json.loads(data.due(docket)), indent=2, ensure_ascii=False) + "\n"


def as_csv(docket: Docket) -> str:
    return "".join(table.due(docket))


FORMATS = {"txt": as_text, "md": markdown.render, "csv": as_csv, "json": as_json}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("name", "docket"), [("due", DUE), ("empty", EMPTY)])
def test_the_report_is_the_golden_one_to_the_byte(name: str, docket: Docket, form: str) -> None:
    compare(f"{name}.{form}", FORMATS[form](docket))


def compare(name: str, made: str) -> None:
    if WRITE:
        (GOLDEN / name).write_bytes(made.encode())
    assert made.encode() == (GOLDEN / name).read_bytes()


def test_every_deadline_stands_in_exactly_one_part() -> None:
    found = [(i.case, i.deadline) for part in sections(DUE) for i in part.items]
    assert sorted(found) == sorted((i.case, i.deadline) for i in ITEMS)
    assert [part.key for part in sections(DUE)] == [
        "act", "late", "expiring", "ours", "theirs", "later",
    ]  # fmt: skip


def test_what_is_overdue_stands_before_what_was_only_planned() -> None:
    [act] = (part for part in sections(DUE) if part.key == "act")
    assert [i.status for i in act.items].index("overdue") == 0
    assert act.items[-1].kind == "planned"


def test_no_line_is_wider_than_the_page_and_none_can_command_a_terminal() -> None:
    for line in text.render(DUE):
        assert width(line.text) <= COLUMNS
        assert not set(line.text) & set("\x1b\n\u202e")


def test_patients_stand_only_where_they_are_given() -> None:
    hidden = replace(DUE, items=tuple(replace(i, patient=None) for i in DUE.items))
    for form in FORMATS.values():
        assert "Zoë" in form(DUE)
        assert "Zoë" not in form(hidden)
        assert "patient" not in form(hidden).lower()


def test_csv_is_read_back_with_the_fields_of_json() -> None:
    rows = list(csv.DictReader(table.due(DUE)))
    items = json.loads(data.due(DUE))["items"]
    assert [row["case"] for row in rows] == [item["case"] for item in items]
    assert set(rows[0]) == set(data.FIELDS)
    assert rows[0]["ended_by"] == "overturn;uphold"
    assert int(rows[0]["business_days_left"]) < 0


def test_json_is_one_line_as_every_other_command_writes_it() -> None:
    for docket in (DUE, EMPTY):
        made = data.due(docket)
        assert made == json.dumps(json.loads(made), ensure_ascii=False) + "\n"


def test_json_is_sorted_and_counts_every_status() -> None:
    made = json.loads(data.due(DUE))
    order = [(i["act_by"], i["due_at"], i["case"]) for i in made["items"]]
    assert order == sorted(order)
    assert made["counts"] == tally(ITEMS)
    assert msgspec.json.decode(msgspec.json.encode(made)) == made


@pytest.mark.parametrize(
    ("possible", "typed"),
    [
        (("file_appeal", "deny"), "casetrack fire C-1 file_appeal"),
        (("record:inhibitor_test", "submit"), "casetrack record C-1 inhibitor_test --on DATE"),
        (("note:call", "deny"), 'casetrack note C-1 "..." kind=call'),
        ((), "casetrack next C-1"),
    ],
)
def test_the_command_to_type_is_the_first_that_is_possible(
    possible: tuple[str, ...], typed: str
) -> None:
    item = replace(ITEMS[0], case="C-1", acts=possible, ended_by=("never", "typed"))
    assert words.command(item) == (typed, possible[1:])


def test_what_is_wrong_with_a_watched_date_stands_in_every_format() -> None:
    found = [item for item in ITEMS if item.finding]
    assert len(found) == 2
    hidden = replace(DUE, items=tuple(replace(i, finding=None) for i in ITEMS))

    def said(form: Callable[[Docket], str], docket: Docket) -> str:
        return " ".join(form(docket).lower().replace("\\", "").split())

    for form in FORMATS.values():
        for item in found:
            assert str(item.finding) in said(form, DUE)
            assert str(item.finding) not in said(form, hidden)


def test_text_and_markdown_say_the_same_of_what_else_is_possible() -> None:
    others = "also possible: request_info, approve, approve_in_part, deny, refuse_expedite"
    assert others in " ".join(as_text(DUE).split())
    assert others in markdown.render(DUE).replace("\\", "")


def test_a_case_that_is_no_reference_is_quoted_in_a_command() -> None:
    typed, _ = words.command(replace(ITEMS[0], case="x; rm -rf ~"))
    assert typed == "casetrack fire 'x; rm -rf ~' file_appeal"


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_ten_thousand_lines_are_no_work(form: Callable[[Docket], str]) -> None:
    many = tuple(replace(ITEMS[n % len(ITEMS)], case=f"C-{n:08}") for n in range(10_000))
    start = time.process_time()
    form(replace(DUE, items=many))
    assert time.process_time() - start < 10


def test_text_wraps_by_columns_and_cuts_only_what_cannot_fit() -> None:
    assert wrap("ab cd ef", 5) == ("ab cd", "ef")
    assert wrap("abcdefg h", 3) == ("abc", "def", "g h")
    assert wrap("漢字漢字", 5) == ("漢字", "漢字")
    assert wrap("", 5) == ("",)


def clock(**given: Any) -> Clock:  # noqa: ANN401  # any field of a clock
    plain = Clock(
        title="File the internal appeal", owner="provider", kind="statutory", armed_by=("deny",),
        alive_in=("denied",), ended_by=("file_appeal",), source="guide: Internal Appeal",
        evidence="V2", counts_from="notice_on", length="65d", caveat="Count on 60.",
        law=Law(source="42 CFR 422.582(b)", evidence="R", caveat="From receipt.", length="60d"),
    )  # fmt: skip
    return replace(plain, **given)


LAW_HOURS = Law(source="42 CFR 422.568", evidence="V", caveat="No extension.", length="72h")
CLOCKS = {
    "appeal_filing": clock(),
    "pa_decision": clock(
        title="Payer decides the prior authorization", owner="payer", kind="service", length="14bd",
        evidence="R", law=LAW_HOURS,
    ),
    "external": clock(
        title="Request external review", length="4mo", roll="following", evidence="V",
        roll_calendar="illinois-statutory", law=None,
    ),
    "hours": clock(title="Decide at once", owner="payer", length="72h", law=None),
}  # fmt: skip
WORKFLOW = Workflow(
    id="w", title="W", edition="1", standing="-", source="-", zone=ZONE, calendar="illinois-state",
    states={"denied": State(title="Denied", initial=True)}, stages={}, fields={}, items={},
    triggers={}, clocks=CLOCKS,
)  # fmt: skip
BASES = {
    "appeal_filing": clocks.Basis(on=date(2026, 9, 4), at=None, field="notice_on"),
    "pa_decision": clocks.Basis(on=TODAY, at=NOW, field="request"),
    "external": clocks.Basis(on=date(2026, 10, 30), at=None, field="received_on"),
    "hours": clocks.Basis(
        on=date(2026, 10, 30), at=datetime(2026, 10, 30, 20, tzinfo=UTC), field="request"
    ),
}


def deadline(name: str) -> e.Deadline:
    known = {
        id: calendars.load(id) for id in ("illinois-state", "illinois-statutory", "us-federal")
    }
    rule = CLOCKS[name]
    reading = clocks.read(rule, clocks.frame(WORKFLOW, known), BASES[name])
    return e.Deadline(
        deadline=f"{name}#1", definition="0" * 64, clock=name, n=1, owner=rule.owner,
        kind=rule.kind, alive_in=rule.alive_in, reading=reading,
    )  # fmt: skip


def explained(name: str) -> str:
    return "".join(f"{line.text}\n" for line in working.explain(deadline(name), WORKFLOW))


def test_each_explanation_is_the_golden_one() -> None:
    compare("explain.txt", "\n".join(map(explained, CLOCKS)))


def test_plain_days_are_folded_in_text_and_kept_in_data() -> None:
    assert "day 1 to 64, 2026-09-05 to 2026-11-07" in explained("appeal_filing")
    made = working.explain_data(deadline("appeal_filing"), WORKFLOW)
    assert len(made["steps"]) == 66
    assert made["act_by"] == "2026-11-02"
    assert made["law"]["law_by"] == "2026-11-03"
    law = made["law"]
    assert (law["from"], law["from_at"], law["counted_from"]) == ("2026-09-04", None, "notice_on")


def test_a_skipped_day_says_why_and_what_was_only_recalled_says_so() -> None:
    shown = explained("pa_decision")
    assert "Thanksgiving" in shown
    assert "recalled, unverified" in shown
    assert "the earlier of the due date 2026-12-16 and the law's 2026-11-27" in shown


def test_an_expedited_deadline_keeps_its_standard_date_in_view() -> None:
    one = deadline("pa_decision")
    shown = working.explain(replace(one, standard=one.reading), WORKFLOW)
    assert any("before it was expedited" in line.text for line in shown)


def lines_of(reading: e.Reading) -> dict[str, str]:
    """What the working says, by label; the first line of each."""
    shown = [line.text.strip() for line in working.calc(reading, "illinois-state", ZONE, "payer")]
    parts = [line.split("  ", 1) for line in shown if "  " in line]
    return {label: rest.strip() for label, rest in parts[::-1]}


def test_the_laws_line_says_what_the_law_counts_from() -> None:
    standard = deadline("pa_decision").reading
    law = "Fri 2026-11-27 10:00 CST (72h from Tue 2026-11-24 10:00 CST, request)"
    assert lines_of(standard)["law"] == law
    filing = deadline("appeal_filing").reading
    assert (
        lines_of(filing)["law"] == "Tue 2026-11-03 23:59 CST (60d from Fri 2026-09-04, notice_on)"
    )


def test_after_an_expedite_each_line_keeps_its_own_base() -> None:
    rule = replace(CLOCKS["pa_decision"], law=replace(LAW_HOURS, expedited="24h"))
    standard = deadline("pa_decision").reading
    soon, late = NOW + timedelta(hours=1), NOW + timedelta(days=2)
    first = lines_of(expedite(rule, standard, soon, ZONE))
    assert first["law"] == "Wed 2026-11-25 11:00 CST (24h from Tue 2026-11-24 11:00 CST, expedite)"
    assert first["counted from"] == "Tue 2026-11-24 10:00 CST, request"
    # 24 hours from then end after the 72 that run: the law's date and its base stand
    assert lines_of(expedite(rule, standard, late, ZONE))["law"] == lines_of(standard)["law"]
    # the guide's own hours move what is counted, and the law's base stays
    both = expedite(replace(rule, expedited="72h", law=LAW_HOURS), standard, soon, ZONE)
    assert lines_of(both)["counted from"] == "Tue 2026-11-24 11:00 CST, expedite"
    assert lines_of(both)["law"] == lines_of(standard)["law"]


def test_a_date_that_a_field_states_is_not_counted() -> None:
    rule = clock(until="valid_through", length=None, counts_from="request", law=None)
    known = {"illinois-state": calendars.load("illinois-state")}
    basis = clocks.Basis(on=TODAY, at=None, field="request", until=date(2027, 5, 28))
    shown = lines_of(clocks.read(rule, clocks.frame(WORKFLOW, known), basis))
    assert shown["stated by"] == "valid_through"
    assert not {"counted from", "length"} & set(shown)
    assert shown["due"] == "Fri 2027-05-28 23:59 CDT"


@pytest.mark.parametrize("name", CLOCKS)
def test_explained_data_is_plain_json(name: str) -> None:
    made = working.explain_data(deadline(name), WORKFLOW)
    assert json.loads(json.dumps(made)) == made


def entry(
    version: int,
    kind: str,
    body: dict[str, Any],
    **more: Any,  # noqa: ANN401  # any other field of the entry
) -> e.Entry:
    recorded = NOW + timedelta(minutes=version)
    made = e.Entry(
        ledger="l", case="c", version=version, prev=None, type=kind, key="k", occurred_on=TODAY,
        occurred_at=None, recorded_at=recorded, actor="ana\x1b", by="os:ana@host", data=e.Data(),
        sealed={}, body=json.dumps({"data": body}), digest=f"{version}f" * 32, disclosed={},
    )  # fmt: skip
    return replace(made, **more)


def entries() -> list[e.Entry]:
    armed = msgspec.to_builtins(deadline("appeal_filing"))
    fired = {
        "trigger": "deny", "from": "pa_submitted", "to": "denied", "final": False,
        "expedited": False, "fields": {"notice_on": "2026-09-04", "reason_code": ["other"]},
        "armed": [armed], "closed": [{"deadline": "pa_decision#1", "outcome": "satisfied",
        "late": True}], "moved": [], "reopened": [], "row": None,
    }  # fmt: skip
    sealed = {"reference": "0" * 64, "reason": "1" * 64}
    note = {"fields": {"kind": "call"}, "clock_behind": "2026-11-24T15:00:00.000000Z"}
    return [
        entry(1, "CaseOpened", {"workflow": "w", "state": "intake"}, sealed={"patient": "0" * 64}),
        entry(2, "TransitionFired", fired, sealed=sealed, disclosed={"reference": "a\u202eb"}),
        entry(3, "NoteAdded", note, occurred_at=NOW),
    ]


def test_history_is_the_golden_one() -> None:
    lines = timeline.history_lines(entries(), GUIDE)
    compare("history.txt", "".join(f"{line.text}\n" for line in lines))


def test_with_phi_a_value_that_is_missing_was_redacted() -> None:
    lines = [line.text.split() for line in timeline.history_lines(entries(), GUIDE, phi=True)]
    assert ["reason", "redacted"] in lines
    assert ["reference", "a\\u202eb"] in lines


def test_history_data_is_what_was_recorded() -> None:
    made = timeline.history_data(entries(), {"c": "C-1"})
    first, second, third = made["entries"]
    assert {one["case"] for one in made["entries"]} == {"C-1"}
    assert timeline.history_data(entries()[:1], {})["entries"][0]["case"] == "c"
    assert first["values"] == {}
    assert second["values"] == {"reference": "a\u202eb"}
    assert second["data"]["from"] == "pa_submitted"
    assert third["occurred_at"] == "2026-11-24T16:00:00.000000Z"
    assert third["recorded_at"] == "2026-11-24T16:03:00.000000Z"
    assert json.loads(json.dumps(made)) == made

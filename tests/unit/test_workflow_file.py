"""The default workflow holds every line of the guide: each row here was typed in again from it."""

import json
from hashlib import sha256

import pytest

from casetrack.catalog import workflows
from casetrack.domain.naming import suggest
from casetrack.domain.workflow import Clock, Guard, Item, Rule, Trigger, Workflow
from casetrack.errors import BadDefinition, Corrupt, UnknownName

GUIDE = workflows.load("humana-il-guide")

REVIEW = ("pa_submitted", "info_requested")
REQUESTED = (*REVIEW, "internal_appeal", "external_review")
GRANTED = ("approved", "approved_in_part")
REFUSED = ("denied", "approved_in_part")
RUNNING = (
    "intake", *REVIEW, *GRANTED, "denied", "internal_appeal", "appeal_denied", "external_review",
)  # fmt: skip
APPROVAL = "authorization valid_from valid_through infusion_on"

# trigger; {from: to}; what it carries; what is required
TRANSITIONS = [
    ("submit", {"intake": "pa_submitted"}, "method confirmation", ""),
    ("request_info", {"pa_submitted": "info_requested"}, "respond_on", ""),
    ("provide_info", {"info_requested": "pa_submitted"}, "", ""),
    ("approve", dict.fromkeys(REVIEW, "approved"), APPROVAL, "valid_through"),
    (
        "approve_in_part",
        dict.fromkeys(REVIEW, "approved_in_part"),
        f"{APPROVAL} notice_on refused_part",
        "notice_on valid_through",
    ),
    (
        "deny",
        dict.fromkeys(REVIEW, "denied"),
        "notice_on received_on stated_due_on denial_reference reason_code reason_text",
        "notice_on",
    ),
    ("peer_to_peer", {s: s for s in REFUSED}, "outcome", ""),
    (
        "file_appeal",
        dict.fromkeys(REFUSED, "internal_appeal"),
        "method sent_at confirmation",
        "",
    ),
    (
        "overturn",
        {"internal_appeal": "approved", "external_review": "approved"},
        APPROVAL,
        "valid_through",
    ),
    (
        "uphold",
        {"internal_appeal": "appeal_denied", "external_review": "final_denial"},
        "notice_on received_on granted_part",
        "notice_on",
    ),
    (
        "reject_request",
        {"internal_appeal": "denied", "external_review": "appeal_denied"},
        "",
        "",
    ),
    (
        "withdraw_appeal",
        {"internal_appeal": "denied", "external_review": "appeal_denied"},
        "",
        "",
    ),
    (
        "request_external_review",
        {"appeal_denied": "external_review"},
        "method sent_at confirmation",
        "",
    ),
    ("reverse", {"denied": "approved", "appeal_denied": "approved"}, APPROVAL, "valid_through"),
    ("expedite", {s: s for s in REQUESTED}, "expedite_reason", "expedite_reason"),
    ("refuse_expedite", {s: s for s in REQUESTED}, "", ""),
    (
        "payer_missed",
        {s: s for s in ("pa_submitted", "internal_appeal", "external_review")},
        "",
        "",
    ),
    ("renew", {s: s for s in GRANTED}, "valid_through infusion_on", "valid_through"),
    ("administer", dict.fromkeys(GRANTED, "completed"), "hcpcs units ndc benefit", ""),
    ("close", dict.fromkeys(RUNNING, "closed"), "close_reason", "close_reason"),
]

# clock; owner, kind; armed by; alive in; counts from; length; expedited; ended by; source
CLOCKS = [
    (
        "pa_follow_up", "provider", "planned", "submit", "pa_submitted info_requested",
        "request", "5bd", None,
        "request_info approve approve_in_part deny refuse_expedite note:call",
        'Submission Process ("5-14 business days")',
    ),
    (
        "pa_decision", "payer", "service", "submit", "pa_submitted info_requested",
        "request", "14bd", "72h", "approve approve_in_part deny", "Submission Process; FAQ",
    ),
    (
        "info_response", "provider", "planned", "request_info", "info_requested",
        "request", "5bd", None, "provide_info", "ours",
    ),
    (
        "appeal_filing", "provider", "statutory", "deny approve_in_part",
        "denied approved_in_part", "notice_on", "65d", None, "file_appeal", "Internal Appeal",
    ),
    (
        "appeal_decision", "payer", "service", "file_appeal", "internal_appeal",
        "request", "30d", "72h", "overturn uphold", "Internal Appeal",
    ),
    (
        "external_filing", "provider", "statutory", "uphold", "appeal_denied",
        "notice_on", "30d", None, "request_external_review", "External Review",
    ),
    (
        "external_decision", "reviewer", "service", "request_external_review", "external_review",
        "request", "5bd", "72h", "overturn uphold", "External Review",
    ),
    (
        "approval_validity", "provider", "service",
        "approve approve_in_part overturn reverse renew", "approved approved_in_part",
        "request", None, None, "administer renew", "ours",
    ),
    (
        "inhibitor_fresh", "provider", "planned", "record:inhibitor_test",
        "intake info_requested", "request", "30d", None, "submit provide_info",
        "Clinical Documentation",
    ),
    (
        "factor_ix_fresh", "provider", "planned", "record:factor_ix_activity",
        "intake info_requested", "request", "30d", None, "submit provide_info",
        "Clinical Documentation; Quick Fixes",
    ),
    (
        "liver_fresh", "provider", "planned", "record:liver_panel",
        "intake info_requested", "request", "30d", None, "submit provide_info",
        "Clinical Documentation; Quick Fixes",
    ),
]  # fmt: skip

# clock; the law's length; expedited; citation; evidence
LAWS = [
    ("pa_decision", "72h", "24h", "42 CFR 422.568(b)(3), 422.572(a)", "V2"),
    ("appeal_filing", "60d", None, "42 CFR 422.582(b)", "V2"),
    ("appeal_decision", "7d", "72h", "42 CFR 422.590(c), (e)", "V"),
    ("external_filing", None, None, "42 CFR 422.590, 422.592", "V"),
    ("external_decision", None, None, "42 CFR 422.590, 422.592", "V"),
]

# item; fields; (field, test, values) that block
PACKET = [
    ("age", "dob", [("dob", "min_years", ("18",))]),
    (
        "diagnosis",
        "icd10 notes",
        [
            ("icd10", "equals", ("D67",)),
            ("hereditary", "none_of", ("no",)),
            ("other_codes", "none_under", ("D65", "D66", "D68")),
            ("other_codes", "none_of", ("D68.31", "D67.0")),
        ],
    ),
    (
        "factor_ix_activity",
        "percent",
        [
            ("percent", "at_most", ("2",)),
            ("percent", "at_least", ("0",)),
            ("off_prophylaxis", "none_of", ("no",)),
        ],
    ),
    ("inhibitor_test", "result", [("result", "equals", ("negative",))]),
    ("exposure_days", "days", [("days", "at_least", ("150",))]),
    ("liver_panel", "alt ast alp bilirubin imaging", []),
    ("no_prior_gene_therapy", "confirmed", [("confirmed", "equals", ("yes",))]),
    ("approved_center", "center", [("center", "given", ())]),
]

WARNINGS = (
    "bleeding_history", "family_history", "step_therapy", "verify_pa_list", "verify_network",
    "verify_policy", "verify_method", "single_submission", "billing_ready",
)  # fmt: skip

CODE_VALUES = {
    "method": "portal fax mail phone in_person",
    "reason_code": "medical_necessity experimental not_covered missing_information"
    " criteria_not_met out_of_network other",
    "expedite_reason": "active_bleeding appointment_at_risk deterioration",
    "close_reason": "withdrawn window_lapsed declined plan_changed not_eligible"
    " treated_elsewhere deceased",
    "kind": "call letter other",
    "benefit": "medical pharmacy",
    "carve_out": "yes no unknown",
}


def blocking(rules: tuple[Rule, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(rule.field, rule.test, rule.values) for rule in rules if rule.blocking]


def guards(trigger: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(g.name, g.clocks + g.fields) for g in GUIDE.triggers[trigger].guards]


def test_states() -> None:
    assert GUIDE.initial == "intake"
    assert {name for name, state in GUIDE.states.items() if state.final} == {
        "completed", "final_denial", "closed",
    }  # fmt: skip
    assert {name for name, state in GUIDE.states.items() if not state.final} == set(RUNNING)


def test_stages() -> None:
    assert {name: stage.states for name, stage in GUIDE.stages.items()} == {
        "pa": REVIEW,
        "internal_appeal": ("internal_appeal",),
        "external_review": ("external_review",),
    }


@pytest.mark.parametrize(
    ("name", "moves", "carries", "required"), TRANSITIONS, ids=[row[0] for row in TRANSITIONS]
)
def test_transition(name: str, moves: dict[str, str], carries: str, required: str) -> None:
    trigger = GUIDE.triggers[name]
    assert {origin: to for fired, origin, to in GUIDE.arcs() if fired == name} == moves
    assert set(carries.split()) <= set(trigger.fields)
    assert set(trigger.required) == set(required.split())


def test_no_other_transition() -> None:
    assert set(GUIDE.triggers) == {row[0] for row in TRANSITIONS}


@pytest.mark.parametrize("row", CLOCKS, ids=[row[0] for row in CLOCKS])
def test_clock(row: tuple[str | None, ...]) -> None:
    clock = GUIDE.clocks[str(row[0])]
    assert (clock.owner, clock.kind) == row[1:3]
    assert clock.armed_by == tuple(str(row[3]).split())
    assert clock.alive_in == tuple(str(row[4]).split())
    assert (clock.counts_from, clock.length, clock.expedited) == row[5:8]
    assert set(clock.ended_by) == set(str(row[8]).split())
    assert clock.source.removeprefix("guide: ").removeprefix("Required ") == row[9]
    assert clock.evidence == ("R" if row[9] == "ours" else "V2")
    assert (clock.roll, clock.roll_calendar) == ("none", None)
    assert clock.caveat


def test_no_other_clock() -> None:
    assert set(GUIDE.clocks) == {row[0] for row in CLOCKS} | {"coverage_ends"}


@pytest.mark.parametrize("id", workflows.available())
def test_the_end_of_coverage_is_a_deadline_of_ours_in_every_state_that_is_not_final(
    id: str,
) -> None:
    w = workflows.load(id)
    clock = w.clocks["coverage_ends"]
    assert (clock.owner, clock.kind, clock.until, clock.length) == (
        "provider", "planned", "coverage_ends_on", None,
    )  # fmt: skip
    assert clock.armed_by == ("*",)
    assert set(clock.alive_in) == {name for name, state in w.states.items() if not state.final}
    assert clock.rungs == ("20bd", "10bd", "5bd", "2bd", "1bd", "0bd")


@pytest.mark.parametrize("row", LAWS, ids=[row[0] for row in LAWS])
def test_law_beside_the_clock(row: tuple[str, str | None, str | None, str, str]) -> None:
    law = GUIDE.clocks[row[0]].law
    assert law is not None
    assert (law.length, law.expedited, law.source, law.evidence) == row[1:]
    assert law.caveat


def test_no_other_law() -> None:
    assert {n for n, c in GUIDE.clocks.items() if c.law} == {row[0] for row in LAWS}


def test_medicare_knows_no_external_filing_by_us() -> None:
    law = GUIDE.clocks["external_filing"].law
    assert law is not None
    assert "must forward" in law.caveat
    assert "proof" in law.caveat


@pytest.mark.parametrize("clock", ["appeal_filing", "external_filing", "external_decision"])
def test_what_is_inferred_says_so(clock: str) -> None:
    assert "inferred" in GUIDE.clocks[clock].caveat


@pytest.mark.parametrize("clock", ["info_response", "approval_validity"])
def test_what_is_ours_says_so(clock: str) -> None:
    assert GUIDE.clocks[clock].caveat.startswith("Our own plan")


def test_dates_that_the_payer_states() -> None:
    assert GUIDE.clocks["info_response"].until == "respond_on"
    assert GUIDE.clocks["approval_validity"].until == "valid_through"
    assert GUIDE.clocks["appeal_filing"].stated == "stated_due_on"


def test_a_partial_approval_stays_valid_during_its_appeal() -> None:
    assert GUIDE.clocks["approval_validity"].also_alive == {
        "approved_in_part": ("internal_appeal", "denied", "appeal_denied", "external_review")
    }


def test_ladders() -> None:
    ladders = {name: clock.rungs for name, clock in GUIDE.clocks.items() if clock.rungs}
    assert ladders == {
        "approval_validity": ("30bd", "20bd", "10bd", "5bd"),
        "coverage_ends": ("20bd", "10bd", "5bd", "2bd", "1bd", "0bd"),
    }


@pytest.mark.parametrize(("name", "fields", "rules"), PACKET, ids=[row[0] for row in PACKET])
def test_packet_item(name: str, fields: str, rules: list[tuple[str, str, tuple[str, ...]]]) -> None:
    item = GUIDE.items[name]
    assert item.blocking
    assert item.group == "packet"
    assert item.needed_for == ("submit",)
    assert set(fields.split()) <= set(item.fields)
    assert blocking(item.rules) == rules


def test_only_the_eight_block_a_submission() -> None:
    needed = {n for n, item in GUIDE.items.items() if "submit" in item.needed_for and item.blocking}
    assert needed == {row[0] for row in PACKET}


@pytest.mark.parametrize("name", WARNINGS)
def test_warning_only(name: str) -> None:
    item = GUIDE.items[name]
    assert not item.blocking
    assert item.needed_for == ("submit",)
    assert blocking(item.rules) == []


def test_no_other_item() -> None:
    appeal = {"denial_letter", "clinical_evidence", "medical_necessity_letter"}
    packet = {row[0] for row in PACKET}
    apart = {"urgency_statement", "proof_of_receipt", "coverage"}
    assert set(GUIDE.items) == packet | set(WARNINGS) | appeal | apart


def test_a_filing_needs_proof_of_receipt_and_the_proof_blocks_nothing() -> None:
    proven = {
        name: (clock.proof_field, clock.proof_item, clock.proven_by)
        for name, clock in GUIDE.clocks.items()
        if clock.proof_field
    }
    decided = ("confirmation", "proof_of_receipt", ("overturn", "uphold"))
    assert proven == {"appeal_filing": decided, "external_filing": decided}
    assert GUIDE.items["proof_of_receipt"].needed_for == ()


def test_appeal_documents() -> None:
    needed = {n for n, item in GUIDE.items.items() if item.needed_for == ("file_appeal",)}
    assert needed == {"denial_letter", "clinical_evidence", "medical_necessity_letter"}
    assert all(GUIDE.items[name].blocking for name in needed)


def test_an_expedited_request_needs_the_statement_of_urgency() -> None:
    statement = GUIDE.items["urgency_statement"]
    assert statement.needed_for == ("expedite",)
    assert statement.blocking


def test_freshness() -> None:
    fresh = {name: item.fresh for name, item in GUIDE.items.items() if item.fresh}
    assert {name: (f.days, f.blocking) for name, f in fresh.items()} == {
        "inhibitor_test": (30, True),
        "factor_ix_activity": (30, False),
        "liver_panel": (30, False),
    }
    assert {f.checked_for for f in fresh.values()} == {("submit", "provide_info")}


def test_codes_that_only_warn() -> None:
    rules = {(r.field, r.test): r for r in GUIDE.items["diagnosis"].rules if not r.blocking}
    assert rules["other_codes", "none_of"].values == ("Z14.02",)


def test_another_coagulation_code_must_be_clinically_present() -> None:
    (rule,) = [r for r in GUIDE.items["diagnosis"].rules if r.test == "none_under"]
    assert rule.unless == "clinically_present"


def test_claim_rules() -> None:
    assert blocking(GUIDE.triggers["administer"].rules) == [
        ("hcpcs", "equals", ("J1411",)),
        ("on", "not_before", ("2023-04-01",)),
        ("units", "equals", ("1",)),
        ("ndc", "ndc", ("0053",)),
        ("benefit", "equals", ("medical",)),
        ("authorization", "given", ()),
    ]


def test_a_gap_in_the_claim_can_be_filled_by_a_note() -> None:
    assert {"ndc", "hcpcs", "units", "benefit", "authorization"} <= set(GUIDE.note_fields)
    assert {"kind", "infusion_on"} <= set(GUIDE.note_fields)


def test_guards() -> None:
    valid = ("in_order", ("valid_from", "valid_through"))
    ahead = ("in_order", ("on", "valid_through"))
    letter = ("in_order", ("stage", "notice_on", "received_on", "on"))
    assert {name: guards(name) for name in GUIDE.triggers if guards(name)} == {
        "submit": [("ready", ())],
        "provide_info": [("ready", ())],
        "request_info": [("in_order", ("on", "respond_on"))],
        "approve": [valid, ahead],
        "approve_in_part": [valid, ahead, letter],
        "deny": [letter],
        "file_appeal": [("ready", ()), ("in_time", ("appeal_filing",))],
        "overturn": [valid, ahead],
        "uphold": [letter],
        "request_external_review": [("in_time", ("external_filing",))],
        "reverse": [valid, ahead],
        "renew": [ahead],
        "expedite": [("ready", ())],
        "refuse_expedite": [("expedited", ())],
        "payer_missed": [("passed", ("pa_decision", "appeal_decision", "external_decision"))],
        "administer": [
            ("rules", ()),
            ("in_order", ("valid_from", "on")),
            ("in_time", ("approval_validity",)),
        ],
    }


def test_one_clock_alone_watches_a_date() -> None:
    watched = {name: (c.watch, c.watch_days) for name, c in GUIDE.clocks.items() if c.watch}
    assert watched == {"approval_validity": ("infusion_on", 20)}
    assert GUIDE.fields["infusion_on"].clear


def test_all_guards_but_one_can_be_overridden() -> None:
    fixed = {n for n, t in GUIDE.triggers.items() if any(not g.overridable for g in t.guards)}
    assert fixed == {"refuse_expedite"}


def test_a_returned_filing_gets_its_deadline_back() -> None:
    for name in ("reject_request", "withdraw_appeal"):
        assert GUIDE.triggers[name].reopens == ("appeal_filing", "external_filing")


def test_expedited_flags() -> None:
    assert [n for n, t in GUIDE.triggers.items() if t.expedites] == ["expedite"]
    assert [n for n, t in GUIDE.triggers.items() if t.refuses_expedite] == ["refuse_expedite"]


@pytest.mark.parametrize(("name", "values"), CODE_VALUES.items())
def test_code_values(name: str, values: str) -> None:
    assert GUIDE.fields[name].values == tuple(values.split())


def test_fields_that_repeat_may_lie_ahead_or_are_searched() -> None:
    repeated = {name for name, field in GUIDE.fields.items() if field.many}
    ahead = {name for name, field in GUIDE.fields.items() if field.future}
    found = {name for name, field in GUIDE.fields.items() if field.findable}
    assert repeated == {"reason_code", "other_codes", "clinically_present"}
    assert {"valid_through", "respond_on", "infusion_on"} <= ahead
    assert found == {"authorization", "confirmation", "denial_reference"}


@pytest.mark.parametrize(
    "name", ["authorization", "confirmation", "denial_reference", "dob", "percent", "result", "alt"]
)
def test_what_identifies_or_was_measured_is_sealed(name: str) -> None:
    assert not GUIDE.fields[name].clear


def test_dates_and_workflow_codes_are_clear() -> None:
    measured = {"result"}
    for name, field in GUIDE.fields.items():
        if name.endswith("_on") or (field.type == "code" and name not in measured):
            assert field.clear, name
    assert GUIDE.fields["sent_at"].clear


def test_codes() -> None:
    assert {code.code: code.system for code in GUIDE.codes} == {
        "D67": "ICD-10-CM", "Z14.02": "ICD-10-CM", "D68.311": "ICD-10-CM", "D66": "ICD-10-CM",
        "D68.31": "ICD-10-CM", "D67.0": "ICD-10-CM", "J1411": "HCPCS", "labeler 0053": "NDC",
    }  # fmt: skip


@pytest.mark.parametrize("clock", ["external_filing", "external_decision"])
def test_whom_to_call(clock: str) -> None:
    contact = GUIDE.contacts[GUIDE.clocks[clock].contact or ""]
    assert contact.name == "Illinois Department of Insurance"
    assert contact.how == "(877) 527-9431"


@pytest.mark.parametrize(
    "words",
    [
        "External review costs the member nothing",
        "expertise in hemophilia",
        "binds Humana",
        "member portal or in writing",
        "exposure-day records early",
        "network adequacy review",
        "carve gene therapy out",
        '"5-14 business days" for our submission',
        "not on a place in the formulary",
        "outside Illinois",
        "patient support programs",
    ],
)
def test_statements(words: str) -> None:
    assert any(words in statement.text for statement in GUIDE.statements)


def test_zone_and_calendar() -> None:
    assert (GUIDE.zone, GUIDE.calendar) == ("America/Chicago", "illinois-state")


def test_everything_names_its_source() -> None:
    sourced: list[Trigger | Clock | Item | Rule] = [*GUIDE.triggers.values()]
    sourced += [*GUIDE.clocks.values(), *GUIDE.items.values()]
    sourced += [rule for item in GUIDE.items.values() for rule in item.rules]
    known = ("guide: ", "ours", "42 CFR", "ICD-10-CM", "HCPCS")
    assert all(thing.source.startswith(known) for thing in sourced)


def test_definition_text_is_canonical() -> None:
    text = workflows.definition_text(GUIDE)
    document = json.loads(text)
    again = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert text == again
    assert document["clocks"]["pa_decision"]["roll"] == "none"  # a default, resolved


def test_definition_text_survives_storage() -> None:
    text = workflows.definition_text(GUIDE)
    stored = workflows.from_text(text)
    assert workflows.definition_text(stored) == text
    assert list(stored.items) == list(GUIDE.items)
    assert stored.clocks == GUIDE.clocks
    assert stored.triggers["refuse_expedite"].guards == (
        Guard(name="expedited", overridable=False),
    )


def test_digest_is_of_the_text() -> None:
    text = workflows.definition_text(GUIDE)
    assert workflows.digest(text) == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", "\ud800"])
def test_a_damaged_stored_definition_is_corrupt(text: str) -> None:
    with pytest.raises(Corrupt):
        workflows.from_text(text)


def test_an_unknown_workflow_gets_a_suggestion() -> None:
    with pytest.raises(UnknownName, match="did you mean 'humana-il-guide'"):
        workflows.load("humana-il-giude")


def test_an_unknown_workflow_gets_the_list() -> None:
    with pytest.raises(UnknownName, match=r"there are: .*humana-il-guide"):
        workflows.load("../../etc/passwd")


def test_every_shipped_workflow_loads() -> None:
    loaded = [workflows.load(id) for id in workflows.available()]
    assert [workflow.id for workflow in loaded] == workflows.available()
    assert all(isinstance(workflow, Workflow) for workflow in loaded)


def test_the_nearest_name() -> None:
    assert suggest("sumbit", ["submit", "deny"]) == "; did you mean 'submit'?"
    assert suggest("Deny", ["submit", "deny"]) == "; did you mean 'deny'?"
    assert suggest("zzz", ["submit", "deny"]) == ""
    assert suggest("submit", []) == ""


def test_bad_definition_is_refused_not_corrupt() -> None:
    with pytest.raises(BadDefinition):
        workflows.parse({}, "states/empty.toml")

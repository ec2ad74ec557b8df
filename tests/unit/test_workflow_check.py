"""A damaged workflow file is refused with every problem, its file and its key."""

import itertools
import re
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from casetrack.catalog import resources, workflows
from casetrack.catalog.field_rules import RESERVED
from casetrack.domain import reference
from casetrack.domain import workflow as w
from casetrack.errors import BadDefinition

WHERE = "states/humana-il-guide.toml"
GUIDE = resources.parse_toml(resources.workflow_text("humana-il-guide"), WHERE)
GONE = object()

Key = str | int


def damaged(*changes: tuple[str, object]) -> dict[str, Any]:
    """The guide with a value put in, or taken out, at each dotted key."""
    document = deepcopy(GUIDE)
    for key, value in changes:
        *above, last = [int(part) if part.isdigit() else part for part in key.split(".")]
        place: Any = document
        for part in above:
            place = place[part]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return document


def reasons(document: dict[str, object], where: str = WHERE) -> list[str]:
    with pytest.raises(BadDefinition) as caught:
        workflows.parse(document, where)
    assert all(reason.startswith(f"{where}: ") for reason in caught.value.reasons)
    return [reason.removeprefix(f"{where}: ") for reason in caught.value.reasons]


def rule(**changes: object) -> dict[str, object]:
    whole = {"field": "dob", "test": "min_years", "values": ["18"], "says": "x", "source": "x"}
    return whole | changes


SHAPES = [
    ("colour", "red", ": unknown key; there are "),
    ("titel", "x", ": unknown key; did you mean 'title'?"),
    ("clocks.pa_decision.ownr", "x", ": unknown key; did you mean 'owner'?"),
    ("clocks.pa_decision.owner", GONE, ": is missing"),
    (
        "clocks.pa_decision.owner",
        "player",
        ": must be payer, provider or reviewer, not 'player'; did you mean 'payer'?",
    ),
    ("clocks.pa_decision.kind", 7, ": must be planned, service or statutory, not 7"),
    ("clocks.pa_decision", "x", ": must be a table, not 'x'"),
    ("clocks", ["x"], ": must be a table, not a list"),
    ("states", GONE, ": is missing"),
    ("title", 3, ": must be text, not 3"),
    ("title", "", ": must not be empty"),
    ("title", " \n", ": must not be empty"),
    ("title", "a\x1b[31m", ": must hold no control or invisible characters but line ends"),
    ("title", "\u202eabc", ": must hold no control or invisible characters but line ends"),
    ("title", "\ud800", ": must hold no control or invisible characters but line ends"),
    ("edition", date(2026, 11, 24), ": must be text, not a date or time (put it in quotes)"),
    ("states.denied.final", "yes", ": must be true or false, not 'yes'"),
    ("states.denied.final", 1, ": must be true or false, not 1"),
    ("items.liver_panel.fresh.days", 30.0, ": must be a whole number"),
    ("items.liver_panel.fresh.days", True, ": must be a whole number"),
    (
        "items.liver_panel.fresh.days",
        10**5000,
        ": must be a smaller number, not a very large number",
    ),
    ("open_fields", "benefit", ": must be a list, not 'benefit'"),
    ("open_fields", [4], "open_fields[0]: must be text, not 4"),
    ("open_fields", ["benefit", "benefit"], ": holds 'benefit' more than once"),
    ("items.age.rules.0.test", GONE, ": is missing"),
    ("items.age.rules.0.tests", "x", ": unknown key; did you mean 'test'?"),
    ("triggers.submit.moves.0.from", "x", ": unknown key"),
    ("a b", "x", "'a b': unknown key"),
]

FLOWS = [
    ("states.denied.initial", True, "states: only one state may be initial, not intake and denied"),
    ("states.intake.initial", False, "states: no state is initial"),
    ("states.intake.final", True, "states.intake: a state can't be both initial and final"),
    (
        "triggers.submit.moves.0.to",
        "pa_submited",
        ": unknown state 'pa_submited'; did you mean 'pa_submitted'?",
    ),
    (
        "triggers.submit.moves.0.origins",
        ["intak"],
        ": unknown state 'intak'; did you mean 'intake'?",
    ),
    ("triggers.submit.moves.0.origins", ["*", "intake"], ": unknown state '*'"),
    ("triggers.submit.moves.0.origins", [], ": must name at least one state"),
    ("triggers.submit.moves", [], ": must hold at least one move"),
    ("clocks.pa_decision.alive_in", ["pa_submited"], ": unknown state 'pa_submited'"),
    ("clocks.approval_validity.also_alive", {"nowhere": ["denied"]}, ": unknown state 'nowhere'"),
    (
        "clocks.approval_validity.also_alive",
        {"approved_in_part": ["nowhere"]},
        ".approved_in_part: unknown state 'nowhere'",
    ),
    ("stages.pa.states", ["nowhere"], ": unknown state 'nowhere'"),
    ("stages.pa.states", [], ": must name at least one state"),
    (
        "stages.pa.states",
        ["pa_submitted", "info_requested", "internal_appeal"],
        ": state 'internal_appeal' stands in more than one stage",
    ),
    (
        "triggers.submit.moves",
        [{"origins": ["intake"], "to": "pa_submitted"}, {"origins": ["intake"], "to": "denied"}],
        ": there are 2 moves from state 'intake'; one is allowed",
    ),
    (
        "triggers.close.moves.0.origins",
        ["completed"],
        ": state 'completed' is final and can't be left",
    ),
    (
        "clocks.pa_decision.alive_in",
        ["pa_submitted", "closed"],
        ": state 'closed' is final: no deadline lives in it",
    ),
    ("states.limbo", {"title": "Limbo"}, ": no moves lead here from the initial state"),
]

FIELDS = [
    ("fields.Method", {"title": "x", "type": "text"}, ": the name must be up to 40"),
    ("fields.notice_on.clear", False, ": a field named *_on or valid_* must be clear"),
    ("fields.notice_on.type", "text", ": a field named *_on or valid_* must be a date"),
    ("fields.valid_from.clear", False, ": a field named *_on or valid_* must be clear"),
    ("fields.notes.clear", True, ": a field of type text is always sealed"),
    ("fields.percent.clear", True, ": a field of type decimal is always"),
    ("fields.notes.future", True, ": only a date or an instant can lie ahead"),
    ("fields.days.findable", True, ": only text can be searched"),
    ("fields.notice_on.many", True, ": only text and codes can repeat"),
    ("fields.method.values", [], ": a code needs the list of its values"),
    ("fields.method.values", ["por tal"], ": 'por tal' is no code"),
    ("fields.notes.values", ["a"], ": only a code has a list of values"),
    ("fields.days.codes", "ndc", ": only text can hold the codes of a system"),
    ("fields.ndc.codes", "ndcs", ": must be icd-10-cm or ndc, not 'ndcs'; did you mean 'ndc'?"),
    ("fields.ndc.codes", 11, ": must be icd-10-cm or ndc, not 11"),
    ("open_fields", ["benefits"], ": unknown field 'benefits'; did you mean 'benefit'?"),
    ("note_fields", ["kind", "kin"], ": unknown field 'kin'; did you mean"),
    ("items.age.fields", ["dob", "do"], ": unknown field 'do'"),
    ("triggers.submit.fields", ["methods"], ": unknown field 'methods'; did you mean 'method'?"),
    ("triggers.submit.required", ["sent_at"], ": 'sent_at' is not among the fields"),
    ("items.age.required", ["notes"], ": 'notes' is not among the fields"),
    ("items.age.rules.0.field", "percent", ": field 'percent' is not carried here"),
    (
        "triggers.administer.rules.0.field",
        "hcpc",
        ": field 'hcpc' is not carried here; did you mean 'hcpcs'?",
    ),
    ("items.age.rules.0", rule(values=[]), ".values: test min_years takes one"),
    (
        "items.age.rules.0",
        rule(values=["18", "19"]),
        ".values: test min_years takes one value, not 2",
    ),
    ("items.age.rules.0", rule(values=["old"]), ".values: 'old' must be a whole number of years"),
    (
        "items.age.rules.0",
        rule(test="at_most"),
        ".test: at_most tests a field of type integer or decimal, not date",
    ),
    ("items.age.rules.0", rule(test="not_before"), ".values: '18' must be a date, as 2026-11-24"),
    (
        "items.age.rules.0",
        rule(test="not_before", values=["2026-02-30"]),
        ".values: '2026-02-30' must be a date",
    ),
    ("items.age.rules.0", rule(test="given"), ".values: test given takes no value"),
    (
        "items.age.rules.0",
        rule(test="one_of", values=[]),
        ".values: test one_of needs at least one value",
    ),
    ("items.age.rules.0.unless", "dob", ": goes with the tests none_of and none_under only"),
    ("items.diagnosis.rules.2.unless", "notes", ": field 'notes' must be one that may repeat"),
    (
        "items.diagnosis.rules.2.unless",
        "clinicaly_present",
        ": field 'clinicaly_present' is not carried here; did you mean 'clinically_present'?",
    ),
    ("items.diagnosis.rules.2.values", ["D 65"], ": 'D 65' must be the beginning of a code"),
    (
        "items.inhibitor_test.rules.0.values",
        ["negativ"],
        ": 'negativ' must be one of negative or positive",
    ),
    ("items.diagnosis.rules.1.values", ["never"], ": 'never' must be yes or no"),
    ("triggers.administer.rules.3.values", ["53"], ": '53' must be a labeler of 4 or 5 digits"),
    *(
        (
            "items.factor_ix_activity.rules.0.values",
            [number],
            f": {number!a} must be a number in plain digits",
        )
        for number in ("two", "NaN", "1_0", "1e1", "+2", "２", "2.", " 2")
    ),
]

TRIGGERS = [
    ("items.age.needed_for", ["sumbit"], ": unknown trigger 'sumbit'; did you mean 'submit'?"),
    ("items.liver_panel.fresh.checked_for", ["record:age"], ": unknown trigger 'record:age'"),
    ("items.liver_panel.fresh.checked_for", [], ": must name at least one trigger"),
    ("items.liver_panel.fresh.days", 0, ": must be 1 to 9999 days"),
    ("items.age.answers", ["other"], ": must be a table, not a list"),
    ("items.age.answers.reason_code", [], ": must name at least one code"),
    (
        "items.age.answers.reason_code",
        ["experimetal"],
        ": unknown code 'experimetal'; did you mean 'experimental'?",
    ),
    ("items.age.answers.reason", ["other"], ": unknown field 'reason'"),
    ("items.age.answers.reason_text", ["x"], ": field 'reason_text' must be a code, and clear"),
    ("items.age.answers.benefit", ["medical"], ": no trigger contests field 'benefit'"),
    ("items.age.answers.result", ["positive"], ": field 'result' must be a code, and clear"),
    (
        "triggers.file_appeal.contests",
        ["reson_code"],
        ": unknown field 'reson_code'; did you mean 'reason_code'?",
    ),
    ("triggers.file_appeal.contests", ["notice_on"], ": field 'notice_on' must be a code, and"),
    (
        "triggers.file_appeal.guards.1.clocks",
        ["appeal_filling"],
        ": unknown clock 'appeal_filling'; did you mean 'appeal_filing'?",
    ),
    ("triggers.file_appeal.guards.1.clocks", [], ": guard in_time needs at least one clock"),
    ("triggers.submit.guards.0.clocks", ["pa_decision"], ": guard ready looks at no clock"),
    ("triggers.submit.guards.0.fields", ["on"], ": guard ready looks at no field"),
    ("triggers.deny.guards.0.fields", ["on"], ": guard in_order needs at least two dates"),
    ("triggers.deny.guards.0.fields", ["on", "sent_at"], ": field 'sent_at' is no date"),
    (
        "triggers.deny.guards.0.fields",
        ["stage", "notice_no"],
        ": unknown field 'notice_no'; did you mean 'notice_on'?",
    ),
    ("triggers.deny.guards.0.fields", ["stage"], ": guard in_order needs at least two dates"),
    ("triggers.deny.guards.0.fields", ["on", "reason_text"], ": field 'reason_text' is no date"),
    (
        "triggers.deny.guards.0.name",
        "in_ordr",
        ": must be expedited, in_order, in_time, passed, ready or rules, not 'in_ordr'; did you",
    ),
    ("triggers.submit.guards", [], ": items block this trigger; it needs"),
    ("triggers.provide_info.guards", [], ": items block this trigger; it needs the guard ready"),
    (
        "triggers.close.guards",
        [{"name": "ready"}, {"name": "rules"}],
        ": guard rules has no rule to check",
    ),
    ("triggers.administer.guards", [], ": rules block this trigger; it needs the guard rules"),
    (
        "triggers.withdraw_appeal.reopens",
        ["external_fling"],
        ": unknown clock 'external_fling'; did you mean 'external_filing'?",
    ),
    (
        "triggers.peer_to_peer.expedites",
        True,
        "triggers.peer_to_peer.moves: state 'approved_in_part' belongs to no stage to expedite",
    ),
    (
        "triggers.expedite.refuses_expedite",
        True,
        "triggers.expedite: can't both ask for and refuse the expedited review",
    ),
]

CLOCKS = [
    ("clocks.pa_decision.armed_by", ["sumbit"], ": unknown event 'sumbit'; did you mean 'submit'?"),
    (
        "clocks.liver_fresh.armed_by",
        ["record:liver"],
        ": unknown event 'record:liver'; did you mean 'record:liver_panel'?",
    ),
    ("clocks.pa_decision.armed_by", [], ": must name at least one"),
    ("clocks.pa_decision.armed_by", ["note:call"], ": a note starts no clock, not 'note:call'"),
    ("clocks.pa_decision.armed_by", ["deny"], ": 'deny' never leads to a state of alive_in"),
    ("clocks.pa_decision.alive_in", [], ": must name at least one"),
    (
        "clocks.pa_follow_up.ended_by",
        ["note:cal"],
        ": unknown event 'note:cal'; did you mean 'note:call'?",
    ),
    ("note_fields", ["ndc"], "clocks.pa_follow_up.ended_by: unknown event 'note:call'"),
    *(
        (
            "clocks.pa_decision.length",
            text,
            f": {text!a} is no length; write 14bd, 65d, 6w, 4mo or 72h",
        )
        for text in ("14 bd", "0bd", "-3d", "14", "99999d", "1.5h", "14BD", "１4d", "014d", "2y")
    ),
    ("clocks.pa_decision.law.length", "soon", ": 'soon' is no length"),
    (
        "clocks.pa_decision.length",
        GONE,
        "clocks.pa_decision: needs a length, or until with the field that is its last day",
    ),
    ("clocks.pa_decision.expedited", "3d", ": '3d' must be a number of hours, as 72h"),
    ("clocks.pa_decision.law.expedited", "3d", ": '3d' must be a number of hours"),
    (
        "clocks.appeal_filing.expedited",
        "72h",
        ": only a payer's or a reviewer's clock can be expedited",
    ),
    *(
        ("clocks.pa_decision.rungs", [text], f": {text!a} is no rung")
        for text in ("5d", "+3d", "-1bd", "00bd", "bd")
    ),
    (
        "clocks.appeal_filing.counts_from",
        "notice",
        ": unknown field 'notice'; did you mean 'notice_on'?",
    ),
    (
        "clocks.appeal_filing.counts_from",
        "respond_on",
        ": no event that arms the clock carries field 'respond_on'",
    ),
    (
        "clocks.appeal_filing.counts_from",
        "reason_code",
        ": field 'reason_code' must be a date, and clear",
    ),
    (
        "clocks.info_response.until",
        "valid_through",
        ": no event that arms the clock carries field 'valid_through'",
    ),
    (
        "clocks.appeal_filing.stated",
        "respond_on",
        ": no event that arms the clock carries field 'respond_on'",
    ),
    ("clocks.inhibitor_fresh.counts_from", "notice_on", ": no event that arms the clock carries"),
    (
        "clocks.appeal_filing.roll",
        "following",
        "clocks.appeal_filing.roll_calendar: is missing; roll following needs one",
    ),
    (
        "clocks.appeal_filing.roll_calendar",
        "us-federal",
        "clocks.appeal_filing.roll: is none: then roll_calendar must not be given",
    ),
    (
        "clocks.appeal_filing.roll_calendar",
        "us-fedral",
        ": unknown calendar 'us-fedral'; did you mean 'us-federal'?",
    ),
    ("clocks.pa_decision.contact", "human", ": unknown contact 'human'; did you mean 'humana'?"),
    ("calendar", "illinois", ": unknown calendar 'illinois'; did you mean 'illinois-state"),
    (
        "zone",
        "America/Chicaco",
        ": unknown time zone 'America/Chicaco'; did you mean 'America/Chicago'?",
    ),
    ("zone", "localtime", ": unknown time zone 'localtime'"),
    ("zone", "../../etc/passwd", ": unknown time zone '../../etc/passwd'"),
    ("zone", "America", ": unknown time zone 'America'"),
    ("id", "Guide", ": must be up to 40 of a-z, 0-9 and -, a letter first"),
    ("id", "another-guide", ": must be the file's name without .toml"),
    (
        "contacts.Mr-X",
        {"name": "x", "how": "x", "source": "x"},
        ": the name must be up to 40 of a-z, 0-9 and _",
    ),
]


def spelled(key: str) -> str:
    """The dotted key as a problem spells it, places in lists in brackets."""
    return re.sub(r"\.([0-9]+)", r"[\1]", key)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [*SHAPES, *FLOWS, *FIELDS, *TRIGGERS, *CLOCKS],
    ids=itertools.count(),
)
def test_damage_is_named(key: str, value: object, reason: str) -> None:
    """A reason that starts with ``:`` or ``.`` stands at, or below, the damaged key itself."""
    whole = spelled(key) + reason if reason.startswith((":", ".")) else reason
    found = reasons(damaged((key, value)))
    assert any(line.startswith(whole) for line in found), found


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("watch", "infuson_on"),
        ("watch", "confirmation"),
        ("watch", "dob"),
        ("watch_days", -1),
        ("watch_days", 21),
    ],
)
def test_a_watched_date_is_known_and_clear_and_asked_for_in_bounds(key: str, value: object) -> None:
    path = f"clocks.approval_validity.{key}"
    found = reasons(damaged((path, value)))
    assert any(spelled(path) in line for line in found), found


def test_a_clock_in_hours_does_not_roll() -> None:
    document = damaged(
        ("clocks.appeal_filing.counts_from", "request"),
        ("clocks.appeal_filing.length", "72h"),
        ("clocks.appeal_filing.roll", "following"),
        ("clocks.appeal_filing.roll_calendar", "us-federal"),
    )
    assert reasons(document) == [
        "clocks.appeal_filing.roll: a clock that runs in hours does not roll"
    ]


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_reserved_field_names(name: str) -> None:
    document = damaged((f"fields.{name}", {"title": "x", "type": "text"}))
    assert reasons(document) == [f"fields.{name}: the name is reserved; choose another"]


def test_dates_that_another_trigger_carries_can_be_put_in_order() -> None:
    """The guard then looks at the date as it was said last."""
    fields = ["stage", "valid_from", "on"]
    document = damaged(("triggers.deny.guards.0.fields", fields))
    made = workflows.parse(document, WHERE)
    assert made.triggers["deny"].guards[0].fields == tuple(fields)


def small(**changes: object) -> dict[str, Any]:
    """A workflow with two states, one move and one clock: what each key means by itself."""
    document: dict[str, Any] = {
        "id": "small",
        "title": "Small",
        "edition": "1",
        "standing": "an example",
        "source": "ours",
        "zone": "UTC",
        "calendar": "us-federal",
        "states": {
            "start": {"title": "Start", "initial": True},
            "end": {"title": "End", "final": True},
        },
        "stages": {},
        "fields": {},
        "items": {},
        "triggers": {"finish": trigger("start", "end")},
        "clocks": {},
    }
    return document | changes


def trigger(origin: str, to: str) -> dict[str, Any]:
    return {"title": "x", "source": "ours", "moves": [{"origins": [origin], "to": to}]}


def test_the_smallest_workflow_loads() -> None:
    assert workflows.parse(small(), "small.toml").initial == "start"


def test_no_final_state() -> None:
    document = small(states={"start": {"title": "Start", "initial": True}})
    document["triggers"]["finish"]["moves"][0]["to"] = "start"
    assert reasons(document, "small.toml") == ["states: no state is final; one must be"]


def test_a_trap_state() -> None:
    """From start to end, and from start to a pit that leads to itself."""
    document = small()
    document["states"]["pit"] = {"title": "Pit"}
    document["triggers"]["fall"] = trigger("start", "pit")
    document["triggers"]["dig"] = trigger("pit", "pit")
    assert reasons(document, "small.toml") == [
        "states.pit: no moves lead from here to a final state"
    ]


def test_a_loop_with_a_way_out_is_no_trap() -> None:
    """From start to a pit, back, and to the end."""
    document = small()
    document["states"]["pit"] = {"title": "Pit"}
    document["triggers"]["fall"] = trigger("start", "pit")
    document["triggers"]["climb"] = trigger("pit", "start")
    assert workflows.parse(document, "small.toml")


def test_a_move_from_anywhere_starts_in_no_final_state() -> None:
    document = small()
    document["triggers"]["finish"]["moves"][0]["origins"] = ["*"]
    assert list(workflows.parse(document, "small.toml").arcs()) == [("finish", "start", "end")]


def test_all_damage_at_once() -> None:
    """Wrong shapes do not hide wrong meanings, nor the other way round."""
    document = damaged(
        ("clocks.pa_decision.owner", GONE),
        ("clocks.pa_decision.colour", "red"),
        ("clocks.pa_follow_up.length", "soon"),
        ("triggers.submit.moves.0.to", "nowhere"),
        ("items.age.rules.0.test", "min_yaers"),
        ("items.age.needed_for", ["sumbit"]),
        ("fields.notice_on.clear", False),
        ("calendar", "mars"),
    )
    found = reasons(document)
    for key in (
        "clocks.pa_decision.owner: is missing",
        "clocks.pa_decision.colour: unknown key",
        "clocks.pa_follow_up.length: 'soon'",
        "triggers.submit.moves[0].to: unknown state 'nowhere'",
        "items.age.rules[0].test: must be",
        "items.age.needed_for: unknown trigger",
        "fields.notice_on.clear: a field named",
        "calendar: unknown calendar 'mars'",
    ):
        assert any(line.startswith(key) for line in found), key


def test_one_mistake_is_one_problem() -> None:
    """What was replaced to go on with the walk is not judged again."""
    assert len(reasons(damaged(("states.intake.initial", "yes")))) == 1
    assert len(reasons(damaged(("clocks.pa_decision.armed_by", "submit")))) == 1
    assert len(reasons(damaged(("triggers.submit.moves", "intake")))) == 1
    assert len(reasons(damaged(("id", "")))) == 1


def test_a_problem_is_listed_once() -> None:
    found = reasons(damaged(("clocks.pa_decision.alive_in", ["nowhere", "nowhere"])))
    assert len(found) == len(set(found))


def test_the_message_counts() -> None:
    with pytest.raises(BadDefinition, match=f"{WHERE}: the workflow has 1 problem$"):
        workflows.parse(damaged(("titel", "x")), WHERE)


def test_there_is_an_end_to_the_list() -> None:
    document = damaged(*((f"fields.X{n}", {"title": "x", "type": "text"}) for n in range(250)))
    assert len(reasons(document)) == 200
    with pytest.raises(BadDefinition, match="200 problems or more"):
        workflows.parse(document, WHERE)


def test_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "humana-il-guide.toml"
    path.write_text(resources.workflow_text("humana-il-guide"))
    assert workflows.check_file(path).id == "humana-il-guide"


def test_a_file_with_another_name(tmp_path: Path) -> None:
    path = tmp_path / "copy.toml"
    path.write_text(resources.workflow_text("humana-il-guide"))
    with pytest.raises(BadDefinition) as caught:
        workflows.check_file(path)
    assert caught.value.reasons == (f"{path}: line 5: id: must be the file's name without .toml",)


REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "workflow-files.md"


def sections() -> dict[str, str]:
    """The reference's sections by their headings, the workflow's own keys under its name."""
    parts = re.split(r"^#+ (.+)$", REFERENCE.read_text(), flags=re.MULTILINE)
    return {title.strip("`"): text for title, text in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("The workflow", w.Workflow),
        ("states", w.State),
        ("stages", w.Stage),
        ("fields", w.Field),
        ("items", w.Item),
        ("fresh", w.Freshness),
        ("rules", w.Rule),
        ("triggers", w.Trigger),
        ("moves", w.Move),
        ("guards", w.Guard),
        ("clocks", w.Clock),
        ("law", w.Law),
        ("versions", w.Version),
        ("codes", reference.Code),
        ("contacts", reference.Contact),
        ("statements", reference.Statement),
    ],
)
def test_the_reference_explains_every_key(section: str, kind: type[Struct]) -> None:
    rows = [line.split("|")[1] for line in sections()[section].split("\n") if line[:1] == "|"]
    explained = set(re.findall(r"`([a-z_0-9]+)`", "".join(rows)))
    assert set(kind.__struct_fields__) <= explained


@pytest.mark.parametrize(
    "words", [w.FieldType, w.CodeSystem, w.Test, w.GuardName, w.Owner, w.Kind, w.Grade]
)
def test_the_reference_lists_every_word(words: object) -> None:
    text = REFERENCE.read_text()
    assert all(f"`{word}`" in text for word in get_args(words))


def test_the_reference_lists_every_reserved_name() -> None:
    assert all(f"`{name}`" in sections()["fields"] for name in RESERVED)


def test_the_examples_of_the_reference_are_one_workflow() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```$", REFERENCE.read_text(), re.DOTALL | re.MULTILINE)
    example = workflows.parse(resources.parse_toml("".join(blocks), "example"), "example.toml")
    assert example.initial == "intake"
    assert set(example.clocks) == {
        "answer", "asking_again", "report_fresh", "going_over_their_heads", "last_day",
        "quick_answer", "complaining",
    }  # fmt: skip


def places(value: object, key: tuple[Key, ...] = ()) -> Iterator[tuple[Key, ...]]:
    """Every key of a document."""
    if isinstance(value, dict | list):
        inner = value.items() if isinstance(value, dict) else enumerate(value)
        for name, item in inner:
            yield (*key, name)
            yield from places(item, (*key, name))


SHIPPED = {
    id: resources.parse_toml(resources.workflow_text(id), f"states/{id}.toml")
    for id in workflows.available()
}
PLACES = {id: list(places(document)) for id, document in SHIPPED.items()}
NAMES = st.sampled_from(
    sorted({str(part) for known in PLACES.values() for place in known for part in place})
)
SCALARS = st.one_of(
    NAMES,
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.just(datetime(2026, 11, 24, tzinfo=UTC)),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def put(document: dict[str, object], place: tuple[Key, ...], value: object) -> None:
    """A place that an earlier damage took away is left alone."""
    *above, last = place
    here: Any = document
    try:
        for part in above:
            here = here[part]
        here[last] = value
    except (KeyError, IndexError, TypeError):
        return


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_damage_is_refused_with_a_reason_or_loads(data: st.DataObject) -> None:
    id = data.draw(st.sampled_from(sorted(SHIPPED)))
    where, document = f"states/{id}.toml", deepcopy(SHIPPED[id])
    damage = st.lists(st.tuples(st.sampled_from(PLACES[id]), VALUES), min_size=1, max_size=4)
    for place, value in data.draw(damage):
        put(document, place, value)
    try:
        text = workflows.definition_text(workflows.parse(document, where))
    except BadDefinition:
        assert all(reason.isprintable() for reason in reasons(document, where))
    else:
        assert workflows.definition_text(workflows.from_text(text)) == text


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=10), VALUES, max_size=5))
def test_any_document_at_all_is_refused_with_reasons(document: dict[str, object]) -> None:
    assert reasons(document)

"""Format 1 to the byte, and everything that it refuses."""

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import cast

import pytest

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.errors import Corrupt, Refused, Unparsable
from casetrack.ledger import canonical
from casetrack.ledger.codec import new_case_id, new_ledger_id, opening, parse, record
from casetrack.ledger.store import Draft
from tests.facts import (
    DAY,
    adopted,
    assigned,
    corrected,
    deadline,
    draft,
    ended,
    fired,
    happened,
    moved,
    noted,
    opened,
    reading,
    reminded,
    tolled,
    voided,
)
from tests.fakes import START, FakeClock, fixed_sources

LEDGER = "00000000-0000-4000-8000-000000000001"
CASE = Case(id="01a19cc6-3d80-7000-8000-000000000001")
LEDGER_OPENED = (
    '{"actor":"os:tester@host","by":"os:tester@host",'
    '"case":"00000000-0000-0000-0000-000000000000",'
    '"data":{"clock_behind":null,"practice":true,"row":null},'
    '"key":"00000000000000000000000000000002",'
    '"ledger":"00000000-0000-4000-8000-000000000001",'
    '"occurred_at":"2026-11-02T15:00:00.000000Z","occurred_on":"2026-11-02","prev":null,'
    '"recorded_at":"2026-11-02T15:00:00.000000Z","sealed":{},"type":"LedgerOpened",'
    '"v":1,"version":1}'
)
NOTE_DISCLOSURE = '["00000000000000000000000000000001","note","Řekla: \\"ano\\"\\n\\tC:\\\\x 😀"]'
NOTE_ADDED = (
    '{"actor":"Žofie","by":"os:tester@host","case":"01a19cc6-3d80-7000-8000-000000000001",'
    '"data":{"armed":[],"clock_behind":null,"closed":[{"deadline":"reply#2","late":true,'
    '"outcome":"satisfied"}],"fields":{"codes":["A","B"],"sent_on":"2026-11-01"},"moved":[],'
    '"reopened":[],"row":7,"unproven":[]},'
    '"key":"k-1","ledger":"00000000-0000-4000-8000-000000000001",'
    '"occurred_at":"2026-11-02T14:30:00.000000Z","occurred_on":"2026-11-02","prev":null,'
    '"recorded_at":"2026-11-02T15:00:00.000000Z",'
    '"sealed":{"note":"14aed34030d186c37970754daa7947bf5c7e1037814dc1a2f6fc301ab5a86e6d"},'
    '"type":"NoteAdded","v":1,"version":1}'
)
READING = (
    '{"act_by":"2026-11-20","calendars":[{"closed":[{"date":"2026-11-11",'
    '"name":"Veterans Day"}],"digest":"d1","edition":"2026-1","id":"illinois-state",'
    '"weekend":[6,7]}],"due_at":"2026-11-21T05:59:59.000000Z","due_on":"2026-11-20",'
    '"from_at":null,"from_field":"request","from_on":"2026-11-02","law_at":null,"law_by":null,'
    '"law_from_at":null,"law_from_field":null,"law_from_on":null,"law_length":null,'
    '"length":"14bd","roll":"none","roll_calendar":null,"rungs":["5bd","0bd"],'
    '"safe_from_on":"2026-11-02","safe_on":"2026-11-20","stated_due_on":null,'
    '"unrolled_on":"2026-11-20"}'
)
ARMED = (
    '{"alive_in":["submitted"],"clock":"reply","deadline":"reply#1",'
    '"definition":"1bfb3e997ffc69bff94a42cdcbe2beb7640fb7672642b6e9b62ae804095a3452",'
    '"kind":"statutory","n":1,'
    f'"owner":"payer","reading":{READING},"standard":null}}'
)
TRANSITION_DATA = (
    f'"data":{{"armed":[{ARMED}],"clock_behind":null,"closed":[],"expedited":false,"fields":{{}},'
    '"final":false,"from":"draft","moved":[],"overridden":[{"code":"missing","guard":"ready",'
    '"item":null}],"reopened":[],"row":null,"to":"submitted","trigger":"submit","unproven":[]}'
)


OLD_KEY = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
NEW_KEY = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="
REST_OF_MOVED = f'"reading":{READING},"sent":["5bd"],"standard":{READING},"why":"extended"'
NOTHING = '"moved":[],"reopened":[]'
REMINDER = (
    '"act_by":"2026-11-20","channels":["file"],"clock_behind":null,"deadline":"reply#1",'
    '"folded":["10bd","5bd"],"may_repeat":false,"reminder":"r-1","row":null,"rung":"2bd",'
    '"scheduled_for":"2026-11-02T15:00:00.000000Z","sent_at":"2026-11-02T15:00:02.000000Z"'
)
DATA = {
    "DeadlineDone": (
        '"armed":[],"clock_behind":null,"closed":[{"deadline":"plan#1","late":null,'
        f'"outcome":"satisfied"}}],{NOTHING},"row":null,"unproven":[]'
    ),
    "DeadlineExtended": (
        f'"armed":[],"clock_behind":null,"closed":[],"moved":[{{"deadline":"reply#1",'
        f'{REST_OF_MOVED}}}],"reopened":[],"row":null,"unproven":[]'
    ),
    "DeadlineTolled": '"clock_behind":null,"deadline":"reply#1","row":null',
    "EntryCorrected": (
        '"armed":[],"at":"2026-11-02T15:00:00.000000Z","clock_behind":null,"closed":[],'
        '"corrects":2,"fields":{"benefit":"medical"},"moved":[],"on":"2026-11-02",'
        '"reopened":[],"row":null,"unproven":[]'
    ),
    "EntryVoided": (
        f'"armed":[],"clock_behind":null,"closed":[],"expedited":false,{NOTHING},"row":null,'
        '"state":"draft","unproven":["reply#1"],"voids":2'
    ),
    "WorkflowAdopted": (
        '"armed":[],"clock_behind":null,"closed":[{"deadline":"third#1","late":false,'
        f'"outcome":"cancelled"}}],"definition":"{"b" * 64}",'
        '"dropped":[{"deadline":"third#1","why":"unknown_clock"}],"edition":"2027-1",'
        '"expedited":true,"from":"submitted",'
        '"grounds":[{"deadline":"second#1","unproven":false,"version":2}],'
        '"kept":[{"alive_in":["sent"],"deadline":"reply#1","kind":"service","owner":"reviewer"}],'
        '"left":"1bfb3e997ffc69bff94a42cdcbe2beb7640fb7672642b6e9b62ae804095a3452",'
        f'{NOTHING},"row":null,"states":[{{"from":"submitted","to":"sent"}}],"to":"sent",'
        '"unproven":[],"unused":["letter"],"workflow":"other"'
    ),
    "ReminderSent": REMINDER,
    "KeyMade": (
        '"clock_behind":null,"public":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=","row":null'
    ),
    "KeyRotated": (
        '"clock_behind":null,"new":"PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",'
        '"old":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=","row":null,'
        '"signed_by_new":"bmV3","signed_by_old":"b2xk"'
    ),
    "DisclosureMade": (
        f'"cases":["{CASE.id}"],"clock_behind":null,"command":"due","row":null,"scope":"listed"'
    ),
}


def recorded(
    event: e.Event, actor: str = "eva", key: str | None = None
) -> tuple[e.Entry, dict[str, str]]:
    made = Draft(event=event, actor=actor, key=key)
    return record(CASE, made, fixed_sources(), LEDGER)


def refusal(call: Callable[[], object], kind: type[Exception] = Refused) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def note() -> tuple[e.Entry, dict[str, str]]:
    data = e.NoteAdded(
        row=7,
        fields={"sent_on": "2026-11-01", "codes": ("A", "B")},
        closed=(e.Ended(deadline="reply#2", outcome="satisfied", late=True),),
    )
    event = e.Event(
        data=data,
        occurred_on=DAY,
        occurred_at=datetime(2026, 11, 2, 8, 30, tzinfo=timezone(timedelta(hours=-6))),
        typed={"note": 'Řekla: "ano"\n\tC:\\x 😀'},
    )
    return recorded(event, actor="Žofie", key="k-1")


def test_the_first_entry_of_a_ledger_to_the_byte() -> None:
    assert opening(fixed_sources(), practice=True).body == LEDGER_OPENED


def test_a_note_and_its_disclosure_to_the_byte() -> None:
    entry, disclosures = note()
    assert disclosures == {"note": NOTE_DISCLOSURE}
    assert entry.body == NOTE_ADDED


def test_a_transition_with_a_deadline_to_the_byte() -> None:
    read = reading(date(2026, 11, 20), calendars=(calendar_use(),))
    armed = deadline("reply", date(2026, 11, 20), reading=read)
    entry, _ = recorded(fired(armed=(armed,), overridden=(e.Gap(guard="ready", code="missing"),)))
    assert TRANSITION_DATA in entry.body


def calendar_use() -> e.CalendarUse:
    closed = e.Closed(date=date(2026, 11, 11), name="Veterans Day")
    return e.CalendarUse(
        id="illinois-state", edition="2026-1", digest="d1", weekend=(6, 7), closed=(closed,)
    )


def of_kind(kind: str) -> e.Event:
    read = reading(date(2026, 11, 20), calendars=(calendar_use(),))
    made = (
        happened(e.DeadlineDone(closed=(ended("plan#1", late=None),))),
        happened(e.DeadlineExtended(moved=(moved("reply#1", "extended", read, read, ("5bd",)),))),
        tolled("reply#1"),
        corrected(2, DAY, START, {"benefit": "medical"}),
        voided(2, "draft", unproven=("reply#1",)),
        adopted(
            grounds=(e.Ground(deadline="second#1", version=2),),
            dropped=(e.Dropped(deadline="third#1", why="unknown_clock"),),
            closed=(ended("third#1", "cancelled"),),
        ),
        reminded("reply#1", "2bd", date(2026, 11, 20), "10bd", "5bd"),
        happened(e.KeyMade(public=OLD_KEY)),
        happened(
            e.KeyRotated(old=OLD_KEY, new=NEW_KEY, signed_by_old="b2xk", signed_by_new="bmV3")
        ),
        happened(e.DisclosureMade(command="due", scope="listed", cases=(CASE.id,))),
    )
    return next(event for event in made if type(event.data).__name__ == kind)


@pytest.mark.parametrize("kind", DATA)
def test_the_data_of_each_further_kind_to_the_byte_and_back(kind: str) -> None:
    entry, disclosures = recorded(of_kind(kind))
    assert f'"data":{{{DATA[kind]}}},"key"' in entry.body
    assert f'"type":"{kind}"' in entry.body
    assert parse(entry.body, disclosures) == entry


def test_deadlines_planned_resumed_and_projected_anew_hold_what_any_effect_does() -> None:
    effects = '"armed":[],"clock_behind":null,"closed":[],"moved":[],"reopened":[],"row":null'
    for kind in (e.DeadlinePlanned, e.DeadlineResumed, e.DeadlineReprojected):
        entry, _ = recorded(happened(kind()))
        assert f'"data":{{{effects},"unproven":[]}},"key"' in entry.body


def test_a_body_is_read_back_as_it_was_recorded() -> None:
    entry, disclosures = note()
    assert parse(NOTE_ADDED, disclosures) == entry
    assert entry.occurred_at == datetime(2026, 11, 2, 14, 30, tzinfo=UTC)
    assert entry.disclosed == {"note": 'Řekla: "ano"\n\tC:\\x 😀'}
    assert isinstance(entry.data, e.NoteAdded)
    assert entry.data.fields["codes"] == ("A", "B")


def test_a_list_is_sealed_as_a_list() -> None:
    entry, disclosures = recorded(noted(codes=("Ž", "B")))
    assert disclosures["codes"] == '["00000000000000000000000000000002","codes",["Ž","B"]]'
    assert entry.disclosed["codes"] == ("Ž", "B")


def test_the_second_entry_names_the_digest_of_the_first() -> None:
    first, _ = recorded(noted())
    second, _ = record(evolve(CASE, first), draft(noted()), fixed_sources(), LEDGER)
    assert (second.version, second.prev) == (2, canonical.digest(first.body))


def test_a_value_taken_back_reads_as_redacted() -> None:
    entry, _ = note()
    assert parse(entry.body, {}).value("note") is e.REDACTED


def test_a_clock_that_ran_behind_is_clamped_and_kept() -> None:
    clock = FakeClock()
    sources = fixed_sources(clock)
    first, _ = record(CASE, draft(noted()), sources, LEDGER)
    clock.move(seconds=-90)
    second, _ = record(evolve(CASE, first), draft(noted()), sources, LEDGER)
    assert second.recorded_at == START
    assert second.data.clock_behind == START - timedelta(seconds=90)
    assert '"clock_behind":"2026-11-02T14:58:30.000000Z"' in second.body


def test_ids_have_the_layout_of_uuids() -> None:
    assert new_case_id(fixed_sources()) == "01a19cc6-3d80-7000-8000-000000000001"
    assert new_ledger_id(fixed_sources()) == LEDGER


def test_a_key_is_made_where_none_is_given() -> None:
    assert recorded(assigned("eva"))[0].key == "00000000000000000000000000000001"


@pytest.mark.parametrize(
    "text",
    ["", "a\nb\tc", "שָׁלוֹם \u202ex", "👩🏽‍⚕️", "e\u0301 \u00e9", "\u2028\ufeff\uffff", '"\\/\\u0000'],
)
def test_text_stays_as_typed(text: str) -> None:
    entry, disclosures = recorded(noted(text))
    assert entry.disclosed["note"] == text
    assert parse(entry.body, disclosures) == entry


@pytest.mark.parametrize(
    "character",
    ["\0", "\r", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f", *map(chr, (0xD800, 0xDFFF))],
)
def test_control_characters_and_lone_surrogates_are_unparsable_by_name(character: str) -> None:
    text = f"ab{character}c"
    says = " holds a control character or a lone surrogate"
    assert refusal(lambda: recorded(noted(text)), Unparsable) == f"note{says}"
    assert refusal(lambda: recorded(noted(codes=("x", text))), Unparsable) == f"codes{says}"
    assert refusal(lambda: recorded(opened(patient=text)), Unparsable) == f"patient{says}"
    assert refusal(lambda: recorded(opened(fields={"a": text})), Unparsable) == f"a{says}"
    assert refusal(lambda: recorded(noted(), actor=text), Unparsable) == f"actor{says}"
    assert refusal(lambda: recorded(assigned(text)), Unparsable) == f"assignee{says}"


@pytest.mark.parametrize("name", ["two\nlines", "a\ttab"])
def test_a_name_stands_on_one_line(name: str) -> None:
    assert refusal(lambda: recorded(noted(), actor=name), Unparsable).startswith("actor holds")


@pytest.mark.parametrize(
    ("event", "over"),
    [
        (opened(patient="é" * 100), opened(patient="é" * 100 + "x")),
        (noted("x" * 65_536), noted("x" * 65_537)),
        (noted(number="x" * 16_384), noted(number="x" * 16_385)),
        (noted(codes=("x" * 16_383, "y")), noted(codes=("x" * 16_384, "y"))),
        (opened(fields={"code": "x" * 16_384}), opened(fields={"code": "x" * 16_385})),
        (assigned("x" * 200), assigned("x" * 201)),
    ],
    ids=["patient", "note", "value", "list", "clear", "assignee"],
)
def test_a_limit_is_inclusive_and_refused_by_name(event: e.Event, over: e.Event) -> None:
    recorded(event)
    message = refusal(lambda: recorded(over))
    assert re.fullmatch(r"[a-z]+ has [0-9,]+ bytes; the limit is [0-9,]+", message)


@pytest.mark.parametrize(
    ("actor", "says"), [("", "actor is empty"), ("é" * 101, "actor has 202 b")]
)
def test_an_actor_has_1_to_200_bytes(actor: str, says: str) -> None:
    assert refusal(lambda: recorded(noted(), actor=actor)).startswith(says)


def test_an_entry_over_256_kib_is_refused() -> None:
    fields: dict[str, e.Typed] = {f"f{n}": "x" * 16_384 for n in range(16)}
    message = refusal(lambda: recorded(opened(fields=fields)))
    assert re.fullmatch(r"the entry has 26[0-9],[0-9]{3} bytes; the limit is 262,144", message)


@pytest.mark.parametrize("reference", ["C", "0", "C-1", "a.b_c-d", "x" * 32])
def test_references_that_may_be(reference: str) -> None:
    assert recorded(opened(reference))[0].disclosed["reference"] == reference


@pytest.mark.parametrize("reference", ["", "-a", ".a", "a b", "é", "a/b", "x" * 33, "a\n", "٣"])
def test_references_that_may_not(reference: str) -> None:
    message = refusal(lambda: recorded(opened(reference)))
    assert message.startswith("a reference has 1 to 32 letters")


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 65, "a\n"])
def test_keys_that_may_not_be(key: str) -> None:
    assert refusal(lambda: recorded(noted(), key=key)).startswith("an idempotency key has 1 to 64")


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "é", "a b"])
def test_names_that_may_not_be(name: str) -> None:
    assert refusal(lambda: recorded(noted(**{name: "x"}))).startswith("a member's name is")


@pytest.mark.parametrize("value", [1.5, 7, None, {"a": "b"}, (1,), b"x", e.REDACTED])
def test_only_text_is_sealed(value: object) -> None:
    odd = cast("e.Typed", value)
    assert refusal(lambda: recorded(noted(odd=odd))) == "odd is neither text nor a list of texts"


@pytest.mark.parametrize("row", [2**53, -(2**53), 0.5])
def test_an_integer_that_another_reader_would_round_is_refused(row: float) -> None:
    data = e.NoteAdded(row=cast("int", row), fields={})
    message = refusal(lambda: recorded(e.Event(data=data, occurred_on=DAY)))
    assert message == "row is neither text, yes or no, nor an integer below 2**53"


def test_a_naive_instant_is_a_programming_error() -> None:
    event = e.Event(data=noted().data, occurred_on=DAY, occurred_at=datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="an instant has a time zone"):
        recorded(event)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"v":1', '"v":2'),
        ('"prev":null,', ""),
        ('"prev":null', '"prev":"x"'),
        ('"v":1', '"v":1,"w":1'),
        ('"version":1', '"version":"1"'),
        ('"version":1', '"version":0'),
        ("NoteAdded", "NoteTaken"),
        ('"row":7', '"row":"7"'),
        ('"outcome":"satisfied"', '"outcome":"done"'),
        (".000000Z", ""),
        ('"occurred_on":"2026-11-02"', '"occurred_on":"2026-13-02"'),
        ("}", ""),
    ],
)
def test_a_body_of_another_shape_is_corrupt_by_place_and_unechoed(old: str, new: str) -> None:
    body = NOTE_ADDED.replace(old, new)
    at = (CASE.id, 1)
    message = refusal(lambda: parse(body, {}, at), Corrupt)
    assert message == f"case {CASE.id} version 1: the entry is not of format 1"


def test_a_body_names_its_own_place_where_none_is_given() -> None:
    assert refusal(lambda: parse(NOTE_ADDED.replace('"v":1', '"v":2'), {}), Corrupt).startswith(
        f"case {CASE.id} version 1: "
    )
    assert refusal(lambda: parse("{}", {}), Corrupt).startswith("an entry of unknown case")


def test_a_body_filed_elsewhere_is_corrupt() -> None:
    message = refusal(lambda: parse(NOTE_ADDED, {}, (CASE.id, 2)), Corrupt)
    assert message == f"case {CASE.id} version 2: the entry is one of another case or version"


@pytest.mark.parametrize(
    "disclosures",
    [{"note": NOTE_DISCLOSURE.replace("ano", "ne")}, {"other": NOTE_DISCLOSURE}, {"note": ""}],
)
def test_a_disclosure_that_was_not_sealed_is_corrupt(disclosures: dict[str, str]) -> None:
    message = refusal(lambda: parse(NOTE_ADDED, disclosures), Corrupt)
    assert message.endswith("is not what was sealed")
    assert message.startswith(f"case {CASE.id} version 1: ")


@pytest.mark.parametrize(
    "disclosure",
    ['["short","note","x"]', '["00000000000000000000000000000001","patient","x"]', '{"a":1}'],
)
def test_a_disclosure_of_another_shape_is_corrupt(disclosure: str) -> None:
    entry, _ = note()
    body = entry.body.replace(entry.sealed["note"], canonical.digest(disclosure))
    assert refusal(lambda: parse(body, {"note": disclosure}), Corrupt).startswith(f"case {CASE.id}")


# Canonical or not


@pytest.mark.parametrize(
    "text",
    ["{}", '{"a":1}', '{"a":[null,true,{"b":"\\"\\\\\\n\\t"}],"b":-7}',
     '{"a":"Žofie \U0001f600 \u2028"}',
     '{"a":9007199254740991}', '{"a":"\\\\u0041"}'],
)  # fmt: skip
def test_a_canonical_text_is_told(text: str) -> None:
    assert canonical.holds(text)
    assert canonical.text(canonical.members(json.loads(text))) == text


@pytest.mark.parametrize(
    "text",
    ["", "[]", "7", "null", '{"a": 1}', '{"a":1} ', '{"b":1,"a":2}', '{"a":1,"a":1}', '{"A":1}',
     '{"":1}', '{"a":{"b-c":1}}', '{"a":1.0}', '{"a":1e3}', '{"a":NaN}', '{"a":-0}',
     '{"a":9007199254740992}', '{"a":36893488147419103232}', '{"a":"\\u001b"}', '{"a":"\\r"}',
     '{"a":"\\/"}', '{"a":"\\u00e9"}', '{"a":"\x7f"}', '{"a":"\x9b"}', '{"a":"\\ud800"}',
     '{"a":"\ud800"}', '{"a":' * 100_000, "[" * 100_000, '{"a":"\n"}', "{'a':1}"],
)  # fmt: skip
def test_a_text_that_is_not_canonical_is_told(text: str) -> None:
    assert not canonical.holds(text)

"""From what a person types for a field to what is kept: one strict reading per type."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import calendars, workflows
from casetrack.domain import fields
from casetrack.domain.events import Typed
from casetrack.domain.workflow import Field
from casetrack.errors import BeyondHorizon, CasetrackError, Refused, UnknownName, Unparsable

GUIDE = workflows.load("humana-il-guide")
READER = fields.Reader(
    zone="America/Chicago",
    today=date(2026, 11, 24),
    now=datetime(2026, 11, 24, 21, 0, tzinfo=UTC),
    business=calendars.load("illinois-state").add_business_days,
)
DENY = GUIDE.triggers["deny"].fields
DIAGNOSIS = GUIDE.items["diagnosis"].fields

SECRET = "Zebulon-1893"


def field(type_: str, **changes: object) -> Field:
    members: dict[str, object] = {"title": "A field", "type": type_, **changes}
    return Field(**members)  # type: ignore[arg-type]  # the members of a table


def read(kind: Field, text: str) -> str:
    return fields.read_value("sample", kind, text, READER)


def read_all(allowed: Sequence[str], *given: tuple[str, str]) -> dict[str, Typed]:
    return fields.read_values(GUIDE, allowed, given, READER)


def refusal(kind: Field, text: str, error: type[CasetrackError] = Unparsable) -> CasetrackError:
    with pytest.raises(error) as caught:
        read(kind, text)
    assert type(caught.value) is error
    assert caught.value.message.startswith("sample: ")
    return caught.value


# What each type keeps


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        (field("date"), "2026-11-24", "2026-11-24"),
        (field("date"), "today", "2026-11-24"),
        (field("date"), "-3d", "2026-11-21"),
        (field("date"), "-1bd", "2026-11-23"),
        (field("date", future=True), "+5bd", "2026-12-03"),
        (field("date", future=True), "2026-11-25", "2026-11-25"),
        (field("instant"), "2026-11-24T15:00", "2026-11-24T21:00:00.000000Z"),
        (field("instant"), "2026-11-24T14:59:59.5-06:00", "2026-11-24T20:59:59.500000Z"),
        (field("instant", future=True), "2026-11-24T21:00:01Z", "2026-11-24T21:00:01.000000Z"),
        (field("integer"), "150", "150"),
        (field("integer"), "0", "0"),
        (field("integer"), "-1", "-1"),
        (field("integer"), "007", "007"),
        (field("integer"), "999999999", "999999999"),
        (field("decimal"), "2", "2"),
        (field("decimal"), "1.5", "1.5"),
        (field("decimal"), "-0.25", "-0.25"),
        (field("decimal"), "2.000000001", "2.000000001"),
        (field("yes_no"), "yes", "yes"),
        (field("yes_no"), "no", "no"),
        (field("code", values=("portal", "fax")), "fax", "fax"),
        (field("text"), "  as typed, é and é, 注  ", "  as typed, é and é, 注  "),
        (field("text"), "two\nlines\tand a tab", "two\nlines\tand a tab"),
        (field("text"), "x" * 16384, "x" * 16384),
        (field("text"), "é" * 8192, "é" * 8192),
    ],
)
def test_a_value_is_kept_as_its_type_says(kind: Field, text: str, kept: str) -> None:
    assert read(kind, text) == kept


@pytest.mark.parametrize("type_", ["integer", "decimal"])
@pytest.mark.parametrize(
    "text",
    [" ", "+5", "1_0", "1 000", "1,5", ".5", "5.", "1e3", "NaN", "nan", "Infinity", "-inf",
     "0x10", "--1", "- 1", "1-", "٥", "５", "1٥", "²", "½", "5\n", "\n5", " 5", "5 ", "5%",
     "\u22121", "1000000000", "1.0000000001", "1.2.3"],
)  # fmt: skip
def test_a_number_is_plain_ascii_digits(type_: str, text: str) -> None:
    assert refusal(field(type_), text).exit_code == 2


@pytest.mark.parametrize("text", ["1.5", "2.0", "-0.1"])
def test_a_whole_number_has_no_fraction(text: str) -> None:
    refusal(field("integer"), text)


@pytest.mark.parametrize(
    "text",
    ["03/04/2026", "2026", "20261124", "2026-W48-2", "2026-11-31", "٢٠٢٦-١١-٢٤", "２０２６-11-24",
     "2026-11-24\n", "2026-11-24T00:00", " ", "NaN", "1_0", "0000-01-01", "now"],
)  # fmt: skip
@pytest.mark.parametrize("future", [False, True])
def test_a_date_field_is_as_strict_as_the_reader_of_days(text: str, future: bool) -> None:
    refusal(field("date", future=future), text)


@pytest.mark.parametrize("text", ["2026-11-25", "+1d", "+1bd", "2199-12-31"])
def test_a_day_that_has_not_come_is_refused(text: str) -> None:
    error = refusal(field("date"), text, Refused)
    assert "2026-11-24" in error.message
    assert error.exit_code == 4


def test_business_days_of_a_field_stay_within_the_horizon() -> None:
    refusal(field("date", future=True), "+9999bd", BeyondHorizon)


def test_an_instant_that_has_not_come_is_refused() -> None:
    refusal(field("instant"), "2026-11-24T15:00:00.000001", Refused)
    refusal(field("instant"), "2026-11-24T21:00:01Z", Refused)


@pytest.mark.parametrize("text", ["2026-11-24", "10:00", "2026-11-24T15", "2026-11-24T15:00\n"])
def test_an_instant_field_is_as_strict_as_the_reader_of_instants(text: str) -> None:
    refusal(field("instant", future=True), text)


@pytest.mark.parametrize("text", ["2026-11-01T01:30", "2026-03-08T02:30"])
def test_an_instant_that_happens_twice_or_never_is_refused(text: str) -> None:
    refusal(field("instant"), text, Refused)


@pytest.mark.parametrize("text", ["YES", "Yes", "y", "true", "1", " ", "yes ", "yes\n"])
def test_yes_is_yes_and_no_is_no(text: str) -> None:
    refusal(field("yes_no"), text, Refused)


@pytest.mark.parametrize("text", ["Fax", "fax ", "fax\n", "fa", "portal,fax", " "])
def test_a_code_is_one_of_its_list_letter_by_letter(text: str) -> None:
    error = refusal(field("code", values=("portal", "fax")), text, Refused)
    assert "portal" in error.message
    assert "fax" in error.message


def test_a_near_code_is_suggested() -> None:
    kind = GUIDE.fields["reason_code"]
    message = refusal(kind, "experimentl", Refused).message
    assert "did you mean 'experimental'" in message


# What can't be kept


CONTROLS = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in "\n\t"]


@pytest.mark.parametrize("character", CONTROLS)
def test_a_control_character_is_refused_by_name(character: str) -> None:
    error = refusal(field("text"), f"{SECRET}{character}")
    assert error.exit_code == 2
    assert SECRET not in error.message
    assert character not in error.message


@pytest.mark.parametrize("surrogate", ["\ud800", "a\udfff", "ok\udcff"])
def test_a_lone_surrogate_is_refused(surrogate: str) -> None:
    refusal(field("text"), surrogate)
    refusal(field("code", values=("portal",)), surrogate)


@pytest.mark.parametrize("text", ["x" * 16385, "é" * 8193, "注" * 5462])
def test_a_value_over_the_limit_of_bytes_is_refused_by_name(text: str) -> None:
    error = refusal(field("text"), text, Refused)
    assert str(16384) in error.message
    assert len(error.message) < 200


@pytest.mark.parametrize(
    "type_", ["date", "instant", "integer", "decimal", "yes_no", "code", "text"]
)
def test_an_empty_value_is_none_and_refused_by_name(type_: str) -> None:
    kind = field(type_, values=("portal",) if type_ == "code" else ())
    with pytest.raises(CasetrackError, match=r"^sample: "):
        read(kind, "")


@pytest.mark.parametrize("type_", ["date", "instant", "integer", "decimal", "yes_no", "text"])
def test_an_endless_value_is_refused_whatever_its_type(type_: str) -> None:
    refusal(field(type_), "1" * 20_000, Refused)


@given(st.text(), st.sampled_from(["date", "instant", "integer", "decimal", "yes_no", "code"]))
def test_a_strict_type_keeps_ascii_or_refuses_in_words(text: str, type_: str) -> None:
    kind = field(type_, values=("portal",) if type_ == "code" else ())
    with suppress(CasetrackError):
        kept = read(kind, text)
        assert kept.isascii()
        assert kept.isprintable()


@pytest.mark.parametrize("type_", ["date", "instant", "integer", "decimal", "yes_no", "code"])
def test_an_error_never_echoes_what_was_typed(type_: str) -> None:
    kind = field(type_, values=("portal",) if type_ == "code" else ())
    with pytest.raises(CasetrackError) as caught:
        read(kind, SECRET)
    assert SECRET not in f"{caught.value.message}{caught.value.reasons}"


# Names


def test_values_are_read_by_name() -> None:
    assert read_all(DENY, ("notice_on", "-1d"), ("denial_reference", "D/1")) == {
        "notice_on": "2026-11-23",
        "denial_reference": "D/1",
    }
    assert read_all(DENY) == {}


def test_a_field_that_may_repeat_is_always_a_list_in_order() -> None:
    assert read_all(DENY, ("reason_code", "other")) == {"reason_code": ("other",)}
    both = read_all(DENY, ("reason_code", "other"), ("reason_code", "experimental"))
    assert both == {"reason_code": ("other", "experimental")}


def test_each_value_of_a_list_is_checked() -> None:
    with pytest.raises(Refused, match="reason_code"):
        read_all(DENY, ("reason_code", "other"), ("reason_code", "otter"))


@pytest.mark.parametrize("second", ["2026-11-02", "2026-11-03"])
def test_any_other_field_stands_once_even_if_it_says_the_same(second: str) -> None:
    with pytest.raises(Refused) as caught:
        read_all(DENY, ("notice_on", "2026-11-02"), ("notice_on", second))
    assert caught.value.message.startswith("notice_on ")
    assert "2" in caught.value.message


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("notice", "notice_on"),
        ("Notice_On", "notice_on"),
        ("notice-on", "notice_on"),
        ("recieved_on", "received_on"),
        ("reason_codes", "reason_code"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name: str, near: str) -> None:
    with pytest.raises(UnknownName) as caught:
        read_all(DENY, (name, "2026-11-02"))
    assert f"did you mean '{near}'" in caught.value.message
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("name", ["valid_through", "dob", "override", "note", ""])
def test_a_name_that_belongs_elsewhere_is_refused_and_the_known_ones_listed(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        read_all(DENY, (name, "2026-11-02"))
    assert all(known in caught.value.message for known in DENY)


@pytest.mark.parametrize("name", ["\x1b[2J", "n\u043etice_on", "x" * 500, "a\nb", "\ud800"])
def test_a_strange_name_is_not_echoed(name: str) -> None:
    with pytest.raises(UnknownName) as caught:
        read_all(DENY, (name, "2026-11-02"))
    assert name not in caught.value.message


def test_nothing_may_be_given_where_nothing_is_carried() -> None:
    with pytest.raises(UnknownName):
        read_all((), ("notice_on", "2026-11-02"))


def test_an_error_names_the_field() -> None:
    with pytest.raises(Unparsable, match=r"^notice_on: "):
        read_all(DENY, ("notice_on", "03/04/2026"))
    with pytest.raises(Refused, match=r"^received_on: "):
        read_all(DENY, ("received_on", "2026-11-25"))


# What may stand in a hashed body


def test_what_a_person_typed_is_sealed_and_dates_and_codes_are_clear() -> None:
    values = read_all(
        DENY,
        ("notice_on", "2026-11-23"),
        ("stated_due_on", "2027-01-30"),
        ("reason_code", "other"),
        ("denial_reference", "D/1"),
        ("reason_text", SECRET),
    )
    clear, sealed = fields.split_clear(GUIDE, values)
    assert clear == {
        "notice_on": "2026-11-23",
        "stated_due_on": "2027-01-30",
        "reason_code": ("other",),
    }
    assert sealed == {"denial_reference": "D/1", "reason_text": SECRET}


@pytest.mark.parametrize(
    "name",
    ["dob", "percent", "result", "days", "alt", "icd10", "authorization", "confirmation", "center",
     "physician", "notes", "reason_text", "refused_part", "granted_part", "outcome"],
)  # fmt: skip
def test_no_value_about_a_patient_is_clear(name: str) -> None:
    clear, sealed = fields.split_clear(GUIDE, {name: "x"})
    assert (clear, sealed) == ({}, {name: "x"})


def test_a_kept_number_is_exact() -> None:
    assert fields.number("2.000000001") > 2
    assert fields.number("007") == 7

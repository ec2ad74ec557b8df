"""What the evidence for an item satisfies on a given day, and every coding and claim rule."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain.case import Case, Evidence
from casetrack.domain.checks import checklist
from casetrack.domain.events import REDACTED, Value
from casetrack.domain.requirements import Finding, assess, judge, years_between
from casetrack.domain.workflow import Rule, Test

GUIDE = workflows.load("humana-il-guide")
SUBMITTED = date(2026, 11, 24)
WEEK_BEFORE = date(2026, 11, 17)

Values = Mapping[str, Value]
LIVER = {"alt": "20", "ast": "20", "alp": "60", "bilirubin": "0.5", "imaging": "normal"}
PACKET: Mapping[str, Values] = {
    "age": {"dob": "1980-05-05"},
    "diagnosis": {"icd10": "D67", "notes": "hereditary", "hereditary": "yes"},
    "factor_ix_activity": {"percent": "1", "off_prophylaxis": "yes"},
    "inhibitor_test": {"result": "negative"},
    "exposure_days": {"days": "150"},
    "liver_panel": LIVER,
    "no_prior_gene_therapy": {"confirmed": "yes"},
    "approved_center": {"center": "A center"},
}
WARNINGS = (
    "bleeding_history", "family_history", "step_therapy", "verify_pa_list", "verify_network",
    "verify_policy", "verify_method", "single_submission", "billing_ready",
)  # fmt: skip


def evidence(item: str, values: Values, on: date = WEEK_BEFORE, version: int = 2) -> Evidence:
    return Evidence(item=item, version=version, on=on, values=values, has_file=False)


def case_with(*known: Evidence) -> Case:
    """A case whose evidence is just this."""
    return Case(
        id="c", evidence={e.item: tuple(k for k in known if k.item == e.item) for e in known}
    )


def found(
    item: str,
    values: Values,
    on: date = SUBMITTED,
    *,
    dated: date = WEEK_BEFORE,
    trigger: str = "submit",
) -> Finding:
    case = case_with(evidence(item, values, dated))
    return assess(item, GUIDE.items[item], case, trigger, on)


def holds(test: Test, text: Value, *values: str, on: date = SUBMITTED) -> bool:
    rule = Rule(field="x", test=test, says="", source="", values=values)
    verdict = judge(rule, {"x": text}, on)
    assert verdict in {"holds", "fails"}
    return verdict == "holds"


# The packet as a whole


def test_the_eight_complete_and_fresh_leave_only_warnings() -> None:
    case = case_with(*(evidence(item, values) for item, values in PACKET.items()))
    findings = checklist(case, GUIDE, "submit", SUBMITTED)
    assert {f.item for f in findings if f.status == "satisfied"} == set(PACKET)
    assert {f.item for f in findings if f.status == "warning"} == set(WARNINGS)
    assert not any(f.unmet for f in findings)


def test_of_an_empty_packet_the_eight_are_missing_and_the_rest_warn() -> None:
    findings = checklist(Case(id="c"), GUIDE, "submit", SUBMITTED)
    assert {f.item for f in findings if f.unmet} == set(PACKET)
    assert {f.item: f.status for f in findings} == {
        **dict.fromkeys(PACKET, "missing"),
        **dict.fromkeys(WARNINGS, "warning"),
    }
    assert {f.code for f in findings} == {"missing"}


REQUIRED_FIELDS = [(item, name) for item, values in PACKET.items() for name in values
                   if name not in {"notes", "hereditary", "off_prophylaxis"}]  # fmt: skip


@pytest.mark.parametrize(("item", "name"), REQUIRED_FIELDS)
def test_an_item_recorded_without_its_value_fails(item: str, name: str) -> None:
    rest = {n: v for n, v in PACKET[item].items() if n != name}
    finding = found(item, rest)
    assert (finding.status, finding.unmet, finding.code) == ("failing", True, "incomplete")
    assert name in finding.detail


@pytest.mark.parametrize(("item", "name"), REQUIRED_FIELDS)
def test_a_redacted_value_is_unmet_with_that_reason(item: str, name: str) -> None:
    finding = found(item, {**PACKET[item], name: REDACTED})
    assert (finding.status, finding.unmet, finding.code) == ("failing", True, "redacted")
    assert "redacted" in finding.detail
    assert name in finding.detail


# Age


@pytest.mark.parametrize(
    ("dob", "submitted", "old_enough"),
    [
        ("2008-11-24", "2026-11-24", True),
        ("2008-11-25", "2026-11-24", False),
        ("2008-11-23", "2026-11-24", True),
        ("2008-12-31", "2026-12-31", True),
        ("2009-01-01", "2026-12-31", False),
        ("2008-02-29", "2026-02-28", False),
        ("2008-02-29", "2026-03-01", True),
        ("2010-02-28", "2028-02-28", True),
        ("2010-03-01", "2028-02-29", False),
        ("1926-11-24", "2026-11-24", True),
        ("2026-11-24", "2026-11-24", False),
    ],
)
def test_the_patient_is_18_on_the_day_of_submission(
    dob: str, submitted: str, old_enough: bool
) -> None:
    day = date.fromisoformat(submitted)
    finding = found("age", {"dob": dob}, day)
    assert finding.status == ("satisfied" if old_enough else "failing")
    assert finding.unmet is not old_enough


@given(st.dates(date(1920, 1, 1), date(2026, 1, 1)), st.integers(0, 100))
def test_a_year_is_completed_on_the_birthday_and_not_the_day_before(born: date, n: int) -> None:
    try:
        birthday = born.replace(year=born.year + n)
    except ValueError:
        birthday = date(born.year + n, 3, 1)
    assert years_between(born, birthday) == n
    assert years_between(born, birthday - timedelta(days=1)) == n - 1


# Diagnosis coding


@pytest.mark.parametrize("code", ["D67", "d67", " D67 ", "D67\n"])
def test_the_primary_code_is_d67_however_it_is_typed(code: str) -> None:
    assert found("diagnosis", {"icd10": code, "notes": "attached"}).status == "satisfied"


def test_a_diagnosis_without_its_notes_only_warns() -> None:
    finding = found("diagnosis", {"icd10": "D67"})
    assert (finding.status, finding.unmet, finding.code) == ("warning", False, "notes")


@pytest.mark.parametrize(
    "code",
    ["D66", "D67.0", "D67.", "D670", "D68.311", "D68.31", "D68", "Z14.02", "D 67", "67", "D67 D66",
     "D67,D66", "D６７", "Ⅾ67", "D67\u200b"],
)  # fmt: skip
def test_any_other_primary_code_fails(code: str) -> None:
    finding = found("diagnosis", {"icd10": code})
    assert (finding.status, finding.unmet, finding.code) == ("failing", True, "icd10")


@pytest.mark.parametrize(
    ("others", "present", "status"),
    [
        (["D66"], [], "failing"),
        (["d66"], [], "failing"),
        (["D66"], ["D66"], "satisfied"),
        (["D66"], ["d66 "], "satisfied"),
        (["D66"], ["D68.311"], "failing"),
        (["D68.311"], [], "failing"),
        (["D68.311"], ["D68.311"], "satisfied"),
        (["D66", "D68.311"], ["D66"], "failing"),
        (["D66", "D68.311"], ["D66", "D68.311"], "satisfied"),
        (["D68.0"], [], "failing"),
        (["D68.9"], [], "failing"),
        (["D65"], [], "failing"),
        (["D68.31"], [], "failing"),
        (["D68.31"], ["D68.31"], "failing"),
        (["d68.31 "], ["d68.31 "], "failing"),
        (["D67.0"], [], "failing"),
        (["D67.0"], ["D67.0"], "failing"),
        (["Z14.02"], [], "warning"),
        (["Z14.02"], ["Z14.02"], "warning"),
        (["Z14.02", "D66"], [], "failing"),
        (["B18.2"], [], "satisfied"),
        (["M36.2", "Z79.899"], [], "satisfied"),
    ],
)
def test_other_coagulation_codes_stand_only_where_clinically_present(
    others: Sequence[str], present: Sequence[str], status: str
) -> None:
    values: dict[str, Value] = {**PACKET["diagnosis"], "other_codes": tuple(others)}
    if present:
        values["clinically_present"] = tuple(present)
    finding = found("diagnosis", values)
    assert finding.status == status
    assert finding.unmet is (status == "failing")


def test_an_exception_that_was_redacted_excuses_nothing() -> None:
    values: dict[str, Value] = {**PACKET["diagnosis"], "other_codes": ("D66",)}
    finding = found("diagnosis", {**values, "clinically_present": REDACTED})
    assert (finding.unmet, finding.code) == (True, "redacted")


@pytest.mark.parametrize(
    ("hereditary", "status"), [("yes", "satisfied"), ("no", "failing"), (None, "satisfied")]
)
def test_an_acquired_deficiency_fails(hereditary: str | None, status: str) -> None:
    values: dict[str, Value] = {"icd10": "D67", "notes": "as attached"}
    if hereditary:
        values["hereditary"] = hereditary
    assert found("diagnosis", values).status == status


# Laboratory values


@pytest.mark.parametrize(
    ("percent", "status"),
    [
        ("0", "satisfied"),
        ("1", "satisfied"),
        ("2", "satisfied"),
        ("2.0", "satisfied"),
        ("2.000000000", "satisfied"),
        ("2.000000001", "failing"),
        ("3", "failing"),
        ("10", "failing"),
        ("-1", "failing"),
        ("-0.000000001", "failing"),
    ],
)
def test_factor_ix_activity_is_2_percent_or_less(percent: str, status: str) -> None:
    finding = found("factor_ix_activity", {"percent": percent, "off_prophylaxis": "yes"})
    assert finding.status == status
    assert finding.unmet is (status == "failing")


@pytest.mark.parametrize(
    ("off", "status"), [("yes", "satisfied"), ("no", "failing"), (None, "warning")]
)
def test_factor_ix_activity_is_measured_off_prophylaxis(off: str | None, status: str) -> None:
    values = {"percent": "1"} | ({"off_prophylaxis": off} if off else {})
    assert found("factor_ix_activity", values).status == status


@pytest.mark.parametrize(
    ("days", "status"),
    [("149", "failing"), ("150", "satisfied"), ("151", "satisfied"), ("0", "failing"),
     ("-150", "failing"), ("0150", "satisfied"), ("1000", "satisfied")],
)  # fmt: skip
def test_150_exposure_days_are_enough_and_149_are_not(days: str, status: str) -> None:
    assert found("exposure_days", {"days": days}).status == status


@pytest.mark.parametrize(
    ("item", "field", "bad"),
    [
        ("inhibitor_test", "result", "positive"),
        ("no_prior_gene_therapy", "confirmed", "no"),
    ],
)
def test_a_yes_that_is_needed_is_not_a_no(item: str, field: str, bad: str) -> None:
    finding = found(item, {field: bad})
    assert (finding.status, finding.unmet, finding.code) == ("failing", True, field)


# Freshness


@pytest.mark.parametrize(
    ("age", "fresh"),
    [(0, True), (1, True), (29, True), (30, True), (31, False), (365, False), (-1, False)],
)
@pytest.mark.parametrize("trigger", ["submit", "provide_info"])
def test_an_inhibitor_test_is_0_to_30_days_old(trigger: str, age: int, fresh: bool) -> None:
    taken = SUBMITTED - timedelta(days=age)
    finding = found("inhibitor_test", {"result": "negative"}, dated=taken, trigger=trigger)
    assert (finding.status, finding.unmet) == (("satisfied", False) if fresh else ("stale", True))
    assert str(taken) in finding.detail


@pytest.mark.parametrize(
    ("age", "status"), [(0, "satisfied"), (30, "satisfied"), (31, "warning"), (-1, "warning")]
)
@pytest.mark.parametrize("item", ["factor_ix_activity", "liver_panel"])
@pytest.mark.parametrize("trigger", ["submit", "provide_info"])
def test_older_factor_ix_and_liver_results_only_warn(
    trigger: str, item: str, age: int, status: str
) -> None:
    taken = SUBMITTED - timedelta(days=age)
    finding = found(item, PACKET[item], dated=taken, trigger=trigger)
    assert (finding.status, finding.unmet) == (status, False)


@pytest.mark.parametrize("item", ["factor_ix_activity", "liver_panel"])
def test_what_only_warns_by_age_does_not_block_an_answer_when_it_is_missing(item: str) -> None:
    finding = assess(item, GUIDE.items[item], Case(id="c"), "provide_info", SUBMITTED)
    assert finding.unmet is False


def test_an_answer_without_any_inhibitor_test_is_blocked() -> None:
    name = "inhibitor_test"
    assert assess(name, GUIDE.items[name], Case(id="c"), "provide_info", SUBMITTED).unmet


def test_a_warning_about_content_does_not_hide_that_the_test_is_too_old() -> None:
    item = GUIDE.items["inhibitor_test"]
    assay = Rule(field="notes", test="given", says="name the assay", source="ours", blocking=False)
    stricter = replace(item, rules=(*item.rules, assay))
    old = case_with(evidence("inhibitor_test", {"result": "negative"}, date(2026, 10, 1)))
    assert assess("inhibitor_test", stricter, old, "submit", SUBMITTED).unmet


@pytest.mark.parametrize("item", ["age", "diagnosis", "exposure_days", "approved_center"])
def test_what_does_not_age_is_never_stale(item: str) -> None:
    assert found(item, PACKET[item], dated=date(2001, 1, 1)).status == "satisfied"


# Which evidence counts


def assessed(*known: tuple[str, int, str]) -> Finding:
    """The inhibitor test's standing, given (day, version, result) in any order."""
    rows = [
        evidence("inhibitor_test", {"result": result}, date.fromisoformat(day), version)
        for day, version, result in known
    ]
    return assess(
        "inhibitor_test", GUIDE.items["inhibitor_test"], case_with(*rows), "submit", SUBMITTED
    )


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("known", "status", "detail"),
    [
        ([("2026-11-10", 2, "positive"), ("2026-11-11", 3, "negative")], "satisfied", "2026-11-11"),
        ([("2026-11-11", 2, "negative"), ("2026-11-10", 3, "positive")], "satisfied", "2026-11-11"),
        ([("2026-11-11", 2, "positive"), ("2026-11-10", 3, "negative")], "failing", "negative"),
        ([("2026-11-11", 2, "positive"), ("2026-11-11", 3, "negative")], "satisfied", "version 3"),
        ([("2026-11-11", 2, "negative"), ("2026-11-11", 3, "positive")], "failing", "negative"),
        (
            [("2026-11-11", 2, "negative"), ("2026-11-11", 11, "negative")],
            "satisfied",
            "version 11",
        ),
        ([("2026-10-01", 2, "negative"), ("2026-11-25", 3, "negative")], "stale", "2026-10-01"),
        ([("2026-11-10", 2, "negative"), ("2026-11-25", 3, "positive")], "satisfied", "2026-11-10"),
        ([("2026-11-24", 2, "negative"), ("2026-11-25", 3, "positive")], "satisfied", "2026-11-24"),
        ([("2026-11-25", 2, "negative"), ("2026-11-26", 3, "negative")], "stale", "2026-11-26"),
    ],
)
def test_the_latest_evidence_up_to_the_day_counts_then_the_latest_version(
    known: Sequence[tuple[str, int, str]], status: str, detail: str, turned: bool
) -> None:
    finding = assessed(*(reversed(known) if turned else known))
    assert finding.status == status
    assert detail in finding.detail


# NDC and claim


@pytest.mark.parametrize(
    "ndc",
    [
        "0053-0100-10",
        "0053-9999-01",
        "00053-100-10",
        "00053-0100-1",
        "00053-0100-10",
        "00053010010",
    ],
)
def test_an_ndc_of_the_labeler_in_any_layout_is_taken(ndc: str) -> None:
    assert holds("ndc", ndc, "0053")


@pytest.mark.parametrize(
    "ndc",
    [
        "",
        "0053",
        "0053010010",
        "53-0100-10",
        "053-0100-10",
        "0053-100-10",
        "0053-0100-1",
        "0053-01000-10",
        "00053-0100-100",
        "00053-01000-1",
        "000053-0100-10",
        "0054-0100-10",
        "00530-100-10",
        "00530-0100-10",
        "00530100101",
        "00054010010",
        "0053-0100-10 ",
        " 0053-0100-10",
        "0053-0100-10\n",
        "0053 0100 10",
        "0053_0100_10",
        "0053\u20110100\u201110",
        "0053-01OO-10",
        "٠٠٥٣-0100-10",
        "００５３-0100-10",
        "0053-0100-10-",
        "-0053-0100-10",
        "000530100100",
    ],
)
def test_an_ndc_of_another_layout_or_labeler_fails(ndc: str) -> None:
    assert not holds("ndc", ndc, "0053")


def test_without_a_labeler_any_ndc_in_layout_is_taken() -> None:
    assert holds("ndc", "1234-5678-90")
    assert not holds("ndc", "1234567890")


CLAIM = {"hcpcs": "J1411", "units": "1", "ndc": "0053-0100-10", "benefit": "medical",
         "authorization": "A-1"}  # fmt: skip


def claim(changes: Values | None = None, day: date = SUBMITTED) -> dict[str, str]:
    values = {**CLAIM, **(changes or {})}
    findings = checklist(Case(id="c"), GUIDE, "administer", day, values)
    return {f.item: f.status for f in findings}


def test_a_clean_claim_meets_every_rule() -> None:
    assert claim() == dict.fromkeys([*CLAIM, "on"], "satisfied")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hcpcs", "J1412"),
        ("hcpcs", "J14111"),
        ("hcpcs", "J1411, J1412"),
        ("units", "0"),
        ("units", "2"),
        ("units", "-1"),
        ("units", "11"),
        ("ndc", "0054-0100-10"),
        ("ndc", "0053010010"),
        ("benefit", "pharmacy"),
    ],
)
def test_a_claim_with_one_slip_fails_on_that_alone(name: str, value: str) -> None:
    statuses = claim({name: value})
    assert statuses == {**claim(), name: "failing"}


@pytest.mark.parametrize("hcpcs", ["j1411", " J1411 "])
def test_the_claims_code_is_read_however_it_is_typed(hcpcs: str) -> None:
    assert claim({"hcpcs": hcpcs})["hcpcs"] == "satisfied"


@pytest.mark.parametrize(
    ("day", "status"), [("2023-03-31", "failing"), ("2023-04-01", "satisfied")]
)
def test_the_code_is_billed_from_its_first_day(day: str, status: str) -> None:
    assert claim(day=date.fromisoformat(day))["on"] == status


@pytest.mark.parametrize("name", list(CLAIM))
def test_a_redacted_claim_value_fails_with_that_reason(name: str) -> None:
    findings = checklist(Case(id="c"), GUIDE, "administer", SUBMITTED, {**CLAIM, name: REDACTED})
    (finding,) = (f for f in findings if f.item == name)
    assert finding.status == "failing"
    assert "redacted" in finding.detail


@pytest.mark.parametrize("name", list(CLAIM))
def test_a_claim_value_recorded_before_counts(name: str) -> None:
    rest = {n: v for n, v in CLAIM.items() if n != name}
    case = Case(id="c", said={1: {name: CLAIM[name]}})
    findings = checklist(case, GUIDE, "administer", SUBMITTED, dict(rest))
    assert {f.item: f.status for f in findings} == claim()


@pytest.mark.parametrize("name", list(CLAIM))
def test_a_claim_value_that_is_missing_is_said(name: str) -> None:
    rest = {n: v for n, v in CLAIM.items() if n != name}
    findings = checklist(Case(id="c"), GUIDE, "administer", SUBMITTED, dict(rest))
    (finding,) = (f for f in findings if f.item == name)
    assert (finding.status, finding.detail) == ("warning", "not recorded yet")


# The tests themselves


@pytest.mark.parametrize(
    ("test", "text", "values", "met"),
    [
        ("equals", "yes", ["yes"], True),
        ("equals", "YES ", ["yes"], True),
        ("equals", "yess", ["yes"], False),
        ("equals", "", ["yes"], False),
        ("one_of", "b", ["a", "b"], True),
        ("one_of", "c", ["a", "b"], False),
        ("none_of", "c", ["a", "b"], True),
        ("none_of", " B", ["a", "b"], False),
        ("none_under", "D68.311", ["D68"], False),
        ("none_under", "d68", ["D68"], False),
        ("none_under", "D6", ["D68"], True),
        ("none_under", "XD68", ["D68"], True),
        ("at_most", "2", ["2"], True),
        ("at_most", "10", ["2"], False),
        ("at_most", "-10", ["2"], True),
        ("at_least", "150", ["150"], True),
        ("at_least", "1000", ["150"], True),
        ("at_least", "99", ["150"], False),
        ("not_before", "2023-04-01", ["2023-04-01"], True),
        ("not_before", "2023-03-31", ["2023-04-01"], False),
        ("not_after", "2023-04-01", ["2023-04-01"], True),
        ("not_after", "2023-04-02", ["2023-04-01"], False),
        ("given", "anything", [], True),
    ],
)
def test_each_test_at_and_beside_its_bound(
    test: Test, text: str, values: Sequence[str], met: bool
) -> None:
    assert holds(test, text, *values) is met


def test_each_value_of_a_list_is_tested() -> None:
    assert holds("none_of", ("c", "d"), "a", "b")
    assert not holds("none_of", ("c", "a"), "a", "b")
    assert not holds("equals", ("a", "b"), "a")


def test_a_value_that_is_not_there_is_missing_and_not_failing() -> None:
    rule = Rule(field="x", test="equals", says="", source="", values=("a",))
    assert judge(rule, {}, SUBMITTED) == "missing"
    assert judge(rule, {"x": REDACTED}, SUBMITTED) == "redacted"


@pytest.mark.parametrize("item", ["denial_letter", "clinical_evidence", "medical_necessity_letter"])
def test_an_appeal_document_is_on_file_with_nothing_but_its_day(item: str) -> None:
    assert found(item, {}, trigger="file_appeal").status == "satisfied"
    missing = assess(item, GUIDE.items[item], Case(id="c"), "file_appeal", SUBMITTED)
    assert (missing.status, missing.unmet) == ("missing", True)


@pytest.mark.parametrize("item", WARNINGS)
def test_what_is_only_a_warning_never_blocks(item: str) -> None:
    names = GUIDE.items[item].fields
    bad = {name: "no" for name in names if name in {"confirmed", "in_network"}}
    bad |= {name: "x" for name in names if name in {"hcpcs", "ndc"}}
    for values in ({}, bad):
        finding = found(item, values)
        assert finding.unmet is False
        assert finding.status in {"warning", "satisfied"}
    assert found(item, bad).status == ("warning" if bad else "satisfied")

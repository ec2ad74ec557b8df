"""Codes as such: shapes, the list of ICD-10-CM codes, and what a case manager is told of them."""

import importlib
import importlib.metadata
import re
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casetrack.catalog import coding, icd10cm
from casetrack.domain.codes import is_icd, ndc11, ndc_readings
from casetrack.domain.events import REDACTED, Value
from casetrack.domain.requirements import judge
from casetrack.domain.workflow import Rule
from tests.cli.driver import Office, packet_csv, practice
from tests.world import GUIDE

# National Drug Codes: as printed, and the same typed by hand as 11 digits in 5-4-2

NDC = [
    ("0053-0099-01", "00053-0099-01"),
    ("0053-0100-10", "00053-0100-10"),
    ("0002-7597-01", "00002-7597-01"),
    ("50242-040-62", "50242-0040-62"),
    ("60575-4112-1", "60575-4112-01"),
    ("00053-0099-01", "00053-0099-01"),
    ("00053009901", "00053-0099-01"),
]
NO_NDC = [
    "0053009901", "0053-0099-1", "0053-099-01", "00053-099-1", "00053-0099-012", "000530099012",
    "053-0099-01", "00053-00099-1", "0053-0099-01 ", "0053-0099-01\n", "0053--0099-01", "",
    "00053-009901", "0053 0099 01", "٠٠٥٣-٠٠٩٩-٠١", "0053\u20110099\u201101", "NDC 0053-0099-01",
    "0053-0099-0l", "-0053-0099-01",
]  # fmt: skip


@pytest.mark.parametrize(("printed", "billed"), NDC)
def test_an_ndc_is_billed_as_eleven_digits_padded_by_segment(printed: str, billed: str) -> None:
    assert ndc11(printed) == billed


@pytest.mark.parametrize("text", NO_NDC)
def test_what_is_no_ndc_has_no_billed_form(text: str) -> None:
    assert ndc11(text) is None


def test_ten_bare_digits_can_be_read_in_three_ways() -> None:
    assert ndc_readings("1234567890") == ("01234-5678-90", "12345-0678-90", "12345-6789-00")
    for text in ("123456789", "12345678901", "1234-5678-90", "123456789x", "١٢٣٤٥٦٧٨٩٠"):
        assert ndc_readings(text) == ()


@given(
    cuts=st.sampled_from([(4, 4, 2), (5, 3, 2), (5, 4, 1)]),
    digits=st.text("0123456789", min_size=10, max_size=10),
)
def test_every_printed_ndc_is_among_the_readings_of_its_digits(
    cuts: tuple[int, int, int], digits: str
) -> None:
    a, b, _ = cuts
    printed = f"{digits[:a]}-{digits[a : a + b]}-{digits[a + b :]}"
    billed = ndc11(printed)
    assert billed in ndc_readings(digits)
    assert billed is not None
    assert [int(part) for part in billed.split("-")] == [int(p) for p in printed.split("-")]
    assert ndc11(billed) == ndc11(billed.replace("-", "")) == billed


@pytest.mark.parametrize(("printed", "billed"), NDC)
def test_the_rule_on_the_labeler_reads_the_same_shapes(printed: str, billed: str) -> None:
    rule = Rule(field="ndc", test="ndc", values=("0053",), says="x", source="x")
    verdict = judge(rule, {"ndc": printed}, GUIDE_DAY)
    assert (verdict == "holds") is billed.startswith("00053-")


GUIDE_DAY = date(2026, 11, 24)

# The list of ICD-10-CM codes


@pytest.fixture
def known() -> icd10cm.CodeList:
    found = icd10cm.installed()
    assert found is not None
    return found


def test_the_codes_of_the_rules(known: icd10cm.CodeList) -> None:
    assert known.edition == "April 2026"
    for code in ("D66", "D67", "D68.311", "Z14.02"):
        assert known.has(code)
        assert known.billable_under(code) == ()
    assert known.billable_under("D68.31") == ("D68.311", "D68.312", "D68.318")
    for code in ("D67.0", "D66.X", "D6", "", "D65-D69", "3", "D67 ", "d67"):
        assert not known.has(code), code


@pytest.fixture(scope="module")
def package() -> ModuleType:
    """The package itself, which reads its data in a way that Python has given up."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return importlib.import_module("simple_icd_10_cm")


def test_the_list_is_read_as_the_package_reads_it(
    known: icd10cm.CodeList, package: ModuleType
) -> None:
    """All codes are the same; of every 7th, whether others stand under it."""
    every = {
        code for code in package.get_all_codes(True) if package.is_category_or_subcategory(code)
    }
    assert every == {f"{c[:3]}.{c[3:]}" if len(c) > 3 else c for c in known.codes}
    for code in sorted(every)[::7]:
        assert known.has(code)
        assert (known.billable_under(code) == ()) is package.is_leaf(code), code


@given(code=st.from_regex(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", fullmatch=True))
def test_what_the_package_does_not_know_the_list_does_not_have(
    package: ModuleType, code: str
) -> None:
    found = icd10cm.installed()
    assert found is not None
    assert is_icd(code)
    assert found.has(code) is package.is_valid_item(code)


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """As if the extra were not installed."""

    def gone(name: str) -> list[importlib.metadata.PackagePath]:
        raise importlib.metadata.PackageNotFoundError(name)

    icd10cm.installed.cache_clear()
    monkeypatch.setattr(importlib.metadata, "files", gone)
    yield
    icd10cm.installed.cache_clear()


# What is warned of


def warned(echo: bool = False, **values: Value) -> list[str]:
    return [str(one) for one in coding.of_values(GUIDE, values, echo=echo)]


UNWRITTEN = "the value is not written as a code is: three characters, a dot, up to four more"
HEADER = "is a header in the April 2026 edition: bill a code under it"
DIAGNOSES = [
    ("D67", None),
    ("d67", None),
    ("Z14.02", None),
    ("D67.0", "{} is no code of the April 2026 edition"),
    ("D66.X", "{} is no code of the April 2026 edition"),
    ("D68.31", f"{{}} {HEADER}"),
    ("D68", f"{{}} {HEADER}"),
    ("D68311", "the value lacks the dot after its third character"),
    ("D6831", f"the value {HEADER}"),
    ("D66X", "the value is no code of the April 2026 edition"),
    (
        "hemophilia B",
        UNWRITTEN,
    ),
    ("D67, D66", UNWRITTEN),
    (
        "MRN 12345",
        UNWRITTEN,
    ),
    ("Ｄ67", UNWRITTEN),
]


@pytest.mark.parametrize(("code", "says"), DIAGNOSES)
def test_a_diagnosis_code_is_looked_up_and_named_only_to_who_typed_it(
    code: str, says: str | None
) -> None:
    told = warned(icd10=code)
    assert told == ([] if says is None else [f"icd-10-cm: icd10: {says.format('the value')}"])
    echoed = warned(echo=True, icd10=code)
    assert len(echoed) == len(told)
    if says is not None:
        assert echoed[0].startswith(f"icd-10-cm: icd10: {says.format(code)}")


def test_under_a_header_codes_are_offered_to_who_typed_it() -> None:
    (told,) = warned(echo=True, other_codes=("D67", "D68.31"))
    assert told == (f"icd-10-cm: other_codes: D68.31 {HEADER}, such as D68.311, D68.312, D68.318")
    assert warned(other_codes=("D67", "D68.31")) == [f"icd-10-cm: other_codes: value 2 {HEADER}"]


def test_an_ambiguous_ndc_is_warned_of_with_its_three_readings() -> None:
    (told,) = warned(echo=True, ndc="0053009901")
    assert told == (
        "ndc: ndc: the value is 10 digits without hyphens, 4-4-2, 5-3-2 or 5-4-1: type it with "
        "its hyphens for 00053-0099-01 or 00530-0099-01 or 00530-0990-01"
    )
    (told,) = warned(ndc="0053009901")
    assert told.endswith("type it with its hyphens")
    assert warned(ndc="0053-0099-1") == [
        "ndc: ndc: the value is no NDC: 10 digits as 4-4-2, 5-3-2 or 5-4-1, or 11 as 5-4-2"
    ]


def test_good_codes_other_fields_and_redacted_values_are_not_warned_of() -> None:
    assert warned(icd10=REDACTED, ndc=REDACTED, notes="D66X", hcpcs="J1411") == []
    assert warned(ndc="0053-0099-01", other_codes=("Z14.02", "D68.311"), unheard_of="x") == []


def test_without_the_list_only_the_shape_is_looked_at(without: None) -> None:
    assert icd10cm.installed() is None
    assert warned(icd10="D66.X", other_codes=("D68.31",)) == []
    assert warned(icd10="none") == [f"icd-10-cm: icd10: {UNWRITTEN}"]
    assert warned(icd10="D68311") == [
        "icd-10-cm: icd10: the value lacks the dot after its third character"
    ]


# At the command line


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = practice(tmp_path / "office")
    made.do("open", "--workflow", "humana-il-guide", "--ref", "C-1")
    return made


def test_a_bad_code_is_recorded_all_the_same_and_warned_of(office: Office) -> None:
    done = office.do("record", "C-1", "diagnosis", "icd10=D67.0", "hereditary=yes")
    assert done.err == "warning: icd-10-cm: icd10: D67.0 is no code of the April 2026 edition\n"
    assert "recorded diagnosis" in done.out
    shown = office.do("show", "C-1", "--phi", "--json").data
    assert shown["evidence"]["diagnosis"][0]["values"]["icd10"] == "D67.0"
    data = office.do("record", "C-1", "diagnosis", "icd10=D68", "--json").data
    assert [(w["field"], w["rule"]) for w in data["warnings"]] == [("icd10", "icd-10-cm")]
    good = office.do("record", "C-1", "diagnosis", "icd10=D67", "--json")
    assert (good.data["warnings"], good.err) == ([], "")


def test_every_row_of_a_packet_a_note_and_a_correction_are_looked_at(office: Office) -> None:
    rows = packet_csv({
        "diagnosis": {"icd10": "D66.X"}, "billing_ready": {"hcpcs": "J1411", "ndc": "0053009901"},
        "age": {"dob": "1990-02-28"},
    })  # fmt: skip
    done = office.do("record", "C-1", "--from", "-", stdin=rows)
    assert len(re.findall(r"^warning: (icd-10-cm: icd10|ndc: ndc): ", done.err, re.MULTILINE)) == 2
    assert "warning: ndc" in office.do("note", "C-1", "read from the kit", "ndc=53-99-1").err
    version = office.do("record", "C-1", "diagnosis", "icd10=D67").out.split("version ")[1][:-2]
    amend = ["amend", "C-1", version, "icd10=D68", "--reason", "typed wrong"]
    for more in (["--dry-run"], []):
        assert f"icd10: D68 {HEADER}" in office.do(*amend, *more).err
    fired = office.do("fire", "C-1", "submit", "--override", "x", "--json").data
    assert fired["warnings"] == []


def test_check_warns_without_the_values_and_refuses_nothing(office: Office) -> None:
    office.do("record", "C-1", "diagnosis", "icd10=Q99.ZZZ", "other_codes=W99.ZZZ")
    office.do("record", "C-1", "billing_ready", "hcpcs=J1411", "ndc=9876543210")
    done = office("check", "C-1")
    assert done.code == 3
    for field in ("icd-10-cm: icd10: the value", "icd-10-cm: other_codes: value 1", "ndc: ndc: "):
        assert f"warning: {field}" in done.err
    told = office("check", "C-1", "--json")
    assert len(told.data["warnings"]) == 3
    for typed in ("Q99", "W99", "9876543210", "98765-4321"):
        assert typed not in done.out + done.err + told.out + told.err


def test_check_is_ready_in_spite_of_a_warning(office: Office) -> None:
    office.do("record", "C-1", "--from", "-", stdin=packet_csv())
    office.do("record", "C-1", "billing_ready", "hcpcs=J1411", "ndc=0053009901")
    done = office.do("check", "C-1", "--json")
    assert done.data["ready"] is True
    assert [w["rule"] for w in done.data["warnings"]] == ["ndc"]


def test_without_the_extra_check_says_how_to_get_it_once(office: Office, without: None) -> None:
    office.do("record", "C-1", "diagnosis", "icd10=D66.X", "other_codes=D68.31")
    told = office("check", "C-1", "--json").data["warnings"]
    assert [w["detail"] for w in told] == [coding.HINT]
    assert "pip install 'casetrack[codes]'" in coding.HINT
    office.do("open", "--workflow", "humana-il-guide", "--ref", "C-2")
    assert office("check", "C-2", "--json").data["warnings"] == []


def test_a_packet_shows_the_ndc_as_it_is_billed_only_with_phi(office: Office) -> None:
    office.do("record", "C-1", "billing_ready", "hcpcs=J1411", "ndc=0053-0099-01")
    assert "ndc_billed 00053-0099-01" in office.do("packet", "C-1", "--phi").out
    assert "0053" not in office.do("packet", "C-1", "--json").out

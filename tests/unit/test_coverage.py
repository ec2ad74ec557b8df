"""Which workflow governs a coverage: every combination of answers leads somewhere, and says why."""

from itertools import product
from typing import NamedTuple

import pytest

from casetrack.catalog import coverage, workflows
from casetrack.catalog.coverage import Answer, Question, decide, guide
from casetrack.errors import Refused, UnknownName
from casetrack.reports import choices


def answer(**given: str) -> Answer:
    found = decide(given)
    assert isinstance(found, Answer)
    return found


class Row(NamedTuple):
    given: dict[str, str]
    coverage: str
    workflow: str | None


ROWS = [
    Row({"plan": "medicare-advantage", "benefit": "medical"}, "medicare-advantage",
        "ma-part-b-drug"),
    Row({"plan": "medicare-advantage", "benefit": "pharmacy"}, "medicare-part-d", None),
    Row({"plan": "original-medicare"}, "original-medicare", None),
    Row({"plan": "medicaid"}, "medicaid", None),
    Row({"plan": "commercial", "funding": "self-funded"}, "self-funded", None),
    Row({"plan": "commercial", "funding": "insured", "state": "IL"}, "illinois-commercial",
        "il-commercial"),
    Row({"plan": "commercial", "funding": "insured", "state": "other"}, "other-state-commercial",
        None),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.coverage)
def test_a_coverage_has_its_workflow_or_plainly_none(row: Row) -> None:
    found = answer(**row.given)
    assert (found.coverage, found.workflow) == (row.coverage, row.workflow)


def test_every_kind_of_coverage_is_in_the_table() -> None:
    assert [row.coverage for row in ROWS] == [a.coverage for a in guide().answers]


def test_whatever_is_answered_leads_to_one_answer() -> None:
    names = [question.name for question in guide().questions]
    for codes in product(*(question.codes for question in guide().questions)):
        assert isinstance(decide(dict(zip(names, codes, strict=True))), Answer)


def test_only_what_the_answer_still_depends_on_is_asked() -> None:
    def asked(**given: str) -> str:
        found = decide(given)
        assert isinstance(found, Question)
        return found.name

    assert asked() == "plan"
    assert asked(plan="medicare-advantage") == "benefit"
    assert asked(plan="commercial") == "funding"
    assert asked(plan="commercial", funding="insured") == "state"
    assert asked(state="IL") == "plan"


def test_every_answer_names_known_codes_a_shipped_workflow_and_its_law() -> None:
    questions = {question.name: question.codes for question in guide().questions}
    for known in guide().answers:
        assert all(code in questions[name] for name, code in known.when.items())
        assert known.workflow in {None, *workflows.available()}
        assert "CFR" in known.source or "ILCS" in known.source


def test_every_statute_that_is_shipped_governs_some_coverage() -> None:
    governed = {known.workflow for known in guide().answers} - {None}
    assert governed == set(workflows.available()) - {"humana-il-guide"}


@pytest.mark.parametrize("name", ["plan", "funding", "state", "benefit"])
def test_an_unknown_code_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(UnknownName, match=f"{name}: not one of "):
        decide({name: "medicar"})


def test_the_nearest_code_is_named() -> None:
    with pytest.raises(UnknownName, match="did you mean 'self-funded'"):
        decide({"plan": "commercial", "funding": "self-fundet"})


def test_a_coverage_without_a_workflow_says_why_and_by_what_law() -> None:
    with pytest.raises(Refused) as refusal:
        coverage.workflow_of("self-funded")
    assert "no workflow is shipped for a self-funded employer plan" in refusal.value.message
    assert "Illinois does not regulate it" in refusal.value.reasons[0]
    assert "45 CFR 147.136(d)" in refusal.value.reasons[1]


@pytest.mark.parametrize(
    ("kind", "given", "name"),
    [
        ("medicare-advantage", {"benefit": "pharmacy"}, "benefit"),
        ("medicare-advantage", {"benefit": "medical", "funding": "self-funded"}, None),
        ("medicare-advantage", {"benefit": "pharmcy"}, None),  # no code at all: refused elsewhere
        ("illinois-commercial", {"funding": "self-funded"}, "funding"),
        ("illinois-commercial", {"state": "IL"}, None),
    ],
)
def test_a_coverage_is_contradicted_by_another_known_code(
    kind: str, given: dict[str, str], name: str | None
) -> None:
    assert coverage.contradicted(coverage.answer_of(kind), given) == name


def test_the_answer_tells_what_to_type_and_never_where_there_is_nothing_to_open() -> None:
    shipped = " ".join(line.text for line in choices.answer_lines(answer(**ROWS[0].given)))
    assert "casetrack open coverage=medicare-advantage" in shipped
    assert "federal law: 42 CFR 422 Subpart M" in shipped
    none = " ".join(line.text for line in choices.answer_lines(answer(**ROWS[3].given)))
    assert none.startswith("no workflow is shipped for Medicaid")
    assert "casetrack open" not in none

"""The engine knows no drug, no plan and no place: those stand in data, and only there."""

import re
import tomllib
from collections.abc import Iterator
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from casetrack.catalog import calendars, resources, workflows
from casetrack.catalog.workflows import definition_text
from casetrack.domain.clocks import count, parse_length
from casetrack.errors import BadDefinition
from casetrack.reports.handbook import workflow_lines

ROOT = Path(__file__).parents[2]
ENGINE = ("domain", "catalog", "ledger", "audit", "reports", "service", "cli")
# Data that ships inside the packages: the defaults, and which workflow is for which coverage.
DATA = {"casetrack/catalog/defaults.py", "casetrack/catalog/coverage.toml"}
NAMES = re.compile(
    r"""
    hemgenix | etranacogene | counterforce | behring | \bcsl\b         # drugs and their makers
    | humana | medicare | medicaid | aetna | cigna | maximus | \bc2c\b  # payers and reviewers
    | illinois | chicago | springfield | \bilcs\b | \bcfr\b | \bu\.s\.c  # places and their laws
    | \bfederal\b | pulaski | thanksgiving
    | ha?emophil | factor.?ix | inhibitor | \bgene\b | infus | bleed    # what a patient has
    """,
    re.VERBOSE | re.IGNORECASE,
)
CODES = re.compile(r"\b(IL|US|[A-TV-Z][0-9][0-9](\.[0-9A-Z]{1,4})?|J[0-9]{4})\b")
PATH_IN_A_PICTURE = re.compile(r'\bd="[^"]*"')


def lines() -> Iterator[tuple[str, str]]:
    for package in ENGINE:
        for path in sorted((ROOT / "casetrack" / package).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in {".py", ".toml", ".j2", ".css", ".sql"} and name not in DATA:
                text = path.read_text("utf-8").splitlines()
                yield from ((f"{name}:{n}", line) for n, line in enumerate(text, 1))


def named(line: str) -> bool:
    line = PATH_IN_A_PICTURE.sub("", line)
    return bool(NAMES.search(line) or CODES.search(line))


def test_no_drug_payer_place_or_diagnosis_is_named_in_the_engine() -> None:
    found = [f"{where}: {line.strip()}" for where, line in lines() if named(line)]
    assert found == []


def test_the_search_finds_such_names() -> None:
    planted = [
        'DEFAULT = "humana-il-guide"', 'zone: str = "America/Chicago"', "code == 'D67'",
        "# 42 CFR 422.582", 'if drug == "Hemgenix":', "hcpcs = 'J1411'", "state == 'IL'",
        "factor_ix_activity", 'calendar = "illinois-state"', "MEDICARE = 1",
    ]  # fmt: skip
    assert [line for line in planted if not named(line)] == []
    assert len(list(lines())) > 10_000
    assert all((ROOT / name).exists() for name in DATA)


# -- Weeks


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        ("2026-02-03", "8w", "2026-03-31"),
        ("2026-12-25", "1w", "2027-01-01"),
        ("2028-02-22", "1w", "2028-02-29"),
        ("2026-10-24", "2w", "2026-11-07"),
        ("2026-01-01", "53w", "2027-01-07"),
    ],
)
def test_a_week_is_seven_days_whatever_the_calendar(start: str, length: str, end: str) -> None:
    days = calendars.load("illinois-state")
    assert count(date.fromisoformat(start), parse_length(length), days).isoformat() == end


# -- Endless workflows

FILE = ROOT / "tests/data/internet-standard.toml"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    """The calendar of the test's own data counts as known."""
    ids = [*resources.calendar_ids(), "weekdays"]
    monkeypatch.setattr(resources, "calendar_ids", lambda: ids)


def document(**changes: object) -> dict[str, Any]:
    raw = deepcopy(tomllib.loads(FILE.read_text("utf-8")))
    raw.update(changes)
    return {key: value for key, value in raw.items() if value is not None}


def problems(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(BadDefinition) as caught:
        workflows.parse(raw, "internet-standard.toml")
    return [reason.removeprefix("internet-standard.toml: ") for reason in caught.value.reasons]


def test_a_workflow_that_says_where_it_comes_back_to_needs_no_final_state() -> None:
    found = workflows.parse(document(), "internet-standard.toml")
    assert found.endless == ("draft",)
    lines = [" ".join(line.split()) for line in workflow_lines(found)]
    assert "never ends a case comes back to draft" in lines


def test_without_saying_so_one_state_has_to_be_final() -> None:
    assert problems(document(endless=None)) == ["states: no state is final; one must be"]
    assert problems(document(endless=[])) == ["states: no state is final; one must be"]


def test_a_trap_is_found_in_an_endless_workflow_too() -> None:
    raw = document()
    raw["triggers"]["take_up"]["moves"] = [
        {"origins": ["expired", "proposed_standard", "internet_standard"], "to": "draft"}
    ]
    assert problems(raw) == [
        "states.historic: no moves lead from here to a final state or one of endless"
    ]


def test_a_circle_that_does_not_lead_back_is_a_trap() -> None:
    """Two states that lead only to each other are no better than one that leads nowhere."""
    raw = document()
    raw["states"]["museum"] = {"title": "Museum"}
    raw["triggers"]["take_up"]["moves"][0]["origins"].remove("historic")
    raw["triggers"]["shelve"] = {
        "title": "Shelve", "source": "ours",
        "moves": [{"origins": ["historic"], "to": "museum"},
                  {"origins": ["museum"], "to": "historic"}],
    }  # fmt: skip
    assert problems(raw) == [
        f"states.{name}: no moves lead from here to a final state or one of endless"
        for name in ("historic", "museum")
    ]


def test_what_is_endless_can_be_left_and_reached_again() -> None:
    raw = document(endless=["historic"])
    raw["triggers"]["take_up"]["moves"][0]["origins"].remove("historic")
    assert problems(raw) == ["endless: no moves lead from state 'historic' back to it"]


def test_what_is_endless_is_a_state_and_not_a_final_one() -> None:
    raw = document(endless=["draught", "historic"])
    raw["states"]["historic"]["final"] = True
    raw["triggers"]["take_up"]["moves"][0]["origins"].remove("historic")
    assert problems(raw) == [
        "endless: unknown state 'draught'; did you mean 'draft'?",
        "endless: state 'historic' is final and can't be left",
    ]


def test_the_shipped_workflows_keep_their_digests() -> None:
    """What is not given does not stand in the canonical text, which is pinned by its digest."""
    for name in workflows.available():
        assert '"endless"' not in definition_text(workflows.load(name))


def test_endless_is_a_list_of_states_each_once() -> None:
    assert problems(document(endless="draft"))[0] == "endless: must be a list, not 'draft'"
    assert problems(document(endless=["draft", "draft"])) == [
        "endless: holds 'draft' more than once"
    ]

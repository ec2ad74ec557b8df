"""What starts a clock: another's end, an expedited stage alone, a code; damage to each is named."""

from copy import deepcopy
from typing import Any

import pytest

from casetrack.catalog import resources, workflows
from casetrack.errors import BadDefinition
from casetrack.reports import handbook
from tests import regimes

GONE = object()


def damaged(id: str, *changes: tuple[str, object]) -> dict[str, Any]:
    document = deepcopy(resources.parse_toml(resources.workflow_text(id), id))
    for key, value in changes:
        *above, last = key.split(".")
        place: Any = document["clocks"]
        for part in above:
            place = place[part]
        if value is GONE:
            del place[last]
        else:
            place[last] = value
    return document


def reasons(id: str, *changes: tuple[str, object]) -> list[str]:
    with pytest.raises(BadDefinition) as caught:
        workflows.parse(damaged(id, *changes), f"{id}.toml")
    return [reason.removeprefix(f"{id}.toml: clocks.") for reason in caught.value.reasons]


ENDS = [
    ("due:pa_decison", "missed_filing.counts_from: unknown clock 'pa_decison'; did you mean"),
    ("due:", "missed_filing.counts_from: unknown clock ''"),
    ("due:missed_filing", "missed_filing.counts_from: a clock can't count from its own end"),
    ("due", "missed_filing.counts_from: unknown field 'due'"),
]


@pytest.mark.parametrize(("value", "says"), ENDS)
def test_what_counts_from_an_end_names_another_clock(value: str, says: str) -> None:
    (reason,) = reasons("ma-part-b-drug", ("missed_filing.counts_from", value))
    assert reason.startswith(says)


def test_what_counts_from_an_end_has_no_letter_and_no_presumed_receipt() -> None:
    changes = (
        ("missed_filing.stated", "stated_due_on"), ("missed_filing.presumed_from", "notice_on"),
    )  # fmt: skip
    found = " | ".join(reasons("ma-part-b-drug", *changes))
    assert "counts_from: goes with no stated: no letter says when that ended" in found
    assert "presumed_from: goes with counts_from, the field of a receipt" in found


CODES = [
    (
        {"conditions": ["other"]},
        ".conditions: unknown field 'conditions'; did you mean 'condition'",
    ),
    ({"condition": ["others"]}, ".condition: unknown code 'others'; did you mean 'other'?"),
    ({"condition": []}, ".condition: must name at least one code"),
    (
        {"valid_through": ["other"]},
        ".valid_through: field 'valid_through' must be a code, and clear",
    ),
    ({"authorization": ["x"]}, ".authorization: field 'authorization' must be a code, and clear"),
    ({"method": ["fax"]}, ".method: no event that arms the clock carries field 'method'"),
    ("condition", ": must be a table, not 'condition'"),
    ({"condition": "other"}, ".condition: must be a list, not 'other'"),
]


@pytest.mark.parametrize(("value", "says"), CODES)
def test_what_arms_by_a_code_is_carried_clear_and_known(value: object, says: str) -> None:
    found = reasons("il-commercial", ("approval_validity.armed_if", value))
    assert found[0].startswith(f"approval_validity.armed_if{says}")


ALONE = [
    (("armed_by", ["file_appeal"]), "no trigger of armed_by stays within an expedited stage"),
    (("counts_from", "notice_on"), "hours count from the request: a date has no time of day"),
    (("expedited", GONE), "needs a length, or until with the field that is its last day"),
    (("owner", "provider"), "only a payer's or a reviewer's clock can be expedited"),
    (("roll", "following"), "roll_calendar: is missing; roll following needs one"),
    (
        ("law", {"source": "x", "evidence": "R", "caveat": "x", "length": "7d"}),
        "law.length: goes with a length: nothing runs unless expedited",
    ),
]


@pytest.mark.parametrize(("change", "says"), ALONE)
def test_a_clock_that_is_expedited_alone_can_start(change: tuple[str, object], says: str) -> None:
    key, value = change
    found = reasons("ma-part-b-drug", (f"forwarding_expedited.{key}", value))
    assert any(says in reason for reason in found)


def test_what_older_definitions_do_not_say_is_not_in_their_text() -> None:
    """So the text that a case has pinned, and its digest, are the same for ever."""
    guide = workflows.definition_text(workflows.load("humana-il-guide"))
    assert "armed_if" not in guide
    older = workflows.definition_text(regimes.load("ma-like"))
    assert older.count('"counts_from"') == len(regimes.load("ma-like").clocks)
    assert workflows.definition_text(workflows.from_text(guide)) == guide
    illinois = workflows.definition_text(workflows.load("il-commercial"))
    assert illinois.count('"armed_if":{"condition":["long_term"]}') == 2
    assert workflows.definition_text(workflows.from_text(illinois)) == illinois


def test_the_shipped_guide_is_what_open_cases_have_pinned() -> None:
    """The new keys changed nothing; an edition that does change has a test of its own to mend."""
    text = workflows.definition_text(workflows.load("humana-il-guide"))
    pinned = "72caed8a89e02050b0831e2fde84964297a9a76705165b3f21ee757a4637ff8a"
    assert workflows.digest(text) == pinned


@pytest.mark.parametrize(
    ("id", "told"),
    [
        ("il-commercial", "only if         condition is long_term"),
        ("ma-part-b-drug",
         "counts from     due:pa_decision, the last moment of the latest pa_decision"),
        ("ma-part-b-drug",
         "length          none: it starts only in a stage that is already expedited"),
    ],
)  # fmt: skip
def test_the_handbook_tells_what_starts_a_clock(id: str, told: str) -> None:
    assert f"    {told}" in handbook.workflow_lines(workflows.load(id))

"""Two workflows side by side: what differs is shown, and the side that ends first is marked."""

from itertools import product

import pytest
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain.comparing import Pair, Safe, offices, pairs
from casetrack.domain.workflow import Clock
from casetrack.reports import differences
from casetrack.reports.lines import COLUMNS, width
from casetrack.service.bootstrap import ShippedCalendars
from tests.world import KNOWN, proclaimed

CALENDARS = ShippedCalendars()
IDS = workflows.available()
GUIDE, MEDICARE, ILLINOIS = map(
    workflows.load, ("humana-il-guide", "ma-part-b-drug", "il-commercial")
)
WITH_MEDICARE = pairs(GUIDE, MEDICARE, CALENDARS)


def safe(found: tuple[Pair, ...], name: str) -> tuple[Safe | None, Safe | None]:
    (pair,) = (pair for pair in found if pair.name == name)
    return pair.safe, pair.safe_expedited


def text(a: str, b: str) -> str:
    left, right = workflows.load(a), workflows.load(b)
    lines = differences.lines(left, right, pairs(left, right, CALENDARS))
    return "\n".join(line.text for line in lines)


def entry(name: str) -> str:
    """One clock of the guide beside Medicare's, its two columns read one after the other."""
    shown = text("humana-il-guide", "ma-part-b-drug")
    block = shown.partition(f"\n{name}\n")[2].partition("\n\n")[0]
    rows = block.splitlines()
    columns = [[row[:18] for row in rows], [row[18:59] for row in rows], [row[59:] for row in rows]]
    return " ".join(" ".join(column).strip() for column in columns).replace("  ", " ")


@pytest.mark.parametrize(
    ("name", "rule", "expedited"),
    [
        ("pa_decision", "b", "b"),  # 14 business days or 72 hours; 72 hours or 24
        ("appeal_filing", "same", None),  # 65 days, or 60 from a receipt presumed after 5
        ("appeal_decision", "b", "same"),  # 30 days or 7
        ("external_decision", "depends", "same"),  # 5 business days pass 7 days over Thanksgiving
        ("external_filing", None, None),  # there is nothing to file
        ("approval_validity", None, None),  # a day that is stated counts nothing
    ],
)
def test_the_guide_beside_medicare(name: str, rule: Safe | None, expedited: Safe | None) -> None:
    assert safe(WITH_MEDICARE, name) == (rule, expedited)


def test_the_guide_beside_illinois() -> None:
    found = pairs(GUIDE, ILLINOIS, CALENDARS)
    told = {name: safe(found, name) for name in
            ("pa_decision", "appeal_filing", "appeal_decision", "external_filing",
             "external_decision")}  # fmt: skip
    assert told == {
        "pa_decision": ("b", "b"),  # 14 business days or 5 days; 72 hours or 48
        "appeal_filing": ("a", None),  # 65 days or 180
        "appeal_decision": ("b", "b"),  # 30 days or 15 business days; 72 hours or 24
        "external_filing": ("a", None),  # 30 days or 4 months
        "external_decision": ("a", "same"),  # 5 business days or 45 days
    }


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("30d", "1mo", "depends"), ("28d", "1mo", "same_or_a"), ("31d", "1mo", "same_or_b"),
        ("1bd", "1d", "same_or_b"), ("24h", "1d", "a"), ("72h", "2d", "b"),
    ],
)  # fmt: skip
def test_the_safe_side_is_counted_out(a: str, b: str, expected: str) -> None:
    def made(length: str) -> Clock:
        return replace(GUIDE.clocks["appeal_decision"], length=length, law=None)

    def only(length: str) -> dict[str, Clock]:
        return {"x": made(length)}

    left, right = replace(GUIDE, clocks=only(a)), replace(GUIDE, clocks=only(b))
    (pair,) = pairs(left, right, CALENDARS)
    assert pair.safe == expected.removeprefix("same_or_")
    (mirrored,) = pairs(right, left, CALENDARS)
    swapped = {"a": "b", "b": "a"}.get(str(pair.safe), pair.safe)
    assert mirrored.safe == swapped


@pytest.mark.parametrize("id", IDS)
def test_beside_itself_nothing_differs(id: str) -> None:
    w = workflows.load(id)
    found = pairs(w, w, CALENDARS)
    assert {pair.safe for pair in found} <= {"same", None}
    told = differences.data(w, w, found)
    assert all(clock["differs"] == [] for clock in told["clocks"])
    assert told["triggers"] == []


@pytest.mark.parametrize(("a", "b"), [pair for pair in product(IDS, IDS) if pair[0] < pair[1]])
def test_every_clock_and_every_other_move_of_either_side_is_shown(a: str, b: str) -> None:
    shown = text(a, b).splitlines()
    left, right = workflows.load(a), workflows.load(b)
    assert all(width(line) <= COLUMNS for line in shown)
    assert {*left.clocks, *right.clocks} <= set(shown)
    triggers = shown[shown.index("TRIGGERS") :]
    for name in left.triggers.keys() ^ right.triggers.keys():
        assert any(line.startswith(f"  {name} ") for line in triggers)


# Each difference between the guide and Medicare, as the rules tell it


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("pa_decision", ("14bd, 14 business days", "72h, 72 elapsed hours", "24h, 24 elapsed hours",
                         "without extension", "counts as a denial", "nobody forwards it",
                         "(CMS-0057-F) leaves drugs out")),
        ("appeal_filing", ("65d, 65 calendar days", "60d, 60 calendar days", "received_on",
                           "presumed received 5 days after notice_on", "2025-01-01",
                           "good cause, in writing", "same window", "counts from received_on")),
        ("appeal_decision", ("30d, 30 calendar days", "7d, 7 calendar days", "affirmed")),
        ("forwarding", ("7d, 7 calendar days", "without a filing by us")),
        ("forwarding_expedited", ("24 elapsed hours", "24 hours of the affirmation")),
        ("forwarding_missed", ("24 elapsed hours", "24 hours of the missed deadline")),
        ("external_filing", ("30d, 30 calendar days",)),
        ("external_decision", ("5bd, 5 business days", "7d, 7 calendar days",
                               "receipt of the case")),
        ("effectuation", ("72h, 72 elapsed hours", "24h, 24 elapsed hours")),
        ("hearing_filing", ("60d", "presumed received 5 days", "$200")),
        ("hearing_follow_up", ("no clock binds the judge", "422.562(d)(2)")),
        ("council_filing", ("60d", "422.608, 405.1102")),
        ("court_filing", ("60d", "$1,960", "$2,000")),
        ("dismissal_filing", ("65d, 65 calendar days",)),
        ("refusal_notice", ("3d, 3 calendar days", "422.570(d)")),
        ("ask_for_proof", ("Ask the plan for proof of forwarding", "provider, planned")),
    ],
)  # fmt: skip
def test_each_difference_of_the_rules_is_shown(name: str, told: tuple[str, ...]) -> None:
    said = entry(name)
    assert [words for words in told if words not in said] == []


def test_which_side_is_safe_is_said_for_a_receipt_that_nobody_shows() -> None:
    """Shown sooner or later than presumed, it moves Medicare's last day, not the guide's."""
    assert "either: both end together, receipt not shown" in entry("appeal_filing")
    assert "receipt not shown" not in entry("appeal_decision")


def test_what_a_missed_time_comes_to_is_shown() -> None:
    shown = {t["trigger"]: t for t in differences.data(GUIDE, MEDICARE, WITH_MEDICARE)["triggers"]}
    assert shown["payer_missed"] == {
        "trigger": "payer_missed",
        "a": "pa_submitted, internal_appeal, external_review (stays)",
        "b": "pa_submitted, info_requested -> denied; reconsideration -> forwarding; "
        "ire_review (stays)",
    }
    assert shown["request_external_review"]["b"] == "-"


def test_the_closing_days_that_one_side_alone_goes_by_are_shown() -> None:
    ours = replace(GUIDE, id="my-guide", office="my-clinic")
    lines = [line.text for line in differences.lines(GUIDE, ours, ())]
    assert [line.split() for line in lines if "office" in line] == [["office", "none", "my-clinic"]]
    assert not any("office" in line.text for line in differences.lines(GUIDE, MEDICARE, ()))


CHRISTMAS, SILVESTER = "2026-12-24", "2026-12-31"
OFFICES = {
    **KNOWN,
    "clinic": proclaimed(KNOWN["illinois-state"], CHRISTMAS),
    "larger": proclaimed(KNOWN["illinois-state"], CHRISTMAS, SILVESTER),
    "other": proclaimed(KNOWN["illinois-state"], SILVESTER),
}


@pytest.mark.parametrize(
    ("a", "b", "safe"),
    [
        ("", "", None),
        ("clinic", "", "a"),
        ("", "clinic", "b"),
        ("clinic", "clinic", "same"),
        ("clinic", "larger", "b"),
        ("larger", "other", "a"),
        ("clinic", "other", "depends"),
    ],
)
def test_the_office_that_never_lets_us_act_later_is_safe(a: str, b: str, safe: Safe | None) -> None:
    """Who is closed on more days acts before them; on other days, now one and now the other."""
    left, right = (replace(GUIDE, id=f"in-{name or 'none'}", office=name) for name in (a, b))
    assert offices(left, right, OFFICES) == safe
    told = differences.data(left, right, (), safe)
    assert told["office"] == {"a": a or None, "b": b or None, "safe": safe}
    said = "\n".join(line.text for line in differences.lines(left, right, (), safe))
    assert ("safe office" in said) == (safe is not None)
    if safe in {"a", "b"}:
        side = left if safe == "a" else right
        assert f"{side.id}: we never act later" in " ".join(said.split())

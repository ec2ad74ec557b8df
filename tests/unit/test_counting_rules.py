"""The finer points of a clock: damage to each key is refused with the file and the key."""

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from casetrack.catalog import resources, workflows
from casetrack.catalog.shelf import Shelf
from casetrack.errors import BadDefinition
from casetrack.service import calc
from tests import regimes

GONE = object()
VERSION: dict[str, object] = {"since": "2026-01-01", "source": "x", "evidence": "V"}
PAYER = "clocks.decision"


def damaged(id: str, *changes: tuple[str, object]) -> dict[str, Any]:
    text = (regimes.DATA / f"{id}.toml").read_text("utf-8")
    document: dict[str, Any] = deepcopy(resources.parse_toml(text, id))
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


def reasons(id: str, *changes: tuple[str, object]) -> list[str]:
    where = f"{id}.toml"
    with pytest.raises(BadDefinition) as caught:
        workflows.parse(damaged(id, *changes), where)
    assert all(reason.startswith(f"{where}: ") for reason in caught.value.reasons)
    return [reason.removeprefix(f"{where}: ") for reason in caught.value.reasons]


MA = [
    ("presumed_from", "notices_on", "presumed_from: unknown field 'notices_on'; did you mean"),
    ("presumed_from", "confirmation", "presumed_from: no event that arms the clock carries"),
    ("presumed_from", "received_on", "presumed_from: goes with counts_from, the field of a"),
    ("counts_from", GONE, "presumed_from: goes with counts_from, the field of a receipt"),
    ("presumed_days", -1, "presumed_days: must be 0 to 366 days"),
    ("presumed_days", 367, "presumed_days: must be 0 to 366 days"),
    ("presumed_days", "5", "presumed_days: must be a whole number, not '5'"),
    ("presumed_from", GONE, "versions[0].presumed_days: needs presumed_from, the date"),
    ("versions.0.presumed_days", 400, "versions[0].presumed_days: must be 0 to 366 days"),
    ("versions.0.since", GONE, "versions[0].since: is missing"),
    ("versions.0.since", "2025", "versions[0].since: '2025' must be a date, as 2026-11-24"),
    ("versions.0.since", "2025-02-30", "versions[0].since: '2025-02-30' must be a date"),
    ("versions.0.source", GONE, "versions[0].source: is missing"),
    ("versions.0.evidence", "V3", "versions[0].evidence: must be R, V or V2, not 'V3'"),
    ("versions.0.length", "60", "versions[0].length: '60' is no length; write 14bd"),
    ("versions.0.length", "72h", "versions[0].length: hours count from the request"),
    ("versions.0.expedited", "3d", "versions[0].expedited: '3d' must be a number of hours"),
    ("versions.0.expedited", "72h", "versions[0].expedited: only a payer's or a reviewer's"),
    ("versions.0.counts_from", "receivd_on", "versions[0].counts_from: unknown field 'receivd_on'"),
    ("versions.0.counts_from", "request", "versions[0].counts_from: unknown field 'request'"),
    ("versions.0.counts_from", "confirmation", "versions[0].counts_from: no event that arms the"),
    ("versions.0.counts_from", 5, "versions[0].counts_from: must be text, not 5"),
    ("versions.0.sinc", "x", "versions[0].sinc: unknown key; did you mean 'since'?"),
    (
        "versions.0.law",
        {"length": "60", "source": "x", "evidence": "V", "caveat": "x"},
        "versions[0].law.length: '60' is no length",
    ),
    ("versions", [VERSION, VERSION], "versions[1].since: 2026-01-01 must come after 2026-01-01"),
    (
        "versions",
        [VERSION, VERSION | {"since": "2025-01-01"}],
        "versions[1].since: 2025-01-01 must come after 2026-01-01: oldest first",
    ),
    ("versions", [], "version_by: picks nothing: there are no versions"),
    ("version_by", GONE, "version_by: is missing; versions need the date that picks one"),
    ("version_by", "on", "version_by: unknown field 'on'"),
    ("version_by", "confirmation", "version_by: no event that arms the clock carries"),
    ("length", "72h", "length: hours count from the request: a date has no time of day"),
    ("rungs", ["61bd"], None),
    ("rungs", ["20bd", "1h"], None),
    ("proof_item", GONE, "proof_item: is missing; proof_field and proof_item go together"),
    ("proof_field", GONE, "proof_field: is missing; proof_field and proof_item go together"),
    ("proof_item", "proof_of_receit", "proof_item: unknown item 'proof_of_receit'; did you mean"),
    ("proof_field", "confirmtion", "proof_field: unknown field 'confirmtion'; did you mean"),
    ("proof_field", "received_on", "proof_field: no event that ends the clock carries field"),
    ("proven_by", ["affirmed"], "proven_by: unknown event 'affirmed'; did you mean 'affirm'?"),
    ("proven_by", ["request_reconsideration"], "proven_by: 'request_reconsideration' ends the"),
]


@pytest.mark.parametrize(("key", "value", "reason"), MA)
def test_damage_to_a_filing_clock_is_named(key: str, value: object, reason: str | None) -> None:
    change = (f"clocks.filing.{key}", value)
    if reason is None:
        assert workflows.parse(damaged("ma-like", change), "ma-like.toml")
        return
    found = reasons("ma-like", change)
    assert any(line.startswith(f"clocks.filing.{reason}") for line in found), found


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("filing.cut_off", "17", "filing.cut_off: '17' is no time of day; write 16:59"),
        ("filing.cut_off", "24:00", "filing.cut_off: '24:00' is no time of day"),
        ("filing.cut_off", "9:30", "filing.cut_off: '9:30' is no time of day"),
        ("filing.cut_off", "16:59:00", "filing.cut_off: '16:59:00' is no time of day"),
        ("filing.cut_off", GONE, "filing.sent_field: is judged against cut_off, which is not"),
        ("filing.sent_field", "confirmation", "filing.sent_field: field 'confirmation' must be an"),
        ("filing.sent_field", "infusion_on", "filing.sent_field: no event that ends the clock"),
        ("filing.sent_field", "send_at", "filing.sent_field: unknown field 'send_at'; did you"),
        ("federal_cap.cut_off", "16:59", None),
        ("missing_information.rungs", ["4bd"], "missing_information.rungs: '4bd' is longer than"),
        ("missing_information.rungs", ["3bd", "0bd"], None),
        ("federal_cap.rungs", ["40bd"], None),
        (
            "exhaustion.ended_by",
            [],
            "exhaustion.ended_by: must name what uses the right that opens",
        ),
        ("exhaustion.kind", "statutory", "exhaustion.kind: must be planned: a right that opens"),
        (
            "exhaustion.cut_off",
            "16:59",
            "exhaustion.opens: goes with no cut_off and no proof_field",
        ),
        (
            "exhaustion.law",
            {"length": "5d", "source": "x", "evidence": "V", "caveat": "x"},
            "exhaustion.law.length: a right that opens is not made to open earlier",
        ),
    ],
)
def test_damage_to_another_clock_is_named(key: str, value: object, reason: str | None) -> None:
    if reason is None:
        assert workflows.parse(damaged("il-like", (f"clocks.{key}", value)), "il-like.toml")
        return
    found = reasons("il-like", (f"clocks.{key}", value))
    assert any(line.startswith(f"clocks.{reason}") for line in found), found


def test_no_rung_is_longer_than_any_version_of_its_clock() -> None:
    versions = ("clocks.decision.versions", [VERSION | {"length": "4bd"}])
    by = ("clocks.decision.version_by", "notice_on")
    found = reasons("il-like", versions, by, ("clocks.decision.rungs", ["5bd"]))
    assert any("versions[0].length: 4bd" in line for line in found), found


def test_nothing_is_too_late_for_a_right_that_opens() -> None:
    guard = [{"name": "in_time", "clocks": ["exhaustion"]}]
    (reason,) = reasons("il-like", ("triggers.request_review.guards", guard))
    assert reason.startswith("triggers.request_review.guards[0].clocks: 'exhaustion' opens a right")


def test_a_version_in_hours_does_not_roll() -> None:
    changes: list[tuple[str, object]] = [
        ("clocks.review_filing.counts_from", "request"),
        ("clocks.review_filing.presumed_from", GONE),
        ("clocks.review_filing.version_by", "notice_on"),
        ("clocks.review_filing.versions", [VERSION | {"length": "72h"}]),
    ]
    assert reasons("il-like", *changes) == [
        "clocks.review_filing.versions[0].length: a clock that runs in hours does not roll"
    ]


def test_an_hour_clock_has_no_cut_off() -> None:
    found = reasons("ma-like", ("clocks.determination.cut_off", "16:59"))
    assert found == ["clocks.determination.cut_off: a clock that runs in hours has no cut-off"]


@pytest.mark.parametrize(
    ("start", "due", "act_by", "field"),
    [
        ("2026-10-01", "2026-12-05", "2026-11-30", "presumed_receipt"),
        ("2024-12-31", "2025-03-01", "2025-02-28", "notice_on"),
    ],
)
def test_calc_takes_the_date_of_the_notice_as_if_receipt_were_not_shown(
    start: str, due: str, act_by: str, field: str, tmp_path: Path
) -> None:
    shutil.copy(regimes.DATA / "ma-like.toml", tmp_path)
    asked = calc.Question(what="ma-like/filing", start=start)
    answer = calc.calculate(asked, regimes.LONG_AFTER, Shelf(tmp_path))
    reading = answer.reading
    assert (str(reading.due_on), str(reading.act_by)) == (due, act_by)
    assert reading.from_field == field
    assert (answer.clock.presumed_days > 0) is (field == "presumed_receipt")

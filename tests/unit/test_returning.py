"""A filing deadline that comes back, after what it counts from was found to be wrong."""

from pathlib import Path

import pytest

from casetrack.domain import events as e
from tests.cli.driver import Office, practice
from tests.world import World

# 65 days from Friday 4 September; the law's 60 end on Election Day.
RIGHT = ("2026-11-08", "2026-11-02", "2026-11-03")
WRONG = ("2026-11-13", "2026-11-06", "2026-11-08")


def filed(confirmation: str = "F-1") -> World:
    """An appeal on version 4; the letter of version 3 is of 4 September, not of the 9th."""
    world = World("2026-10-20")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    assert world.dates("appeal_filing#1") == WRONG
    world.fire(
        "file_appeal", "2026-10-01", **({"confirmation": confirmation} if confirmation else {})
    )
    return world


def moved(world: World) -> list[tuple[str, str]]:
    data = world.entries()[-1].data
    assert isinstance(data, e.Effects)
    return [(move.deadline, move.why) for move in data.moved]


@pytest.mark.parametrize("trigger", ["reject_request", "withdraw_appeal"])
def test_a_deadline_that_returns_has_the_date_as_corrected_meanwhile(trigger: str) -> None:
    world = filed()
    world.amend(3, notice_on="2026-09-04")
    assert world.dates("appeal_filing#1") == WRONG, "closed ones never move"
    world.fire(trigger)
    assert world.dates("appeal_filing#1") == RIGHT
    assert moved(world) == [("appeal_filing#1", "amended")]
    assert "appeal_filing#1" in world.open_now()


def test_so_it_does_when_the_filing_never_happened() -> None:
    world = filed()
    world.amend(3, notice_on="2026-09-04")
    world.void(4)
    assert world.dates("appeal_filing#1") == RIGHT


def test_the_last_correction_counts_and_an_extension_stands() -> None:
    world = filed()
    world.void(4)
    world.extend("appeal_filing", "2026-12-01")
    world.fire("file_appeal", "2026-10-20", confirmation="F-2")
    version = world.amend(3, notice_on="2026-09-02").version
    world.amend(version, notice_on="2026-09-04")
    world.fire("reject_request")
    assert world.dates("appeal_filing#1") == ("2026-12-01", "2026-11-02", "2026-11-03")


def test_one_corrected_before_it_was_closed_returns_as_it_was() -> None:
    world = filed()
    world.void(4)
    world.amend(3, notice_on="2026-09-04")
    world.fire("file_appeal", "2026-10-20", confirmation="F-2")
    world.fire("reject_request")
    assert (world.dates("appeal_filing#1"), moved(world)) == (RIGHT, [])


def test_a_correction_of_something_else_moves_nothing() -> None:
    world = filed()
    world.amend(2, on="2026-09-02")
    world.fire("reject_request")
    assert (world.dates("appeal_filing#1"), moved(world)) == (WRONG, [])


def test_warnings_of_the_mistaken_date_are_given_again_where_their_day_is_to_come() -> None:
    world = World("2026-10-12")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-08-28")
    # Act by Tuesday 27 October: ten business days before it is the 13th, twenty the 28th.
    assert world.dates("appeal_filing#1")[1] == "2026-10-27"
    world.at("2026-10-14")
    world.send("appeal_filing#1", "20bd", "10bd")
    world.fire("file_appeal", "2026-10-14", confirmation="F-1")
    world.amend(3, notice_on="2026-09-04")
    world.fire("reject_request")
    # Act by Monday 2 November: twenty business days before it is 2 October, ten the 19th.
    assert world.deadline("appeal_filing#1").sent == ("20bd",)


def test_an_imported_return_is_counted_by_the_correction_too(tmp_path: Path) -> None:
    office: Office = practice(tmp_path, "2026-10-20T16:00Z")
    office.do("open", "--ref", "C-1", "--on", "2026-08-03")
    office.do("fire", "C-1", "submit", "--on", "2026-09-01", "--override", "so it was")
    office.do("fire", "C-1", "deny", "--on", "2026-09-10", "notice_on=2026-09-09")
    office.do(
        "fire", "C-1", "file_appeal", "--on", "2026-10-01", "confirmation=F", "--override", "so",
    )  # fmt: skip
    office.do("amend", "C-1", "3", "notice_on=2026-09-04", "--reason", "misread")
    rows = b"case,action,on\nC-1,reject_request,2026-10-19\n"
    office.do("import", "-", stdin=rows)
    shown = {d["deadline"]: d for d in office.do("show", "C-1", "--json").data["deadlines"]}
    filing = shown["appeal_filing#1"]
    assert (filing["due_on"], filing["act_by"], filing["law_by"]) == RIGHT

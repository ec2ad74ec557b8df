"""A case at a point in two times; what is expected is worked out by hand from what was recorded."""

from collections.abc import Iterable
from datetime import datetime

import pytest

from casetrack.domain import events as e
from casetrack.domain.bitemporal import Picture, Point, picture
from casetrack.domain.dates import end_of_day
from casetrack.domain.fold import replay
from casetrack.ledger.memory import MemoryLedger
from casetrack.service import demo
from casetrack.service.tracker import Tracker
from tests.fakes import FakeClock, fixed_sources
from tests.world import GUIDE, World, day, instant

ALL = Point()


def by(text: str) -> Point:
    """True by the end of a day, or by an instant."""
    return Point(true_by=moment(text))


def known(text: str) -> Point:
    return Point(known_by=moment(text))


def both(true: str, known_by: str) -> Point:
    return Point(true_by=moment(true), known_by=moment(known_by))


def moment(text: str) -> datetime:
    return instant(text) if "T" in text else end_of_day(day(text), GUIDE.zone)


def at(world: World, point: Point) -> Picture:
    return picture(world.id, world.entries(), point, GUIDE.zone)


def versions(world: World, point: Point) -> list[int]:
    return [entry.version for entry in at(world, point).entries]


def due(world: World, point: Point, name: str = "appeal_filing#1") -> str | None:
    tracked = at(world, point).case.deadlines.get(name)
    return None if tracked is None else tracked.deadline.reading.due_on.isoformat()


def submitted_late() -> World:
    """Opened 3 August; submitted on 24 November, which was recorded on the 30th."""
    world = World("2026-11-20")
    world.at("2026-11-30").fire("submit", "2026-11-24")
    return world


# One time, then the other, then both


def test_what_was_true_and_what_was_known_are_two_things() -> None:
    world = submitted_late()
    assert at(world, by("2026-11-24")).case.state == "pa_submitted"
    assert at(world, by("2026-11-23")).case.state == "intake"
    assert at(world, known("2026-11-29")).case.state == "intake"
    assert at(world, known("2026-11-30")).case.state == "pa_submitted"
    assert at(world, both("2026-11-24", "2026-11-29")).case.state == "intake"
    assert at(world, both("2026-11-24", "2026-11-30")).case.state == "pa_submitted"
    assert at(world, both("2026-11-23", "2026-11-30")).case.state == "intake"


def test_without_a_point_it_is_the_case_as_it_stands() -> None:
    world = submitted_late()
    assert at(world, ALL).case == world.case
    assert versions(world, ALL) == [1, 2]


def test_an_instant_is_inclusive_in_both_times() -> None:
    world = World("2026-11-20T10:00")
    world.at("2026-11-24T10:00").fire("submit", "2026-11-24T09:00")
    assert versions(world, by("2026-11-24T09:00")) == [1, 2]
    assert versions(world, by("2026-11-24T08:59")) == [1]
    assert versions(world, known("2026-11-24T10:00")) == [1, 2]
    assert versions(world, known("2026-11-24T09:59")) == [1]


def test_what_is_known_by_its_day_alone_is_true_from_its_start() -> None:
    assert versions(submitted_late(), by("2026-11-24T00:00")) == [1, 2]
    assert versions(submitted_late(), by("2026-11-23T23:59")) == [1]


def test_before_the_opening_there_is_no_case() -> None:
    made = at(submitted_late(), by("2026-08-02"))
    assert (made.case.version, made.entries) == (0, ())
    assert at(submitted_late(), by("2026-08-03")).case.state == "intake"
    assert at(submitted_late(), known("2026-11-19")).case.version == 0


def test_evidence_is_true_from_its_own_date_however_late_it_was_recorded() -> None:
    world = World("2026-11-24")
    world.at("2026-12-20").record("inhibitor_test", "2026-11-02", result="negative")
    assert [x.on for x in at(world, by("2026-11-02")).case.evidence["inhibitor_test"]] == [
        day("2026-11-02")
    ]
    assert at(world, by("2026-11-01")).case.evidence == {}
    assert at(world, known("2026-12-19")).case.evidence == {}


# Corrections


def corrected() -> World:
    """The letter was of 4 September, and not of the 9th: known on the 24th, told on the 10th.

    65 days: 13 November as first recorded, 8 November in truth.
    """
    world = World("2026-09-10")
    world.fire("submit", "2026-09-01")
    world.fire("deny", "2026-09-10", notice_on="2026-09-09")
    world.at("2026-09-24").amend(3, notice_on="2026-09-04")
    return world


def test_a_correction_counts_for_what_was_true_however_late_it_came() -> None:
    world = corrected()
    assert due(world, by("2026-09-10")) == "2026-11-08"
    assert at(world, by("2026-09-10")).case.fields["notice_on"] == "2026-09-04"
    assert versions(world, by("2026-09-10")) == [1, 2, 3, 4]


def test_a_correction_counts_for_what_was_known_only_once_it_was_recorded() -> None:
    world = corrected()
    assert due(world, known("2026-09-23")) == "2026-11-13"
    assert due(world, known("2026-09-24")) == "2026-11-08"
    assert due(world, both("2026-09-10", "2026-09-23")) == "2026-11-13"
    assert due(world, both("2026-09-10", "2026-09-24")) == "2026-11-08"


def test_a_fact_moved_to_another_day_is_true_from_that_day() -> None:
    world = corrected()
    world.amend(3, on="2026-09-12")
    assert at(world, by("2026-09-11")).case.state == "pa_submitted"
    assert versions(world, by("2026-09-11")) == [1, 2]
    assert at(world, by("2026-09-12")).case.state == "denied"
    assert at(world, both("2026-09-11", "2026-09-23")).case.state == "denied"


def test_a_fact_taken_back_was_never_true() -> None:
    world = corrected()
    world.at("2026-10-01").void(3)
    for point in (by("2026-09-10"), by("2026-12-31")):
        made = at(world, point)
        assert (made.case.state, [x.version for x in made.entries]) == ("pa_submitted", [1, 2])
        assert {t.deadline.deadline for t in made.case.open_deadlines()} == {
            "pa_decision#1", "pa_follow_up#1",
        }  # fmt: skip
    assert at(world, both("2026-09-10", "2026-09-30")).case.state == "denied"
    assert versions(world, known("2026-10-01")) == [1, 2, 3, 4, 5]


def test_evidence_taken_back_was_never_on_file() -> None:
    world = World("2026-11-24")
    world.record("inhibitor_test", "2026-11-20", result="negative")
    world.at("2026-11-30").void(2)
    assert at(world, by("2026-11-24")).case.evidence["inhibitor_test"] == ()
    assert len(at(world, both("2026-11-24", "2026-11-29")).case.evidence["inhibitor_test"]) == 1


# What does not fit


def test_a_reminder_of_what_had_in_truth_not_happened_yet_breaks_nothing() -> None:
    world = corrected()
    world.at("2026-09-11").send("appeal_filing#1", "20bd")
    world.at("2026-10-02").amend(3, on="2026-10-01")
    made = at(world, by("2026-09-15"))
    assert made.case.state == "pa_submitted"
    assert "appeal_filing#1" not in made.case.deadlines
    assert [x.type for x in made.entries][-1] == "ReminderSent"


def test_dates_that_rest_on_what_came_later_say_so() -> None:
    """Extended on 1 October, corrected on the 2nd: no entry has the corrected date unextended."""
    world = corrected()
    world.at("2026-10-01").extend("appeal_filing", "2026-12-01", on="2026-10-01")
    version = world.case.version
    world.at("2026-10-02").amend(4, notice_on="2026-09-07")
    made = at(world, by("2026-09-10"))
    assert made.presumes == {"appeal_filing#1": (version,)}
    assert made.case.deadlines["appeal_filing#1"].deadline.reading.due_on == day("2026-12-01")
    assert at(world, by("2026-10-01")).presumes == {}
    assert at(world, both("2026-09-10", "2026-10-01")).presumes == {}
    assert due(world, both("2026-09-10", "2026-10-01")) == "2026-11-08"


def test_a_transition_of_the_same_day_is_not_true_before_the_one_it_followed() -> None:
    """The first is known to the minute, the second by its day alone."""
    world = World("2026-11-24T18:00")
    world.fire("submit", "2026-11-24T15:00")
    world.fire("request_info", "2026-11-24")
    assert at(world, by("2026-11-24T14:00")).case.state == "intake"
    assert at(world, by("2026-11-24T15:00")).case.state == "info_requested"


def test_a_case_opened_after_the_fact_was_open_when_it_was_submitted() -> None:
    world = World("2026-11-24")
    world.amend(1, on="2026-11-20")
    world.fire("submit", "2026-11-10")
    assert world.case.opened_on == day("2026-11-20")
    assert at(world, by("2026-11-12")).case.state == "pa_submitted"
    assert at(world, by("2026-11-09")).case.version == 0


def test_a_fold_of_any_part_of_any_case_breaks_on_nothing() -> None:
    """Every point in a ledger's own dates, in both times, of every case of the demo."""
    clock = FakeClock(instant("2026-11-24"))
    tracker = Tracker(MemoryLedger(fixed_sources(clock), practice=True), clock.now, "trainer")
    demo.fill(tracker)
    for case_id in tracker.ledger.case_ids():
        entries = tracker.ledger.entries(case_id)
        for point in points(entries):
            made = picture(case_id, entries, point, GUIDE.zone).case
            assert made.version == 0 or made.state in GUIDE.states
        assert picture(case_id, entries, ALL, GUIDE.zone).case == replay(case_id, entries)


def points(entries: Iterable[e.Entry]) -> Iterable[Point]:
    for entry in entries:
        true = end_of_day(entry.occurred_on, GUIDE.zone)
        yield Point(true_by=true)
        yield Point(known_by=entry.recorded_at)
        yield Point(true_by=true, known_by=entry.recorded_at)


@pytest.mark.parametrize("missing", range(2, 9))
def test_a_missing_entry_breaks_nothing(missing: int) -> None:
    world = corrected()
    world.at("2026-09-25").send("appeal_filing#1", "20bd")
    world.fire("file_appeal", "2026-09-25", confirmation="K")
    world.void(world.case.version)
    world.toll("appeal_filing", "2026-09-25")
    entries = [x for x in world.entries() if x.version != missing]
    made = picture(world.id, entries, by("2026-12-31"), GUIDE.zone)
    assert made.case.state in GUIDE.states

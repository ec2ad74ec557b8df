"""A new case takes over what still holds of another, and both know of each other."""

from collections.abc import Mapping

import pytest

from casetrack.domain import events as e
from casetrack.errors import Refused
from casetrack.ledger.store import Query
from casetrack.service import following
from casetrack.service.conformance import drifting, examined
from casetrack.service.following import Followed, follow
from casetrack.service.redaction import all_targets
from casetrack.service.sharing import Tally
from casetrack.service.typed import Opening, Recording, When
from tests.world import World, day

FILE = ("inhibitor.pdf", 3, "a" * 64)


def ready() -> World:
    """A case with clinical evidence of several ages, under a plan that ends with the year."""
    world = World("2026-11-24")
    opening = Opening(
        workflow="humana-il-guide", reference="C-OLD", patient="P 1",
        pairs=[("physician", "Dr. Řehoř"), ("coverage_ends_on", "2026-12-31")],
    )  # fmt: skip
    world.id = world.tracker.open(opening).case.id
    shown = Recording(item="inhibitor_test", when=When(on="2026-11-20"),
                      pairs=[("result", "negative")], file=FILE)  # fmt: skip
    world.do(shown)
    world.record("age", "2020-01-02", dob="1990-02-28")
    world.record("liver_panel", "2026-10-01", alt="20")
    world.record("denial_letter", "2026-11-22")
    world.note("2026-11-24", confirmation="K-1")
    return world


def new(world: World, ref: str = "C-NEW", on: str | None = None, **values: str) -> Followed:
    opening = Opening(
        workflow=values.pop("workflow", "humana-il-guide"), reference=ref,
        when=When(on=on), pairs=tuple(values.items()),
    )  # fmt: skip
    return follow(world.tracker, opening, world.id)


def evidence(found: Followed) -> Mapping[str, tuple[str, Mapping[str, e.Value]]]:
    known = found.written.case.evidence
    return {item: (str(one.on), one.values) for item, (one,) in known.items()}


def test_it_takes_patient_fields_and_what_is_fresh_with_dates_and_values() -> None:
    found = new(ready())
    case = found.written.case
    assert case.patient == "P 1"
    assert case.fields == {"physician": "Dr. Řehoř", "coverage_ends_on": "2026-12-31"}
    assert evidence(found) == {
        "inhibitor_test": ("2026-11-20", {"result": "negative"}),
        "age": ("2020-01-02", {"dob": "1990-02-28"}),
    }
    assert set(found.taken) == {"physician", "coverage_ends_on", "inhibitor_test", "age"}
    assert case.state == "intake"


def test_each_thing_left_is_told_with_why() -> None:
    assert dict(new(ready()).left) == {
        "liver_panel": "is stale: 54 days old, and at most 30 are fresh",
        "denial_letter": "is about a later step",
        "confirmation": "an opening does not say it",
    }


def test_typed_values_are_sealed_anew_and_the_files_digest_goes_along() -> None:
    world = ready()
    found = new(world)
    entries = world.ledger.entries(found.written.case.id)
    shown = next(x for x in entries if isinstance(x.data, e.EvidenceRecorded) and
                 x.data.item == "inhibitor_test")  # fmt: skip
    assert {shown.value(n) for n in ("file_name", "file_size", "file_sha256")} == {
        "inhibitor.pdf", "3", "a" * 64,
    }  # fmt: skip
    old = {digest for x in world.entries() for digest in x.sealed.values()}
    fresh = {digest for x in entries for digest in x.sealed.values()}
    assert not old & fresh
    for body, _ in world.ledger.stored(found.written.case.id):
        assert not [text for text in ("P 1", "Řehoř", "negative", "C-OLD", "C-NEW") if text in body]


def test_its_own_deadlines_run_by_what_it_took() -> None:
    """The test of the 20th is fresh for 30 days: to 20 December, a Sunday."""
    found = new(ready())
    due = {name: str(t.deadline.reading.due_on) for name, t in found.written.case.deadlines.items()}
    assert due == {"coverage_ends#1": "2026-12-31", "inhibitor_fresh#1": "2026-12-20"}


def test_what_is_given_goes_before_what_was_said_there() -> None:
    found = new(ready(), coverage_ends_on="2027-12-31")
    assert found.written.case.fields["coverage_ends_on"] == "2027-12-31"


def test_the_end_of_a_coverage_that_has_passed_is_left() -> None:
    world = ready().at("2027-01-04")
    found = new(world)
    assert found.left["coverage_ends_on"] == "has passed"
    assert "coverage_ends#1" not in found.written.case.deadlines


def test_under_another_workflow_what_that_does_not_know_is_left() -> None:
    found = new(ready(), workflow="ma-part-b-drug")
    assert found.left["inhibitor_test"] == "ma-part-b-drug has no such item"
    assert found.written.case.evidence == {}


def test_both_cases_know_of_each_other() -> None:
    world = ready()
    found = new(world)
    old, fresh = world.case, found.written.case
    assert fresh.follows == old.id
    assert following.links(world.tracker, fresh)["follows"] == {"case": "C-OLD", "id": old.id}
    assert following.links(world.tracker, old)["followed_by"] == [{"case": "C-NEW", "id": fresh.id}]
    world.ledger.rebuild()
    assert [r.case_id for r, _ in world.ledger.list_cases(Query(where={"follows": old.id}))] == [
        fresh.id
    ]


def test_a_closed_case_can_be_followed_and_is_not_touched() -> None:
    world = ready()
    world.fire("close", close_reason="plan_changed")
    before = world.ledger.stored(world.id)
    found = new(world)
    assert found.written.case.state == "intake"
    assert world.ledger.stored(world.id) == before


def test_of_a_case_that_was_redacted_what_is_gone_is_left() -> None:
    world = ready()
    world.tracker.redact(world.id, all_targets(world.entries()), "asked to")
    found = new(world)
    assert found.written.case.patient is None
    assert found.left["patient"] == found.left["inhibitor_test"] == "was redacted"
    assert found.left["physician"] == "was redacted"
    assert following.links(world.tracker, found.written.case)["follows"]["id"] == world.id


def test_a_file_of_which_a_part_was_redacted_is_left() -> None:
    world = ready()
    world.tracker.redact(world.id, [e.Target(version=2, name="file_name")], "asked to")
    assert new(world).left["inhibitor_test"] == "was redacted"


def test_evidence_is_taken_as_amended_and_not_as_taken_back() -> None:
    world = ready()
    world.amend(2, on="2026-11-18", result="positive")
    world.void(3)
    found = new(world)
    assert evidence(found) == {"inhibitor_test": ("2026-11-18", {"result": "positive"})}


@pytest.mark.parametrize("reference", ["C-OLD", "a b"])
def test_a_reference_that_is_taken_or_none_writes_nothing(reference: str) -> None:
    world = ready()
    before = world.ledger.stats()
    with pytest.raises(Refused):
        new(world, ref=reference)
    assert world.ledger.stats() == before


def test_a_day_before_some_evidence_leaves_that() -> None:
    found = new(ready(), on="2026-11-19")
    assert found.left["inhibitor_test"] == "is dated 2026-11-20, after the opening"


def test_an_audit_finds_nothing_against_either() -> None:
    world = ready()
    found = new(world)
    ids = [world.id, found.written.case.id]
    every = examined(world.tracker, ids, Tally())
    assert [x for x in every if x.severity != "info"] == []
    assert list(drifting(world.tracker, ids, Tally())) == []
    assert found.written.case.opened_on == day("2026-11-24")

"""A value taken back, in every store."""

import pytest

from casetrack.domain import events as e
from casetrack.domain.fold import replay
from casetrack.ledger.store import Ledger, Query
from casetrack.service.redaction import all_targets
from tests import chains
from tests.contract.asking import found, listed, on_docket, refusal
from tests.facts import DAY, NOV_10, append, deadline, draft, new_case, noted, opened, redacted


def test_a_redacted_value_is_gone_and_every_hash_holds(ledger: Ledger) -> None:
    case = new_case(ledger, opened(patient="P 7", number="N 7"))
    before = [(entry.body, entry.digest) for entry in ledger.entries(case.id)]
    case, (entry,) = ledger.redact(case, draft(redacted((1, "patient"))))
    entries = ledger.entries(case.id)
    assert entry == entries[1]
    assert case == replay(case.id, entries)
    assert (case.patient, case.fields["number"]) == (e.REDACTED, "N 7")
    assert "patient" not in entries[0].disclosed
    stored = [(found.body, found.digest) for found in entries]
    assert stored[:1] == before
    assert chains.problems(case.id, stored) == []
    assert listed(ledger, Query(patient="P 7")) == []
    assert found(ledger, "7", ["patient", "number"]) == ["number=N 7"]


def test_a_redacted_reference_leaves_the_case_without_one(ledger: Ledger) -> None:
    case = new_case(ledger, opened("C-1", armed=(deadline("reply", NOV_10),)))
    new_case(ledger, opened("A-1", armed=(deadline("reply", NOV_10),)))
    ledger.redact(case, draft(redacted((1, "reference"))))
    assert [name for name, _ in ledger.references("")] == ["A-1"]
    assert listed(ledger, Query()) == [(None, "reply#1"), ("A-1", "reply#1")]
    assert on_docket(ledger, None) == [(None, "reply#1"), ("A-1", "reply#1")]
    new_case(ledger, opened("C-1"))


def test_an_older_value_redacted_leaves_the_newer_one(ledger: Ledger) -> None:
    case = new_case(ledger, opened(number="old"))
    case, _ = append(ledger, case, noted(number="new"))
    case, _ = ledger.redact(case, draft(redacted((1, "number"))))
    assert case.fields["number"] == "new"
    assert found(ledger, "n") == ["number=new"]


def test_everything_still_disclosed_can_be_redacted_at_once(ledger: Ledger) -> None:
    case = new_case(ledger, opened(patient="P 7"))
    case, _ = append(ledger, case, noted("called", number="7"))
    targets = all_targets(ledger.entries(case.id))
    assert [(target.version, target.name) for target in targets] == [
        (1, "patient"),
        (1, "reference"),
        (2, "note"),
        (2, "number"),
    ]
    event = e.Event(data=e.ValueRedacted(removed=targets), occurred_on=DAY)
    case, _ = ledger.redact(case, draft(event))
    assert all_targets(ledger.entries(case.id)) == ()
    assert ledger.views(case.id)[2] == []


@pytest.mark.parametrize(
    "targets",
    [[], [(1, "patient"), (1, "patient")], [(1, "number")], [(1, "patient"), (2, "patient")]],
)
def test_a_redaction_of_nothing_is_refused_and_leaves_nothing(
    ledger: Ledger, targets: list[tuple[int, str]]
) -> None:
    case = new_case(ledger, opened(patient="P 7"))
    refusal(lambda: ledger.redact(case, draft(redacted(*targets))))
    assert replay(case.id, ledger.entries(case.id)) == case
    assert ledger.views(case.id)[0].version == 1


def test_a_value_is_redacted_once(ledger: Ledger) -> None:
    case = new_case(ledger, opened(patient="P 7"))
    case, _ = ledger.redact(case, draft(redacted((1, "patient"))))
    refusal(lambda: ledger.redact(case, draft(redacted((1, "patient")))))
    assert len(ledger.entries(case.id)) == 2

"""What every store of entries keeps: one suite, run on each."""

from functools import partial
from pathlib import Path

import pytest

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.errors import Conflict, Corrupt, StaleVersion, Unparsable
from casetrack.ledger.codec import new_case_id
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import SqlLedger, create_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger, Query, ValueRow
from tests import chains
from tests.contract.asking import listed, on_docket, refusal
from tests.facts import (
    DAY,
    DEFINITION,
    DIGEST,
    NOV_10,
    NOV_20,
    append,
    assigned,
    corrected,
    deadline,
    draft,
    fired,
    new_case,
    noted,
    opened,
    planned,
    redacted,
    reminded,
    tolled,
    voided,
)
from tests.fakes import START, FakeClock, fixed_sources

# Appending


def test_a_new_ledger_holds_its_opening_and_no_case(ledger: Ledger) -> None:
    (opening,) = ledger.entries(LEDGER_CASE)
    assert (opening.type, opening.ledger, opening.data) == (
        "LedgerOpened",
        ledger.id,
        e.LedgerOpened(practice=False),
    )
    assert ledger.practice is False
    assert list(ledger.case_ids()) == []


def test_an_appended_case_is_what_its_entries_replay_to(ledger: Ledger) -> None:
    case = new_case(ledger, opened(patient="P 7", armed=(deadline("reply", NOV_20),)))
    case, _ = append(ledger, case, fired(), noted("called", number="A-17"))
    assert case.version == 3
    assert replay(case.id, ledger.entries(case.id)) == case


def test_what_is_appended_is_what_is_read(ledger: Ledger) -> None:
    case = Case(id=new_case_id(ledger.sources))
    _, entries = append(ledger, case, opened(), fired())
    assert ledger.entries(case.id) == entries


def test_bodies_and_disclosures_are_given_out_to_the_byte(ledger: Ledger) -> None:
    assert isinstance(ledger, MemoryLedger | SqlLedger)
    case = new_case(ledger, opened(patient='Žofie "7"'))
    case, _ = append(ledger, case, noted())
    ledger.redact(case, draft(redacted((2, "note"))))
    entries = ledger.entries(case.id)
    assert ledger.stored(case.id) == [(entry.body, entry.digest) for entry in entries]
    assert ledger.disclosures(case.id) == {
        (1, "patient"): '["00000000000000000000000000000005","patient","Žofie \\"7\\""]',
        (1, "reference"): '["00000000000000000000000000000006","reference","C-1"]',
    }
    assert list(ledger.streams()) == [(case.id, entries)]


def test_every_chain_proves(ledger: Ledger) -> None:
    case = new_case(ledger)
    append(ledger, case, noted(), assigned("eva"))
    for id in (case.id, LEDGER_CASE):
        stored = [(entry.body, entry.digest) for entry in ledger.entries(id)]
        assert chains.problems(id, stored) == []


def test_an_unknown_case_has_no_entries(ledger: Ledger) -> None:
    assert ledger.entries("00000000-0000-7000-8000-000000000000") == ()
    assert ledger.case_row("00000000-0000-7000-8000-000000000000") is None


def test_a_stale_case_conflicts_and_nothing_is_written(ledger: Ledger) -> None:
    case = new_case(ledger)
    newer, _ = append(ledger, case, noted())
    assert refusal(lambda: append(ledger, case, noted()), Conflict).startswith("the case has moved")
    assert issubclass(Conflict, StaleVersion)
    assert replay(case.id, ledger.entries(case.id)) == newer


def test_a_case_ahead_of_the_ledger_conflicts(ledger: Ledger) -> None:
    ghost = Case(id=new_case_id(ledger.sources), version=3, digest="0" * 64)
    refusal(lambda: append(ledger, ghost, noted()), Conflict)


def test_several_drafts_are_written_all_or_none(ledger: Ledger) -> None:
    case = new_case(ledger)
    refusal(lambda: append(ledger, case, noted(), noted("bad \x1b")), Unparsable)
    assert len(ledger.entries(case.id)) == 1
    append(ledger, case, noted(), noted())
    assert [entry.version for entry in ledger.entries(case.id)] == [1, 2, 3]


def test_a_reference_is_one_cases_own(ledger: Ledger) -> None:
    new_case(ledger, opened("C-1"))
    other = Case(id=new_case_id(ledger.sources))
    message = refusal(lambda: append(ledger, other, opened("C-1")))
    assert message.startswith("a case with that reference exists already; ")
    assert ledger.entries(other.id) == ()


def test_an_entry_is_found_by_its_key(ledger: Ledger) -> None:
    case = new_case(ledger)
    _, (entry,) = ledger.append(case, [draft(noted(), key="once")])
    assert ledger.by_key(case.id, "once") == entry
    assert ledger.by_key(case.id, "twice") is None
    assert ledger.by_key(LEDGER_CASE, "once") is None


def test_a_key_is_used_once_in_a_case(ledger: Ledger) -> None:
    case, _ = ledger.append(new_case(ledger), [draft(noted(), key="once")])
    says = "the case has an entry with that idempotency key already"
    assert refusal(lambda: ledger.append(case, [draft(noted(), key="once")]), Conflict) == says
    twice = [draft(noted(), key="a"), draft(noted(), key="a")]
    assert refusal(lambda: ledger.append(case, twice), Conflict) == says
    ledger.append(new_case(ledger, opened("C-2")), [draft(noted(), key="once")])


def test_a_clock_that_ran_behind_never_moves_a_case_backwards(
    ledger: Ledger, clock: FakeClock
) -> None:
    case = new_case(ledger)
    clock.move(hours=-1)
    _, (entry,) = append(ledger, case, noted())
    assert (entry.recorded_at, entry.data.clock_behind) == (START, clock.now)


def test_a_definition_is_kept_by_its_digest(ledger: Ledger) -> None:
    new_case(ledger)
    new_case(ledger, opened("C-2"))
    assert ledger.definition(DIGEST) == DEFINITION
    refusal(lambda: ledger.definition("0" * 64), Corrupt)


def test_a_definition_under_another_digest_is_a_programming_error(ledger: Ledger) -> None:
    case = Case(id=new_case_id(ledger.sources))
    with pytest.raises(ValueError, match="kept under the digest of its text"):
        ledger.append(case, [draft(opened())], {DIGEST: "other"})
    assert ledger.entries(case.id) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Žofie Nováková",
        "שָׁלוֹם \u202ex",
        "مرحبا",
        "👩🏽‍⚕️",
        "e\u0301",
        "a'b\"c\\d",
        "x\ny\tz",
        "\u2028",
    ],
)
def test_text_comes_back_as_typed(ledger: Ledger, text: str) -> None:
    case = new_case(ledger, opened(patient=text, name=text))
    assert ledger.entries(case.id)[0].disclosed["patient"] == text
    assert ValueRow(case_id=case.id, name="name", value=text) in ledger.views(case.id)[2]
    assert listed(ledger, Query(patient=text)) == [("C-1", None)]


# Transactions


def test_a_transaction_is_written_as_a_whole(ledger: Ledger) -> None:
    with ledger.transaction():
        case = new_case(ledger, opened("C-1"))
        case, _ = append(ledger, case, noted())
        append(ledger, case, fired())
        new_case(ledger, opened("C-2"))
    assert [len(ledger.entries(id)) for id in ledger.case_ids()] == [3, 1]
    assert listed(ledger, Query(state="submitted")) == [("C-1", None)]


def test_a_failed_transaction_leaves_nothing(ledger: Ledger) -> None:
    known = new_case(ledger, opened("C-1"))

    def fail() -> None:
        with ledger.transaction():
            append(ledger, known, fired())
            new_case(ledger, opened("C-2"))
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    assert list(ledger.case_ids()) == [known.id]
    assert listed(ledger, Query()) == [("C-1", None)]
    assert replay(known.id, ledger.entries(known.id)) == known
    append(ledger, known, fired())
    new_case(ledger, opened("C-2"))


def test_a_refused_append_leaves_the_rest_of_its_transaction(ledger: Ledger) -> None:
    with ledger.transaction():
        first = new_case(ledger, opened("C-1"))
        refusal(lambda: new_case(ledger, opened("C-1")))
        other = Case(id=new_case_id(ledger.sources))
        refusal(lambda: append(ledger, other, opened("C-3"), noted("\x07")), Unparsable)
        refusal(lambda: append(ledger, Case(id=first.id), noted()), Conflict)
        refusal(lambda: ledger.append(first, [draft(noted(), "k"), draft(noted(), "k")]), Conflict)
        append(ledger, other, opened("C-2"))
    assert [reference for reference, _ in ledger.references("")] == ["C-1", "C-2"]


@pytest.mark.parametrize("sent", [False, True])
def test_a_transaction_knows_what_it_wrote_before_whether_sent_or_not(
    ledger: Ledger, sent: bool
) -> None:
    older = new_case(ledger, opened("C-0"))
    with ledger.transaction():
        older, _ = ledger.append(older, [draft(noted(), key="once")])
        newer, _ = ledger.append(new_case(ledger, opened("C-1")), [draft(noted(), key="once")])
        if sent:
            assert [reference for reference, _ in ledger.references("")] == ["C-0", "C-1"]
        refusal(lambda: new_case(ledger, opened("C-1")))
        for case in (older, newer):
            refusal(partial(ledger.append, case, [draft(noted(), key="once")]), Conflict)
            refusal(partial(append, ledger, Case(id=case.id), noted()), StaleVersion)
            after, _ = ledger.append(case, [draft(noted(), key="again")])
            assert after.version == 3
            refusal(partial(append, ledger, case, noted()), StaleVersion)
    assert [len(ledger.entries(case.id)) for case in (older, newer)] == [3, 3]


def test_a_transaction_reads_its_own_writes(ledger: Ledger) -> None:
    with ledger.transaction():
        case = new_case(ledger, opened("C-1", armed=(deadline("reply", NOV_20),)))
        assert replay(case.id, ledger.entries(case.id)) == case
        assert ledger.references("C") == [("C-1", case.id)]
        assert on_docket(ledger, None) == [("C-1", "reply#1")]
        append(ledger, case, fired())
        assert listed(ledger, Query()) == [("C-1", "reply#1")]


def test_a_transaction_is_not_nested(ledger: Ledger) -> None:
    with ledger.transaction(), pytest.raises(RuntimeError, match="may not be nested"):
        ledger.transaction().__enter__()


# References


def test_references_are_found_by_prefix_sorted(ledger: Ledger) -> None:
    ids = {name: new_case(ledger, opened(name)).id for name in ("C-2", "c-1", "C-10", "D", "C-1")}
    assert ledger.references("C-1") == [("C-1", ids["C-1"]), ("C-10", ids["C-10"])]
    assert [name for name, _ in ledger.references("")] == ["C-1", "C-10", "C-2", "D", "c-1"]
    assert [name for name, _ in ledger.references("C", limit=2)] == ["C-1", "C-10"]
    assert ledger.references("C-1", limit=1) == [("C-1", ids["C-1"])]


@pytest.mark.parametrize("prefix", ["%", "_", "*", "C_", "é", "\ud800", "\0", "C-1 "])
def test_a_prefix_is_no_pattern(ledger: Ledger, prefix: str) -> None:
    new_case(ledger, opened("C-1"))
    assert list(ledger.references(prefix)) == []


# The rest


def test_the_ledgers_own_stream_is_in_no_view(ledger: Ledger) -> None:
    own = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    event = e.Event(data=e.DisclosureMade(command="export", scope="all", cases=()), occurred_on=DAY)
    _, (entry,) = append(ledger, own, event)
    assert entry.version == 2
    assert ledger.stats().entries == 2
    assert listed(ledger, Query()) == []
    assert list(ledger.case_ids()) == []
    assert ledger.case_row(LEDGER_CASE) is None


def test_both_stores_write_the_same_bodies(tmp_path: Path) -> None:
    def bodies(ledger: Ledger) -> list[str]:
        case = new_case(ledger, opened(patient="Žofie", armed=(deadline("reply", NOV_20),)))
        case, _ = append(ledger, case, fired(typed={"b": "1", "a": ("2", "3")}), noted())
        case, _ = append(ledger, case, planned("Ask", NOV_20), tolled("reply#1"))
        mended = corrected(1, NOV_10), voided(2, "draft")
        append(ledger, case, reminded("plan#1", "1bd", NOV_20), *mended)
        return [entry.body for entry in ledger.entries(case.id)]

    stored = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    assert bodies(stored) == bodies(MemoryLedger(fixed_sources()))
    stored.close()

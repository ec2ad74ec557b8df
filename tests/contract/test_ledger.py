"""What every store of entries keeps: one suite, run on each."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from casetrack.audit.chain import verify_chain
from casetrack.domain import events as e
from casetrack.domain.case import Case, replay
from casetrack.errors import Conflict, Corrupt, Refused, StaleVersion, Unparsable
from casetrack.ledger.codec import new_case_id
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.sql import create_ledger
from casetrack.ledger.store import (
    LEDGER_CASE,
    DeadlineRow,
    Ledger,
    Query,
    Stats,
    ValueRow,
    all_targets,
)
from tests.facts import (
    DAY,
    DEFINITION,
    DIGEST,
    append,
    assigned,
    deadline,
    draft,
    fired,
    new_case,
    noted,
    opened,
    reading,
    redacted,
)
from tests.fakes import START, FakeClock, fixed_sources

NOV_10, NOV_20, DEC_1 = date(2026, 11, 10), date(2026, 11, 20), date(2026, 12, 1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    sources = fixed_sources(clock)
    store: Ledger = (
        MemoryLedger(sources)
        if request.param == "memory"
        else create_ledger(str(tmp_path / "ledger.db"), sources)
    )
    yield store
    store.close()


def refusal(call: Callable[[], object], kind: type[Exception] = Refused) -> str:
    with pytest.raises(kind) as caught:
        call()
    return str(caught.value)


def listed(ledger: Ledger, query: Query) -> list[tuple[str | None, str | None]]:
    return [(row.reference, due.deadline if due else None) for row, due in ledger.list_cases(query)]


def on_docket(ledger: Ledger, until: date | None) -> list[tuple[str | None, str]]:
    return [(row.case.reference, row.deadline.deadline) for row in ledger.docket(until)]


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


def test_every_chain_proves(ledger: Ledger) -> None:
    case = new_case(ledger)
    append(ledger, case, noted(), assigned("eva"))
    for id in (case.id, LEDGER_CASE):
        stored = [(entry.body, entry.digest) for entry in ledger.entries(id)]
        assert verify_chain(id, stored) == []


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


# Lists


@pytest.fixture
def office(ledger: Ledger) -> Ledger:
    """Three cases: one waiting for the payer, one for us, one closed without a deadline."""
    armed = (deadline("reply", NOV_20), deadline("appeal", NOV_10, owner="provider"))
    case = new_case(ledger, opened("A", "P-1", armed, {"codes": ("F32.9", "F33.1")}, number="N-1"))
    append(ledger, case, fired(), assigned("eva"))
    planned = deadline("plan", NOV_10, owner="provider", kind="planned")
    case = new_case(ledger, opened("B", "P-2", (planned, deadline("reply", DEC_1)), number="N-2"))
    append(ledger, case, assigned("ota"), assigned(None))
    case = new_case(ledger, opened("C", "P-1", (deadline("reply", NOV_10),)))
    ended = (e.Ended(deadline="reply#1", outcome="satisfied"),)
    append(ledger, case, fired("closed", final=True, closed=ended))
    return ledger


BEFORE, AFTER = datetime(2026, 11, 11, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (Query(), [("A", "appeal#1"), ("B", "plan#1"), ("C", None)]),
        (Query(limit=2), [("A", "appeal#1"), ("B", "plan#1")]),
        (Query(state="submitted"), [("A", "appeal#1")]),
        (Query(workflow="sample", limit=1), [("A", "appeal#1")]),
        (Query(workflow="other"), []),
        (Query(assignee="eva"), [("A", "appeal#1")]),
        (Query(assignee=""), [("B", "plan#1"), ("C", None)]),
        (Query(patient="P-1"), [("A", "appeal#1"), ("C", None)]),
        (Query(patient="p-1"), []),
        (Query(owner="payer"), [("A", "reply#1"), ("B", "reply#1")]),
        (Query(owner="reviewer"), []),
        (Query(where={"number": "N-1"}), [("A", "appeal#1")]),
        (Query(where={"codes": "F33.1"}), [("A", "appeal#1")]),
        (Query(where={"codes": "F33.1", "number": "N-2"}), []),
        (Query(overdue_at=BEFORE), []),
        (Query(overdue_at=AFTER), [("A", "appeal#1")]),
        (Query(overdue_at=AFTER, owner="payer"), [("A", "reply#1")]),
        (Query(patient="P-1", state="closed", assignee=""), [("C", None)]),
    ],
)
def test_every_condition_of_a_list_holds(
    office: Ledger, query: Query, expected: list[tuple[str, str | None]]
) -> None:
    assert listed(office, query) == expected


def test_a_deadline_is_overdue_after_its_instant_not_at_it(ledger: Ledger) -> None:
    due = deadline("reply", NOV_10)
    new_case(ledger, opened(armed=(due,)))
    at = due.reading.due_at
    assert listed(ledger, Query(overdue_at=at)) == []
    assert listed(ledger, Query(overdue_at=at + timedelta(microseconds=1))) == [("C-1", "reply#1")]


def test_the_docket_is_in_order_of_act_by_due_at_and_reference(ledger: Ledger) -> None:
    early = reading(NOV_20, due_at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    new_case(ledger, opened("D", armed=(deadline("reply", NOV_20),)))
    new_case(ledger, opened("B", armed=(deadline("reply", NOV_20), deadline("appeal", NOV_20))))
    new_case(ledger, opened("Z", armed=(deadline("reply", NOV_20, reading=early),)))
    new_case(ledger, opened("A", armed=(deadline("reply", DEC_1), deadline("plan", NOV_10))))
    assert on_docket(ledger, None) == [
        ("A", "plan#1"),
        ("Z", "reply#1"),
        ("B", "appeal#1"),
        ("B", "reply#1"),
        ("D", "reply#1"),
        ("A", "reply#1"),
    ]


@pytest.mark.parametrize(
    ("until", "number"), [(None, 4), (DEC_1, 4), (NOV_20, 3), (date(2026, 11, 9), 0)]
)
def test_the_docket_ends_with_the_day_asked_for(
    office: Ledger, until: date | None, number: int
) -> None:
    assert len(on_docket(office, until)) == number


def test_the_docket_names_patients_only_if_asked(office: Ledger) -> None:
    assert {row.patient for row in office.docket(None)} == {None}
    named = {(row.case.reference, row.patient) for row in office.docket(None, patients=True)}
    assert named == {("A", "P-1"), ("B", "P-2")}


def test_a_docket_row_holds_its_deadline_whole(ledger: Ledger) -> None:
    stated = reading(NOV_10, law_by=NOV_20, stated_due_on=DEC_1)
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10, n=3, reading=stated),)))
    (row,) = ledger.docket(None)
    assert row.case == ledger.case_row(case.id)
    assert row.deadline == DeadlineRow(
        case_id=case.id,
        deadline="reply#3",
        clock="reply",
        owner="payer",
        kind="statutory",
        due_on=NOV_10,
        due_at=datetime(2026, 11, 11, 5, 59, 59, tzinfo=UTC),
        act_by=NOV_10,
        law_by=NOV_20,
        stated_due_on=DEC_1,
        outcome=None,
    )


def test_a_deadline_moves_closes_and_reopens_in_the_views(ledger: Ledger) -> None:
    case = new_case(ledger, opened(armed=(deadline("reply", NOV_10),)))
    moved = e.Moved(deadline="reply#1", why="expedited", reading=reading(DEC_1), standard=None)
    case, _ = append(ledger, case, fired(moved=(moved,)))
    assert [row.deadline.act_by for row in ledger.docket(None)] == [DEC_1]
    case, _ = append(ledger, case, fired(closed=(e.Ended(deadline="reply#1", outcome="lapsed"),)))
    assert on_docket(ledger, None) == []
    assert [row.outcome for row in ledger.views(case.id)[1]] == ["lapsed"]
    append(ledger, case, fired(reopened=("reply#1",), armed=(deadline("reply", NOV_20, n=2),)))
    assert on_docket(ledger, None) == [("C-1", "reply#2"), ("C-1", "reply#1")]


def test_counts_leave_out_what_is_final(office: Ledger) -> None:
    assert office.counts() == [("draft", None, 1), ("submitted", "eva", 1)]


def test_stats(office: Ledger) -> None:
    assert office.stats() == Stats(
        cases=3, open_cases=2, entries=9, open_deadlines=4, next_act_by=NOV_10
    )


def test_an_empty_ledger_answers_every_question(ledger: Ledger) -> None:
    assert on_docket(ledger, None) == []
    assert listed(ledger, Query()) == []
    assert list(ledger.counts()) == []
    assert list(ledger.find("x", ["number"])) == []
    assert list(ledger.references("")) == []
    assert ledger.stats() == Stats(
        cases=0, open_cases=0, entries=1, open_deadlines=0, next_act_by=None
    )


# Finding


def found(ledger: Ledger, text: str, names: Sequence[str] = ("number", "name")) -> list[str]:
    return [f"{row.name}={row.value}" for row in ledger.find(text, names)]


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("AUTH-77", "auth-7"),
        ("Žofie", "ŽOF"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("caf\u00e9", "CAFE\u0301"),
        ("100%", "%"),
        ("a_b", "A_"),
    ],
)
def test_find_looks_inside_whatever_the_case(ledger: Ledger, stored: str, asked: str) -> None:
    new_case(ledger, opened("X", number=stored))
    new_case(ledger, opened("Y", number="other"))
    assert found(ledger, asked) == [f"number={stored}"]


def test_find_looks_at_references_and_at_the_names_given_only(ledger: Ledger) -> None:
    new_case(ledger, opened("AB-1", "ab", number="xAB", other="ab", list_of=("q", "ab")))
    assert found(ledger, "ab") == ["reference=AB-1", "number=xAB"]
    assert found(ledger, "ab", ["list_of", "patient"]) == [
        "reference=AB-1",
        "list_of=ab",
        "patient=ab",
    ]


def test_find_sees_the_current_value_only(ledger: Ledger) -> None:
    case = new_case(ledger, opened(number="old-1"))
    append(ledger, case, noted(number="new-1"))
    assert found(ledger, "-1") == ["reference=C-1", "number=new-1"]


# Redaction


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
    assert verify_chain(case.id, stored) == []
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


# Views


def test_views_are_what_a_rebuild_makes(office: Ledger) -> None:
    case = new_case(office, opened("D", "P-9", number="N-9"))
    office.redact(case, draft(redacted((1, "number"))))
    before = {id: office.views(id) for id in office.case_ids()}
    assert office.rebuild() == 4
    assert {id: office.views(id) for id in office.case_ids()} == before


def test_a_case_without_views_is_a_finding(ledger: Ledger) -> None:
    refusal(lambda: ledger.views("00000000-0000-7000-8000-000000000000"), Corrupt)


def test_the_ledgers_own_stream_is_in_no_view(ledger: Ledger) -> None:
    own = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    event = e.Event(data=e.DisclosureMade(command="export", cases=()), occurred_on=DAY)
    _, (entry,) = append(ledger, own, event)
    assert entry.version == 2
    assert ledger.stats().entries == 2
    assert listed(ledger, Query()) == []
    assert list(ledger.case_ids()) == []
    assert ledger.case_row(LEDGER_CASE) is None


def test_both_stores_write_the_same_bodies(tmp_path: Path) -> None:
    def bodies(ledger: Ledger) -> list[str]:
        case = new_case(ledger, opened(patient="Žofie", armed=(deadline("reply", NOV_20),)))
        append(ledger, case, fired(typed={"b": "1", "a": ("2", "3")}), noted())
        return [entry.body for entry in ledger.entries(case.id)]

    stored = create_ledger(str(tmp_path / "ledger.db"), fixed_sources())
    assert bodies(stored) == bodies(MemoryLedger(fixed_sources()))
    stored.close()

"""Made the golden ledger of format 1, once; not run again, for its files must stay readable."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from tests.facts import (
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
from tests.fakes import FakeClock, fixed_sources

FOLDER = Path(__file__).with_name("format1")
NOV_20, DEC_1 = date(2026, 11, 20), date(2026, 12, 1)


def full_reading() -> e.Reading:
    """Every member given."""
    closed = e.Closed(date=date(2026, 11, 26), name="Thanksgiving Day")
    use = e.CalendarUse(
        id="illinois-state", edition="2026-1", digest="c" * 64, weekend=(6, 7), closed=(closed,)
    )
    return reading(
        DEC_1,
        from_at=datetime(2026, 11, 2, 14, 30, 0, 5, UTC),
        roll="preceding",
        roll_calendar="us-federal",
        stated_due_on=DEC_1,
        law_length="180d",
        law_at=datetime(2027, 5, 1, 5, 59, 59, 999999, UTC),
        law_by=date(2027, 4, 30),
        calendars=(use, use),
    )


def busy_case(ledger: Ledger, clock: FakeClock) -> Case:
    """One of each kind of entry."""
    armed = (deadline("reply", NOV_20), deadline("appeal", DEC_1, reading=full_reading()))
    fields: dict[str, e.Typed] = {"codes": ("F32.9", "F33.1"), "sent_on": "2026-11-01"}
    case = new_case(ledger, opened("C-GOLDEN", "Žofie", armed, fields, number="N-1 😀 \u2028 שלום"))
    clock.move(seconds=1.5)
    gap = e.Gap(guard="ready", code="missing", item="letter")
    ended = (e.Ended(deadline="reply#1", outcome="satisfied", late=True),)
    case, _ = append(
        ledger,
        case,
        fired(closed=ended, overridden=(gap,), typed={"override": 'on "file"\n\tC:\\x'}),
    )
    clock.move(seconds=-60)
    moved = e.Moved(
        deadline="appeal#1", why="extended", reading=reading(DEC_1), standard=full_reading()
    )
    event = fired("decided", moved=(moved,), reopened=("reply#1",), fields={"approved": "yes"})
    case, _ = append(ledger, case, event, assigned("eva"))
    clock.move(minutes=5)
    evidence = e.EvidenceRecorded(item="letter", fields={}, armed=(), closed=ended, row=12)
    typed: dict[str, e.Typed] = {"file_name": "dopis č. 1.pdf", "file_sha256": "f" * 64}
    recorded = e.Event(
        data=evidence, occurred_on=date(2026, 10, 30), occurred_at=clock.now, typed=typed
    )
    case, _ = append(ledger, case, recorded, noted("called", confirmations=("A-1", "A-2")))
    case, _ = ledger.redact(case, draft(redacted((1, "patient"), (6, "note"))))
    return case


def build() -> MemoryLedger:
    clock = FakeClock()
    ledger = MemoryLedger(fixed_sources(clock), practice=True)
    busy_case(ledger, clock)
    new_case(ledger, opened("C-QUIET"))
    own = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    made = e.DisclosureMade(command="export", cases=tuple(ledger.case_ids()))
    append(
        ledger, own, e.Event(data=made, occurred_on=date(2026, 11, 2), typed={"purpose": "audit"})
    )
    return ledger


def main() -> None:
    ledger = build()
    ids = [LEDGER_CASE, *ledger.case_ids()]
    entries = [entry for id in ids for entry in ledger.entries(id)]
    bodies = "".join(f"{entry.body}\n" for entry in entries)
    (FOLDER / "bodies.jsonl").write_bytes(bodies.encode())
    lines = [
        json.dumps([id, version, name, text], ensure_ascii=False)
        for id in ids
        for (version, name), text in sorted(ledger.disclosures(id).items())
    ]
    (FOLDER / "disclosures.jsonl").write_bytes("".join(f"{line}\n" for line in lines).encode())


if __name__ == "__main__":
    main()

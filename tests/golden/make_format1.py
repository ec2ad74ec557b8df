"""Makes the golden ledgers of format 1; from the first release on nothing may change their bytes.

Until then ``python -m tests.golden.make_format1`` writes them anew.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from tests.facts import (
    DEFINITION,
    DIGEST,
    append,
    assigned,
    deadline,
    draft,
    ended,
    fired,
    happened,
    moved,
    new_case,
    noted,
    opened,
    reading,
    redacted,
)
from tests.fakes import FakeClock, fixed_sources
from tests.golden import make_guide

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
        law_from_on=date(2026, 11, 1),
        law_from_at=datetime(2026, 11, 1, 17, tzinfo=UTC),
        law_from_field="received_on",
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
    late = (ended("reply#1", late=True),)
    override = {"override": 'on "file"\n\tC:\\x'}
    step = fired(closed=late, overridden=(gap,), unproven=("appeal#1",), typed=override)
    case, _ = append(ledger, case, step)
    clock.move(seconds=-60)
    longer = moved("appeal#1", "extended", reading(DEC_1), full_reading(), sent=("5bd",))
    event = fired("decided", moved=(longer,), reopened=("reply#1",), fields={"approved": "yes"})
    case, _ = append(ledger, case, event, assigned("eva"))
    clock.move(minutes=5)
    unknown = (ended("reply#1", late=None),)
    evidence = e.EvidenceRecorded(item="letter", fields={}, closed=unknown, row=12)
    typed: dict[str, e.Typed] = {"file_name": "dopis č. 1.pdf", "file_sha256": "f" * 64}
    recorded = e.Event(
        data=evidence, occurred_on=date(2026, 10, 30), occurred_at=clock.now, typed=typed
    )
    case, _ = append(ledger, case, recorded, noted("called", confirmations=("A-1", "A-2")))
    case, _ = ledger.redact(case, draft(redacted((1, "patient"), (6, "note"))))
    return case


def made() -> MemoryLedger:
    clock = FakeClock()
    ledger = MemoryLedger(fixed_sources(clock), practice=True)
    busy_case(ledger, clock)
    new_case(ledger, opened("C-QUIET"))
    own = replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))
    told = e.DisclosureMade(command="export", scope="listed", cases=tuple(ledger.case_ids()))
    append(ledger, own, happened(told, purpose="audit"))
    return ledger


def files(ledger: MemoryLedger) -> Mapping[str, bytes]:
    """A ledger as its files' bytes, by name: the ledger's own stream first, then by case."""
    ids = [LEDGER_CASE, *ledger.case_ids()]
    bodies = [body for id in ids for body, _ in ledger.stored(id)]
    disclosures = [
        json.dumps([id, version, name, text], ensure_ascii=False)
        for id in ids
        for (version, name), text in sorted(ledger.disclosures(id).items())
    ]
    return {"bodies.jsonl": _lines(bodies), "disclosures.jsonl": _lines(disclosures)}


def _lines(texts: list[str]) -> bytes:
    return "".join(f"{text}\n" for text in texts).encode()


LEDGERS = {"made": made, "guide": make_guide.build}
# By digest: what the cases pin, and the calendar that their dates rest on.
DEFINITIONS = (DIGEST, make_guide.GUIDE, make_guide.ILLINOIS)


def main() -> None:
    (FOLDER / "definitions" / f"{DIGEST}.json").write_bytes(DEFINITION.encode())
    for name, build in LEDGERS.items():
        (FOLDER / name).mkdir(exist_ok=True)
        for file, content in files(build()).items():
            (FOLDER / name / file).write_bytes(content)


if __name__ == "__main__":
    main()

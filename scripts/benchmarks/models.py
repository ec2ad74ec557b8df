"""Cases worked by the real service on a practice ledger: what a large ledger is stamped from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from casetrack.catalog.defaults import ZONE
from casetrack.catalog.shelf import Shelf
from casetrack.ledger.sql import SqlLedger, create_ledger
from casetrack.ledger.store import Sources
from casetrack.service import keys
from casetrack.service.keeping import Keep, keep
from casetrack.service.operating import Seal
from casetrack.service.tracker import DEFAULT_WORKFLOW, Tracker
from casetrack.service.typed import (
    Assigning,
    Firing,
    Noting,
    Opening,
    Planning,
    Typed,
    When,
)

NOW = datetime(2026, 11, 24, 16, tzinfo=UTC)
BEGUN = datetime(2026, 11, 19, 15, tzinfo=UTC)
UNTIL = date(2026, 12, 10)  # ten business days from the day of NOW
STATES = Path(__file__).with_name("states")
REFERENCE, PATIENT = "MODEL-{}", "Patient of model {}"
FAR = ("2027-06-30", "2027-07-30", "2027-08-31")
VARIANTS = range(10)
_OVERRIDE = "an example"


@dataclass(frozen=True)
class Models:
    """The ids of model cases: ``near`` with how many of its deadlines fall due by UNTIL."""

    near: Sequence[tuple[str, int]]
    far: Sequence[str]


def made(path: Path, notes: int) -> Models:
    """A new practice ledger with a signing key and every model; each has as many notes."""
    ledger = create_ledger(str(path), sources(BEGUN), practice=True)
    try:
        tracker = Tracker(ledger, BEGUN, "eva", shelf=Shelf(STATES))
        keys.new(tracker, place(path, ledger.id))
        cases = _Cases(tracker, notes)
        near = [work(n) for n in VARIANTS for work in (cases.reviewed, cases.denied, cases.asked)]
        far = [cases.watched(*FAR)]
        return Models([(id, _due(ledger, id)) for id in near], far)
    finally:
        ledger.close()


def sources(now: datetime) -> Sources:
    """A clock that stands, and always the same randomness."""
    chance = Random(20261124)  # noqa: S311  # no secret of anybody depends on it
    return Sources(now=lambda: now, randomness=chance.randbytes, account="os:bench@host", zone=ZONE)


def place(path: Path, ledger_id: str) -> Keep:
    """Where the key and the checkpoint of a ledger file stand, beside it."""
    return keep(Seal(state_dir=str(seals(path))), ledger_id)


def seals(path: Path) -> Path:
    """Alike for a file and for its draft: their ledgers have one id."""
    return path.parent / f"{path.stem}-seals"


def _due(ledger: SqlLedger, case_id: str) -> int:
    return sum(1 for row in ledger.docket(UNTIL) if row.case.case_id == case_id)


class _Cases:
    def __init__(self, tracker: Tracker, notes: int) -> None:
        self._tracker = tracker
        self._notes = notes
        self._number = 0

    def reviewed(self, n: int) -> str:
        """Ours to review soon."""
        return self.watched(str(date(2026, 11, 25) + timedelta(days=n)), *FAR[1:])

    def denied(self, n: int) -> str:
        """An appeal to file soon, by law."""
        notice = str(date(2026, 9, 26) + timedelta(days=n))
        return self._guided(
            Firing(trigger="submit", when=When(on="2026-09-21"), pairs=(("method", "fax"),),
                   override=_OVERRIDE),
            Firing(trigger="deny", when=When(on=notice),
                   pairs=(("notice_on", notice), ("received_on", notice),
                          ("reason_code", "experimental")), override=_OVERRIDE),
            Planning(title="Ask again", due=FAR[0]),
            Planning(title="Review", due=FAR[1]),
        )  # fmt: skip

    def asked(self, n: int) -> str:
        """A decision to wait for, and a call to make about it."""
        sent = str(date(2026, 11, 10) + timedelta(days=n))
        return self._guided(
            Firing(trigger="submit", when=When(on=sent), pairs=(("method", "fax"),),
                   override=_OVERRIDE),
            Planning(title="Review", due=FAR[1]),
        )  # fmt: skip

    def watched(self, *dates: str) -> str:
        names = ("review_on", "renewal_on", "coverage_ends_on")
        return self._opened("watched-dates", tuple(zip(names, dates, strict=True)))

    def _guided(self, *typed: Typed) -> str:
        return self._opened(DEFAULT_WORKFLOW, (), *typed)

    def _opened(self, workflow: str, pairs: tuple[tuple[str, str], ...], *typed: Typed) -> str:
        self._number += 1
        opening = Opening(
            workflow=workflow,
            reference=REFERENCE.format(self._number),
            when=When(on="2026-09-21"),
            patient=PATIENT.format(self._number),
            pairs=pairs,
        )
        id = self._tracker.open(opening).case.id
        notes = [Noting(text=f"a note on what was said, {n}") for n in range(self._notes)]
        for each in (Assigning(name="eva"), *typed, *notes):
            self._tracker.do(id, each)
        return id

"""Proving a whole ledger from its stored bytes: streamed, in one state, repairing nothing."""

from collections.abc import Sequence
from concurrent.futures import Executor

from casetrack.audit import notes
from casetrack.audit.heads import Outside
from casetrack.audit.notes import Note
from casetrack.audit.verdict import Verdict
from casetrack.errors import Corrupt, Refused
from casetrack.ledger.scan import scanning
from casetrack.service import chaining, keeping
from casetrack.service.operating import Seal
from casetrack.service.ranges import Tick, unwatched
from casetrack.service.whole import Proof


def verify(
    url: str,
    outside: Sequence[Outside] = (),
    *,
    quick: bool = False,
    tick: Tick = unwatched,
    executor: Executor | None = None,
) -> Verdict:
    """Every problem of the ledger; ``tick`` is told how many more entries are done.

    ``outside``: checkpoints that were kept where the ledger is not. ``quick`` looks at digests
    and their chain alone, and at no checkpoint. ``executor``: who shares the work; the verdict is
    the same. Raises ``Corrupt`` if SQLite can't read the file.
    """
    with scanning(url) as scan:
        if quick:
            return chaining.quick(url, scan, tick, executor)
        return Proof(url, scan, tick, executor).whole(outside)


def kept(url: str, table: Seal) -> Outside | None:
    """The last checkpoint that was signed here, as the state folder has it; None if it has none.

    Raises ``Undelivered`` where it can't be read.
    """
    with scanning(url) as scan:
        ledger = chaining.ledger_id(scan)
    try:
        place = keeping.keep(table, ledger)
    except Corrupt:
        return None
    try:
        text = keeping.read(place.note)
    except Corrupt:
        text = ""
    if text is None:
        return None
    return Outside(name=f"the checkpoint kept at {place.note}", note=_note(text))


def _note(text: str) -> Note | None:
    try:
        return notes.parse(text)
    except Refused:
        return None


def count(url: str) -> int:
    """How many entries a proof will go through."""
    with scanning(url) as scan:
        return scan.count()

"""What will keep the next seal from being made, found while there is time to mend it."""

from collections.abc import Iterator

from casetrack.errors import CasetrackError, NoKey
from casetrack.reports.words import count
from casetrack.service import keys
from casetrack.service.doctor import Finding
from casetrack.service.keeping import keep
from casetrack.service.operating import Seal
from casetrack.service.sealing import compare
from casetrack.service.tracker import Tracker


def examine(tracker: Tracker, table: Seal) -> Iterator[Finding]:
    """Nothing is written."""
    try:
        place = keep(table, tracker.ledger.id)
        known = keys.current(tracker.ledger)
        compare(tracker.ledger, place, known)
        keys.usable(tracker.ledger, place, known)
    except NoKey as error:
        waiting = count(tracker.ledger.tree.unsealed(), "entry", "entries")
        yield Finding(kind="no_key", detail=f"{waiting} unsealed: {error.message}")
    except CasetrackError as error:
        yield Finding(kind="seal_refused", detail=error.message)

"""A whole ledger moved to another database, and proven there before anybody may open it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from casetrack.audit import verdict as told
from casetrack.audit.heads import Outside
from casetrack.audit.verdict import Verdict
from casetrack.errors import Corrupt
from casetrack.ledger import copying
from casetrack.ledger.copying import Target, differing
from casetrack.ledger.place import is_server, make_folders
from casetrack.ledger.scan import scanning
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service.locks import alone
from casetrack.service.setup import location
from casetrack.service.tracker import Tracker
from casetrack.service.whole import Proof

COMMAND = "db copy"
Tick = Callable[[int], None]


def copy(
    tracker: Tracker, source: str, url: str, outside: Sequence[Outside], tick: Tick
) -> Verdict:
    """Copy what the source holds now; ``tracker`` works on it, and notes there that it leaves.

    What was recorded in the source meanwhile is left to another run, which an unfinished copy
    alone takes. Raises ``Corrupt`` where the copy can't be proven; it then stays unfinished.
    """
    with _alone(url), closing(copying.target(url)) as target:
        target.admit(tracker.ledger.entries(LEDGER_CASE)[0].body)
        tracker.disclose(COMMAND, ())
        _taken(target, source, url, tick)
        with scanning(url, unfinished=True) as scan:
            found = _proven(Proof(url, scan, tick, None).whole(outside))
        target.finish(tracker.ledger.runs.beats())
    return found


@contextmanager
def _alone(url: str) -> Iterator[None]:
    """A file beside the copy is there while it is made, and no longer."""
    where = location(url)
    if not is_server(url):
        make_folders(Path(where).parent)
    try:
        with alone(url if is_server(url) else where, 0, "copy"):
            yield
    finally:
        if not is_server(url):
            Path(f"{where}.copy-lock").unlink(missing_ok=True)


def _taken(target: Target, source: str, url: str, tick: Tick) -> None:
    """Both are read in one state each, for as long as they are compared and no longer."""
    with scanning(source) as origin:
        target.begin(origin)
        target.take(origin, tick)
        with scanning(url, unfinished=True) as made:
            parts = differing(origin, made)
    if parts:
        raise Corrupt(f"{target.name} is not what was copied: {', '.join(parts)}; begin anew")


def _proven(found: Verdict) -> Verdict:
    # A practice ledger may be sealed by nobody; what is asked is that all it holds is sound.
    if not found.ok:
        raise Corrupt(
            "the copy is not proven and stays unfinished; the ledger copied has the same"
            " problems: run 'casetrack audit verify' on it",
            tuple(told.lines(found)),
        )
    return found

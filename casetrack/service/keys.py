"""The signing key: made, changed, and brought on record.

The key file goes first and the ledger follows: whatever is cut off in between, and whatever older
copy of the ledger comes back, the file says what there is to record.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from casetrack.audit import keys, notes
from casetrack.audit.keys import Held, Known
from casetrack.domain import dates
from casetrack.domain import events as e
from casetrack.errors import Conflict, NoKey, Refused, Undelivered
from casetrack.ledger.store import LEDGER_CASE, Draft, Ledger
from casetrack.service import keeping
from casetrack.service.keeping import Keep
from casetrack.service.tracker import Tracker


def known(ledger: Ledger) -> tuple[Known, ...]:
    """The keys on record, the oldest first."""
    return keys.on_record(ledger.entries(LEDGER_CASE))


def current(ledger: Ledger) -> tuple[Known, ...]:
    """As ``known``; refuses a ledger that has none."""
    found = known(ledger)
    if not found:
        raise NoKey("the ledger has no signing key; run 'casetrack audit key new'")
    return found


def new(tracker: Tracker, keep: Keep) -> None:
    """Make the ledger's first key, or record the one that its key file holds already."""
    with _refusing(), keeping.alone(keep):
        if found := known(tracker.ledger):
            raise Refused(
                f"the ledger has had a signing key since version {found[0].version} of its own"
                " stream; 'casetrack audit key rotate' makes another one take over"
            )
        held = _filed(tracker.ledger, keep)
        if held is None:
            held = keys.made(notes.origin(tracker.ledger.id), tracker.ledger.sources.randomness(32))
            keeping.put(keep.key, keys.text(held))
        _record(tracker, held, found)


def rotate(tracker: Tracker, keep: Keep) -> None:
    """Make a new key take over, by the word of both; the old secret is gone then."""
    with _refusing(), keeping.alone(keep):
        held = signing(tracker, keep, current(tracker.ledger))
        after = keys.rotated(held, tracker.ledger.sources.randomness(32))
        keeping.put(keep.key, keys.text(after))
        _record(tracker, after, current(tracker.ledger))


@contextmanager
def _refusing() -> Iterator[None]:
    """A folder that fails before a key is on record leaves nothing that was written."""
    try:
        yield
    except Undelivered as error:
        raise Refused(error.message) from None


def signing(tracker: Tracker, keep: Keep, found: Sequence[Known]) -> Held:
    """The key to sign with; what the ledger has yet to record of it is recorded first."""
    held = usable(tracker.ledger, keep, found)
    _record(tracker, held, found)
    return held


def usable(ledger: Ledger, keep: Keep, found: Sequence[Known]) -> Held:
    """The key that the key file holds; refused if the newest one on record did not lead to it."""
    held = _filed(ledger, keep)
    if held is None:
        raise Refused(
            f"there is no signing key at {keep.key}; put the copy that you kept of it back, or"
            " name its place in the config file: key_file in the table seal"
        )
    if found[-1].public not in held.line:
        raise Refused(_wrong(found, held, keep))
    return held


def _filed(ledger: Ledger, keep: Keep) -> Held | None:
    text = keeping.read_secret(keep.key)
    if text is None:
        return None
    held = keys.parse(text)
    if held is None:
        raise Refused(f"{keep.key} holds no signing key of casetrack, or not all of one")
    if held.origin != notes.origin(ledger.id):
        raise Refused(f"{keep.key} holds the signing key of another ledger, {held.origin}")
    return held


def _wrong(found: Sequence[Known], held: Held, keep: Keep) -> str:
    if any(one.public == held.public for one in found):
        return (
            f"{keep.key} holds an older key of this ledger; version {found[-1].version} of its own"
            " stream says that another one took over: put the newest key file back"
        )
    return f"{keep.key} holds a key that is not this ledger's; put the right key file back"


def _record(tracker: Tracker, held: Held, found: Sequence[Known]) -> None:
    """Bring the ledger's record up to the key held, if it is not there yet."""
    if not list(keys.unrecorded(found, held)):
        return
    with tracker.ledger.transaction():
        case, found = tracker.case(LEDGER_CASE), known(tracker.ledger)
        if found and found[-1].public not in held.line:
            raise Conflict("another machine has changed the ledger's key; look at it and try again")
        for data in keys.unrecorded(found, held):
            case, _ = tracker.ledger.append(
                case, [Draft(event=_event(tracker, data), actor=tracker.actor)]
            )


def _event(tracker: Tracker, data: e.Data) -> e.Event:
    on = dates.local_date(tracker.now, tracker.ledger.sources.zone)
    return e.Event(data=data, occurred_on=on, occurred_at=tracker.now)

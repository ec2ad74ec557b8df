"""Handing evidence to an auditor: entry bodies, an event log, or a bundle that proves itself.

That entries leave is recorded first, whatever the form.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import IO

from msgspec import Struct
from msgspec.structs import replace

from casetrack.audit import bundle, keys, xes
from casetrack.audit.bundle import Asked, Definitions, Sealed, Stream
from casetrack.errors import Corrupt, Refused
from casetrack.ledger.store import LEDGER_CASE
from casetrack.reports.past import Told
from casetrack.service import history
from casetrack.service.history import Instants
from casetrack.service.tracker import Tracker

MOST_PAGES = 500  # they are for people, and would soon outgrow the evidence


class Request(Struct, frozen=True, kw_only=True):
    """What is asked for; no ``cases``: all of them. ``phi``: with what people typed."""

    form: str
    purpose: str
    cases: tuple[str, ...] = ()
    as_of: str | None = None
    known_at: str | None = None
    phi: bool = False

    @property
    def instants(self) -> Instants:
        return Instants(as_of=self.as_of, known_at=self.known_at)

    @property
    def scope(self) -> str:
        return "listed" if self.cases else "all"


class Handed(Struct, frozen=True, kw_only=True):
    """What was written."""

    cases: int
    entries: int
    sealed: int | None = None
    unsealed: int | None = None


def hand(tracker: Tracker, request: Request, sink: IO[bytes]) -> Handed:
    """Write what is asked for."""
    _check(tracker, request)
    match request.form:
        case "bundle":
            return _bundle(tracker, request, sink)
        case "xes":
            return _xes(tracker, request, sink)
        case _:
            return _jsonl(tracker, request, sink)


def _check(tracker: Tracker, request: Request) -> None:
    """Refuse what will be refused before anything is recorded."""
    if request.phi and request.form == "jsonl":
        raise Refused("entries hold no typed values; --phi goes with --format xes or bundle")
    rows = map(tracker.ledger.case_row, _ids(tracker, request))
    for definition in {row.definition for row in rows if row is not None}:
        workflow = tracker.desk.definitions.pinned(definition)
        history.point_of(tracker, workflow, request.instants)


def _ids(tracker: Tracker, request: Request) -> Iterator[str]:
    yield from request.cases or tracker.ledger.case_ids()


def _told(tracker: Tracker, request: Request) -> Iterator[Told]:
    """Each case at the point asked for; without entries where it was not there by then."""
    for case_id in _ids(tracker, request):
        case = tracker.case(case_id)
        point = history.point_of(tracker, tracker.workflow_of(case), request.instants)
        told = history.make(tracker, case, point, phi=request.phi)
        yield told if request.phi else replace(told, name=case_id)


def _disclose(tracker: Tracker, request: Request) -> tuple[int, ...]:
    return tracker.disclose(request.form, request.cases, request.purpose)


def _jsonl(tracker: Tracker, request: Request, sink: IO[bytes]) -> Handed:
    """Bodies by case and version, of a whole ledger with its own stream first."""
    _disclose(tracker, request)
    cases = entries = 0
    if not request.cases:
        own = tracker.ledger.entries(LEDGER_CASE)
        sink.write(bundle.lines(entry.body for entry in own))
        entries = len(own)
    for told in _told(tracker, request):
        sink.write(bundle.lines(entry.body for entry in told.picture.entries))
        cases, entries = cases + 1, entries + len(told.picture.entries)
    return Handed(cases=cases, entries=entries)


def _xes(tracker: Tracker, request: Request, sink: IO[bytes]) -> Handed:
    _disclose(tracker, request)
    cases = entries = 0
    sink.write(xes.head(tracker.ledger.id, practice=tracker.ledger.practice).encode())
    for told in _told(tracker, request):
        kept = told.picture.entries
        found = xes.Trace(
            case=told.case.id, workflow=told.workflow.id, zone=told.workflow.zone,
            entries=kept, phi=request.phi,
        )  # fmt: skip
        sink.writelines(piece.encode() for piece in xes.trace(found))
        cases, entries = cases + 1, entries + len(kept)
    sink.write(xes.tail().encode())
    return Handed(cases=cases, entries=entries)


def _bundle(tracker: Tracker, request: Request, sink: IO[bytes]) -> Handed:
    found = list(_told(tracker, request))
    streams = [_stream(tracker, told) for told in found]
    asked = Asked(
        ledger=tracker.ledger.id, scope=request.scope, exports=_disclose(tracker, request),
        phi=request.phi, as_of=request.as_of, known_at=request.known_at,
    )  # fmt: skip
    own = tracker.ledger.entries(LEDGER_CASE)
    streams.insert(0, Stream(case=LEDGER_CASE, last=len(own), entries=own))
    pages = _pages(found) if len(found) <= MOST_PAGES else {}
    sealed = _sealed(tracker, streams)
    content = bundle.members(asked, streams, _definitions(tracker, streams), sealed, pages)
    packed = BytesIO()
    bundle.write(packed, content)
    bundle.check(packed.getvalue())
    sink.write(packed.getvalue())
    places = [(entry.case, entry.version) for stream in streams for entry in stream.entries]
    proven = sum(at in sealed.indices for at in places) if sealed else 0
    return Handed(
        cases=len(found), entries=len(places), sealed=proven, unsealed=len(places) - proven
    )


def _pages(found: Sequence[Told]) -> dict[str, str]:
    from casetrack.reports import story

    return {told.case.id: story.render(told) for told in found if told.picture.entries}


def _stream(tracker: Tracker, told: Told) -> Stream:
    case_id = told.case.id
    return Stream(
        case=case_id,
        last=tracker.case(case_id).version,
        entries=told.picture.entries,
        disclosures=tracker.ledger.disclosures(case_id) if told.phi else {},
    )


def _definitions(tracker: Tracker, streams: Sequence[Stream]) -> Definitions:
    texts, missing = {}, []
    for digest in bundle.named_definitions(streams):
        try:
            texts[digest] = tracker.ledger.definition(digest)
        except Corrupt:
            missing.append(digest)
    return Definitions(texts=texts, missing=missing)


def _sealed(tracker: Tracker, streams: Sequence[Stream]) -> Sealed | None:
    """The tree as its latest checkpoint has it; None before the first one."""
    tree, newest = tracker.ledger.tree, tracker.ledger.tree.checkpoint()
    if newest is None:
        return None
    size, note = newest
    leaves, indices = [], {}
    wanted = {(entry.case, entry.version) for stream in streams for entry in stream.entries}
    for leaf in tree.leaves(0, size):
        leaves.append(leaf.hash)
        if (leaf.case_id, leaf.version) in wanted:
            indices[leaf.case_id, leaf.version] = leaf.index
    if len(leaves) != size:
        raise Corrupt("the tree is smaller than its checkpoint; see 'casetrack audit verify'")
    sizes = [s for s, _ in tree.checkpoints() if s <= size]
    known = keys.on_record(streams[0].entries)
    if not known:
        raise Corrupt("the ledger has a checkpoint and names no key; see 'casetrack audit verify'")
    return Sealed(note=note, public=known[-1].public, leaves=leaves, indices=indices, sizes=sizes)

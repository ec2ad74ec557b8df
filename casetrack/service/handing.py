"""Handing evidence to an auditor: entry bodies, an event log, or a bundle that proves itself.

That entries leave is recorded first, whatever the form.
"""

from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from html import escape
from io import BytesIO
from typing import IO

from msgspec import Struct

from casetrack.audit import bundle, xes
from casetrack.audit.bundle import Asked, Definitions, Sealed, Stream
from casetrack.domain.events import Entry, KeyMade, KeyRotated
from casetrack.domain.workflow import Workflow
from casetrack.errors import Corrupt, Refused
from casetrack.ledger.store import LEDGER_CASE
from casetrack.service import history
from casetrack.service.tracker import Tracker


class Request(Struct, frozen=True, kw_only=True):
    """What is asked for; no ``cases``: all of them. ``phi``: with what people typed."""

    form: str
    purpose: str
    cases: tuple[str, ...] = ()
    as_of: str | None = None
    known_at: str | None = None
    phi: bool = False

    @property
    def scope(self) -> str:
        return "listed" if self.cases else "all"


class Handed(Struct, frozen=True, kw_only=True):
    """What was written."""

    cases: int
    entries: int
    sealed: int | None = None
    unsealed: int | None = None


Page = Callable[[str, Workflow, Sequence[Entry]], str]


def hand(tracker: Tracker, request: Request, sink: IO[bytes], page: Page | None = None) -> Handed:
    """Write what is asked for; ``page`` makes a case's page for a bundle."""
    _check(tracker, request)
    match request.form:
        case "bundle":
            return _bundle(tracker, request, sink, page or plain_page)
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
        for text in (request.as_of, request.known_at):
            history.limit(tracker, workflow, text)


def _ids(tracker: Tracker, request: Request) -> Iterator[str]:
    yield from request.cases or tracker.ledger.case_ids()


def _kept(tracker: Tracker, request: Request) -> Iterator[tuple[str, Workflow, Sequence[Entry]]]:
    for case_id in _ids(tracker, request):
        workflow, kept = history.entries(
            tracker, case_id, request.as_of, request.known_at, phi=request.phi
        )
        yield case_id, workflow, kept


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
    for _, _, kept in _kept(tracker, request):
        sink.write(bundle.lines(entry.body for entry in kept))
        cases, entries = cases + 1, entries + len(kept)
    return Handed(cases=cases, entries=entries)


def _xes(tracker: Tracker, request: Request, sink: IO[bytes]) -> Handed:
    _disclose(tracker, request)
    cases = entries = 0
    sink.write(xes.head(tracker.ledger.id, practice=tracker.ledger.practice).encode())
    for case_id, workflow, kept in _kept(tracker, request):
        found = xes.Trace(
            case=case_id, workflow=workflow.id, zone=workflow.zone, entries=kept, phi=request.phi
        )
        sink.writelines(piece.encode() for piece in xes.trace(found))
        cases, entries = cases + 1, entries + len(kept)
    sink.write(xes.tail().encode())
    return Handed(cases=cases, entries=entries)


def _bundle(tracker: Tracker, request: Request, sink: IO[bytes], page: Page) -> Handed:
    found = list(_kept(tracker, request))
    streams = [_stream(tracker, request, case_id, kept) for case_id, _, kept in found]
    asked = Asked(
        ledger=tracker.ledger.id, scope=request.scope, exports=_disclose(tracker, request),
        phi=request.phi, as_of=request.as_of, known_at=request.known_at,
    )  # fmt: skip
    own = tracker.ledger.entries(LEDGER_CASE)
    streams.insert(0, Stream(case=LEDGER_CASE, last=len(own), entries=own))
    pages = {case_id: page(case_id, flow, kept) for case_id, flow, kept in found if kept}
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


def _stream(tracker: Tracker, request: Request, case_id: str, kept: Sequence[Entry]) -> Stream:
    texts = tracker.ledger.disclosures(case_id) if request.phi else {}
    last = tracker.case(case_id).version
    return Stream(case=case_id, last=last, entries=tuple(kept), disclosures=texts)


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
    key = _newest_key(streams[0].entries)
    return Sealed(note=note, public=key, leaves=leaves, indices=indices, sizes=sizes)


def _newest_key(own: Sequence[Entry]) -> bytes:
    for entry in reversed(own):
        match entry.data:
            case KeyMade(public=text) | KeyRotated(new=text):
                return b64decode(text, validate=True)
            case _:
                pass
    raise Corrupt("the ledger has a checkpoint and names no key; see 'casetrack audit verify'")


def plain_page(case_id: str, workflow: Workflow, kept: Sequence[Entry]) -> str:
    """The case's history as one page of text."""
    from casetrack.reports.timeline import history_lines

    text = "\n".join(line.text for line in history_lines(kept, workflow.zone))
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'">\n'
        f"<title>{escape(case_id)}</title>\n<h1>Case {escape(case_id)}</h1>\n"
        "<p>A convenience, not evidence: what verify.py prints is.</p>\n"
        f"<pre>{escape(text)}</pre>\n</html>\n"
    )

"""One case's entries, whose chain holds, against everything that is kept beside them."""

from collections.abc import Iterator, Mapping
from hashlib import sha256

import msgspec
from msgspec import Struct

from casetrack.audit.problems import Findings, Kind
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.errors import Corrupt
from casetrack.ledger import canonical
from casetrack.ledger.codec import parse
from casetrack.ledger.comparing import Rows, differing
from casetrack.ledger.scan import Row
from casetrack.ledger.store import LEDGER_CASE

_OWN_STREAM = (e.LedgerOpened, e.DisclosureMade, e.KeyMade, e.KeyRotated)
Texts = Mapping[bytes, bytes]


class Definitions:
    """The texts kept by digest; one that is named and not there is told of once."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._kept: set[str] = set()

    def read(self, digest: bytes, text: bytes) -> None:
        name = digest[:64].decode("ascii", "backslashreplace")
        self._kept.add(name)
        if sha256(text).hexdigest() != name:
            self._findings.add("definition altered", f"the text kept under {name} is another")

    def need(self, entry: e.Entry) -> None:
        for digest in sorted(set(named_digests(entry.data)) - self._kept):
            self._kept.add(digest)
            at = entry.case.encode(), entry.version
            self._findings.add("definition altered", f"none is kept under {digest}", *at)


def named_digests(data: e.Data) -> Iterator[str]:
    """What an entry names by digest: workflows, and calendars that its dates rest on."""
    if isinstance(data, e.CaseOpened | e.WorkflowAdopted):
        yield data.definition
    if isinstance(data, e.Effects):
        readings = [*(x.reading for x in data.moved), *(x.standard for x in data.moved)]
        for deadline in data.armed:
            yield deadline.definition
            readings += [deadline.reading, deadline.standard]
        for reading in readings:
            yield from (use.digest for use in (reading.calendars if reading else ()))


class CaseProof:
    """Reads a case's entries in order; what it holds of them is the case and its values' names."""

    def __init__(self, case: bytes, findings: Findings, definitions: Definitions) -> None:
        self._at = case
        self._findings = findings
        self._before = findings.total
        self._definitions = definitions
        self._case: Case | None = Case(id=case.decode("ascii", "replace"))
        self._gone: set[tuple[int, str]] = set()
        self._there: set[tuple[int, str]] = set()
        self._redacted: set[tuple[int, str]] = set()

    def read(self, row: Row, texts: Texts) -> e.Entry | None:
        """An entry whose digest and place are right, and the disclosures that are kept of it."""
        entry = self._entry(row, texts)
        if entry is None:
            return None
        self._columns(row, entry)
        if not _belongs(entry):
            self._add("inserted", f"{entry.type} has no place there", entry.version)
        self._definitions.need(entry)
        kept = {_name(name) for name in texts}
        self._there |= {(entry.version, name) for name in kept}
        self._gone |= {(entry.version, name) for name in entry.sealed.keys() - kept}
        if isinstance(entry.data, e.ValueRedacted):
            self._redacted |= {(target.version, target.name) for target in entry.data.removed}
        self._evolve(entry)
        return entry

    def end(self) -> None:
        for version, name in sorted(self._gone - self._redacted):
            self._add("value missing", f"{name}: not there, and not redacted", version)
        for version, name in sorted(self._there & self._redacted):
            self._add("value without entry", f"{name}: redacted, and there again", version)

    def compare(self, stored: Rows) -> None:
        """The views; only those of a case that has no other problem can be judged."""
        if self._findings.total > self._before:
            return
        parts = self._parts(stored)
        if parts:
            self._add("view differs", ", ".join(parts))

    def _parts(self, stored: Rows) -> tuple[str, ...]:
        try:
            return ("entries",) if self._case is None else differing(stored, self._case)
        except (ArithmeticError, ValueError):
            return ("entries",)

    def _entry(self, row: Row, texts: Texts) -> e.Entry | None:
        place = self._at.decode("ascii", "replace"), row.version
        try:
            body = row.body.decode()
            if not canonical.holds(body):
                self._add("not canonical", "the text is not in canonical form", row.version)
            return parse(body, {n.decode(): text.decode() for n, text in texts.items()}, place)
        except (UnicodeError, Corrupt):
            return self._without(row, texts, place)

    def _without(self, row: Row, texts: Texts, place: tuple[str, int]) -> e.Entry | None:
        """The entry without its disclosures, of which one is bad unless the text is."""
        self._case = None
        try:
            entry = parse(row.body.decode(), {}, place)
        except (UnicodeError, Corrupt):
            self._add("not canonical", "the text is no entry of format 1", row.version)
            return None
        for name, text in sorted(texts.items()):
            self._value(entry, _name(name), text)
        return entry

    def _value(self, entry: e.Entry, name: str, text: bytes) -> None:
        if name not in entry.sealed:
            self._add("value without entry", f"{name[:64]}: no such value is sealed", entry.version)
        elif sha256(text).hexdigest() != entry.sealed[name] or not _is_disclosure(name, text):
            self._add("value altered", f"{name}: not the text that was sealed", entry.version)

    def _columns(self, row: Row, entry: e.Entry) -> None:
        wanted = {
            "type": entry.type,
            "key": entry.key,
            "occurred_on": entry.occurred_on.isoformat(),
            "recorded_at": canonical.instant(entry.recorded_at),
        }
        for name, value in wanted.items():
            if getattr(row, name) != value.encode():
                self._add("column differs", f"{name}: the entry says otherwise", entry.version)

    def _evolve(self, entry: e.Entry) -> None:
        if self._case is not None and self._at != LEDGER_CASE.encode():
            try:
                self._case = evolve(self._case, entry)
            except (LookupError, ValueError):
                self._case = None

    def _add(self, kind: Kind, detail: str, version: int | None = None) -> None:
        self._findings.add(kind, detail, self._at, version)


def _belongs(entry: e.Entry) -> bool:
    """Whether a stream of its kind has such an entry, and there."""
    own_stream = entry.case == LEDGER_CASE
    first = e.LedgerOpened if own_stream else e.CaseOpened
    opens = isinstance(entry.data, first)
    return isinstance(entry.data, _OWN_STREAM) == own_stream and opens == (entry.version == 1)


def _name(name: bytes) -> str:
    return name.decode(errors="backslashreplace")


class _Disclosed(Struct, array_like=True):
    salt: str
    name: str
    value: e.Typed


def _is_disclosure(name: str, text: bytes) -> bool:
    try:
        return msgspec.json.decode(text, type=_Disclosed).name == name
    except (msgspec.MsgspecError, UnicodeError):
        return False

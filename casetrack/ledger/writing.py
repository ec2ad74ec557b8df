"""What one transaction writes: checked when appended, sent in batches, views last.

A file's write lock is held throughout, so a check that passed holds until the commit; on a server
another's commit may come between, and then what is sent is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Table, Text, bindparam, exists, insert, select
from sqlalchemy.exc import DBAPIError

from casetrack.domain.case import Case
from casetrack.domain.events import Entry
from casetrack.domain.fold import evolve
from casetrack.errors import BadDatabase
from casetrack.ledger import canonical
from casetrack.ledger import tables as t
from casetrack.ledger.codec import record
from casetrack.ledger.refusals import key_taken, moved_on, reference_taken
from casetrack.ledger.store import Draft, Sources
from casetrack.ledger.view_writing import write_views

BATCH_ENTRIES = 2_000

_entry = t.ledger.c
_STORED = select(
    select(_entry.version)
    .where(_entry.case_id == bindparam("case"))
    .order_by(_entry.version.desc())
    .limit(1)
    .scalar_subquery(),
    exists().where(
        _entry.case_id == bindparam("case"), _entry.key.in_(bindparam("keys", expanding=True))
    ),
    exists().where(t.case_view.c.reference == bindparam("reference", type_=Text)),
)
_known = t.definition.alias()
_KEEP = insert(t.definition).from_select(
    ["digest", "text"],
    select(bindparam("of", type_=Text), bindparam("said", type_=Text)).where(
        ~select(_known.c.digest).where(_known.c.digest == bindparam("of")).exists()
    ),
)


class Batch:
    """The appends of one transaction that are not yet sent."""

    def __init__(self, connection: Connection, sources: Sources, ledger_id: str) -> None:
        self.connection = connection
        self._sources = sources
        self._ledger_id = ledger_id
        self._definitions: set[str] = set()
        self._failed = False
        self._empty()

    def _empty(self) -> None:
        """As after each sending: the database answers for what it was sent."""
        self._entries: list[Entry] = []
        self._disclosures: list[dict[str, object]] = []
        self._cases: dict[str, tuple[Case, Case]] = {}
        self._keys: set[tuple[str, str]] = set()
        self._references: set[str] = set()

    def append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str]
    ) -> tuple[Case, tuple[Entry, ...]]:
        """Record the drafts, or none of them if one is refused."""
        with self._sending():
            self._admit(case, drafts)
            return self._append(case, drafts, definitions)

    def append_all(self, changes: Sequence[tuple[Case, Sequence[Draft]]]) -> None:
        """What ``append`` would refuse, the database's own guards do when it is sent."""
        with self._sending():
            for case, drafts in changes:
                self._append(case, drafts, {})

    def _append(
        self, case: Case, drafts: Sequence[Draft], definitions: Mapping[str, str]
    ) -> tuple[Case, tuple[Entry, ...]]:
        after = case
        entries: list[Entry] = []
        disclosures: list[dict[str, object]] = []
        for draft in drafts:
            entry, texts = record(after, draft, self._sources, self._ledger_id)
            after = evolve(after, entry)
            entries.append(entry)
            disclosures += _disclosure_rows(entry, texts)
        self._keep_definitions(definitions)
        self._entries += entries
        self._disclosures += disclosures
        self._remember(case, after, entries)
        if len(self._entries) >= BATCH_ENTRIES:
            self._flush()
        return after, tuple(entries)

    def keep(self, entry: Entry) -> None:
        """Send an entry that was recorded elsewhere, without typed values."""
        self._entries.append(entry)
        self.flush()

    def _remember(self, before: Case, after: Case, entries: Sequence[Entry]) -> None:
        first, _ = self._cases.get(before.id, (before, after))
        self._cases[before.id] = first, after
        self._keys.update((entry.case, entry.key) for entry in entries)
        if isinstance(after.reference, str):
            self._references.add(after.reference)

    def _admit(self, case: Case, drafts: Sequence[Draft]) -> None:
        """Refuse a stale version, a key used before and a reference taken."""
        keys = [draft.key for draft in drafts if draft.key is not None]
        reference = next((r for d in drafts if (r := d.event.typed.get("reference"))), None)
        version, key_known, taken = self._known(case.id, keys, reference)
        if version != case.version:
            raise moved_on()
        if key_known or len(set(keys)) < len(keys) or any((case.id, k) in self._keys for k in keys):
            raise key_taken()
        if taken or reference in self._references:
            raise reference_taken()

    def _known(
        self, case_id: str, keys: Sequence[str], reference: object
    ) -> tuple[int, bool, bool]:
        """The case's version, and whether one of the keys and the reference are on file."""
        unsent = self._cases.get(case_id)
        if unsent is not None and unsent[0].version == 0 and reference is None:
            return unsent[1].version, False, False
        asked = {"case": case_id, "keys": keys, "reference": reference}
        row = self.connection.execute(_STORED, asked).one()
        version = row[0] or 0 if unsent is None else unsent[1].version
        return version, bool(row[1]), bool(row[2])

    def _keep_definitions(self, definitions: Mapping[str, str]) -> None:
        for digest, text in definitions.items():
            if digest not in self._definitions:
                keep_definition(self.connection, digest, text)
                self._definitions.add(digest)

    def flush(self) -> None:
        """Send what was appended since the last flush."""
        with self._sending():
            if self._entries:
                self._flush()

    @contextmanager
    def _sending(self) -> Iterator[None]:
        # After a failed statement SQLite may have rolled back by itself, and whatever was sent next
        # would be committed alone.
        if self._failed:
            raise BadDatabase("an earlier write of the same transaction failed; none is kept")
        try:
            yield
        except DBAPIError:
            self._failed = True
            raise

    def _flush(self) -> None:
        _insert(self.connection, t.ledger, [_ledger_row(entry) for entry in self._entries])
        _insert(
            self.connection,
            t.unsealed,
            [{"case_id": entry.case, "version": entry.version} for entry in self._entries],
        )
        _insert(self.connection, t.disclosure, self._disclosures)
        write_views(self.connection, self._cases.values())
        self._empty()


def keep_definition(connection: Connection, digest: str, text: str) -> None:
    """Keep a definition's canonical text under its digest, unless it is known."""
    if canonical.digest(text) != digest:
        raise ValueError("a definition is kept under the digest of its text")
    connection.execute(_KEEP, {"of": digest, "said": text})


def _insert(connection: Connection, table: Table, rows: list[dict[str, object]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _ledger_row(entry: Entry) -> dict[str, object]:
    return {
        "case_id": entry.case,
        "version": entry.version,
        "type": entry.type,
        "key": entry.key,
        "occurred_on": entry.occurred_on.isoformat(),
        "recorded_at": canonical.instant(entry.recorded_at),
        "digest": bytes.fromhex(entry.digest),
        "body": entry.body,
    }


def _disclosure_rows(entry: Entry, texts: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {"case_id": entry.case, "version": entry.version, "name": name, "text": text}
        for name, text in texts.items()
    ]

"""A ledger that is sealed, and a second opinion on what sealing left behind."""

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from casetrack.domain import events as e
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.service import keys, sealing
from casetrack.service.keeping import Keep, keep
from casetrack.service.operating import Seal
from casetrack.service.outcomes import Sealed
from casetrack.service.tracker import Tracker
from tests import curve, rfc6962
from tests.facts import append, new_case, noted, opened
from tests.fakes import FakeClock


class Signed(NamedTuple):
    """A note read by hand: its three lines, and the signatures by key id."""

    origin: str
    size: int
    root: bytes
    text: str
    signatures: dict[bytes, bytes]

    def by(self, public: bytes) -> bool:
        """Whether that key signed, by the RFC's own formulas."""
        id = sha256(f"{self.origin}\n".encode() + b"\x01" + public).digest()[:4]
        return id in self.signatures and curve.verifies(
            public, self.signatures[id], self.text.encode()
        )


def read_note(note: str) -> Signed:
    text, signatures = note.split("\n\n")
    origin, size, root = text.split("\n")
    codes = [b64decode(line.split(" ")[2]) for line in signatures.removesuffix("\n").split("\n")]
    return Signed(
        origin, int(size), b64decode(root), f"{text}\n", {code[:4]: code[4:] for code in codes}
    )


def publics(ledger: Ledger) -> Iterator[bytes]:
    """The public keys in the ledger's own stream, the oldest first."""
    for entry in ledger.entries(LEDGER_CASE):
        if isinstance(entry.data, e.KeyMade):
            yield b64decode(entry.data.public)
        if isinstance(entry.data, e.KeyRotated):
            yield b64decode(entry.data.new)


def bodies(ledger: Ledger) -> dict[tuple[str, int], bytes]:
    ids = (LEDGER_CASE, *ledger.case_ids())
    return {(x.case, x.version): x.body.encode() for id in ids for x in ledger.entries(id)}


def proved(ledger: Ledger, place: Keep) -> Signed:
    """The note outside, once all that sealing promises is found to hold.

    Every entry is one leaf or waits; the leaves follow each other and hash what is stored; every
    checkpoint is the RFC's root of the first so many, signed by a key of the ledger.
    """
    known = bodies(ledger)
    leaves = list(ledger.tree.leaves())
    sealed = [(leaf.case_id, leaf.version) for leaf in leaves]
    waiting = [(id, version) for id, version, _ in ledger.tree.pending()]
    assert sorted(sealed + waiting) == sorted(known)
    assert [leaf.index for leaf in leaves] == list(range(len(leaves)))
    entries = tuple(known[at] for at in sealed)
    assert [leaf.hash for leaf in leaves] == [sha256(b"\0" + body).digest() for body in entries]
    note = place.note.read_text("utf-8")
    for text in (note, *(text for _, text in ledger.tree.checkpoints())):
        found = read_note(text)
        assert found.origin == f"casetrack/{ledger.id}"
        assert found.root == rfc6962.mth(entries[: found.size])
        assert any(found.by(public) for public in publics(ledger))
    return read_note(note)


class Vault:
    """A ledger with its places outside, at a clock that is set."""

    def __init__(self, ledger: Ledger, clock: FakeClock, folder: Path) -> None:
        self.ledger = ledger
        self.clock = clock
        self.place = keep(Seal(state_dir=str(folder)), ledger.id)
        self._case = new_case(ledger, opened("C-1", "P 1"))

    @property
    def tracker(self) -> Tracker:
        return Tracker(self.ledger, self.clock.now, "eva")

    def note(self, times: int = 1) -> None:
        self.clock.move(minutes=1)
        case = self.tracker.case(self._case.id)
        append(self.ledger, case, *[noted(str(n)) for n in range(times)])

    def new_key(self) -> None:
        keys.new(self.tracker, self.place)

    def rotate(self) -> None:
        keys.rotate(self.tracker, self.place)

    def seal(self, *, accept_restore: bool = False) -> Sealed:
        return sealing.seal(self.tracker, self.place, accept_restore=accept_restore)

    def proved(self) -> Signed:
        return proved(self.ledger, self.place)

    @property
    def outside(self) -> str:
        return self.place.note.read_text("utf-8")

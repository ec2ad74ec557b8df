"""Whose signature counts: the keys that a ledger's own stream hands on from one to the next."""

from collections.abc import Sequence

from casetrack.audit import notes
from casetrack.audit.problems import Findings
from casetrack.domain import events as e


class Authority:
    """The ledger's keys, oldest first, read from its entries one by one."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._keys: list[bytes] = []

    @property
    def keys(self) -> Sequence[bytes]:
        return self._keys

    def read(self, entry: e.Entry) -> None:
        match entry.data:
            case e.KeyMade(public=public):
                key = None if self._keys else _bytes(public, 32)
            case e.KeyRotated() as data:
                key = self._rotated(entry.ledger, data)
            case _:
                return
        if key is not None:
            self._keys.append(key)
        else:
            why = "a signing key that the one before did not hand over to"
            self._findings.add("checkpoint rewritten", why, entry.case.encode(), entry.version)

    def _rotated(self, ledger: str, data: e.KeyRotated) -> bytes | None:
        old, new = _bytes(data.old, 32), _bytes(data.new, 32)
        if not self._keys or old != self._keys[-1] or new is None:
            return None
        text = notes.rotation_text(ledger, old, new)
        signed = ((old, data.signed_by_old), (new, data.signed_by_new))
        for key, code in signed:
            signature = _bytes(code, 64)
            if signature is None or not notes.verifies(key, signature, text):
                return None
        return new

    def trusting(self, fingerprint: str | None) -> Sequence[bytes]:
        """The keys of that fingerprint and after it; every key where none is given."""
        if fingerprint is None:
            return self._keys
        prints = [notes.fingerprint(key) for key in self._keys]
        return self._keys[prints.index(fingerprint) :] if fingerprint in prints else ()


def _bytes(text: str, length: int) -> bytes | None:
    try:
        return notes.exactly(text, length)
    except ValueError:
        return None

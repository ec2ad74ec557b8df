"""Whose signature counts: the keys that a ledger's own stream hands on from one to the next."""

from collections.abc import Sequence

from casetrack.audit import notes
from casetrack.audit.keys import Known, follower
from casetrack.audit.problems import Findings
from casetrack.domain import events as e


class Authority:
    """The ledger's keys, oldest first, read from its entries one by one."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._known: list[Known] = []

    @property
    def keys(self) -> Sequence[bytes]:
        return [one.public for one in self._known]

    def read(self, entry: e.Entry) -> None:
        if not isinstance(entry.data, e.KeyMade | e.KeyRotated):
            return
        public = follower(entry, self._known)
        if public is not None:
            self._known.append(Known(public=public, version=entry.version))
        else:
            why = "a signing key that the one before did not hand over to"
            self._findings.add("checkpoint rewritten", why, entry.case.encode(), entry.version)

    def trusting(self, fingerprint: str | None) -> Sequence[bytes]:
        """The key of that fingerprint and those after it; every key where none is given."""
        if fingerprint is None:
            return self.keys
        prints = [notes.fingerprint(key) for key in self.keys]
        return self.keys[prints.index(fingerprint) :] if fingerprint in prints else ()

"""One case's entries as a hash chain: proved from the stored texts alone, trusting no index."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from casetrack.errors import CasetrackError
from casetrack.ledger import canonical


class Problem(Struct, frozen=True, kw_only=True):
    """What is wrong with an entry, by where it stands in the chain; never its text."""

    kind: str
    case: str
    version: int
    detail: str


def verify_chain(case_id: str, stored: Iterable[tuple[str, str]]) -> list[Problem]:
    """The problems of a case's bodies and of the digests stored beside them, in version order.

    Kinds: ``form``, ``digest``, ``case``, ``version``, ``prev``, ``time``.
    That nothing was cut off the end is not proved here.
    """
    problems: list[Problem] = []
    prev, recorded_at = None, ""
    for version, (body, digest) in enumerate(stored, start=1):
        members = _members(body)
        found = [*_form(body, members), *_links(members, case_id, version, prev, recorded_at)]
        prev = canonical.digest(body)
        if prev != digest:
            found.append(("digest", "the digest beside the entry is not its own"))
        recorded_at = max(recorded_at, str(members.get("recorded_at")))
        problems += [
            Problem(kind=kind, case=case_id, version=version, detail=detail)
            for kind, detail in found
        ]
    return problems


def _members(body: str) -> dict[str, Any]:
    try:
        members = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return members if isinstance(members, dict) else {}


def _form(body: str, members: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Canonical text is what dumping it again would give; a duplicate key or a float is not."""
    try:
        canonical_text = canonical.text(canonical.members(members))
    except (CasetrackError, RecursionError):
        canonical_text = None
    if canonical_text != body:
        yield "form", "the entry is not in canonical form"


def _links(
    members: dict[str, Any], case_id: str, version: int, prev: str | None, recorded_at: str
) -> Iterator[tuple[str, str]]:
    if members.get("case") != case_id:
        yield "case", "the entry is one of another case"
    if members.get("version") != version:
        yield "version", "the versions have a gap or are out of order"
    if members.get("prev", "") != prev:
        yield "prev", "the entry does not follow the one before it"
    if str(members.get("recorded_at")) < recorded_at:
        yield "time", "the entry was recorded before the one before it"

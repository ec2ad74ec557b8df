"""What is wrong with a case whose chain does not hold; docs/reference/verify.md has the rules."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from casetrack.audit.chain import Own, Tally, own, suspects
from casetrack.audit.problems import Kind

Verdict = tuple[Kind, str]


class Seen(NamedTuple):
    """A row: the version it is filed under, the digest kept beside it, that of its text."""

    at: int
    kept: bytes
    made: bytes
    own: Own | None


class Home(NamedTuple):
    """The row at the place that a text says is its own."""

    kept: bytes
    made: bytes


class Broken(NamedTuple):
    """A case's rows by version; ``home`` finds the row at the place that a body claims."""

    case: str
    ledger: str
    rows: Sequence[Seen]
    home: Callable[[Own], Home | None]


def diagnosed(case: Broken) -> Iterator[tuple[int, Kind, str]]:
    """(version, kind, detail); at least one, for the chain was found not to hold."""
    verdicts = _judged(case)
    verdicts.update(_unlinked(case.rows, verdicts))
    found = [(version, *verdict) for version, verdict in verdicts.items()]
    found += _missing(case, verdicts)
    yield from sorted(found) or [(1, "altered", "the chain does not hold")]


def alone(
    case_id: str,
    ledger: str,
    stored: Iterable[tuple[bytes, bytes]],
    home: Callable[[Own], Home | None] = lambda _: None,
) -> list[tuple[int, Kind, str]]:
    """(version, kind, detail) of one case's (body, digest) in version order, by themselves."""
    links = [(case_id.encode(), at, kept, body) for at, (body, kept) in enumerate(stored, 1)]
    if not list(suspects(links, ledger, Tally())):
        return []
    seen = [Seen(at, kept, sha256(body).digest(), own(body)) for _, at, kept, body in links]
    return list(diagnosed(Broken(case_id, ledger, seen, home)))


class _Whole(NamedTuple):
    """What is known of a case's rows together."""

    claims: Mapping[int, int]
    digests: Mapping[bytes, int]
    filed: frozenset[int]
    last: Seen
    rising: bool


def _whole(case: Broken) -> _Whole:
    claimed = [version for row in case.rows if (version := _claimed(case, row))]
    return _Whole(
        claims=Counter(claimed),
        digests=Counter(x for row in case.rows for x in {row.kept, row.made}),
        filed=frozenset(row.at for row in case.rows),
        last=case.rows[-1],
        rising=all(a <= b for a, b in pairwise(claimed)),
    )


def _judged(case: Broken) -> dict[int, Verdict]:
    whole = _whole(case)
    before: Seen | None = None
    verdicts = {}
    for row in case.rows:
        verdict = _filed(case, row, whole) or _strayed(case, row, whole, before)
        if verdict:
            verdicts[row.at] = verdict
        before = row
    return verdicts


def _claimed(case: Broken, row: Seen) -> int:
    """The version that the text says it is of this case; 0 if it is none of it."""
    return row.own.version if row.own and row.own.case == case.case else 0


def _filed(case: Broken, row: Seen, whole: _Whole) -> Verdict | None:
    """What is wrong with a text by itself, or with one that is no genuine text elsewhere."""
    own = row.own
    if row.made == row.kept:
        if own is None:
            return "not canonical", "the text is no entry"
        if own.ledger != case.ledger:
            return "inserted", "it is an entry of another ledger"
        return None
    if own is not None and (own.case, own.version) != (case.case, row.at):
        known = whole.digests[row.made] > 1 or row.made in (case.home(own) or ())
        if known:
            return None
    return "altered", "the digest beside it is not that of its text"


def _strayed(case: Broken, row: Seen, whole: _Whole, before: Seen | None) -> Verdict | None:
    """A genuine text that does not stand at its own place."""
    own = row.own
    if own is None or (own.case, own.version) == (case.case, row.at):
        return None
    spare: Verdict = ("altered", "a copy of another entry stands in its place")
    if row.at in whole.claims or (row is whole.last and row.made == row.kept):
        spare = "inserted", f"there is another version {own.version} of its case"
    if own.case != case.case:
        return _from_elsewhere(case.home(own), row, spare)
    if whole.claims[own.version] > 1:
        return spare
    if before is not None and own.prev == before.made.hex() and not _next(case, before, own):
        return "altered", f"the text calls itself version {own.version}"
    if not whole.rising and own.version in whole.filed:
        return "reordered", f"the text is that of version {own.version}"
    return "column differs", f"version: the text is that of version {own.version}"


def _next(case: Broken, before: Seen, own: Own) -> bool:
    return own.version == _claimed(case, before) + 1


def _from_elsewhere(home: Home | None, row: Seen, spare: Verdict) -> Verdict:
    if home is None:
        return "column differs", "case_id: the text is of another case"
    if home.made == row.made:
        return spare
    return "reordered", "the text is that of an entry of another case"


def _unlinked(rows: Iterable[Seen], verdicts: Mapping[int, Verdict]) -> dict[int, Verdict]:
    """Entries that are not the ones that those after them follow.

    Where both ends of an entry's links are broken, it is the one that was changed.
    """
    claimed: dict[int, list[Seen]] = {}
    settled: dict[int, Seen] = {}
    for row in rows:
        if row.own is not None:
            claimed.setdefault(row.own.version, []).append(row)
            if verdicts.get(row.at, ("column differs",))[0] == "column differs":
                settled[row.own.version] = row
    loose = [v for v in sorted(settled) if not _follows(settled[v], claimed.get(v - 1, ()))]
    found: dict[int, Verdict] = {}
    for version in loose:
        before = settled.get(version - 1)
        if version == 1 or version + 1 in loose:
            found[settled[version].at] = "altered", "it follows another entry than the one before"
        elif before is not None and before.at not in found:
            found[before.at] = "altered", f"version {version} follows another text"
    return found


def _follows(row: Seen, before: Sequence[Seen]) -> bool:
    if row.own is None or row.own.version == 1:
        return row.own is None or row.own.prev is None
    known = {digest.hex() for seen in before for digest in (seen.made, seen.kept)}
    return not known or row.own.prev in known


def _missing(case: Broken, verdicts: Mapping[int, Verdict]) -> Iterator[tuple[int, Kind, str]]:
    """Each gap in the versions, at its first."""
    here = set()
    for row in case.rows:
        kind, _ = verdicts.get(row.at, ("", ""))
        here.add(row.at if kind in {"altered", "inserted"} else _claimed(case, row) or row.at)
    last = 0
    for version in sorted(here):
        if version > last + 1:
            gone = f"version {last + 1}" if version == last + 2 else f"{last + 1} to {version - 1}"
            yield last + 1, "missing", f"{gone}: there is no such entry"
        last = max(version, 0)

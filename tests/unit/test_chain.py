"""Every way in which a chain can be broken is named, at its version."""

import json
from collections.abc import Callable, Sequence
from hashlib import sha256

import pytest

from casetrack.audit.chain import Own, own
from casetrack.audit.diagnosis import Home
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.ledger.codec import record
from tests import chains
from tests.facts import draft, noted
from tests.fakes import FakeClock, fixed_sources

CASE, OTHER = "01a19cc6-3d80-7000-8000-000000000001", "01a19cc6-3d80-7000-8000-000000000002"
LEDGER = "5f0c2f3e-0000-4000-8000-000000000001"


def chain(length: int, case_id: str = CASE) -> list[str]:
    clock = FakeClock()
    sources = fixed_sources(clock)
    case, bodies = Case(id=case_id), []
    for _ in range(length):
        entry, _ = record(case, draft(noted()), sources, LEDGER)
        case = evolve(case, entry)
        bodies.append(entry.body)
        clock.move(minutes=1)
    return bodies


def digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()


def with_digests(bodies: Sequence[str]) -> list[tuple[str, str]]:
    """As a forger stores them who makes the digests anew."""
    return [(body, digest(body)) for body in bodies]


def with_old_digests(bodies: Sequence[str], old: Sequence[str]) -> list[tuple[str, str]]:
    return [(body, digest(was)) for body, was in zip(bodies, old, strict=True)]


def found(stored: Sequence[tuple[str, str]]) -> list[tuple[int, str]]:
    return chains.problems(CASE, stored, ledger=LEDGER)


def numbered(body: str, version: int) -> str:
    return body[: body.rindex(":") + 1] + f"{version}}}"


def after(body: str, prev: str | None) -> str:
    """The same text following another one."""
    members = json.loads(body) | {"prev": prev}
    return json.dumps(members, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def test_a_whole_chain_has_no_problem() -> None:
    assert found(with_digests(chain(4))) == []
    assert found([]) == []


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        # a changed text, whose digest was made anew, is known by the one that follows it
        (lambda b: [b[0].replace("eva", "ota"), *b[1:]], [(1, "altered")]),
        (lambda b: [b[0], b[1].replace("eva", "ota"), *b[2:]], [(2, "altered")]),
        (lambda b: [*b[:2], after(b[2], "0" * 64), b[3]], [(3, "altered")]),
        (lambda b: [after(b[0], "0" * 64), *b[1:]], [(1, "altered")]),
        (lambda b: [b[0], numbered(b[1], 9), *b[2:]], [(2, "altered")]),
        (lambda b: [b[0], "{}", *b[2:]], [(2, "not canonical")]),
        # at the end nothing follows, so that nothing tells
        (lambda b: [*b[:3], b[3].replace("eva", "ota")], []),
        (lambda b: [*b[:2], b[3]], [(3, "column differs"), (3, "missing")]),
        (lambda b: b[1:], [(1, "column differs"), (1, "missing"), (2, "column differs"),
                           (3, "column differs")]),
        (lambda b: [*b, b[1]], [(5, "inserted")]),
        (lambda b: [b[0], b[0], *b[2:]], [(2, "altered")]),
        (lambda b: [b[0], b[2], b[1], b[3]], [(2, "reordered"), (3, "reordered")]),
        (lambda b: [b[1], b[2], b[3], b[0]], [(n, "reordered") for n in (1, 2, 3, 4)]),
        (lambda b: [*b, b[3].replace(LEDGER, LEDGER[:-1] + "2")], [(5, "inserted")]),
        (lambda b: [*b[:3], b[3].replace(LEDGER, LEDGER[:-1] + "2")], [(4, "inserted")]),
        # a place that is nobody's: the text was filed under the wrong case
        (lambda b: [*b[:3], b[3].replace(CASE, OTHER)], [(4, "column differs")]),
    ],
)  # fmt: skip
def test_what_is_forged_with_its_digest_is_named(
    forge: Callable[[list[str]], list[str]], expected: list[tuple[int, str]]
) -> None:
    assert found(with_digests(forge(chain(4)))) == expected


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        (lambda b: [*b[:3], b[3].replace("eva", "ota")], [(4, "altered")]),
        (lambda b: [b[0], numbered(b[1], 3), *b[2:]], [(2, "altered")]),
        (lambda b: [b[0], b[1].replace(CASE, OTHER), *b[2:]], [(2, "altered")]),
        (lambda b: [b[0], b[1].replace(LEDGER, LEDGER[::-1]), *b[2:]], [(2, "altered")]),
        (lambda b: [b[0], b[2], b[1], b[3]], [(2, "reordered"), (3, "reordered")]),
        (lambda b: [b[0], b[0], *b[2:]], [(2, "altered")]),
        (lambda b: ["x" * 900, *b[1:]], [(1, "altered")]),
    ],
)
def test_what_is_forged_beside_its_old_digest_is_named(
    forge: Callable[[list[str]], list[str]], expected: list[tuple[int, str]]
) -> None:
    bodies = chain(4)
    assert found(with_old_digests(forge(bodies), bodies)) == expected


@pytest.mark.parametrize(
    "body", ["", "[]", "{", "[" * 100_000, "7", '{"a":' * 900 + "x", "null", '"case"', "NaN"]
)
def test_what_is_no_entry_at_all_is_named(body: str) -> None:
    whole = chain(2)
    assert found(with_digests([whole[0], body])) == [(2, "not canonical")]
    assert found(with_old_digests([whole[0], body], whole)) == [(2, "altered")]


def test_bytes_that_are_no_text_are_named() -> None:
    (body, kept), *_ = with_digests(chain(1))
    assert chains.problems(CASE, [(body.encode() + b"\xff", kept)], ledger=LEDGER) == [
        (1, "altered")
    ]


def test_a_digest_beside_the_wrong_entry_is_named() -> None:
    (body,) = chain(1)
    assert found([(body, "0" * 64)]) == [(1, "altered")]


def test_a_text_of_another_case_is_a_copy_where_that_still_has_it() -> None:
    mine, other = chain(3), chain(3, OTHER)
    made = sha256(other[1].encode()).digest()
    stored = with_digests([*mine, other[1]])
    copied = chains.problems(CASE, stored, lambda _: Home(made, made), LEDGER)
    assert copied == [(4, "inserted")]
    stored = with_digests([mine[0], other[1], mine[2]])
    assert chains.problems(CASE, stored, lambda _: Home(made, made), LEDGER) == [(2, "altered")]
    elsewhere = sha256(mine[1].encode()).digest()
    swapped = chains.problems(CASE, stored, lambda _: Home(elsewhere, elsewhere), LEDGER)
    assert swapped == [(2, "reordered")]


@pytest.mark.parametrize(
    "data",
    [
        '{"prev":"x","recorded_at":"y","case":"z"}',
        '{"case":"z","version":7,"ledger":"w"}',
        '{"a":"\\",\\"prev\\":null,\\"case\\":\\"z\\""}',
        '{"a":[{"version":7},"}"]}',
    ],
)
def test_a_bodys_own_word_is_its_own_members_whatever_it_holds(data: str) -> None:
    body = (
        f'{{"case":"c","data":{data},"ledger":"l","prev":null,"sealed":{{"prev":"s"}},"version":3}}'
    )
    assert own(body.encode()) == Own(ledger="l", case="c", version=3, prev=None)


@pytest.mark.parametrize("version", ["1.5", "true", '"1"', "null", "[1]", "1e400"])
def test_a_version_is_a_whole_number_or_none(version: str) -> None:
    body = f'{{"case":"c","ledger":"l","prev":null,"version":{version}}}'
    assert own(body.encode()) is None

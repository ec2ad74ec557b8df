"""Every way in which a chain can be broken is named, at its version."""

from collections.abc import Callable

import pytest

from casetrack.audit.chain import verify_chain
from casetrack.domain.case import Case
from casetrack.domain.fold import evolve
from casetrack.ledger import canonical
from casetrack.ledger.codec import record
from tests.facts import draft, noted
from tests.fakes import FakeClock, fixed_sources

CASE = "01a19cc6-3d80-7000-8000-000000000001"


def chain(length: int) -> list[str]:
    clock = FakeClock()
    sources = fixed_sources(clock)
    case, bodies = Case(id=CASE), []
    for _ in range(length):
        entry, _ = record(case, draft(noted()), sources, "ledger")
        case = evolve(case, entry)
        bodies.append(entry.body)
        clock.move(minutes=1)
    return bodies


def problems(bodies: list[str]) -> list[tuple[int, str]]:
    """With the digests that a forger would store beside them."""
    stored = [(body, canonical.digest(body)) for body in bodies]
    return [(problem.version, problem.kind) for problem in verify_chain(CASE, stored)]


def test_a_whole_chain_has_none() -> None:
    assert problems(chain(4)) == []
    assert problems([]) == []


@pytest.mark.parametrize(
    ("forge", "expected"),
    [
        (lambda b: [b[0].replace("eva", "ota"), b[1]], [(2, "prev")]),
        (lambda b: [b[0], b[1].replace("eva", "ota")], []),
        (lambda b: [b[0], b[2]], [(2, "version"), (2, "prev")]),
        (lambda b: [b[0], b[0]], [(2, "version"), (2, "prev")]),
        (lambda b: [b[0], b[1].replace("15:01:00", "14:59:00")], [(2, "time")]),
        (lambda b: [b[0], b[1].replace(":", ": ", 1)], [(2, "form")]),
        (lambda b: [b[0], b[1].replace('"v":1', '"v":1,"v":1')], [(2, "form")]),
        (lambda b: [b[0], b[1].replace('"v":1', '"v":1.0')], [(2, "form")]),
        (lambda b: [b[0], b[1].replace("eva", "ev\\u0061")], [(2, "form")]),
        (lambda b: [b[0], b[1].replace('"eva"', '"\\u001b"')], [(2, "form")]),
        (lambda b: [b[0], b[1].replace(CASE, CASE[:-1] + "2")], [(2, "case")]),
    ],
)
def test_what_is_forged_is_named(
    forge: Callable[[list[str]], list[str]], expected: list[tuple[int, str]]
) -> None:
    assert problems(forge(chain(3))) == expected


@pytest.mark.parametrize("body", ["", "[]", "{", "[" * 100_000, "7", '{"a":' * 900 + "x"])
def test_what_is_no_entry_at_all_is_named(body: str) -> None:
    assert (2, "form") in problems([chain(1)[0], body])


def test_a_digest_beside_the_wrong_entry_is_named() -> None:
    (body,) = chain(1)
    (problem,) = verify_chain(CASE, [(body, "0" * 64)])
    assert (problem.kind, problem.case, problem.version) == ("digest", CASE, 1)

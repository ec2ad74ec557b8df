"""The tree against published vectors, then against the RFC's own definitions for every size."""

from random import Random

import pytest

from casetrack.audit import merkle
from casetrack.audit.merkle import Frontier
from casetrack.errors import Corrupt
from tests import rfc6962
from tests.conftest import FULL

# The test tree of Certificate Transparency: its entries, and the root of each of its sizes.
ENTRIES = tuple(
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
)  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
INCLUSION = {
    (0, 1): (),
    (0, 8): (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ),
    (5, 8): (
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
}
CONSISTENCY = {
    (1, 1): (),
    (6, 8): (
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ),
    (2, 5): (
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ),
}
MOST = 300
EVERY = MOST if FULL else 140  # each size up to it
MANY = tuple(f"entry {n}".encode() for n in range(MOST))
LEAVES = [merkle.leaf(entry) for entry in MANY]


def hexed(hashes: list[bytes]) -> tuple[str, ...]:
    return tuple(found.hex() for found in hashes)


def leaves(size: int) -> list[bytes]:
    return [merkle.leaf(entry) for entry in ENTRIES[:size]]


def sizes() -> list[bytes]:
    """The root of each size up to 300, by the RFC's definition."""
    return [rfc6962.mth(MANY[:size]) for size in range(MOST + 1)]


# Published vectors


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_the_published_ones(size: int) -> None:
    assert merkle.root(leaves(size)).hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    found = merkle.inclusion(leaves(size), index)
    assert hexed(found) == INCLUSION[index, size]
    leaf = merkle.leaf(ENTRIES[index])
    assert merkle.included(leaf, index, size, found, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_consistency_proofs_are_the_published_ones(old: int, new: int) -> None:
    found = merkle.consistency(leaves(new), old)
    assert hexed(found) == CONSISTENCY[old, new]
    heads = ((old, bytes.fromhex(ROOTS[old])), (new, bytes.fromhex(ROOTS[new])))
    assert merkle.extends(*heads, found)


# Every size up to the largest


def test_every_inclusion_proof_is_the_rfcs_and_takes_both_readers_to_the_root() -> None:
    for size in range(1, EVERY + 1):
        root = rfc6962.mth(MANY[:size])
        for index in range(size):
            found = merkle.inclusion(LEAVES[:size], index)
            assert rfc6962.root_by_path(LEAVES[index], index, size, found) == root
            assert merkle.included(LEAVES[index], index, size, found, root)
        assert merkle.inclusion(LEAVES[:size], size - 1) == rfc6962.path(size - 1, MANY[:size])


def test_every_consistency_proof_is_the_rfcs_and_gives_both_readers_both_roots() -> None:
    roots = sizes()
    for new in range(1, EVERY + 1):
        for old in range(1, new + 1):
            found = merkle.consistency(LEAVES[:new], old)
            assert rfc6962.roots_by_proof(old, new, found, roots[old]) == (roots[old], roots[new])
            assert merkle.extends((old, roots[old]), (new, roots[new]), found)
        half = (new + 1) // 2
        assert merkle.consistency(LEAVES[:new], half) == rfc6962.proof(half, MANY[:new])


def test_every_tree_extends_the_empty_one_without_proof() -> None:
    empty = (0, merkle.EMPTY)
    for size, root in enumerate(sizes()):
        assert merkle.consistency(LEAVES[:size], 0) == []
        assert merkle.extends(empty, (size, root), [])
        assert not merkle.extends(empty, (size, root), [root])
        assert not merkle.extends((0, bytes(32)), (size, root), [])


# What is wrong is refused


def flipped(found: bytes, random: Random) -> bytes:
    at = random.randrange(256)
    return bytes(byte ^ (1 << at % 8 if n == at // 8 else 0) for n, byte in enumerate(found))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9, 64, 100, 255, 256, 257, 300])
def test_an_inclusion_proof_holds_for_its_own_leaf_place_and_tree_only(size: int) -> None:
    random = Random(size)
    root = rfc6962.mth(MANY[:size])
    for index in sorted(random.sample(range(size), min(size, 12))):
        good = merkle.inclusion(LEAVES[:size], index)
        leaf = LEAVES[index]
        wrong = [
            (flipped(leaf, random), index, size, good, root),
            (leaf, index, size, good, flipped(root, random)),
            (leaf, index, size, [*good, root], root),
            (leaf, index, size, [root, *good], root),
            (leaf, -1, size, good, root),
            (leaf, size, size, good, root),
            (leaf, size + index, size, good, root),
            *((leaf, index, size, [*good[:n], flipped(step, random), *good[n + 1 :]], root)
              for n, step in enumerate(good)),
            *((leaf, index, size, [*good[:n], *good[n + 1 :]], root) for n in range(len(good))),
        ]  # fmt: skip
        other = (index + 1) % size
        if other != index:
            wrong.append((leaf, other, size, good, root))
        for found in wrong:
            assert not merkle.included(*found)


@pytest.mark.parametrize("new", [2, 3, 7, 8, 9, 64, 100, 255, 256, 257, 300])
def test_a_consistency_proof_holds_for_its_own_trees_only(new: int) -> None:
    random = Random(new)
    roots = sizes()
    for old in sorted(random.sample(range(1, new), min(new - 1, 12))):
        good = merkle.consistency(LEAVES[:new], old)
        a, b = (old, roots[old]), (new, roots[new])
        wrong = [
            ((old, flipped(roots[old], random)), b, good),
            (a, (new, flipped(roots[new], random)), good),
            (a, b, [*good, roots[new]]),
            (a, b, [roots[old], *good]),
            (b, a, good),
            ((-1, roots[old]), b, good),
            ((new, roots[old]), b, []),
            *((a, b, [*good[:n], flipped(step, random), *good[n + 1 :]])
              for n, step in enumerate(good)),
            *((a, b, [*good[:n], *good[n + 1 :]]) for n in range(len(good))),
        ]  # fmt: skip
        for found in wrong:
            assert not merkle.extends(*found)


def test_the_very_tree_is_extended_by_itself_without_proof() -> None:
    root = rfc6962.mth(MANY)
    assert merkle.extends((MOST, root), (MOST, root), [])
    assert not merkle.extends((MOST, root), (MOST, root), [root])
    assert not merkle.extends((MOST, root), (MOST, bytes(32)), [])


def test_there_is_no_proof_of_what_is_not_in_the_tree() -> None:
    for index in (-1, 0):
        with pytest.raises(IndexError):
            merkle.inclusion([], index)
    with pytest.raises(IndexError):
        merkle.inclusion(LEAVES[:3], 3)
    for size in (-1, 4):
        with pytest.raises(IndexError):
            merkle.consistency(LEAVES[:3], size)


# Growing


def test_a_frontier_grown_in_any_steps_has_the_root_of_the_whole() -> None:
    random = Random(1)
    roots = sizes()
    for _ in range(60):
        frontier = Frontier()
        while frontier.size < MOST:
            size = min(MOST, frontier.size + random.choice([0, 1, 2, 3, 50]))
            frontier = merkle.grown(frontier, LEAVES[frontier.size : size])
            assert (frontier.size, frontier.root) == (size, roots[size])


def test_a_frontier_is_the_roots_of_the_complete_subtrees_the_largest_first() -> None:
    frontier = merkle.grown(Frontier(), LEAVES[:21])
    parts = (MANY[:16], MANY[16:20], MANY[20:21])
    assert frontier.hashes == tuple(map(rfc6962.mth, parts))


def test_a_frontier_is_read_back_as_it_was_packed_and_no_other_is() -> None:
    for size in range(MOST + 1):
        frontier = merkle.grown(Frontier(), LEAVES[:size])
        packed = frontier.packed
        assert len(packed) == 32 * size.bit_count()
        assert merkle.unpacked(size, packed) == frontier
        for wrong in (packed + bytes(32), packed[:-1], packed + b"\0"):
            if wrong != packed:
                with pytest.raises(Corrupt):
                    merkle.unpacked(size, wrong)


def test_a_leaf_can_not_pass_for_a_node() -> None:
    left, right = LEAVES[:2]
    assert merkle.leaf(left + right) != merkle.node(left, right)

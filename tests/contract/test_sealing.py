"""Sealing in every store: what it promises, cut off at any step, against every older copy."""

import os
import stat
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from casetrack.audit import notes
from casetrack.errors import Busy, CasetrackError, Corrupt, NoKey, Refused, Undelivered
from casetrack.ledger.backup import backup
from casetrack.ledger.sql import SqlLedger, create_ledger, open_ledger
from casetrack.ledger.store import LEDGER_CASE, Ledger
from casetrack.service import keeping, seal_findings, sealing
from casetrack.service.keeping import keep
from casetrack.service.operating import Seal
from tests.contract.asking import run
from tests.fakes import FakeClock, fixed_sources
from tests.offices import reopened
from tests.seals import Vault, proved, publics, read_note


@pytest.fixture
def unkeyed(ledger: Ledger, clock: FakeClock, tmp_path: Path) -> Vault:
    return Vault(ledger, clock, tmp_path / "state")


@pytest.fixture
def vault(unkeyed: Vault) -> Vault:
    unkeyed.new_key()
    return unkeyed


def refusal(call: Callable[[], object], kind: type[CasetrackError]) -> str:
    with pytest.raises(CasetrackError) as caught:
        call()
    assert type(caught.value) is kind, caught.value
    return caught.value.message


def tables(vault: Vault) -> object:
    tree = vault.ledger.tree
    return list(tree.leaves()), tree.frontier(), list(tree.checkpoints())


# What a seal does


def test_the_first_seal_takes_in_every_entry_the_ledgers_own_stream_too(vault: Vault) -> None:
    vault.note(3)
    sealed = vault.seal()
    assert sealed.added == vault.proved().size == 6
    assert vault.ledger.tree.leaf(LEDGER_CASE, 1) is not None
    assert vault.ledger.tree.unsealed() == 0


def test_the_note_is_the_same_outside_in_the_database_and_at_the_foot(vault: Vault) -> None:
    sealed = vault.seal()
    assert vault.ledger.tree.checkpoint() == (sealed.checkpoint.size, vault.outside)
    assert sealed.foot.note == vault.outside
    (public,) = publics(vault.ledger)
    assert sealed.foot.fingerprint == sha256(public).hexdigest()


def test_each_seal_goes_on_from_the_one_before(vault: Vault) -> None:
    sizes = []
    for times in (1, 2, 5, 1, 12):
        vault.note(times)
        vault.seal()
        sizes.append(vault.proved().size)
    assert sizes == [4, 6, 11, 12, 24]
    assert [size for size, _ in vault.ledger.tree.checkpoints()] == sizes


def test_a_seal_reads_no_leaf_again(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    vault.note(10)
    vault.seal()
    vault.note()

    def read(*_: object) -> Iterator[object]:
        raise AssertionError("a leaf was read")

    monkeypatch.setattr(type(vault.ledger.tree), "leaves", read)
    assert vault.seal().added == 1


def test_many_entries_go_in_by_batches(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)
    vault.note(100)
    assert vault.seal().added == 103
    assert vault.proved().size == 103


def test_nothing_new_writes_nothing_and_says_the_same(vault: Vault) -> None:
    vault.note()
    first = vault.seal()
    before = tables(vault), vault.place.note.stat()
    again = vault.seal()
    assert (again.added, again.foot, again.checkpoint) == (0, first.foot, first.checkpoint)
    after = vault.place.note.stat()
    assert (tables(vault), after.st_mtime_ns, after.st_ino) == (
        before[0], before[1].st_mtime_ns, before[1].st_ino,
    )  # fmt: skip


def test_what_stands_outside_is_the_owners_alone(vault: Vault) -> None:
    vault.seal()
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in vault.place.folder.iterdir()}
    assert modes == {"checkpoint": 0o600, "key": 0o600, "lock": 0o600}
    assert stat.S_IMODE(vault.place.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(vault.place.folder.parent.stat().st_mode) == 0o700


def test_without_a_key_nothing_is_sealed_and_nothing_made(unkeyed: Vault) -> None:
    said = refusal(unkeyed.seal, NoKey)
    assert said == "the ledger has no signing key; run 'casetrack audit key new'"
    assert unkeyed.ledger.tree.size() == 0
    assert not unkeyed.place.folder.exists()


def test_an_id_that_is_a_path_leads_nowhere(tmp_path: Path) -> None:
    with pytest.raises(Corrupt):
        keep(Seal(state_dir=str(tmp_path)), "../elsewhere")


# Cut off at any step


class Cut(BaseException):
    """The end of the process, as near as a test in it comes."""


class Steps:
    """Counts what a seal does to disk and database; before or after the n-th act it is cut off."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, ledger: Ledger) -> None:
        self.left = -1
        tree = type(ledger.tree)
        for owner, name in (
            (os, "fsync"), (os, "open"), (Path, "replace"), (notes, "sign"),
            (tree, "keep"), (tree, "keep_frontier"), (tree, "keep_checkpoint"),
            (type(ledger), "append"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it is
            self._count()
            found = real(*arguments, **more)
            self._count()
            return found

        return counted

    def _count(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cut

    def cut(self, after: int, act: Callable[[], object]) -> bool:
        """Whether it was cut off."""
        self.left = after
        try:
            act()
        except Cut:
            return True
        finally:
            self.left = -1
        return False


@pytest.mark.parametrize("sealed_before", [False, True])
def test_a_seal_cut_off_at_any_step_is_finished_by_the_next(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, sealed_before: bool
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 2)
    vault.note(3)
    if sealed_before:
        vault.seal()
    steps = Steps(monkeypatch, vault.ledger)
    cuts = 0
    while True:
        vault.note(3)
        if not steps.cut(cuts + 1, vault.seal):
            break
        cuts += 1
        outside = vault.outside if vault.place.note.exists() else None
        vault.seal()
        found = vault.proved()
        assert vault.ledger.tree.unsealed() == 0
        assert vault.ledger.tree.checkpoint() == (found.size, vault.outside)
        assert outside is None or read_note(outside).size <= found.size
    assert cuts > 15


def test_the_leaves_stand_before_the_head_is_signed(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault.note()

    def cut(*_: object) -> bytes:
        assert (vault.ledger.tree.size(), vault.ledger.tree.unsealed()) == (4, 0)
        assert vault.ledger.tree.frontier()[0] == 4
        raise Cut

    monkeypatch.setattr(notes, "sign", cut)
    with pytest.raises(Cut):
        vault.seal()
    assert vault.ledger.tree.size() == 4
    assert not vault.place.note.exists()


def test_the_note_stands_outside_before_the_database_has_it(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        assert vault.outside
        raise Cut

    with monkeypatch.context() as patch:
        patch.setattr(type(vault.ledger.tree), "keep_checkpoint", cut)
        with pytest.raises(Cut):
            vault.seal()
    outside = vault.outside
    assert vault.ledger.tree.checkpoint() is None
    assert vault.seal().foot.note == outside
    assert vault.proved().size == 3


def test_a_note_is_whole_under_its_name_and_settled_before_it_is_relied_on(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []
    sync, replace = os.fsync, Path.replace

    def synced(handle: int) -> None:
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        acts.append(kind)
        sync(handle)

    def replaced(path: Path, target: Path) -> Path:
        acts.append("rename")
        return replace(path, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "replace", replaced)
    vault.seal()
    assert acts == ["file", "rename", "folder"]


@pytest.mark.parametrize("failing", ["fsync", "open"])
def test_a_folder_that_fails_leaves_leaves_that_the_next_seal_signs(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    vault.note()
    real = getattr(os, failing)

    def full(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it is
        if failing == "fsync" or "checkpoint" in str(arguments[0]):
            raise OSError(28, "No space left on device")
        return real(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, failing, full)
        said = refusal(vault.seal, Undelivered)
    assert said == f"{vault.place.note} can't be written: no space left on device"
    assert vault.ledger.tree.checkpoint() is None
    vault.seal()
    assert vault.proved().size == 4


def test_what_a_seal_left_unsigned_is_signed_before_the_tree_grows(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a checkpoint which is not there, but for the last, was taken away."""

    def cut(*_: object) -> bytes:
        raise Cut

    for _ in range(2):
        vault.note(2)
        with monkeypatch.context() as patch:
            patch.setattr(notes, "sign", cut)
            with pytest.raises(Cut):
                vault.seal()
        assert vault.ledger.tree.size() == 5
    assert vault.seal().added == 2
    assert vault.proved().size == 7
    assert [size for size, _ in vault.ledger.tree.checkpoints()] == [5, 7]


def test_a_second_seal_waits_and_in_the_end_says_to_try_again(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "WAIT", 0.05)
    with keeping.alone(vault.place):
        said = refusal(vault.seal, Busy)
    assert said == "another seal of this ledger has not ended; try again"
    vault.seal()


# What does not extend the checkpoint kept outside


class Copies:
    """An SQLite ledger whose older copies come back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.vault = Vault(
            create_ledger(str(folder / "ledger.db"), fixed_sources(self.clock)),
            self.clock,
            folder / "state",
        )

    def backup(self, name: str) -> None:
        backup(str(self.folder / "ledger.db"), self.folder / name)

    def restore(self, name: str) -> None:
        """Put a copy where the ledger was."""
        assert isinstance(self.vault.ledger, SqlLedger)
        self.vault.ledger.close()
        for end in ("-wal", "-shm"):
            (self.folder / f"ledger.db{end}").unlink(missing_ok=True)
        (self.folder / name).replace(self.folder / "ledger.db")
        self.vault.ledger = reopened(self.folder / "ledger.db", self.clock)


@pytest.fixture
def copies(tmp_path: Path) -> Iterator[Copies]:
    made = Copies(tmp_path)
    made.vault.new_key()
    made.vault.note(2)
    made.vault.seal()
    yield made
    made.vault.ledger.close()


def test_an_older_copy_is_not_sealed_and_the_words_say_what_to_do(copies: Copies) -> None:
    vault = copies.vault
    copies.backup("old.db")
    vault.note(3)
    vault.seal()
    later = vault.outside
    copies.restore("old.db")
    vault.note()

    said = refusal(vault.seal, Corrupt)

    assert said.startswith(
        f"8 entries had been sealed, says the checkpoint kept at {vault.place.note}, and this"
        " ledger holds 5 of them: it is an older copy."
    )
    assert "'casetrack audit seal --accept-restore'" in said
    assert (vault.ledger.tree.size(), vault.ledger.tree.unsealed()) == (5, 1)
    assert vault.outside == later


def test_an_older_copy_that_grew_beyond_the_checkpoint_is_found_too(copies: Copies) -> None:
    """Its leaves are as many, and not the same."""
    vault = copies.vault
    copies.backup("old.db")
    vault.note(3)
    vault.seal()
    later = vault.outside
    copies.restore("old.db")
    vault.place.note.unlink()
    vault.note(4)
    vault.seal(accept_restore=True)
    vault.place.note.write_text(later)

    said = refusal(vault.seal, Corrupt)

    assert "the first 8 sealed entries are not those of the checkpoint kept at" in said


def test_a_restore_that_is_accepted_goes_on_and_keeps_the_note_given_up(copies: Copies) -> None:
    vault = copies.vault
    copies.backup("old.db")
    vault.note(3)
    vault.seal()
    later = vault.outside
    copies.restore("old.db")
    vault.note()

    sealed = vault.seal(accept_restore=True)

    assert sealed.added == 1
    assert vault.proved().size == 6
    assert sealed.aside is not None
    assert Path(sealed.aside).read_text("utf-8") == later
    assert Path(sealed.aside).parent == vault.place.folder
    vault.note()
    assert vault.seal().aside is None


def test_a_copy_from_before_a_rotation_goes_on_with_the_newer_key(copies: Copies) -> None:
    vault = copies.vault
    copies.backup("old.db")
    vault.rotate()
    vault.seal()
    told = list(publics(vault.ledger))
    copies.restore("old.db")
    assert "it is an older copy" in refusal(vault.seal, Corrupt)
    assert len(list(publics(vault.ledger))) == 1
    vault.seal(accept_restore=True)
    assert list(publics(vault.ledger)) == told
    assert vault.proved().by(told[-1])


def test_a_copy_from_before_the_key_was_made_is_given_the_same_key(tmp_path: Path) -> None:
    copies = Copies(tmp_path)
    vault = copies.vault
    copies.backup("old.db")
    vault.new_key()
    vault.seal()
    told = list(publics(vault.ledger))
    copies.restore("old.db")
    refusal(vault.seal, NoKey)
    vault.new_key()
    assert list(publics(vault.ledger)) == told
    assert "it is an older copy" in refusal(vault.seal, Corrupt)
    vault.seal(accept_restore=True)
    vault.proved()
    vault.ledger.close()


def test_accepting_a_restore_where_none_was_changes_nothing(copies: Copies) -> None:
    before = copies.vault.outside
    sealed = copies.vault.seal(accept_restore=True)
    assert (sealed.added, sealed.aside, copies.vault.outside) == (0, None, before)


def test_the_newest_copy_is_sealed_as_if_nothing_had_been(copies: Copies) -> None:
    copies.vault.note()
    copies.vault.seal()
    copies.backup("new.db")
    copies.restore("new.db")
    copies.vault.note()
    assert copies.vault.seal().added == 1
    copies.vault.proved()


def test_of_two_copies_that_went_on_apart_one_is_refused(copies: Copies) -> None:
    vault = copies.vault
    copies.backup("twin.db")
    twin = Vault.__new__(Vault)
    twin.__dict__.update(vault.__dict__)
    twin.ledger = reopened(copies.folder / "twin.db", copies.clock)
    vault.note(2)
    twin.note(1)
    vault.seal()
    said = refusal(twin.seal, Corrupt)
    assert "it is an older copy" in said
    twin.ledger.close()


def test_a_ledger_whose_checkpoint_is_lost_outside_is_not_sealed_unasked(copies: Copies) -> None:
    vault = copies.vault
    vault.place.note.unlink()
    said = refusal(vault.seal, Refused)
    assert f"its last checkpoint is not kept at {vault.place.note} any more" in said
    assert "state_dir in the table seal" in said
    vault.note()
    vault.seal(accept_restore=True)
    assert vault.proved().size == 6


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("", "this is no signed checkpoint"),
        ("nonsense\n", "this is no signed checkpoint"),
        ("\udcff", "is no text"),
    ],
)
def test_what_is_no_checkpoint_outside_is_refused(copies: Copies, written: str, says: str) -> None:
    copies.vault.place.note.write_bytes(written.encode(errors="surrogateescape"))
    assert says in refusal(copies.vault.seal, Corrupt)
    assert copies.vault.ledger.tree.size() == 5


def test_a_checkpoint_signed_by_somebody_else_is_refused(copies: Copies) -> None:
    vault = copies.vault
    head = notes.parse(vault.outside).checkpoint
    vault.place.note.write_text(notes.signed(head, [bytes(32)]))
    vault.ledger.tree.keep_checkpoint(99, "in the way")
    assert "is signed by no key of this ledger" in refusal(vault.seal, Corrupt)


def test_a_checkpoint_rewritten_in_the_database_is_found(copies: Copies) -> None:
    run(copies.folder / "ledger.db", "DROP TRIGGER checkpoint_update",
        "UPDATE checkpoint SET note = replace(note, '5', '6')")  # fmt: skip
    said = refusal(copies.vault.seal, Corrupt)
    assert "the last checkpoint in the database does not go with the one kept at" in said


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO leaf SELECT 5, case_id, 4, zeroblob(32) FROM leaf WHERE version = 3",
        "UPDATE frontier SET hashes = zeroblob(32)",
        "UPDATE frontier SET hashes = zeroblob(64)",
        "DELETE FROM leaf WHERE leaf_index = 4",
        "DELETE FROM frontier",
    ],
)
def test_a_tree_that_was_tampered_with_is_not_signed(copies: Copies, statement: str) -> None:
    copies.vault.note(2)
    before = copies.vault.outside
    triggers = ("frontier_update", "frontier_delete", "leaf_delete")
    run(copies.folder / "ledger.db", *(f"DROP TRIGGER {name}" for name in triggers), statement)
    refusal(copies.vault.seal, Corrupt)
    assert copies.vault.outside == before
    assert copies.vault.ledger.tree.checkpoint() == (5, before)


# What keeps the next seal from being made


def found(vault: Vault) -> list[tuple[str, str]]:
    table = Seal(state_dir=str(vault.place.folder.parent))
    return [(one.kind, one.detail) for one in seal_findings.examine(vault.tracker, table)]


def test_a_ledger_that_can_be_sealed_has_nothing_to_mend(vault: Vault) -> None:
    assert found(vault) == []
    vault.seal()
    vault.note()
    before = tables(vault)
    assert found(vault) == []
    assert tables(vault) == before


def test_a_ledger_without_a_key_is_found(unkeyed: Vault) -> None:
    says = "2 entries unsealed: the ledger has no signing key; run 'casetrack audit key new'"
    assert found(unkeyed) == [("no_key", says)]


def test_what_a_seal_would_refuse_is_found_before(vault: Vault) -> None:
    vault.seal()
    vault.place.key.rename(vault.place.key.with_name("elsewhere"))
    ((kind, detail),) = found(vault)
    assert (kind, "there is no signing key at" in detail) == ("seal_refused", True)
    vault.place.note.unlink()
    ((kind, detail),) = found(vault)
    assert (kind, "is not kept at" in detail) == ("seal_refused", True)


def test_two_ledgers_in_one_folder_do_not_meet(tmp_path: Path) -> None:
    clock = FakeClock()
    sources = fixed_sources(clock)
    vaults = [
        Vault(create_ledger(str(tmp_path / name), sources), clock, tmp_path / "state")
        for name in ("a.db", "b.db")
    ]
    for vault in vaults:
        vault.new_key()
        vault.seal()
    assert len({vault.outside for vault in vaults}) == 2
    for vault in vaults:
        proved(vault.ledger, vault.place)
        vault.ledger.close()


def test_a_seal_by_another_process_is_gone_on_from(copies: Copies) -> None:
    other = Vault.__new__(Vault)
    other.__dict__.update(copies.vault.__dict__)
    other.ledger = open_ledger(str(copies.folder / "ledger.db"), fixed_sources(copies.clock))
    copies.vault.note()
    assert other.seal().added == 1
    assert copies.vault.seal().added == 0
    other.ledger.close()

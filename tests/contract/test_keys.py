"""The signing key in every store: the file goes first, the ledger follows, nothing gets lost."""

import os
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from casetrack.audit import keys as pure
from casetrack.audit import notes
from casetrack.domain import events as e
from casetrack.errors import CasetrackError, Corrupt, NoKey, Refused
from casetrack.ledger.store import LEDGER_CASE, Draft, Ledger
from casetrack.service import keys
from tests import curve
from tests.fakes import FakeClock
from tests.seals import Vault, publics

SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.fixture
def vault(ledger: Ledger, clock: FakeClock, tmp_path: Path) -> Vault:
    return Vault(ledger, clock, tmp_path / "state")


def refusal(call: Callable[[], object], kind: type[CasetrackError] = Refused) -> str:
    with pytest.raises(CasetrackError) as caught:
        call()
    assert type(caught.value) is kind, caught.value
    return caught.value.message


def own(vault: Vault) -> list[e.Data]:
    return [entry.data for entry in vault.ledger.entries(LEDGER_CASE)]


def secret(text: str) -> bytes:
    """The 32 bytes in a key file's first line."""
    line = text.partition("\n")[0]
    return b64decode(line.split("+", 4)[4])[1:]


# Made


def test_a_new_key_stands_in_its_file_and_its_public_half_on_record(vault: Vault) -> None:
    vault.new_key()
    text = vault.place.key.read_text()
    (line,) = text.splitlines()
    public = curve.public_of(secret(text))
    name = f"casetrack/{vault.ledger.id}"
    id = sha256(f"{name}\n".encode() + b"\x01" + public).hexdigest()[:8]
    assert line == f"PRIVATE+KEY+{name}+{id}+{b64encode(bytes([1]) + secret(text)).decode()}"
    assert vault.place.key.stat().st_mode & 0o777 == 0o600
    assert own(vault)[1:] == [e.KeyMade(public=b64encode(public).decode())]
    entry = vault.ledger.entries(LEDGER_CASE)[1]
    assert (entry.actor, entry.occurred_at, entry.sealed) == ("eva", vault.clock.now, {})
    assert secret(text).hex() not in entry.body
    assert b64encode(secret(text)).decode() not in entry.body


def test_a_ledger_that_has_a_key_is_given_no_other(vault: Vault) -> None:
    vault.new_key()
    before = vault.place.key.read_bytes(), own(vault)
    said = refusal(vault.new_key)
    assert said.startswith("the ledger has had a signing key since version 2 of its own stream")
    vault.place.key.unlink()
    assert refusal(vault.new_key) == said
    assert not vault.place.key.exists()
    assert own(vault) == before[1]


def test_a_key_whose_making_was_cut_off_is_put_on_record(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(vault.ledger), "append", cut)
        with pytest.raises(KeyboardInterrupt):
            vault.new_key()
    filed = vault.place.key.read_bytes()
    refusal(vault.seal, NoKey)
    vault.new_key()
    assert vault.place.key.read_bytes() == filed
    assert list(publics(vault.ledger)) == [curve.public_of(secret(filed.decode()))]
    vault.seal()
    vault.proved()


# Read


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o601, 0o610])
def test_a_key_that_others_may_touch_is_refused(vault: Vault, mode: int) -> None:
    vault.new_key()
    vault.place.key.chmod(mode)
    said = refusal(vault.seal)
    assert said == f"{vault.place.key} is open to others; 'chmod 600' it, and think of a new key"
    vault.place.key.chmod(0o600)
    vault.seal()


def test_a_key_that_is_gone_is_asked_for(vault: Vault) -> None:
    vault.new_key()
    vault.place.key.rename(vault.place.key.with_name("safe"))
    for act in (vault.seal, vault.rotate):
        said = refusal(act)
        assert said.startswith(f"there is no signing key at {vault.place.key}; put the copy")
    assert vault.ledger.tree.size() == 0


def test_a_key_that_is_a_folder_is_refused(vault: Vault) -> None:
    vault.new_key()
    vault.place.key.unlink()
    vault.place.key.mkdir()
    assert "can't be read: is a directory" in refusal(vault.seal)


@pytest.mark.parametrize(
    "changed",
    [
        lambda _: "",
        lambda _: "\n",
        lambda text: text[:-2],
        lambda text: text + "\n",
        lambda text: text + "and more\n",
        lambda text: text.replace("PRIVATE", "Private"),
        lambda text: text.replace("+AQ", "+BA").replace("+AA", "+BA").replace("+AR", "+BR"),
        lambda text: text[:-6] + ("AAAA" if text[-6:-2] != "AAAA" else "BBBB") + text[-2:],
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text + "rotated a b c d\n",
        lambda text: text * 1000,
    ],
)
def test_what_is_no_whole_key_is_refused_and_not_shown(
    vault: Vault, changed: Callable[[str], str]
) -> None:
    vault.new_key()
    text = changed(vault.place.key.read_text())
    vault.place.key.write_bytes(text.encode())
    said = refusal(vault.seal)
    assert said == f"{vault.place.key} holds no signing key of casetrack, or not all of one"


def test_the_key_of_another_ledger_is_refused(vault: Vault) -> None:
    other = "casetrack/11111111-1111-4111-8111-111111111111"
    vault.place.folder.mkdir(parents=True)
    vault.place.key.touch(0o600)
    vault.place.key.write_text(pure.text(pure.made(other, SEED)))
    said = refusal(vault.new_key)
    assert said == f"{vault.place.key} holds the signing key of another ledger, {other}"
    assert len(own(vault)) == 1


def test_a_key_that_is_not_the_ledgers_is_refused(vault: Vault) -> None:
    vault.new_key()
    vault.place.key.write_text(pure.text(pure.made(f"casetrack/{vault.ledger.id}", SEED)))
    for act in (vault.seal, vault.rotate):
        assert "holds a key that is not this ledger's" in refusal(act)


# Changed


def test_a_rotation_is_signed_by_both_and_the_newer_key_signs_from_then_on(vault: Vault) -> None:
    vault.new_key()
    vault.seal()
    old = secret(vault.place.key.read_text())
    vault.rotate()
    new = secret(vault.place.key.read_text())
    keys_ = [curve.public_of(seed) for seed in (old, new)]
    before, after = (b64encode(key).decode() for key in keys_)
    text = f"casetrack key rotation\n{vault.ledger.id}\n{before}\n{after}\n".encode()
    data = own(vault)[-1]
    assert data == e.KeyRotated(
        old=before, new=after,
        signed_by_old=b64encode(curve.sign(old, text)).decode(),
        signed_by_new=b64encode(curve.sign(new, text)).decode(),
    )  # fmt: skip
    vault.seal()
    note = vault.proved()
    assert [note.by(key) for key in keys_] == [False, True]
    assert old not in vault.place.key.read_bytes()


def test_the_old_secret_is_gone_once_the_key_is_changed(vault: Vault) -> None:
    vault.new_key()
    old = b64encode(bytes([1]) + secret(vault.place.key.read_text()))
    vault.rotate()
    held = [path.read_bytes() for path in vault.place.folder.iterdir()]
    assert [old in found for found in held] == [False] * len(held)


def test_keys_may_be_changed_again_and_again(vault: Vault) -> None:
    vault.new_key()
    for number in range(5):
        vault.rotate()
        vault.seal()
        assert len(list(publics(vault.ledger))) == number + 2
    vault.proved()


@pytest.mark.parametrize("where", ["fsync", "replace", "append"])
def test_a_rotation_cut_off_anywhere_is_either_none_or_finished_by_the_next_seal(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    vault.new_key()
    vault.seal()
    owner: Any = {"fsync": os, "replace": Path, "append": type(vault.ledger)}[where]
    real = getattr(owner, where)
    for after in (False, True):

        def cut(*arguments: Any, after: bool = after) -> None:  # noqa: ANN401 - whatever it is
            if after:
                real(*arguments)
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(owner, where, cut)
            with pytest.raises(KeyboardInterrupt):
                vault.rotate()
        vault.note()
        vault.seal()
        held = secret(vault.place.key.read_text())
        assert list(publics(vault.ledger))[-1] == curve.public_of(held)
        vault.proved()
        vault.rotate()
        vault.seal()
        vault.proved()


def test_an_older_copy_of_the_key_file_is_refused_by_name(vault: Vault) -> None:
    vault.new_key()
    old = vault.place.key.read_bytes()
    vault.rotate()
    vault.place.key.write_bytes(old)
    said = refusal(vault.seal)
    assert said == (
        f"{vault.place.key} holds an older key of this ledger; version 3 of its own stream says"
        " that another one took over: put the newest key file back"
    )


def test_a_ledger_from_before_a_rotation_is_told_of_it_again(vault: Vault) -> None:
    """As after a restore: the same two signatures, since what was signed names no time."""
    vault.new_key()
    vault.rotate()
    vault.rotate()
    told = own(vault)[1:]
    restored = Vault(type_like(vault), vault.clock, vault.place.folder.parent)
    restored.place = replace(vault.place)
    assert own(restored)[1:] == []
    restored.new_key()
    assert own(restored)[1:] == told
    restored.seal()
    restored.proved()


def type_like(vault: Vault) -> Ledger:
    """A ledger of the same id that remembers nothing."""
    from casetrack.ledger.memory import MemoryLedger
    from tests.fakes import fixed_sources

    made = MemoryLedger(fixed_sources(FakeClock()))
    assert made.id == vault.ledger.id
    return made


# On record


def record(vault: Vault, data: e.Data) -> None:
    event = e.Event(data=data, occurred_on=vault.clock.now.date())
    vault.ledger.append(vault.tracker.case(LEDGER_CASE), [Draft(event=event, actor="eva")])


def rotation(vault: Vault, old: bytes, new: bytes) -> e.KeyRotated:
    return pure.rotated(pure.made(f"casetrack/{vault.ledger.id}", old), new).rotations[0]


def test_keys_on_record_are_told_with_their_versions(vault: Vault) -> None:
    vault.new_key()
    vault.tracker.disclose("show", [])
    vault.rotate()
    found = keys.known(vault.ledger)
    assert [one.version for one in found] == [2, 4]
    assert [one.public for one in found] == list(publics(vault.ledger))


def forgeries(vault: Vault, seed: bytes) -> dict[str, e.Data]:
    """What cannot follow the key of that seed."""
    good = rotation(vault, seed, SEED)
    other = pure.made("casetrack/11111111-1111-4111-8111-111111111111", seed)
    return {
        "a first key again": e.KeyMade(public=PUBLIC),
        "from another key": rotation(vault, SEED, bytes(32)),
        "no signature": replace(good, signed_by_old=PUBLIC),
        "the new key's is wrong": replace(good, signed_by_new=b64encode(bytes(64)).decode()),
        "the old key's is wrong": replace(good, signed_by_old=good.signed_by_new),
        "to another key": replace(good, new=b64encode(bytes(32)).decode()),
        "of another ledger": pure.rotated(other, SEED).rotations[0],
    }


@pytest.mark.parametrize(
    "kind",
    ["a first key again", "from another key", "no signature", "the new key's is wrong",
     "the old key's is wrong", "to another key", "of another ledger"],
)  # fmt: skip
def test_a_key_that_does_not_follow_by_the_word_of_both_is_corrupt(vault: Vault, kind: str) -> None:
    vault.new_key()
    record(vault, forgeries(vault, secret(vault.place.key.read_text()))[kind])
    said = refusal(vault.seal, Corrupt)
    assert said.startswith("version 3 of the ledger's own stream: the signing key there")


@pytest.mark.parametrize("public", ["", "AAAA", PUBLIC + "\n", PUBLIC[:-2] + "p=", "ä" * 44])
def test_a_key_on_record_that_is_none_is_corrupt(vault: Vault, public: str) -> None:
    record(vault, e.KeyMade(public=public.replace("\n", " ")))
    refusal(vault.seal, Corrupt)


def test_the_file_of_a_known_key_to_the_byte() -> None:
    origin = "casetrack/00000000-0000-4000-8000-000000000001"
    held = pure.made(origin, SEED)
    assert pure.text(held) == (
        "PRIVATE+KEY+casetrack/00000000-0000-4000-8000-000000000001+cb9a0267"
        "+AZ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    )
    assert pure.parse(pure.text(held)) == held
    again = pure.rotated(held, bytes(32))
    assert pure.parse(pure.text(again)) == again
    assert again.line == (b64decode(PUBLIC), notes.public_of(bytes(32)))

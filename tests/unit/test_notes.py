"""Signed checkpoints against published notes and a second reading of Ed25519."""

import contextlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest

from casetrack.audit import notes
from casetrack.audit.notes import Checkpoint
from casetrack.errors import Refused
from tests import curve

# RFC 8032, 7.1: secret, public, message, signature.
RFC_8032 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
)

# Notes published with the format, by its specification and by its first implementation.
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_TEXT = b"This is an example message.\n"
SPEC_CODE = (
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
)
GO_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = (
    b"If you think cryptography is the answer to your problem,\n"
    b"then you don't know what your problem is.\n"
)
GO_CODE = (
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
)

LEDGER = "00000000-0000-4000-8000-000000000001"
ORIGIN = f"casetrack/{LEDGER}"
SEEDS = [bytes([n]) * 32 for n in range(4)]
ROOT = sha256(b"root").digest()
HEAD = Checkpoint(origin=ORIGIN, size=57, root=ROOT)


def lines(note: str) -> list[str]:
    return note.split("\n")


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_both_readings_of_ed25519_agree_with_the_rfc(
    secret: str, public: str, message: str, signature: str
) -> None:
    seed, text = bytes.fromhex(secret), bytes.fromhex(message)
    assert curve.public_of(seed).hex() == notes.public_of(seed).hex() == public
    assert curve.sign(seed, text).hex() == notes.sign(seed, text).hex() == signature
    for verifies in (curve.verifies, notes.verifies):
        assert verifies(bytes.fromhex(public), bytes.fromhex(signature), text)
        assert not verifies(bytes.fromhex(public), bytes.fromhex(signature), text + b"x")


@pytest.mark.parametrize(
    ("key", "text", "code"), [(SPEC_KEY, SPEC_TEXT, SPEC_CODE), (GO_KEY, GO_TEXT, GO_CODE)]
)
def test_published_notes_verify(key: str, text: bytes, code: str) -> None:
    name, id, kind_and_key = key.split("+", 2)
    public = b64decode(kind_and_key)[1:]
    assert notes.key_id(name, public).hex() == id
    assert notes.verifier_key(name, public) == key
    found = b64decode(code)
    assert found[:4].hex() == id
    assert notes.verifies(public, found[4:], text)
    assert curve.verifies(public, found[4:], text)


def test_the_published_signer_signs_to_the_byte() -> None:
    seed = b64decode(GO_SECRET)[1:]
    public = notes.public_of(seed)
    assert notes.verifier_key("PeterNeumann", public) == GO_KEY
    made = notes.key_id("PeterNeumann", public) + notes.sign(seed, GO_TEXT)
    assert b64encode(made).decode() == GO_CODE


def test_a_checkpoint_is_three_lines_a_gap_and_a_signature() -> None:
    note = notes.signed(HEAD, [SEEDS[0]])
    *head, gap, line, end = lines(note)
    assert head == [ORIGIN, "57", b64encode(ROOT).decode()]
    assert (gap, end) == ("", "")
    dash, name, code = line.split(" ")
    assert (dash, name) == ("—", ORIGIN)
    public = curve.public_of(SEEDS[0])
    found = b64decode(code)
    assert found[:4] == sha256(f"{ORIGIN}\n".encode() + b"\x01" + public).digest()[:4]
    signed = note.partition("\n\n")[0] + "\n"
    assert curve.verifies(public, found[4:], signed.encode())
    assert found[4:] == curve.sign(SEEDS[0], signed.encode())


def test_a_note_is_read_back_and_knows_who_signed_it() -> None:
    note = notes.parse(notes.signed(HEAD, SEEDS[:2]))
    assert note.checkpoint == HEAD
    signers = [note.signed_by(curve.public_of(seed)) for seed in SEEDS]
    assert signers == [True, True, False, False]


def test_a_line_that_is_no_signature_of_a_known_key_spoils_the_note() -> None:
    """As the specification has it: only keys that are not known are passed over."""
    good = notes.signed(HEAD, [SEEDS[0]])
    bad = good.replace(lines(good)[4], lines(notes.signed(HEAD, [SEEDS[0]]))[4][:-8] + "AAAAAAA=")
    both = notes.parse(good + lines(bad)[4] + "\n")
    assert not both.signed_by(curve.public_of(SEEDS[0]))


def test_a_witness_that_signed_too_is_passed_over() -> None:
    text = notes.signed(HEAD, [SEEDS[0]]) + f"— example.com/witness {SPEC_CODE}\n"
    note = notes.parse(text)
    assert note.signed_by(curve.public_of(SEEDS[0]))
    assert len(note.signatures) == 1
    longer = (
        notes.signed(HEAD, [SEEDS[0]]) + f"— example.com/witness {b64encode(bytes(76)).decode()}\n"
    )
    assert notes.parse(longer).checkpoint == HEAD


def test_every_changed_character_of_a_checkpoint_is_found() -> None:
    good = notes.signed(HEAD, [SEEDS[0]])
    public = curve.public_of(SEEDS[0])
    for at in range(len(good)):
        for char in "A0=\n +":
            changed = good[:at] + char + good[at + 1 :]
            if changed == good:
                continue
            with contextlib.suppress(Refused):
                assert not notes.parse(changed).signed_by(public), (at, char)


@pytest.mark.parametrize(
    "changed",
    [
        lambda note: note.replace("\n57\n", "\n057\n"),
        lambda note: note.replace("\n57\n", "\n-57\n"),
        lambda note: note.replace("\n57\n", "\n57 \n"),
        lambda note: note.replace("\n57\n", "\n٥٧\n"),
        lambda note: note.replace("\n57\n", "\n99999999999999999\n"),
        lambda note: note.replace("\n\n", "\nextension\n\n"),
        lambda note: note.replace("\n\n", "\n\n\n"),
        lambda note: note.replace("\n\n", "\n"),
        lambda note: note.replace("\n", "\r\n"),
        lambda note: note.removesuffix("\n"),
        lambda note: note + "\n",
        lambda note: note + "and more\n",
        lambda note: note.replace("— ", "-- "),
        lambda note: note.replace(f"— {ORIGIN}", "— other"),
        lambda note: note.replace("— ", "—  "),
        lambda note: note.partition("\n\n")[0] + "\n\n",
        lambda note: " " + note,
        lambda note: "\ufeff" + note,
        lambda note: note + f"— {ORIGIN} {SPEC_CODE[:-8]}\n",
        lambda note: note + "— example.com/witness !\n",
        lambda note: note + f"— example.com/witness {SPEC_CODE}\n" * 1000,
        lambda _: "",
    ],
)
def test_what_is_no_checkpoint_of_ours_is_refused(changed: Callable[[str], str]) -> None:
    note = changed(notes.signed(HEAD, [SEEDS[0]]))
    with pytest.raises(Refused):
        notes.parse(note)


def test_base64_with_spare_bits_set_is_another_text_and_refused() -> None:
    note = notes.signed(HEAD, [SEEDS[0]])
    root = b64encode(ROOT).decode()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    twin = root[:-2] + alphabet[alphabet.index(root[-2]) + 1] + "="
    assert b64decode(twin) == ROOT
    with pytest.raises(Refused):
        notes.parse(note.replace(root, twin))
    line = lines(note)[4]
    twin = line[:-2] + alphabet[alphabet.index(line[-2]) + 1] + "="
    with pytest.raises(Refused):
        notes.parse(note.replace(line, twin))


def test_a_fingerprint_is_the_hash_of_the_public_key_in_hex() -> None:
    public = bytes.fromhex(RFC_8032[0][1])
    assert notes.fingerprint(public) == sha256(public).hexdigest()
    assert len(notes.fingerprint(public)) == 64


def test_a_signature_is_not_believed_because_it_is_odd() -> None:
    """A signature's second half over the group's order, and keys that are no keys."""
    seed, public, message, signature = (bytes.fromhex(part) for part in RFC_8032[1])
    s = int.from_bytes(signature[32:], "little") + curve.Q
    again = signature[:32] + s.to_bytes(32, "little")
    small = (1).to_bytes(32, "little")
    for key, code in ((public, again), (public, signature[:63]), (public[:31], signature)):
        assert not notes.verifies(key, code, message)
    assert not notes.verifies(small, signature, message)
    assert notes.sign(seed, message) == signature


def test_a_proof_has_the_form_of_a_tlog_proof_to_the_byte() -> None:
    note = notes.signed(HEAD, [SEEDS[0]])
    made = notes.proof_text(5, [bytes(32), b"\xff" * 32], note)
    assert (
        made
        == (
            "c2sp.org/tlog-proof@v1\n"
            "index 5\n"
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
            "//////////////////////////////////////////8=\n"
            "\n"
        )
        + note
    )


def test_both_keys_of_a_rotation_sign_these_four_lines() -> None:
    old, new = bytes(32), b"\xff" * 32
    assert notes.rotation_text(LEDGER, old, new) == (
        b"casetrack key rotation\n"
        b"00000000-0000-4000-8000-000000000001\n"
        b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        b"//////////////////////////////////////////8=\n"
    )

"""Checkpoints as signed notes (C2SP signed-note and tlog-checkpoint), signed with Ed25519."""

import re
from base64 import b64decode, b64encode
from collections.abc import Iterable
from hashlib import sha256

from msgspec import Struct

from casetrack.errors import Refused

_ED25519 = b"\x01"
_CHECKPOINT = re.compile(
    r"(?P<origin>[!-*,-~]+)\n(?P<size>0|[1-9][0-9]{0,15})\n(?P<root>[A-Za-z0-9+/]{43}=)\n"
)
_SIGNATURE = re.compile(r"— (?P<name>[!-*,-~]+) (?P<code>[A-Za-z0-9+/]+={0,2})")
_NOTE = re.compile(rf"(?m)^{_CHECKPOINT.pattern}\n(?:{_SIGNATURE.pattern}\n)+")
_CODE_BYTES = 68  # key id and signature
MOST_BYTES = 64 * 1024
_FIELD = 2**255 - 19
_EIGHTH = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7  # of order eight
_SMALL = {0, 1, _FIELD - 1, _EIGHTH, _FIELD - _EIGHTH}


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The head of a ledger's tree: whose, how many leaves, which root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """What is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class Note(Struct, frozen=True, kw_only=True):
    """A checkpoint with its signatures by key id, unproven."""

    checkpoint: Checkpoint
    signatures: tuple[tuple[bytes, bytes], ...]
    text: str

    def signed_by(self, public: bytes) -> bool:
        """Whether the key of these 32 bytes signed the checkpoint, and each line of its id."""
        wanted = key_id(self.checkpoint.origin, public)
        found = [signature for id, signature in self.signatures if id == wanted]
        return bool(found) and all(
            verifies(public, signature, self.checkpoint.text.encode()) for signature in found
        )


def origin(ledger_id: str) -> str:
    """The name that a ledger's checkpoints and keys go by."""
    return f"casetrack/{ledger_id}"


def key_id(name: str, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def fingerprint(public: bytes) -> str:
    """What people compare: the SHA-256 of the key's 32 bytes, in hex."""
    return sha256(public).hexdigest()


def verifier_key(name: str, public: bytes) -> str:
    """The key as signed notes have it written: name, key id, kind and key (C2SP signed-note)."""
    return f"{name}+{key_id(name, public).hex()}+{b64encode(_ED25519 + public).decode()}"


def sound(public: bytes) -> bool:
    """Whether no signature by that key fits whatever text: its order is not small.

    A key that is not written in its one form is not sound either.
    """
    y = int.from_bytes(public, "little") & (2**255 - 1)
    return len(public) == 32 and y < _FIELD and y not in _SMALL


def verifies(public: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether the key signed it; one that is not ``sound`` never did."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return sound(public)


def sign(secret: bytes, signed: bytes) -> bytes:
    """The 64 bytes of the signature by the key of these 32 secret bytes."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).sign(signed)


def public_of(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def signed(checkpoint: Checkpoint, secrets: Iterable[bytes]) -> str:
    """The whole note, a signature line for each key."""
    lines = [_line(checkpoint, secret) for secret in secrets]
    return "\n".join([checkpoint.text, *lines, ""])


def _line(checkpoint: Checkpoint, secret: bytes) -> str:
    code = key_id(checkpoint.origin, public_of(secret)) + sign(secret, checkpoint.text.encode())
    return f"— {checkpoint.origin} {b64encode(code).decode()}"


def parse(text: str) -> Note:
    """Read a note strictly; what is none of ours is refused, and no signature is proved here.

    Signature lines under another name, a witness's say, are passed over.
    """
    head, gap, tail = text.partition("\n\n")
    found = _CHECKPOINT.fullmatch(f"{head}\n")
    if found is None or not gap or not tail.endswith("\n") or len(text) > MOST_BYTES:
        raise no_checkpoint()
    checkpoint = Checkpoint(
        origin=found["origin"], size=int(found["size"]), root=b64decode(found["root"])
    )
    lines = [_SIGNATURE.fullmatch(line) for line in tail[:-1].split("\n")]
    codes = [_code(m["code"]) for m in lines if m and m["name"] == checkpoint.origin]
    # Base64 whose spare bits are set reads alike and is another text than the one signed.
    if checkpoint.text != f"{head}\n" or not all(lines):
        raise no_checkpoint()
    if not codes:
        raise Refused("the checkpoint has no signature line of its own origin")
    signatures = tuple((code[:4], code[4:]) for code in codes)
    return Note(checkpoint=checkpoint, signatures=signatures, text=text)


def within(text: str) -> Note:
    """The checkpoint in a text, such as a whole report; of several the one that covers most."""
    lines = text.replace("\r\n", "\n") + "\n"
    found = max(_NOTE.finditer(lines), key=lambda note: int(note["size"]), default=None)
    return parse("" if found is None else found[0])


def no_checkpoint() -> Refused:
    return Refused("this is no signed checkpoint: origin, size and root, a gap, signatures")


def _code(text: str) -> bytes:
    try:
        return exactly(text, _CODE_BYTES)
    except ValueError:
        raise no_checkpoint() from None


def exactly(text: str, length: int) -> bytes:
    """So many bytes from their one base64 text; anything else is a ``ValueError``."""
    found = b64decode(text, validate=True)
    if len(found) != length or b64encode(found).decode() != text:
        raise ValueError
    return found


def proof_text(index: int, hashes: Iterable[bytes], note: str) -> str:
    """An inclusion proof with the checkpoint that it leads to (C2SP tlog-proof)."""
    steps = "".join(f"{b64encode(step).decode()}\n" for step in hashes)
    return f"c2sp.org/tlog-proof@v1\nindex {index}\n{steps}\n{note}"


def rotation_text(ledger_id: str, old: bytes, new: bytes) -> bytes:
    """What both keys sign when the newer one takes over."""
    keys = (b64encode(key).decode() for key in (old, new))
    return "".join(f"{line}\n" for line in ("casetrack key rotation", ledger_id, *keys)).encode()

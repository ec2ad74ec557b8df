"""Evidence files: recorded by name, size and digest, never copied."""

import hashlib
from pathlib import Path

from casetrack.errors import Refused


def evidence_file(path: Path | None) -> tuple[str, int, str] | None:
    """A file's name, size and SHA-256; it is not copied."""
    if path is None:
        return None
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        raise Refused(
            f"the evidence file can't be read: {(error.strerror or '').lower()}"
        ) from None
    return path.name, size, digest.hexdigest()

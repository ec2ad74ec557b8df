"""Files that leave the ledger: made whole or not at all, readable by their owner alone."""

import os
import tempfile
from pathlib import Path

from casetrack.errors import Refused


def write_private(path: Path, text: str) -> None:
    """Put text in a file of mode 0600 by an atomic rename; a missing folder is made 0700."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as stream:
                stream.write(text)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        why = (error.strerror or "unknown reason").lower()
        raise Refused(f"{path} can't be written: {why}") from None

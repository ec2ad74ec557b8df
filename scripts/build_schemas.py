#!/usr/bin/env python
"""Write the shipped JSON Schemas; with --check, only say whether they are as they should be."""

import json
import sys
from pathlib import Path

from casetrack.catalog import schemas

KINDS: tuple[schemas.Kind, ...] = ("workflow", "calendar")


def main() -> int:
    stale = [kind for kind in KINDS if _read(schemas.path(kind)) != _text(kind)]
    if "--check" in sys.argv[1:]:
        for kind in stale:
            print(f"{schemas.path(kind).name} is not what the types say: run {Path(__file__).name}")
        return 1 if stale else 0
    for kind in stale:
        schemas.path(kind).parent.mkdir(exist_ok=True)
        schemas.path(kind).write_text(_text(kind), encoding="utf-8")
        print(f"written: {schemas.path(kind).name}")
    return 0


def _text(kind: schemas.Kind) -> str:
    return json.dumps(schemas.made(kind), indent=2) + "\n"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())

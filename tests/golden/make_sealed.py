"""Makes the golden sealed ledger of format 1; from the first release on nothing may change it.

Until then ``python -m tests.golden.make_sealed`` writes it anew.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from casetrack.domain import events as e
from casetrack.ledger.memory import MemoryLedger
from tests import sealing
from tests.golden import make_guide
from tests.golden.make_format1 import files as texts

FOLDER = Path(__file__).with_name("sealed1")


def build() -> MemoryLedger:
    """The guide's case, sealed after each part, by a key and the next one; the end is not sealed.

    A value is redacted after its entry was sealed.
    """
    story = make_guide.Story()
    sealing.make_key(story.ledger)
    make_guide.request(story)
    sealing.seal(story.ledger, sealing.FIRST)
    make_guide.denial(story)
    sealing.seal(story.ledger, sealing.FIRST)
    sealing.rotate(story.ledger)
    make_guide.appeal(story)
    note = next(x for x in story.ledger.entries(story.id) if x.type == "NoteAdded")
    story.at("2026-12-22T15:00")
    targets = [e.Target(version=1, name="patient"), e.Target(version=note.version, name="note")]
    story.tracker.redact(story.id, targets, "asked by the patient")
    sealing.seal(story.ledger, sealing.SECOND)
    story.at("2026-12-23T04:53")
    story.tracker.disclose("bundle", [story.id], "for the auditor")
    return story.ledger


def files(ledger: MemoryLedger) -> Mapping[str, bytes]:
    """A ledger as its files' bytes, by name."""
    tree = ledger.tree
    notes = list(tree.checkpoints())
    return {
        **texts(ledger),
        "leaves.jsonl": _lines(
            [leaf.index, leaf.case_id, leaf.version, leaf.hash.hex()] for leaf in tree.leaves()
        ),
        "frontiers.jsonl": _lines(
            [size, (tree.frontier_at(size) or b"").hex()] for size, _ in notes
        ),
        **{f"checkpoint-{size}": note.encode() for size, note in notes},
    }


def _lines(rows: Iterable[object]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, content in files(build()).items():
        (FOLDER / name).write_bytes(content)


if __name__ == "__main__":
    main()

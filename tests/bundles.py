"""A small sealed ledger, bundles of it, and what an attacker does to a bundle."""

import json
import zipfile
from collections.abc import Iterable, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from casetrack.audit import bundle, verify
from casetrack.audit.bundle import Asked, Definitions, Sealed, Stream
from casetrack.domain import events as e
from casetrack.domain.case import Case
from casetrack.domain.fold import replay
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import LEDGER_CASE
from tests import signing
from tests.facts import (
    DEFINITION,
    DIGEST,
    NOV_20,
    append,
    assigned,
    deadline,
    draft,
    fired,
    new_case,
    noted,
    opened,
    redacted,
)
from tests.fakes import FakeClock, fixed_sources

EVIDENCE = (
    "entries.jsonl", "disclosures.jsonl", "checkpoint.txt", "proof.txt", "public-key.txt",
    f"definitions/{DIGEST}.json",
)  # fmt: skip


class Made(NamedTuple):
    """A ledger with two cases, sealed twice, and the first checkpoint as it was mailed."""

    ledger: MemoryLedger
    cases: tuple[str, str]
    mailed: str


def made() -> Made:
    """Each case has entries from before, between and after the two seals."""
    clock = FakeClock()
    ledger = MemoryLedger(fixed_sources(clock), practice=True)
    signing.make_key(ledger)
    case = new_case(ledger, opened("C-1", "Žofie", (deadline("reply", NOV_20),)))
    other = new_case(ledger, opened("C-2", "Jan"))
    clock.move(minutes=1)
    case, _ = append(ledger, case, noted("first"))
    mailed = signing.seal(ledger)
    clock.move(minutes=1)
    case, _ = append(ledger, case, fired(), noted("second", number="N-7 \u202e\u2028"))
    clock.move(seconds=1)
    other, _ = append(ledger, other, noted("of the other"))
    case, _ = ledger.redact(case, draft(redacted((2, "note"))))
    clock.move(minutes=1)
    signing.seal(ledger)
    clock.move(minutes=1)
    append(ledger, case, assigned("eva"))
    return Made(ledger, (case.id, other.id), mailed)


def sealed_in(ledger: MemoryLedger, streams: Iterable[Stream], public: bytes) -> Sealed | None:
    newest = ledger.tree.checkpoint()
    if newest is None:
        return None
    leaves = list(ledger.tree.leaves(0, newest[0]))
    wanted = {(x.case, x.version) for stream in streams for x in stream.entries}
    return Sealed(
        note=newest[1],
        public=public,
        leaves=[leaf.hash for leaf in leaves],
        indices={
            (leaf.case_id, leaf.version): leaf.index
            for leaf in leaves
            if (leaf.case_id, leaf.version) in wanted
        },
        sizes=[size for size, _ in ledger.tree.checkpoints()],
    )


def files_of(
    ledger: MemoryLedger,
    cases: tuple[str, ...] = (),
    *,
    phi: bool = True,
    public: bytes | None = None,
    left_out: Mapping[str, Iterable[int]] | None = None,
) -> dict[str, bytes]:
    """The members of a bundle of these cases, or of all."""
    said = e.DisclosureMade(command="bundle", scope="listed" if cases else "all", cases=cases)
    signing.own(ledger, said)
    ids = [LEDGER_CASE, *(cases or ledger.case_ids())]
    streams = []
    for case_id in ids:
        every = ledger.entries(case_id)
        gone = set((left_out or {}).get(case_id, ()))
        streams.append(Stream(
            case=case_id, last=len(every), entries=tuple(x for x in every if x.version not in gone),
            disclosures=ledger.disclosures(case_id) if phi and case_id != LEDGER_CASE else {},
        ))  # fmt: skip
    asked = Asked(
        ledger=ledger.id, scope=said.scope, exports=(streams[0].last,), phi=phi,
        as_of="2026-11-02" if left_out else None,
    )  # fmt: skip
    definitions = Definitions(texts={DIGEST: DEFINITION}, missing=())
    pages = dict.fromkeys(ids[1:], "<!doctype html>\n")
    sealed = sealed_in(ledger, streams, public or signing.public())
    return bundle.members(asked, streams, definitions, sealed, pages)


def own_case(ledger: MemoryLedger) -> Case:
    return replay(LEDGER_CASE, ledger.entries(LEDGER_CASE))


def packed(files: Mapping[str, bytes]) -> bytes:
    stream = BytesIO()
    bundle.write(stream, files)
    return stream.getvalue()


def zipped(files: Iterable[tuple[str | zipfile.ZipInfo, bytes]], how: int = 0) -> bytes:
    """An archive as the standard library makes it, with whatever names."""
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w", how) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return stream.getvalue()


def manifested(files: Mapping[str, bytes], **changes: Any) -> dict[str, bytes]:  # noqa: ANN401
    """The members under a manifest made anew, as whoever changes one would make it."""
    rest = {name: content for name, content in files.items() if name[:9] != "manifest."}
    manifest = json.loads(files["manifest.json"]) | changes
    manifest["files"] = [
        {"name": name, "sha256": sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(rest.items())
    ]
    text = json.dumps(manifest, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n"
    digest = sha256(text.encode()).hexdigest()
    return {
        "manifest.json": text.encode(),
        "manifest.sha256": f"{digest}  manifest.json\n".encode(),
        **rest,
    }


def problems(raw: bytes) -> list[str]:
    """What the verifier says is wrong with a bundle by itself."""
    try:
        return list(verify.Bundle(raw).problems())
    except verify.Bad as bad:
        return [str(bad)]
    except verify.MALFORMED:
        return ["malformed"]


def told(
    folder: Path,
    raw: bytes,
    capsys: pytest.CaptureFixture[str],
    *more: str,
    checkpoint: str | None = None,
) -> tuple[int, str]:
    """The verifier's exit code and what it prints."""
    path = folder / "bundle.zip"
    path.write_bytes(raw)
    outside = []
    if checkpoint is not None:
        (folder / "kept.txt").write_text(checkpoint, encoding="utf-8")
        outside = ["--checkpoint", str(folder / "kept.txt")]
    code = verify.run([str(path), *more, *outside])
    return code, capsys.readouterr().out

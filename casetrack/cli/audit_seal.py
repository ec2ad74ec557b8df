"""Sealing: the key, the checkpoint that is signed with it, and the proof of one entry."""

import sys
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from casetrack.cli import render
from casetrack.cli.options import WHOLE, AsJson, CaseArgument
from casetrack.cli.session import Session, session

if TYPE_CHECKING:
    from casetrack.service.keeping import Keep
    from casetrack.service.tracker import Tracker

key = typer.Typer(help="The key that signs checkpoints: make it, change it, show its public half.",
                  no_args_is_help=True, rich_markup_mode=None)  # fmt: skip


def seal(
    ctx: typer.Context,
    accept_restore: Annotated[
        bool,
        typer.Option("--accept-restore", help="Go on from an older copy; the newer one is lost."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put every new entry in the tree and sign its head: the checkpoint that others keep."""
    from casetrack.reports import foot
    from casetrack.reports.words import count
    from casetrack.service import sealing

    s = session(ctx)
    tracker = s.writing()
    sealed = sealing.seal(tracker, _place(s, tracker), accept_restore=accept_restore)
    if sealed.aside is not None:
        render.say(f"the checkpoint given up is kept as {sealed.aside}")
    if as_json:
        checkpoint = sealed.checkpoint
        render.data("audit-seal", {
            "sealed": sealed.added, "unsealed": tracker.ledger.tree.unsealed(),
            "size": checkpoint.size, "root": b64encode(checkpoint.root).decode(),
            "fingerprint": sealed.foot.fingerprint, "checkpoint": sealed.foot.note,
        })  # fmt: skip
        return
    new = count(sealed.added, "new entry", "new entries") if sealed.added else "nothing new"
    render.lines([f"{new} sealed", *foot.lines(sealed.foot)])


def prove(
    ctx: typer.Context,
    case: CaseArgument,
    version: Annotated[
        int, typer.Argument(metavar="VERSION", help="Which entry of it.", click_type=WHOLE)
    ],
    output: Annotated[
        Path | None, typer.Option(help="Write it to this file (0600) instead of printing it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The proof that an entry is under the last checkpoint; CASE 'ledger' is its own stream."""
    from casetrack.service import proving
    from casetrack.service.files import write_private

    tracker = session(ctx).reading()
    proof = proving.prove(tracker, proving.case_asked(tracker, case), version)
    if output is not None:
        write_private(output, proof.text)
        render.say(f"written: {output}")
    if as_json:
        render.data("audit-prove", {
            "case": case, "id": proof.case_id, "version": proof.version,
            "leaf_index": proof.index, "size": proof.size, "root": b64encode(proof.root).decode(),
            "hashes": [b64encode(step).decode() for step in proof.hashes],
            "proof": proof.text, "file": None if output is None else str(output),
        })  # fmt: skip
    elif output is None:
        sys.stdout.write(proof.text)


@key.command("new")
def key_new(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Make the ledger's signing key; that it was made becomes an entry."""
    from casetrack.service import keys

    s = session(ctx)
    tracker = s.writing()
    place = _place(s, tracker)
    keys.new(tracker, place)
    _show(tracker, place, as_json=as_json)


@key.command("rotate")
def key_rotate(ctx: typer.Context, as_json: AsJson = False) -> None:
    """Let a new key take over, by an entry that both have signed."""
    from casetrack.service import keys

    s = session(ctx)
    tracker = s.writing()
    place = _place(s, tracker)
    keys.rotate(tracker, place)
    _show(tracker, place, as_json=as_json)


@key.command("show")
def key_show(ctx: typer.Context, as_json: AsJson = False) -> None:
    """The public key, its fingerprint, and since when it signs."""
    s = session(ctx)
    tracker = s.reading()
    _show(tracker, _place(s, tracker), as_json=as_json)


def _place(s: Session, tracker: "Tracker") -> "Keep":
    from casetrack.service.keeping import keep
    from casetrack.service.operating import load_seal

    return keep(load_seal(s.config), tracker.ledger.id)


def _show(tracker: "Tracker", place: "Keep", *, as_json: bool) -> None:
    from casetrack.audit import notes
    from casetrack.service import keys

    name = notes.origin(tracker.ledger.id)
    known = [
        {
            "version": one.version,
            "fingerprint": notes.fingerprint(one.public),
            "public": b64encode(one.public).decode(),
            "verifier": notes.verifier_key(name, one.public),
        }
        for one in keys.current(tracker.ledger)
    ]
    if as_json:
        render.data("audit-key", {
            "ledger": tracker.ledger.id, **known[-1], "file": str(place.key), "keys": known,
        })  # fmt: skip
        return
    *older, newest = known
    render.lines([
        f"fingerprint  {newest['fingerprint']}",
        f"public key   {newest['verifier']}",
        f"signs since  version {newest['version']} of the ledger's own stream",
        f"kept in      {place.key}",
        *(f"before       {one['fingerprint']}, since version {one['version']}" for one in older),
    ])  # fmt: skip

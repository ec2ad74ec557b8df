"""Keys, seals and proofs at the command line, and the foot of every daily report."""

import html
import json
import os
import re
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path

import pytest

from casetrack.audit import notes
from tests import rfc6962
from tests.cli.driver import LEDGER, NOW, Office, denied, practice, run, submitted
from tests.contract.asking import run as sql
from tests.posts import Mailbox, mailbox
from tests.seals import read_note

ROOT = Path(__file__).parents[2]
KEY = {"schema", "ledger", "version", "fingerprint", "public", "verifier", "file", "keys"}
SEAL = {"schema", "sealed", "unsealed", "size", "root", "fingerprint", "checkpoint"}
PROOF = {"schema", "case", "id", "version", "leaf_index", "size", "root", "hashes", "proof", "file"}


@pytest.fixture(autouse=True)
def state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder / "casetrack"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = practice(tmp_path / "office")
    submitted(made, "C-1")
    denied(made, "C-2")
    return made


@pytest.fixture
def keyed(office: Office) -> Office:
    office.do("audit", "key", "new")
    return office


def ledger_id(office: Office) -> str:
    found = office.bodies(LEDGER)[0]["ledger"]
    assert isinstance(found, str)
    return found


def place(office: Office, state: Path) -> Path:
    return state / ledger_id(office)


def bodies(office: Office) -> dict[tuple[str, int], bytes]:
    return {(row[0], row[1]): str(row[-1]).encode() for row in office.rows("ledger")}


def signer(office: Office) -> bytes:
    data = [body["data"] for body in office.bodies(LEDGER)]
    return b64decode(
        [d.get("new") or d.get("public") for d in data if "public" in d or "new" in d][-1]
    )


def checked(office: Office, note: str) -> int:
    """The note's size, once its signature and root are found right by hand."""
    found = read_note(note)
    assert found.origin == f"casetrack/{ledger_id(office)}"
    assert found.by(signer(office))
    known = bodies(office)
    leaves = tuple(known[row[1], row[2]] for row in office.rows("leaf"))
    assert rfc6962.mth(leaves[: found.size]) == found.root
    return found.size


# Keys


def test_a_new_key_is_told_and_shown_again(office: Office, state: Path) -> None:
    made = office.do("audit", "key", "new", "--json").data
    assert set(made) == KEY
    assert made["schema"] == "casetrack.audit-key/1"
    public = b64decode(made["public"])
    assert made["fingerprint"] == sha256(public).hexdigest()
    name = f"casetrack/{made['ledger']}"
    id = sha256(f"{name}\n".encode() + b"\x01" + public).hexdigest()[:8]
    assert made["verifier"].startswith(f"{name}+{id}+A")
    assert (made["version"], made["file"]) == (2, str(place(office, state) / "key"))
    assert office.do("audit", "key", "show", "--json").data == made
    shown = office.do("audit", "key", "show").out
    assert shown.splitlines() == [
        f"fingerprint  {made['fingerprint']}",
        f"public key   {made['verifier']}",
        "signs since  version 2 of the ledger's own stream",
        f"kept in      {made['file']}",
    ]


def test_a_rotation_is_told_with_the_key_before(keyed: Office) -> None:
    before = keyed.do("audit", "key", "show", "--json").data
    after = keyed.do("audit", "key", "rotate", "--json").data
    assert after["fingerprint"] != before["fingerprint"]
    assert [one["version"] for one in after["keys"]] == [2, 3]
    assert after["keys"][0]["fingerprint"] == before["fingerprint"]
    assert after["keys"][1]["public"] == after["public"]
    assert (
        f"before       {before['fingerprint']}, since version 2"
        in keyed.do("audit", "key", "show").out
    )


def test_no_command_shows_the_secret(keyed: Office, state: Path) -> None:
    for words in (["rotate"], ["show"], ["show", "--json"]):
        done = keyed.do("audit", "key", *words)
        code = (place(keyed, state) / "key").read_text().partition("\n")[0].split("+", 4)[4]
        secret = b64decode(code)[1:]
        for text in (done.out, done.err, str(keyed.rows("ledger"))):
            assert code not in text
            assert secret.hex() not in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["audit", "key", "show"], "has no signing key; run 'casetrack audit key new'"),
        (["audit", "key", "rotate"], "has no signing key; run 'casetrack audit key new'"),
        (["audit", "seal"], "has no signing key; run 'casetrack audit key new'"),
    ],
)
def test_without_a_key_the_way_to_one_is_told(office: Office, words: list[str], says: str) -> None:
    done = office(*words, "--json")
    assert done.code == done.error["code"] == 4
    assert done.error["kind"] == "NoKey"
    assert says in done.error["message"]


def test_a_second_key_is_refused(keyed: Office) -> None:
    done = keyed("audit", "key", "new")
    assert done.code == 4
    assert "'casetrack audit key rotate'" in " ".join(done.err.split())
    assert len(keyed.bodies(LEDGER)) == 2


def test_a_real_ledgers_key_and_seal_take_the_real_time(tmp_path: Path) -> None:
    real = Office(tmp_path, now=None)
    real.do("db", "init")
    for words in (["audit", "key", "new"], ["audit", "key", "rotate"], ["audit", "seal"]):
        assert real(*words, now="2026-11-24T16:00Z").code == 4
    real.do("audit", "key", "new")
    real.do("audit", "seal")
    assert real("audit", "key", "show", now="2026-11-24T16:00Z").code == 0


def test_the_config_file_says_where_key_and_checkpoint_stand(
    office: Office, state: Path, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[seal]\nstate_dir = "{tmp_path}/kept"\nkey_file = "{tmp_path}/safe/signing"\n'
    )
    asked = ("--config", str(config))
    made = office.do(*asked, "audit", "key", "new", "--json").data
    office.do(*asked, "audit", "seal")
    office.do(*asked, "daily")
    assert made["file"] == f"{tmp_path}/safe/signing"
    assert (tmp_path / "safe" / "signing").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "kept" / ledger_id(office) / "checkpoint").exists()
    assert not state.exists()
    settings = office.do(*asked, "config", "show", "--json").data["settings"]
    assert settings["seal.key_file"]["value"] == f"{tmp_path}/safe/signing"
    config.write_text('[seal]\nkeyfile = "x"\n')
    done = office(*asked, "audit", "seal")
    assert (done.code, "keyfile" in done.err) == (4, True)


# Seals


def test_a_seal_tells_what_it_sealed_and_prints_the_note_last(keyed: Office) -> None:
    entries = len(bodies(keyed))
    first = keyed.do("audit", "seal")
    lines = first.out.splitlines()
    assert lines[0] == f"{entries} new entries sealed"
    assert checked(keyed, "\n".join(lines[-5:]) + "\n") == entries
    again = keyed.do("audit", "seal")
    assert again.out.splitlines()[0] == "nothing new sealed"
    assert again.out.splitlines()[1:] == lines[1:]
    keyed.do("note", "C-1", "called")
    assert keyed.do("audit", "seal").out.splitlines()[0] == "1 new entry sealed"


@pytest.mark.parametrize(
    "locale",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
    ],
)
def test_the_note_is_printed_in_its_own_bytes_whatever_the_locale(
    keyed: Office, state: Path, locale: dict[str, str]
) -> None:
    """Of a seal, at the foot of the daily report and in a proof."""
    keyed.do("daily")
    note = (place(keyed, state) / "checkpoint").read_bytes()
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    for words in (["audit", "seal"], ["daily"], ["audit", "prove", "ledger", "1"]):
        done = subprocess.run(
            [sys.executable, "-m", "casetrack", "--db", str(keyed.db), "--now", NOW, *words],
            env=env | locale, cwd=ROOT, capture_output=True, check=True,
        )  # fmt: skip
        assert done.stdout.endswith(b"\n\n" + note)


def test_a_seals_data_is_as_promised(keyed: Office) -> None:
    entries = len(bodies(keyed))
    found = keyed.do("audit", "seal", "--json").data
    assert set(found) == SEAL
    assert found["schema"] == "casetrack.audit-seal/1"
    assert (found["sealed"], found["unsealed"], found["size"]) == (entries, 0, entries)
    assert checked(keyed, found["checkpoint"]) == entries
    assert found["root"] == found["checkpoint"].split("\n")[2]
    assert found["fingerprint"] == sha256(signer(keyed)).hexdigest()
    assert keyed.do("audit", "seal", "--json").data == {**found, "sealed": 0}


def test_a_restored_ledger_is_refused_with_the_way_on(keyed: Office, state: Path) -> None:
    keyed.do("audit", "seal")
    keyed.do("db", "backup", str(keyed.folder / "old.db"))
    keyed.do("note", "C-1", "called")
    keyed.do("audit", "seal")
    for end in ("", "-wal", "-shm"):
        Path(f"{keyed.db}{end}").unlink(missing_ok=True)
    (keyed.folder / "old.db").rename(keyed.db)
    done = keyed("audit", "seal", "--json")
    assert done.code == done.error["code"] == 5
    assert done.error["kind"] == "Corrupt"
    assert "it is an older copy" in done.error["message"]
    went_on = keyed.do("audit", "seal", "--accept-restore")
    assert "the checkpoint given up is kept as" in went_on.err
    assert any(path.name.startswith("checkpoint-") for path in place(keyed, state).iterdir())
    keyed.do("audit", "seal")


# Proofs


def parts(proof: str) -> tuple[int, list[bytes], str]:
    head, _, note = proof.partition("\n\n")
    kind, index, *steps = head.split("\n")
    assert kind == "c2sp.org/tlog-proof@v1"
    assert re.fullmatch(r"index (0|[1-9][0-9]*)", index)
    return int(index.split(" ")[1]), [b64decode(step) for step in steps], note


def test_every_entry_is_proved_by_hand(keyed: Office) -> None:
    keyed.do("audit", "seal")
    references = {row[0]: row[1] for row in keyed.rows("case_view")}
    for (case_id, version), body in bodies(keyed).items():
        asked = references.get(case_id, "ledger")
        proof = keyed.do("audit", "prove", asked, str(version)).out
        index, steps, note = parts(proof)
        size = checked(keyed, note)
        leaf = sha256(b"\0" + body).digest()
        assert rfc6962.root_by_path(leaf, index, size, steps) == read_note(note).root


def test_a_proofs_data_and_file_hold_the_same(keyed: Office) -> None:
    keyed.do("audit", "seal")
    path = keyed.folder / "out" / "c-1.tlog-proof"
    printed = keyed.do("audit", "prove", "C-1", "1").out
    done = keyed.do("audit", "prove", "C-1", "1", "--output", str(path), "--json")
    assert set(done.data) == PROOF
    assert done.data["schema"] == "casetrack.audit-prove/1"
    assert path.read_text("utf-8") == printed == done.data["proof"]
    assert path.stat().st_mode & 0o777 == 0o600
    index, steps, note = parts(printed)
    assert (done.data["leaf_index"], done.data["size"]) == (index, checked(keyed, note))
    assert [b64decode(step) for step in done.data["hashes"]] == steps
    quiet = keyed.do("audit", "prove", "C-1", "1", "--output", str(path))
    assert (quiet.out, quiet.err) == ("", f"written: {path}\n")


def test_what_is_not_sealed_is_not_proved_and_the_way_is_told(keyed: Office) -> None:
    says = "error:  version 1 is not sealed yet; run 'casetrack audit seal' first\n"
    assert keyed("audit", "prove", "C-1", "1") == (4, "", says)
    keyed.do("audit", "seal")
    keyed.do("note", "C-1", "called")
    version = len([1 for body in keyed.bodies() if body["case"] == keyed.bodies()[-1]["case"]])
    newest = max(b["version"] for b in keyed.bodies() if b["type"] == "NoteAdded")
    assert version
    done = keyed("audit", "prove", "C-1", str(newest))
    assert (done.code, "is not sealed yet" in done.err) == (4, True)
    keyed.do("audit", "seal")
    keyed.do("audit", "prove", "C-1", str(newest))


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["C-1", "99"], 4, "there is no version 99"),
        (["C-1", "0"], 4, "there is no version 0"),
        (["ledger", "9"], 4, "there is no version 9"),
        (["X-1", "1"], 4, "no case of that reference"),
        (["C", "1"], 4, "more than one reference starts so"),
        (["C-1", "one"], 2, "VERSION"),
        (["C-1", "-1"], 2, ""),
    ],
)
def test_what_can_not_be_proved_is_refused(
    keyed: Office, words: list[str], code: int, says: str
) -> None:
    keyed.do("audit", "seal")
    done = keyed("audit", "prove", *words)
    assert (done.code, done.out) == (code, "")
    assert says in done.err


def test_the_ledgers_own_stream_goes_by_its_name_unless_a_case_has_it(keyed: Office) -> None:
    keyed.do("open", "--ref", "ledger-2")
    keyed.do("audit", "seal")
    assert keyed.do("audit", "prove", "ledger", "2", "--json").data["id"] == LEDGER
    keyed.do("open", "--ref", "ledger")
    keyed.do("audit", "seal")
    assert keyed.do("audit", "prove", "ledger", "1", "--json").data["id"] != LEDGER
    assert keyed.do("audit", "prove", LEDGER, "1", "--json").data["id"] == LEDGER


def test_a_leaf_that_was_changed_proves_nothing(keyed: Office) -> None:
    keyed.do("audit", "seal")
    sql(keyed.db, "DROP TRIGGER leaf_update",
        "UPDATE leaf SET hash = zeroblob(32) WHERE leaf_index = 3")  # fmt: skip
    done = keyed("audit", "prove", "C-1", "1")
    assert (done.code, done.out) == (5, "")
    assert "do not give the root that was signed" in done.err


# What others say of it


def test_the_numbers_of_sealed_and_unsealed_entries_are_told(keyed: Office) -> None:
    stats = keyed.do("db", "stats", "--json").data
    assert (stats["sealed"], stats["signed"], stats["unsealed"]) == (0, 0, stats["entries"])
    keyed.do("audit", "seal")
    stats = keyed.do("db", "stats", "--json").data
    assert (stats["sealed"], stats["unsealed"]) == (stats["entries"], 0)
    assert stats["signed"] == stats["sealed"]


def test_a_leaf_that_no_checkpoint_covers_is_sealed_and_not_signed(
    keyed: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seal that is cut off before it signs leaves some."""
    keyed.do("audit", "seal")
    before = keyed.do("db", "stats", "--json").data
    keyed.do("note", "C-1", "called")
    with monkeypatch.context() as patch:
        patch.setattr(notes, "sign", lambda *_: 1 / 0)
        assert keyed("audit", "seal").code == 1
    stats = keyed.do("db", "stats", "--json").data
    assert (stats["sealed"], stats["signed"]) == (before["sealed"] + 1, before["signed"])
    keyed.do("audit", "seal")
    stats = keyed.do("db", "stats", "--json").data
    assert stats["signed"] == stats["sealed"] == stats["entries"]


def test_due_names_the_sealed_head_in_its_data_alone(keyed: Office) -> None:
    assert keyed.do("due", "--json").data["ledger"] is None
    head = keyed.do("audit", "seal", "--json").data
    found = keyed.do("due", "--json").data["ledger"]
    assert found == {"size": head["size"], "root": head["root"]}
    for form in ("text", "md", "html", "csv", "ics"):
        assert head["root"] not in keyed.do("due", "--format", form).out


def test_the_root_is_the_same_text_wherever_it_is_told(keyed: Office, tmp_path: Path) -> None:
    """And the one in the checkpoint, whatever is recorded and waits after it."""
    head = keyed.do("audit", "seal", "--json").data
    keyed.do("note", "C-1", "later")
    file = tmp_path / "checkpoint"
    file.write_text(head["checkpoint"], "utf-8")
    given = ["--checkpoint", str(file), "--key", head["fingerprint"]]
    verified = keyed.do("audit", "verify", *given, "--json").data
    told = [
        verified["root"], verified["witness"]["root"],
        keyed.do("due", "--json").data["ledger"]["root"],
        keyed.do("audit", "prove", "ledger", "1", "--json").data["root"],
    ]  # fmt: skip
    assert set(told) == {head["root"]} == {head["checkpoint"].split("\n")[2]}
    assert (verified["sealed"], verified["unsealed"], verified["unsigned"]) == (head["size"], 1, 0)


def test_due_stands_whatever_the_last_checkpoint_in_the_database_is(keyed: Office) -> None:
    keyed.do("audit", "seal")
    sql(keyed.db, "DROP TRIGGER checkpoint_update", "UPDATE checkpoint SET note = 'none'")
    assert keyed.do("due", "--json").data["ledger"] is None


# The daily run


def reports(office: Office) -> dict[str, str]:
    folder = office.folder / "reports"
    return {path.name: path.read_bytes().decode() for path in sorted(folder.iterdir())}


def daily(office: Office, *words: str, code: int = 0) -> str:
    done = office("daily", "--report-dir", str(office.folder / "reports"), *words)
    assert done.code == code, done
    return done.out


def test_a_daily_run_seals_what_its_sweep_wrote(keyed: Office) -> None:
    out = daily(keyed)
    assert any(body["type"] == "ReminderSent" for body in keyed.bodies())
    assert keyed.rows("unsealed") == []
    assert checked(keyed, "\n".join(out.splitlines()[-5:]) + "\n") == len(bodies(keyed))


def test_the_whole_note_and_the_fingerprint_stand_at_the_foot_of_each_report(
    keyed: Office, state: Path
) -> None:
    out = daily(keyed)
    note = (place(keyed, state) / "checkpoint").read_text("utf-8")
    key = sha256(signer(keyed)).hexdigest()
    made = reports(keyed)
    for text in (out, made["due.txt"]):
        foot = text.splitlines()[-10:]
        assert foot == [
            "", f"Sealed: {len(bodies(keyed))} entries",
            "  Keep this report: with it you can prove later that none of them was changed.",
            f"  key {key}", "", *note.splitlines(),
        ]  # fmt: skip
        assert text.endswith(f"\n\n{note}")
    page = made["due.html"].partition("<footer>")[2]
    shown = re.search(r"<pre>\n(.*?)</pre>", page, re.DOTALL)
    assert shown is not None
    assert html.unescape(shown[1]) == note
    assert f"<code>{key}</code>" in page
    head = read_note(note)
    assert json.loads(made["due.json"])["ledger"] == {
        "size": head.size, "root": note.split("\n")[2],
    }  # fmt: skip
    for name in ("due.csv", "due.ics"):
        assert ledger_id(keyed) not in made[name]
        assert key not in made[name]


def test_run_again_it_writes_the_same_bytes(keyed: Office) -> None:
    daily(keyed)
    first, tables = reports(keyed), [keyed.rows(t) for t in ("leaf", "frontier", "checkpoint")]
    second = daily(keyed)
    assert reports(keyed) == first
    assert [keyed.rows(t) for t in ("leaf", "frontier", "checkpoint")] == tables
    assert daily(keyed) == second


def test_a_daily_runs_data_tells_of_the_seal(keyed: Office) -> None:
    entries = len(bodies(keyed))
    found = keyed.do("daily", "--json").data
    assert checked(keyed, found["checkpoint"]) == found["ledger"]["size"] == len(bodies(keyed))
    assert (found["sealed"], found["unsealed"]) == (len(bodies(keyed)), 0)
    assert found["sealed"] > entries
    assert found["ledger"]["root"] == found["checkpoint"].split("\n")[2]
    assert (found["fingerprint"], found["seal_refused"]) == (
        sha256(signer(keyed)).hexdigest(), None,
    )  # fmt: skip


def test_a_sweep_alone_seals_nothing(keyed: Office) -> None:
    keyed.do("sweep")
    assert keyed.rows("leaf") == []


def test_without_a_key_it_says_so_and_fails_at_nothing(office: Office, state: Path) -> None:
    out = daily(office)
    entries = len(bodies(office))
    says = f"{entries} entries unsealed: no signing key; run 'casetrack audit key new'"
    assert says in out.splitlines()
    assert "Sealed:" not in out + reports(office)["due.txt"]
    assert "<footer>" not in reports(office)["due.html"]
    found = office.do("daily", "--json").data
    assert (found["ledger"], found["checkpoint"], found["exit_code"]) == (None, None, 0)
    assert (found["sealed"], found["unsealed"]) == (0, entries)
    assert not state.exists()
    doctor = office("doctor", "--json")
    assert doctor.code == 3
    kinds = [one["kind"] for one in doctor.data["findings"]]
    assert "no_key" in kinds


def test_a_ledger_that_does_not_extend_its_checkpoint_exits_5_and_reports_all_the_same(
    keyed: Office, state: Path
) -> None:
    daily(keyed)
    note = place(keyed, state) / "checkpoint"
    head = read_note(note.read_text("utf-8"))
    note.write_text(note.read_text("utf-8").replace(f"\n{head.size}\n", f"\n{head.size + 5}\n"))
    out = daily(keyed, code=5)
    assert "NOT SEALED, 0 entries unsealed: " in out
    assert "it is an older copy" in out.replace("\n", " ")
    assert "Sealed:" not in out + reports(keyed)["due.txt"]
    found = keyed("daily", "--json")
    assert found.code == found.data["exit_code"] == 5
    assert "older copy" in found.data["seal_refused"]
    assert found.data["checkpoint"] is None
    doctor = keyed("doctor", "--json").data["findings"]
    assert [one["kind"] for one in doctor if one["kind"].startswith("seal")] == ["seal_refused"]


def test_a_state_folder_that_fails_exits_6(keyed: Office, state: Path) -> None:
    daily(keyed)
    keyed.do("note", "C-1", "called")
    folder = place(keyed, state)
    (folder / "checkpoint").unlink()
    (folder / "checkpoint").mkdir()
    out = daily(keyed, code=6)
    assert f"NOT SEALED, 1 entry unsealed: {folder}/checkpoint can't be read" in out
    (folder / "checkpoint").rmdir()
    (folder / "lock").unlink()
    (folder / "lock").mkdir()
    daily(keyed, code=6)


def test_a_key_that_is_missing_exits_4_and_reports_all_the_same(keyed: Office, state: Path) -> None:
    (place(keyed, state) / "key").unlink()
    out = daily(keyed, code=4)
    assert "there is no signing key at" in out.replace("\n", " ")
    assert "due.html" in reports(keyed)


# The mail


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mailbox() as found:
        yield found


def test_the_mailed_bulletin_makes_its_reader_a_witness(tmp_path: Path, box: Mailbox) -> None:
    office = Office(tmp_path / "office", now=None)
    office.do("db", "init")
    office.do("audit", "key", "new")
    config = tmp_path / "config.toml"
    url = box.url("boss@clinic.example")
    config.write_text(f'[notify]\nchannels = ["apprise"]\nurls = ["{url}"]\n')
    office.do("--config", str(config), "daily", "--notify")
    ((_, mail),) = box.mails
    assert isinstance(mail, EmailMessage)
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content().replace("\r\n", "\n")
    note = office.rows("checkpoint")[-1][1]
    assert note.rstrip("\n") in text
    assert checked(office, note) == 2
    assert f"key {sha256(signer(office)).hexdigest()}" in text


def test_help_names_the_commands(office: Office) -> None:
    shown = run("audit", "--help").out
    assert all(name in shown for name in ("seal", "prove", "key"))
    shown = run("audit", "key", "--help").out
    assert all(name in shown for name in ("new", "rotate", "show"))
    assert os.environ["XDG_STATE_HOME"]

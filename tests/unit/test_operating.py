"""The tables of the config file: what they take, what they refuse, and that secrets stay in."""

from pathlib import Path

import pytest

from casetrack.errors import CasetrackError, Refused
from casetrack.service.operating import Operating, Seal, load, load_seal, shown
from casetrack.service.settings import resolve


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_without_a_config_file_reminders_go_to_standard_output(tmp_path: Path) -> None:
    found = load(written(tmp_path, ""), {})
    assert found == Operating()
    assert found.notify.channels == ("stdout",)
    assert (found.serve.at, found.serve.every, found.daily.wait_seconds) == ("07:00", 5, 60)


def test_every_table_is_read(tmp_path: Path) -> None:
    found = load(written(tmp_path, """
within = "20bd"
[notify]
channels = ["stdout", "apprise", "file"]
urls = ["json://desk"]
supervisor = "json://boss"
file = "out.txt"
[notify.people]
eva = "json://eva"
[daily]
report_dir = "reports"
metrics = "casetrack.prom"
wait_seconds = 5
[serve]
at = "06:30"
every = 10
[ping]
start = "https://watch.example/1/start"
success = "https://watch.example/1"
failure = "http://watch.example/1/fail"
[seal]
state_dir = "/var/lib/casetrack"
key_file = "/etc/casetrack/key"
"""), {})  # fmt: skip
    assert found.notify.people == {"eva": "json://eva"}
    assert (found.notify.urls, found.notify.supervisor) == (("json://desk",), "json://boss")
    assert (found.daily.report_dir, found.serve.at) == ("reports", "06:30")
    assert found.ping.start == "https://watch.example/1/start"
    assert found.seal == Seal(state_dir="/var/lib/casetrack", key_file="/etc/casetrack/key")


def test_secrets_can_stand_in_files_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("# the desk\njson://one\n\n json://two \n")
    (tmp_path / "boss").write_text("json://boss\n")
    (tmp_path / "ping").write_text("https://watch.example/1\n")
    table = f'[notify]\nchannels = ["apprise"]\nurls_file = "{tmp_path}/urls"\n'
    found = load(written(tmp_path, table + f'supervisor_file = "{tmp_path}/boss"\n'), {})
    assert found.notify.urls == ("json://one", "json://two")
    assert found.notify.supervisor == "json://boss"
    env = {
        "CASETRACK_NOTIFY_URLS_FILE": f"{tmp_path}/boss",
        "CASETRACK_SUPERVISOR_FILE": f"{tmp_path}/urls",
        "CASETRACK_PING_FILE": f"{tmp_path}/ping",
    }
    found = load(written(tmp_path, table), env)
    assert (found.notify.urls, found.notify.supervisor) == (("json://boss",), "json://one")
    assert (found.ping.start, found.ping.success, found.ping.failure) == (
        "https://watch.example/1/start", "https://watch.example/1", "https://watch.example/1/fail",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("notify = 1", "must be a table"),
        ("[notify]\nchannels = ['pigeon']", "notify.channels"),
        ("[notify]\nchannels = ['pigeon']", "stdout, file and apprise"),
        ("[notify]\nchannels = []", "at least one of"),
        ("[notify]\nchanels = ['stdout']", "did you mean 'channels'?"),
        ("[notify]\nurls = ['json://x', 1]", "notify.urls must be a list of addresses"),
        ("[notify]\npeople = 'geheim'", "a table of names"),
        ("[notify]\nsecrets = 'geheim'", "secrets"),
        ("[notify]\nurls = 'geheim'", "notify.urls"),
        ("[notify]\nchannels = ['apprise']", "needs urls"),
        ("[notify]\nchannels = ['file']", "needs file"),
        ("[notify]\nurls_file = '/nowhere/geheim-file'", "can't be read"),
        ("[daily]\nwait_seconds = -1", "daily.wait_seconds must be a whole number from 0 to 3600"),
        ("[daily]\nmetrics = 3", "daily.metrics must be text"),
        ("[serve]\nat = '7 am'", "serve.at"),
        ("[serve]\nat = '24:00'", "serve.at"),
        ("[serve]\nevery = 0", "serve.every"),
        ("[ping]\nstart = 'file:///etc/passwd'", "ping.start"),
        ("[ping]\nsuccess = 'https://user:geheim@watch.example/'", "ping.success"),
        ("[ping]\nfailure = 'https://watch.example/ x'", "ping.failure"),
        ("[seal]\nkey_file = 1", "seal.key_file"),
        ("[seal]\nkey = 'geheim'", "key"),
        ("[pigeons]\nat = 1", "unknown key"),
    ],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    path = written(tmp_path, text)

    def read() -> None:
        resolve({}, {}, path)
        load(path, {})

    with pytest.raises(CasetrackError) as raised:
        read()
    said = " ".join((raised.value.message, *raised.value.reasons))
    assert says in said
    assert raised.value.exit_code == 4
    assert "geheim" not in said.replace("geheim-file", "")


def test_all_that_is_wrong_is_said_at_once_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, "[notify]\nchannels = []\n[serve]\nat = '7'\nevry = 5\n")
    with pytest.raises(Refused) as raised:
        load(path, {})
    assert raised.value.message == f"{path} can't be used"
    assert [reason.split()[0] for reason in raised.value.reasons] == [
        "notify.channels", "serve.at", "serve:",
    ]  # fmt: skip


def test_a_secret_under_a_mistyped_key_is_not_shown(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
[notify]
url = "mailto://geheim"
channels = ["stdout"]
peopl = {eva = "geheim"}
[ping]
sucess = "https://watch.example/geheim"
""",
    )
    assert shown(path) == {
        "notify.url": "(set)", "notify.channels": "['stdout']", "notify.peopl": "(set)",
        "ping.sucess": "(set)",
    }  # fmt: skip


def test_a_config_file_asked_for_by_name_must_exist(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no config file"):
        load(tmp_path / "none.toml", {})


def test_where_the_key_stands_is_read_without_the_secrets_of_others(tmp_path: Path) -> None:
    path = written(tmp_path, "[notify]\nurls_file = '/nowhere'\n[seal]\nkey_file = 'k'\n")
    assert load_seal(path) == Seal(key_file="k")
    with pytest.raises(Refused, match="can't be read"):
        load(path, {})

"""Reminders reach real servers, the right people, and never hold patient data or an address."""

import os
import stat
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from time import monotonic

import pytest

from casetrack.errors import Refused, Undelivered
from casetrack.reports import notices
from casetrack.reports.notices import Notice
from casetrack.service import notify
from casetrack.service.notify import channels
from casetrack.service.operating import Notify
from tests.offices import ZONE, at, filing, new_practice
from tests.posts import Mailbox, Web, mailbox, web

NOV_23, NOV_30, DEC_5 = date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 5)


def told(**changes: object) -> Notice:
    members: dict[str, object] = {
        "id": "R-0123456789ab", "case": "C-1", "assignee": "eva", "deadline": "appeal_filing#1",
        "title": "File the internal appeal", "owner": "provider", "kind": "statutory",
        "rung": "3bd", "act_by": NOV_30, "due_on": DEC_5, "due_at": at(DEC_5, 23.9999),
        "zone": ZONE, "today": NOV_23, "business_days_left": 3, "now": at(NOV_23),
    }  # fmt: skip
    return Notice(**{**members, **changes})  # type: ignore[arg-type]


# What it says


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "act by Mon 2026-11-30 (in 3 business days), legal last day Sat 2026-12-05"),
        ({"today": NOV_30, "now": at(NOV_30)},
         "act by Mon 2026-11-30 (today), legal last day Sat 2026-12-05"),
        ({"today": date(2026, 12, 1), "now": at(date(2026, 12, 1))},
         "safe date passed, Mon 2026-11-30, legal last day Sat 2026-12-05"),
        ({"today": date(2026, 12, 7), "now": at(date(2026, 12, 7))},
         "OVERDUE since Sat 2026-12-05"),
        ({"owner": "payer", "kind": "service"},
         "chase Mon 2026-11-30 (in 3 business days), due Sat 2026-12-05"),
        ({"due_at": at(DEC_5, 17)},
         "act by Mon 2026-11-30 (in 3 business days), legal last day Sat 2026-12-05 17:00"),
        ({"kind": "planned", "today": date(2026, 12, 7), "now": at(date(2026, 12, 7))},
         "planned day passed, Mon 2026-11-30, planned for Sat 2026-12-05"),
        ({"kind": "planned", "expires": True},
         "act by Mon 2026-11-30 (in 3 business days), last day Sat 2026-12-05"),
        ({"kind": "planned", "expires": True, "today": DEC_5, "now": at(DEC_5)},
         "safe date passed, Mon 2026-11-30, last day Sat 2026-12-05"),
        ({"kind": "planned", "expires": True, "today": date(2026, 12, 7),
          "now": at(date(2026, 12, 7))}, "no longer fresh, last day was Sat 2026-12-05"),
        ({"kind": "planned", "opens": True}, "opens after Sat 2026-12-05"),
        ({"kind": "planned", "opens": True, "now": at(date(2026, 12, 6)),
          "today": date(2026, 12, 6)}, "open since Sat 2026-12-05"),
    ],
)  # fmt: skip
def test_a_reminder_says_what_to_do_by_when(changes: dict[str, object], said: str) -> None:
    assert notices.lines(told(**changes))[1] == said


def test_a_reminder_carries_its_id_and_whether_it_may_repeat() -> None:
    assert "reminder R-0123456789ab, rung 3bd" in notices.lines(told())
    again = notices.line(told(may_repeat=True))
    assert "reminder R-0123456789ab, rung 3bd, may repeat one that you have" in again


def test_control_characters_do_not_reach_the_terminal() -> None:
    said: list[str] = []
    notify.Printed(said.append).deliver(told(assignee="e\x1b[31mva"))
    assert "\x1b" not in said[0]


# Mail and web


@pytest.fixture
def post() -> Iterator[Mailbox]:
    with mailbox() as box:
        yield box


@pytest.fixture
def site() -> Iterator[Web]:
    with web() as found:
        yield found


def test_mail_goes_to_the_assignee_and_late_ones_to_the_supervisor_too(post: Mailbox) -> None:
    table = Notify(
        channels=("apprise",), urls=(post.url("desk@clinic.example"),),
        people={"eva": post.url("eva@clinic.example")}, supervisor=post.url("boss@clinic.example"),
    )  # fmt: skip
    (channel,) = channels(table, print, practice=False)
    channel.deliver(told())
    assert [to for to, _ in post.mails] == [["eva@clinic.example"]]
    post.mails.clear()
    channel.deliver(told(rung="2bd"))
    assert sorted(to for to, _ in post.mails) == [["boss@clinic.example"], ["eva@clinic.example"]]
    post.mails.clear()
    for nobodys in (None, "ota"):
        channel.deliver(told(assignee=nobodys))
    assert [to for to, _ in post.mails] == [["desk@clinic.example"]] * 2


def test_a_mail_holds_the_warning_and_its_id(post: Mailbox) -> None:
    table = Notify(channels=("apprise",), urls=(post.url("desk@clinic.example"),))
    channels(table, print, practice=False)[0].deliver(told(may_repeat=True))
    ((_, mail),) = post.mails
    assert mail["Subject"] == (
        "C-1: File the internal appeal, act by Mon 2026-11-30 (in 3 business days)"
    )
    body = "".join(part.get_payload(decode=True).decode() for part in mail.walk()  # type: ignore[union-attr]
                   if part.get_content_type() == "text/plain")  # fmt: skip
    for line in notices.lines(told(may_repeat=True)):
        assert line in body


def test_a_mail_server_that_refuses_leaves_it_undelivered(post: Mailbox) -> None:
    post.refusing = True
    table = Notify(channels=("apprise",), urls=(post.url("desk@clinic.example"),))
    with pytest.raises(Undelivered) as raised:
        channels(table, print, practice=False)[0].deliver(told())
    assert "clinic" not in raised.value.message


def test_a_web_endpoint_is_posted_to(site: Web) -> None:
    table = Notify(channels=("apprise",), urls=(f"json://{site.host}/hook",))
    channels(table, print, practice=False)[0].deliver(told())
    (posted,) = site.posted
    assert posted["message"] == "\n".join(notices.lines(told()))


def test_a_web_endpoint_that_fails_leaves_it_undelivered(
    site: Web, capfd: pytest.CaptureFixture[str]
) -> None:
    site.answers["/hook"] = (500, {})
    table = Notify(channels=("apprise",), urls=(f"json://user:geheim@{site.host}/hook",))
    with pytest.raises(Undelivered):
        channels(table, print, practice=False)[0].deliver(told())
    assert "geheim" not in "".join(capfd.readouterr())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_leaves_it_undelivered(site: Web, status: int) -> None:
    """Followed, a 301 asks the other place with GET and nothing in it, and is told 200."""
    site.answers["/hook"] = (status, {"Location": f"http://{site.host}/elsewhere"})
    table = Notify(channels=("apprise",), urls=(f"json://{site.host}/hook",))
    with pytest.raises(Undelivered):
        channels(table, print, practice=False)[0].deliver(told())
    assert [path for _, path, _ in site.asked] == ["/hook"]


def test_a_service_that_takes_for_ever_is_left_behind(
    site: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PATIENCE", 0.5)
    table = Notify(channels=("apprise",), urls=(f"json://{site.host}/slow",))
    begun = monotonic()
    with pytest.raises(Undelivered):
        channels(table, print, practice=False)[0].deliver(told())
    assert monotonic() - begun < 5
    assert len(site.posted) == 1


def test_an_address_that_fails_keeps_no_other_from_being_told(site: Web) -> None:
    site.answers["/bad"] = (500, {})
    table = Notify(
        channels=("apprise",), urls=(f"json://{site.host}/bad", f"json://{site.host}/good"),
    )  # fmt: skip
    with pytest.raises(Undelivered, match=r"not taken by notify\.urls, number 1$"):
        channels(table, print, practice=False)[0].deliver(told())
    assert [path for _, path, _ in site.asked] == ["/bad", "/good"]


def test_who_was_not_reached_is_named_without_an_address(site: Web) -> None:
    site.answers["/bad"] = (500, {})
    bad = f"json://user:geheim@{site.host}/bad"
    table = Notify(channels=("apprise",), urls=(bad,), people={"eva": bad}, supervisor=bad)
    with pytest.raises(Undelivered) as raised:
        channels(table, print, practice=False)[0].deliver(told(rung="0bd"))
    assert raised.value.message == (
        "the message was not taken by notify.people, 'eva'; notify.supervisor"
    )


# What is refused and what is kept at home


@pytest.mark.parametrize(
    ("table", "place"),
    [
        (Notify(channels=("apprise",), urls=("nonsense://geheim@x",)), "notify.urls, number 1"),
        (Notify(channels=("apprise",), urls=("json://127.0.0.1",), supervisor="geheim"),
         "notify.supervisor"),
        (Notify(channels=("apprise",), urls=("json://127.0.0.1",), people={"eva": "geheim"}),
         "notify.people, 'eva'"),
    ],
)  # fmt: skip
def test_a_wrong_address_is_refused_before_anything_is_sent(table: Notify, place: str) -> None:
    with pytest.raises(Refused) as raised:
        channels(table, print, practice=False)
    assert place in raised.value.message
    assert "geheim" not in raised.value.message


def test_a_practice_ledgers_reminders_never_leave_the_machine(site: Web, tmp_path: Path) -> None:
    table = Notify(
        channels=("apprise", "file"), urls=(f"json://{site.host}/",), file=str(tmp_path / "out"),
    )  # fmt: skip
    assert [c.name for c in channels(table, print, practice=True)] == ["file"]
    alone = Notify(channels=("apprise",), urls=table.urls)
    assert [c.name for c in channels(alone, print, practice=True)] == ["stdout"]
    assert site.asked == []


def test_a_file_gets_a_line_each_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "reminders.txt"
    table = Notify(channels=("file",), file=str(path))
    for rung in ("3bd", "2bd"):
        channels(table, print, practice=False)[0].deliver(told(rung=rung))
    assert [line.count("C-1") for line in path.read_text().splitlines()] == [1, 1]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_pipe_that_nobody_reads_holds_up_no_run(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    table = Notify(channels=("file",), file=str(tmp_path / "pipe"))
    with pytest.raises(Undelivered, match="can't be written"):
        channels(table, print, practice=False)[0].deliver(told())


def test_a_file_that_cannot_be_written_leaves_it_undelivered(tmp_path: Path) -> None:
    table = Notify(channels=("file",), file=str(tmp_path))
    with pytest.raises(Undelivered, match="can't be written"):
        channels(table, print, practice=False)[0].deliver(told())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
def test_a_full_disk_leaves_it_undelivered() -> None:
    table = Notify(channels=("file",), file="/dev/full")
    with pytest.raises(Undelivered, match="no space left"):
        channels(table, print, practice=False)[0].deliver(told())


def test_a_screen_that_is_gone_leaves_it_undelivered() -> None:
    def gone(_: str) -> None:
        raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(Undelivered, match="standard output can't be written: broken pipe"):
        notify.Printed(gone).deliver(told())


def test_no_channel_gets_patient_data(tmp_path: Path) -> None:
    office = new_practice(tmp_path / "cases.db", at(NOV_23))
    office.case("C-1", filing(NOV_30, DEC_5))
    office.sweep()
    assert "P 1" not in notices.line(office.box.notices[0]) + repr(office.box.notices)
    office.ledger.close()

"""One case of the guide from opening to appeal, by the real rules, with every kind of entry.

The definitions are those kept beside the golden files, so that a later guide changes nothing here.
"""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec.structs import replace

from casetrack.catalog import calendars, workflows
from casetrack.domain import events as e
from casetrack.domain.calendar import Calendar
from casetrack.domain.workflow import Workflow
from casetrack.ledger.memory import MemoryLedger
from casetrack.ledger.store import Draft
from casetrack.service.bootstrap import Definitions
from casetrack.service.desk import Assigning, Desk, Firing, Noting, Opening, Recording, Typed, When
from casetrack.service.tracker import Tracker
from tests.facts import corrected, ended, happened, moved, planned, tolled, voided
from tests.fakes import FakeClock, fixed_sources

DEFINITIONS = Path(__file__).with_name("format1") / "definitions"
GUIDE = "65c3fb061a343a4b930dab6e16f1f16aac99995c6b6a8313550384cc0e2df92c"
ILLINOIS = "909e4ae243c89fa1aed7d657906cd26c649b10f6c85452f4a4c374650fa1e9f7"

PACKET: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "age": ("2026-10-12", {"dob": "1980-02-29"}),
    "diagnosis": ("2026-10-12", {"icd10": "D67", "notes": "dědičná", "hereditary": "yes"}),
    "factor_ix_activity": ("2026-10-22", {"percent": "1.5", "off_prophylaxis": "yes"}),
    "inhibitor_test": ("2026-10-20", {"result": "negative"}),
    "exposure_days": ("2026-10-12", {"days": "150"}),
    "liver_panel": (
        "2026-10-12",
        {"alt": "20", "ast": "21", "alp": "70", "bilirubin": "0.6", "imaging": "clear"},
    ),
    "no_prior_gene_therapy": ("2026-10-12", {"confirmed": "yes"}),
    "approved_center": ("2026-10-12", {"center": "Center 1"}),
}


def kept(digest: str) -> str:
    return (DEFINITIONS / f"{digest}.json").read_bytes().decode()


class Kept(Definitions):
    """The guide as it is kept here, whatever is shipped."""

    def current(self, name: str) -> tuple[Workflow, str, str]:  # noqa: ARG002
        text = kept(GUIDE)
        return self._pinned.setdefault(GUIDE, workflows.from_text(text)), GUIDE, text


def illinois() -> dict[str, Calendar]:
    def dated(table: dict[str, object]) -> dict[str, object]:
        days = {"first", "last", "date", "observed_for"}
        return {
            name: date.fromisoformat(value) if name in days and isinstance(value, str) else value
            for name, value in table.items()
        }

    document = json.loads(kept(ILLINOIS), object_hook=dated)
    return {"illinois-state": calendars.parse(document, "illinois-state.toml")}


class Story:
    """One real case on a ledger of its own; ``at`` sets both the clock and the tracker's now."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger(fixed_sources(self.clock))
        self._calendars = illinois()
        self.at("2026-11-02T16:00")
        self.id = ""

    def at(self, now: str) -> None:
        self.clock.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
        self.tracker = Tracker(self.ledger, self.clock.now, "eva", self._calendars)
        self.tracker.desk = Desk(Kept(self.ledger), self._calendars, self.clock.now)

    def do(self, now: str, typed: Typed) -> None:
        self.at(now)
        self.tracker.do(self.id, typed)

    def fire(
        self, now: str, trigger: str, on: str | None = None, at: str | None = None, **values: str
    ) -> None:
        pairs = tuple(values.items())
        self.do(now, Firing(trigger=trigger, when=When(on=on, at=at), pairs=pairs))

    def append(self, now: str, *events: e.Event) -> None:
        """What no command decides yet."""
        self.at(now)
        drafts = [Draft(event=event, actor="system") for event in events]
        self.ledger.append(self.tracker.case(self.id), drafts)

    def moved(self, name: str, why: str, **days: object) -> e.Moved:
        """The deadline's reading as it is, with other dates."""
        now = self.tracker.case(self.id).deadlines[name].deadline
        return moved(name, why, replace(now.reading, **days), now.standard)


def request(story: Story) -> None:
    """Opened, the packet, submitted, expedited and refused, a call, another's case."""
    opening = Opening(
        workflow="humana-il-guide", reference="C-REAL", patient="Jana Nováková",
        when=When(on="2026-11-01"), pairs=(("benefit", "medical"), ("physician", "Dr. Ž")),
    )  # fmt: skip
    story.id = story.tracker.open(opening).case.id
    packet = [
        Recording(item=item, when=When(on=on), pairs=tuple(values.items()))
        for item, (on, values) in PACKET.items()
    ]
    packet[3] = replace(packet[3], file=("inhibitor.pdf", 1234, "ab" * 32))
    story.tracker.record_all(story.id, packet)
    story.fire("2026-11-05T15:30", "submit", at="2026-11-05T09:00", method="portal",
               confirmation="HUM-77")  # fmt: skip
    story.do("2026-11-06T16:59", Recording(item="urgency_statement"))
    story.fire("2026-11-06T17:00:00.250000", "expedite", at="2026-11-06T11:00",
               expedite_reason="deterioration")  # fmt: skip
    story.fire("2026-11-06T22:00", "refuse_expedite", at="2026-11-06T16:00")
    text = 'Řekla: "ještě ne"\n\tzavolat znovu 😀'
    story.do("2026-11-10T20:00", Noting(text=text, pairs=(("kind", "call"),)))
    story.do("2026-11-10T20:05", Assigning(name="ota"))


def denial(story: Story) -> None:
    """Denied with a date of its own; a deadline of our own; a correction; a warning."""
    story.fire("2026-11-19T17:00", "deny", notice_on="2026-11-16", received_on="2026-11-19",
               stated_due_on="2027-01-10", denial_reference="D-1",
               reason_code="medical_necessity")  # fmt: skip
    (own,) = planned("Zeptat se Dr. Ž", date(2026, 11, 27)).data.armed  # type: ignore[attr-defined]
    own = replace(own, definition=GUIDE, alive_in=("denied",))
    made = happened(e.DeadlinePlanned(armed=(own,)), date(2026, 11, 19), title="Zeptat se Dr. Ž")
    story.append("2026-11-19T17:01", made)
    nearer = story.moved("plan#1", "calendar", act_by=date(2026, 11, 25))
    story.append(
        "2026-11-20T12:00", happened(e.DeadlineReprojected(moved=(nearer,)), date(2026, 11, 20))
    )
    done = happened(e.DeadlineDone(closed=(ended("plan#1"),)), date(2026, 11, 24))
    story.append("2026-11-24T18:00", done)
    mended = corrected(16, fields={"received_on": "2026-11-18"}, denial_reference="D-12")
    story.append("2026-11-24T18:05", replace(mended, occurred_on=date(2026, 11, 24)))
    sent = e.ReminderSent(
        reminder="appeal-20bd", deadline="appeal_filing#1", rung="20bd", folded=(),
        act_by=date(2027, 1, 8), scheduled_for=datetime(2026, 12, 8, 14, tzinfo=UTC),
        sent_at=datetime(2026, 12, 8, 14, 0, 3, 7, UTC), channels=("mail", "file"),
        may_repeat=True,
    )  # fmt: skip
    story.append("2026-12-08T14:00:04", happened(sent, date(2026, 12, 8)))


def appeal(story: Story) -> None:
    """Filed, returned and filed again; tolled, resumed and extended; withdrawn by mistake."""
    for item in ("denial_letter", "clinical_evidence", "medical_necessity_letter"):
        story.do("2026-12-09T15:00", Recording(item=item, when=When(on="2026-12-01")))
    story.fire("2026-12-09T15:10", "file_appeal", on="2026-12-09", method="fax")
    story.fire("2026-12-11T15:00", "reject_request")
    story.fire("2026-12-14T16:00", "file_appeal", at="2026-12-14T10:00", method="fax",
               confirmation="FAX-9")  # fmt: skip
    story.append("2026-12-15T15:00", tolled("appeal_decision#2", date(2026, 12, 15)))
    later = story.moved(
        "appeal_decision#2", "resumed", due_on=date(2027, 1, 15),
        due_at=datetime(2027, 1, 16, 5, 59, 59, tzinfo=UTC),
    )  # fmt: skip
    story.append(
        "2026-12-17T15:00", happened(e.DeadlineResumed(moved=(later,)), date(2026, 12, 17))
    )
    longer = story.moved(
        "appeal_decision#2", "extended", due_on=date(2027, 1, 29),
        due_at=datetime(2027, 1, 30, 5, 59, 59, tzinfo=UTC),
    )  # fmt: skip
    extended = e.DeadlineExtended(moved=(longer,))
    granted = happened(extended, date(2026, 12, 18), basis="42 CFR 422.590", reason="asked")
    story.append("2026-12-18T15:00", granted)
    story.fire("2026-12-21T15:00", "withdraw_appeal")
    version = story.tracker.case(story.id).version
    back = voided(
        version,
        "internal_appeal",
        reopened=("appeal_decision#2",),
        closed=(ended("appeal_filing#1"),),
    )
    story.append("2026-12-21T15:30", replace(back, occurred_on=date(2026, 12, 21)))


def build() -> MemoryLedger:
    story = Story()
    request(story)
    denial(story)
    appeal(story)
    note = next(x for x in story.ledger.entries(story.id) if x.type == "NoteAdded")
    targets = [e.Target(version=1, name="patient"), e.Target(version=note.version, name="note")]
    story.at("2026-12-22T15:00")
    story.tracker.redact(story.id, targets, "asked by the patient")
    story.at("2026-12-23T04:53")
    story.tracker.disclose("bundle", [story.id], "for the auditor")
    story.tracker.disclose("export", [])
    return story.ledger

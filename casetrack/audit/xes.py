"""Cases as an event log in XES (IEEE 1849-2016): a trace for each case, an event for each entry.

Events stand in the order of the entries. XES has no plain dates: an event of which only the day
is known gets the earliest instant of that day that does not come before the event before it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from casetrack.domain import corrections, dates
from casetrack.domain import events as e

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans({
    "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;",
    "\n": "&#10;", "\t": "&#9;", "\r": "&#13;",
})  # fmt: skip
_ACTIVITIES: Mapping[type[e.Data], str] = {
    e.CaseOpened: "open", e.NoteAdded: "note", e.CaseAssigned: "assign",
    e.DeadlinePlanned: "plan", e.DeadlineDone: "done", e.DeadlineExtended: "extend",
    e.DeadlineTolled: "toll", e.DeadlineResumed: "resume", e.DeadlineReprojected: "reproject",
    e.EntryCorrected: "amend", e.EntryVoided: "void", e.ReminderSent: "remind",
    e.ValueRedacted: "redact", e.WorkflowAdopted: "adopt",
}  # fmt: skip
_HEAD = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
 <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
 <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
 <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
 <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
 <global scope="trace">
  <string key="concept:name" value=""/>
 </global>
 <global scope="event">
  <string key="concept:name" value=""/>
  <string key="lifecycle:transition" value="complete"/>
  <string key="org:resource" value=""/>
  <date key="time:timestamp" value="1970-01-01T00:00:00.000000+00:00"/>
 </global>
 <classifier name="Activity" keys="concept:name"/>
"""


class Trace(Struct, frozen=True, kw_only=True):
    """A case on its way into a log; with ``phi`` its reference and typed values go along."""

    case: str
    workflow: str
    zone: str
    entries: Sequence[e.Entry]
    phi: bool = False


def head(ledger: str, *, practice: bool) -> str:
    """All that comes before the traces."""
    more = [
        ("string", "concept:name", f"casetrack/{ledger}"),
        ("string", "lifecycle:model", "standard"),
        ("boolean", "practice", _truth(practice)),
    ]
    return _HEAD + "".join(_attribute(" ", *item) for item in more)


def tail() -> str:
    return "</log>\n"


def trace(found: Trace) -> Iterator[str]:
    """The case's XML, a piece for each entry."""
    reference = found.entries[0].value("reference") if found.entries and found.phi else None
    name = reference if isinstance(reference, str) else found.case
    yield " <trace>\n" + _attribute("  ", "string", "concept:name", name)
    yield _attribute("  ", "string", "case_id", found.case)
    yield _attribute("  ", "string", "workflow", found.workflow)
    voided = corrections.voided(found.entries)
    at: datetime | None = None
    for entry in found.entries:
        at = _happened(entry, found.zone, at)
        items = [*_standard(entry, at), *_own(entry, voided=entry.version in voided)]
        items += _values("value", entry.disclosed) if found.phi else []
        inner = "".join(_attribute("   ", *item) for item in items)
        yield f"  <event>\n{inner}  </event>\n"
    yield " </trace>\n"


def _happened(entry: e.Entry, zone: str, before: datetime | None) -> datetime:
    if entry.occurred_at is not None:
        return entry.occurred_at
    start = dates.start_of_day(entry.occurred_on, zone)
    next_day = dates.start_of_day(entry.occurred_on + timedelta(days=1), zone)
    return before if before is not None and start <= before < next_day else start


_Item = tuple[str, str, str]


def _standard(entry: e.Entry, at: datetime) -> Iterator[_Item]:
    yield "string", "concept:name", activity(entry)
    yield "string", "lifecycle:transition", "complete"
    yield "string", "org:resource", entry.actor
    yield "date", "time:timestamp", _instant(at)


def activity(entry: e.Entry) -> str:
    """The trigger of a transition, ``record:ITEM`` for evidence, else what was done in a word."""
    match entry.data:
        case e.TransitionFired(trigger=trigger):
            return trigger
        case e.EvidenceRecorded(item=item):
            return f"record:{item}"
        case data:
            return _ACTIVITIES[type(data)]


def _own(entry: e.Entry, *, voided: bool) -> Iterator[_Item]:
    yield "int", "version", str(entry.version)
    yield "string", "entry_type", entry.type
    yield "string", "occurred_on", entry.occurred_on.isoformat()
    yield "date", "recorded_at", _instant(entry.recorded_at)
    yield "string", "by", entry.by
    yield "string", "digest", entry.digest
    yield "boolean", "voided", _truth(voided)
    match entry.data:
        case e.TransitionFired(origin=origin, to=to, fields=fields):
            yield "string", "from", origin
            yield "string", "to", to
            yield from _values("field", fields)
        case e.WorkflowAdopted(workflow=workflow, origin=origin, to=to):
            yield "string", "workflow", workflow
            yield "string", "from", origin
            yield "string", "to", to
        case e.CaseOpened(fields=fields) | e.EvidenceRecorded(fields=fields):
            yield from _values("field", fields)
        case e.NoteAdded(fields=fields):
            yield from _values("field", fields)
        case _:
            pass


def _values(prefix: str, values: Mapping[str, e.Typed]) -> Iterator[_Item]:
    for name, value in sorted(values.items()):
        yield "string", f"{prefix}_{name}", value if isinstance(value, str) else "; ".join(value)


def _attribute(indent: str, kind: str, key: str, value: str) -> str:
    return f'{indent}<{kind} key="{_escaped(key)}" value="{_escaped(value)}"/>\n'


def _escaped(text: str) -> str:
    r"""Text for an attribute; the few characters that no XML can hold are shown, as ``\ufffe``."""
    return _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", text).translate(_ESCAPES)


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _truth(value: bool) -> str:  # noqa: FBT001 - it is the value
    return "true" if value else "false"

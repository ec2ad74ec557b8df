"""What an entry claims to have done to deadlines, beside what it should have done."""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import asdict, replace

from casetrack.domain import events as e

Differing = Iterator[tuple[str, str]]  # (rule, what differs)


_DATES = ("due_on", "act_by", "law_by")
_IDENTITY = ("definition", "clock", "n", "owner", "kind", "alive_in")


def differences(told: e.Effects, made: e.Effects) -> Differing:
    """Every way in which the effects told are not those made."""
    yield from _armed(told.armed, made.armed)
    yield from _closed(told.closed, made.closed)
    yield from _moved(told.moved, made.moved)
    yield from _names("reopened", told.reopened, made.reopened)
    yield from _names("left unproven", told.unproven, made.unproven)


def _armed(told: Sequence[e.Deadline], made: Sequence[e.Deadline]) -> Differing:
    claimed, due = {d.deadline: d for d in told}, {d.deadline: d for d in made}
    for name in sorted(due.keys() - claimed.keys()):
        yield "clock", f"{name} should have been armed, due {due[name].reading.due_on}"
    for name in sorted(claimed.keys() - due.keys()):
        yield "clock", f"{name} is armed, and nothing arms it here"
    for name in sorted(due.keys() & claimed.keys()):
        yield from _deadline(name, claimed[name], due[name])
    if len(claimed) < len(told):
        yield "clock", "one deadline is armed twice"


def _deadline(name: str, told: e.Deadline, made: e.Deadline) -> Differing:
    for member in _IDENTITY:
        was, is_ = getattr(told, member), getattr(made, member)
        if was != is_:
            yield "clock", f"{name}: {member} is {_said(was)}, and should be {_said(is_)}"
    yield from _reading(name, told.reading, made.reading)
    yield from _standard(name, told.standard, made.standard)


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _reading(name: str, told: e.Reading, made: e.Reading) -> Differing:
    """The dates first; what they were counted from, and by what, only where those agree."""
    members = [n for n in e.Reading.__struct_fields__ if getattr(told, n) != getattr(made, n)]
    dates = [n for n in _DATES if n in members]
    for member in dates:
        was, is_ = getattr(told, member), getattr(made, member)
        yield "dates", f"{name}: {member} is {was}, and its own working gives {is_}"
    if members and not dates:
        yield "dates", f"{name}: its working differs in {', '.join(members)}"


def _standard(name: str, told: e.Reading | None, made: e.Reading | None) -> Differing:
    if told is None or made is None:
        if told is not made:
            yield "dates", f"{name}: the date before it was expedited is not kept as it should be"
        return
    yield from _reading(f"{name} before it was expedited", told, made)


def _closed(told: Sequence[e.Ended], made: Sequence[e.Ended]) -> Differing:
    claimed, due = {x.deadline: x for x in told}, {x.deadline: x for x in made}
    for name in sorted(due.keys() - claimed.keys()):
        yield "deadline", f"{name} should have closed as {due[name].outcome}, and is left open"
    for name in sorted(claimed.keys() - due.keys()):
        yield "deadline", f"{name} is closed as {claimed[name].outcome}, and nothing ends it here"
    for name in sorted(due.keys() & claimed.keys()):
        if claimed[name] != due[name]:
            yield "deadline", f"{name} is closed as {_end(claimed[name])}, not as {_end(due[name])}"
    if len(claimed) < len(told):
        yield "deadline", "one deadline is closed twice"


def _end(end: e.Ended) -> str:
    late = {True: "late", False: "in time", None: "late or not, unknown"}[end.late]
    return f"{end.outcome}, {late}"


def _moved(told: Sequence[e.Moved], made: Sequence[e.Moved]) -> Differing:
    claimed, due = {x.deadline: x for x in told}, {x.deadline: x for x in made}
    for name in sorted(due.keys() - claimed.keys()):
        yield "dates", f"{name} should have moved to {due[name].reading.due_on}"
    for name in sorted(claimed.keys() - due.keys()):
        yield "dates", f"{name} is moved to {claimed[name].reading.due_on}, and nothing moves it"
    for name in sorted(due.keys() & claimed.keys()):
        if claimed[name].why != due[name].why:
            yield "dates", f"{name} is moved as {claimed[name].why}, not as {due[name].why}"
        yield from _reading(name, claimed[name].reading, due[name].reading)
        yield from _standard(name, claimed[name].standard, due[name].standard)


def _names(what: str, told: Sequence[str], made: Sequence[str]) -> Differing:
    for name in sorted({*made} - {*told}):
        yield "deadline", f"{name} should have been {what}"
    for name in sorted({*told} - {*made}):
        yield "deadline", f"{name} is {what}, and should not be"


def others(told: e.Data, made: e.Data) -> Iterator[tuple[str, object, object]]:
    """Members beside the effects that differ, with what is told and what is made."""
    plain = set(e.Effects.__struct_fields__) | {"row", "clock_behind", "overridden", "fields"}
    is_ = asdict(made)
    for name, value in asdict(told).items():
        if name not in plain and value != is_[name]:
            yield name, value, is_[name]


def foldable(data: e.Data, clocks: Mapping[str, object], states: Mapping[str, object]) -> e.Data:
    """The data without clocks and states that the workflow does not have."""
    if isinstance(data, e.Effects):
        data = replace(data, armed=tuple(d for d in data.armed if d.clock in clocks))
    if isinstance(data, e.TransitionFired) and data.to not in states:
        data = replace(data, to=data.origin)
    return data

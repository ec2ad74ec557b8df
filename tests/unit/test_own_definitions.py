"""Workflows and calendars of one's own: what extending means, and every way it can be wrong."""

import os
import time
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from casetrack.catalog import calendars, workflows
from casetrack.catalog.shelf import Shelf
from casetrack.domain import clocks
from casetrack.domain.clocks import Basis
from casetrack.errors import BadDefinition, UnknownName
from casetrack.reports import toml
from tests.own import CLINIC, GUIDE, SMALL, folder, renamed

SHIPPED = workflows.load("humana-il-guide")


def shelf(tmp_path: Path, *, clinic: str = CLINIC, **states: str) -> Shelf:
    own = folder(tmp_path / "c", my_clinic=clinic) if clinic else None
    return Shelf(folder(tmp_path / "s", **states), own)


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path) -> None:
    for name in ("s", "c"):
        (tmp_path / name).mkdir()


def refusal(call: Callable[[], object]) -> tuple[str, ...]:
    with pytest.raises(BadDefinition) as caught:
        call()
    return (caught.value.message, *caught.value.reasons)


def problems(tmp_path: Path, **states: str) -> str:
    """What is wrong with a folder of workflows."""
    return "\n".join(refusal(shelf(tmp_path, **states).workflow_ids))


# What extending means


def test_a_table_is_merged_key_by_key_and_a_list_is_replaced(tmp_path: Path) -> None:
    made = shelf(tmp_path, my_guide=GUIDE).workflow("my-guide")
    before, after = SHIPPED.clocks["pa_decision"], made.clocks["pa_decision"]
    assert after.rungs == ("5bd", "0bd") != before.rungs
    assert (after.length, after.law, after.armed_by) == (before.length, before.law, before.armed_by)
    assert made.clocks.keys() - SHIPPED.clocks.keys() == {"second_call"}
    assert (made.states, made.items, made.fields) == (SHIPPED.states, SHIPPED.items, SHIPPED.fields)


def test_only_what_is_named_is_removed(tmp_path: Path) -> None:
    made = shelf(tmp_path, my_guide=GUIDE).workflow("my-guide")
    assert SHIPPED.clocks.keys() - made.clocks.keys() == {"pa_follow_up"}


def test_what_a_workflow_says_of_itself_is_never_taken_over(tmp_path: Path) -> None:
    text = GUIDE.replace('standing = "the guide, and what our clinic adds to it"\n', "")
    assert "my-guide.toml: standing: is missing" in problems(tmp_path, my_guide=text)


def test_one_of_ones_own_may_be_extended_too(tmp_path: Path) -> None:
    again = renamed(GUIDE, "other").replace('"humana-il-guide"', '"my-guide"')
    again = again.replace('remove = ["clocks.pa_follow_up"]', "").replace('"7bd"', '"6bd"')
    made = shelf(tmp_path, my_guide=GUIDE, other=again)
    assert made.workflow("other").clocks["second_call"].length == "6bd"
    assert "pa_follow_up" not in made.workflow("other").clocks


def test_what_is_resolved_loads_as_the_same_workflow(tmp_path: Path) -> None:
    made = shelf(tmp_path, my_guide=GUIDE)
    for name in made.workflow_ids():
        found = made.workflow(name)
        text = "\n".join(toml.workflow(found))
        again = workflows.parse(tomllib.loads(text), f"{name}.toml", calendars=made)
        assert workflows.definition_text(again) == workflows.definition_text(found)


def test_what_is_resolved_loads_as_the_same_calendar(tmp_path: Path) -> None:
    made = shelf(tmp_path)
    for name in made:
        text = "\n".join(toml.calendar(made[name]))
        assert calendars.parse(tomllib.loads(text), f"{name}.toml").digest == made[name].digest


def test_a_shipped_workflow_is_there_whatever_a_folder_holds(tmp_path: Path) -> None:
    broken = Shelf(folder(tmp_path / "s", bad="no TOML"), folder(tmp_path / "c", bad="[["))
    made = broken.workflow("humana-il-guide")
    assert workflows.definition_text(made) == workflows.definition_text(SHIPPED)
    assert broken["illinois-state"] == calendars.load("illinois-state")


def test_without_a_folder_nothing_but_the_shipped_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, states=GUIDE, my_guide=GUIDE)
    monkeypatch.chdir(tmp_path / "own")
    with pytest.raises(UnknownName):
        Shelf().workflow("my-guide")


def test_an_empty_folder_adds_nothing(tmp_path: Path) -> None:
    empty = Shelf(tmp_path / "s", tmp_path / "c")
    assert empty.workflow_ids() == workflows.available()
    assert list(empty) == calendars.available()


def test_what_is_no_toml_file_of_the_folder_itself_is_not_looked_at(tmp_path: Path) -> None:
    made = folder(tmp_path / "s", small=SMALL)
    (made / "README.md").write_text("no definition")
    (made / "deeper").mkdir()
    (made / "deeper" / "bad.toml").write_text("[[")
    assert Shelf(made).workflow_ids() == [*workflows.available(), "small"]


# Closing days of one's own


def test_a_calendar_adds_closing_days_and_keeps_the_rest(tmp_path: Path) -> None:
    base, made = calendars.load("illinois-state"), shelf(tmp_path)["my-clinic"]
    added = {day.date: day.status for day in made.days if day not in base.days}
    assert added == {date(2026, 12, 24): "own", date(2026, 11, 2): "own"}
    assert (made.first, made.last, made.weekend) == (base.first, base.last, base.weekend)
    assert set(base.days) < set(made.days)


def test_a_day_that_is_closed_there_too_is_left_as_it_is_there(tmp_path: Path) -> None:
    text = f"{CLINIC}\n[[days]]\ndate = 2026-12-25\nname = 'Our party'\n"
    (found,) = [d for d in shelf(tmp_path, clinic=text)["my-clinic"].days
                if d.date == date(2026, 12, 25)]  # fmt: skip
    assert found in calendars.load("illinois-state").days


def weekdays(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def test_our_closing_days_make_nothing_later_and_what_we_must_do_earlier(tmp_path: Path) -> None:
    """Every clock, from each day around them, against numpy with and without those days."""
    made = shelf(tmp_path, my_guide=GUIDE)
    ours = made.workflow("my-guide")
    plain = clocks.frame(SHIPPED, made)
    frame = clocks.frame(ours, made)
    home, office = (
        np.busdaycalendar(holidays=[d.date for d in c.days])
        for c in (frame.home, made["my-clinic"])
    )
    earlier = 0
    for name in ("appeal_filing", "external_filing", "appeal_decision", "pa_decision"):
        clock = SHIPPED.clocks[name]
        for start in weekdays(date(2026, 8, 20), date(2026, 12, 31)):
            basis = Basis(on=start, at=None, field="notice_on")
            before = clocks.read(clock, plain, basis)
            after = clocks.read(clock, frame, basis)
            assert (after.due_on, after.law_by) == (before.due_on, before.law_by)
            assert after.act_by <= before.act_by
            if clock.owner == "provider":
                days = [d for d in (before.safe_on, before.law_by) if d]
                rolled = [np.busday_offset(np.busday_offset(d, 0, "backward", busdaycal=home), 0,
                                           "backward", busdaycal=office) for d in days]  # fmt: skip
                assert after.act_by == min(rolled).item()
                earlier += after.act_by < before.act_by
            else:
                assert after.act_by == before.act_by
    assert earlier > 0


def test_the_worked_example_moves_back_over_our_closing_day(tmp_path: Path) -> None:
    """The denial notice of Friday 2026-09-04: act by Monday 11-02, which we are closed on."""
    made = shelf(tmp_path, my_guide=GUIDE)
    frame = clocks.frame(made.workflow("my-guide"), made)
    basis = Basis(on=date(2026, 9, 4), at=None, field="notice_on")
    reading = clocks.read(SHIPPED.clocks["appeal_filing"], frame, basis)
    assert (reading.due_on, reading.act_by) == (date(2026, 11, 8), date(2026, 10, 30))
    assert {use.id for use in reading.calendars} == {"illinois-state", "my-clinic"}


@pytest.mark.parametrize("key", ['calendar = "my-clinic"', ("[clocks.appeal_filing]\n"
                         'roll = "following"\nroll_calendar = "my-clinic"')])  # fmt: skip
def test_nothing_is_counted_or_rolled_by_our_closing_days(tmp_path: Path, key: str) -> None:
    own, table = GUIDE.split("[clocks.pa_decision]")
    text = f"{own}{key}\n[clocks.pa_decision]{table}"
    found = problems(tmp_path, my_guide=text)
    name = "calendar" if key.startswith("cal") else "clocks.appeal_filing.roll_calendar"
    assert f"{name}: 'my-clinic' has closing days of one's own" in found
    assert "name it as office" in found


def test_the_office_is_closed_whenever_the_calendar_that_counts_is(tmp_path: Path) -> None:
    text = GUIDE.replace('office = "my-clinic"', 'office = "us-federal"')
    found = problems(tmp_path, my_guide=text)
    assert "office: must be closed whenever 'illinois-state' is, 2019-02-12 for one" in found


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ('weekend = [7]\nextends = "illinois-state"', "line 6: weekend: is that of"),
        ("last = 2030-12-31\nextends = 'illinois-state'", "line 6: last: is that of"),
        ('extends = "illinois-stat"', ("line 6: extends: unknown calendar 'illinois-stat'; did you"
         " mean 'illinois-state'?")),
        ("extends = 3", "line 6: extends: unknown calendar 3"),
    ],
)  # fmt: skip
def test_a_calendar_takes_its_horizon_from_what_it_extends(
    tmp_path: Path, change: str, says: str
) -> None:
    text = CLINIC.replace('extends = "illinois-state"', change)
    assert says in "\n".join(refusal(lambda: list(shelf(tmp_path, clinic=text))))


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("date = 2026-12-24\nname = 'Again'", "line 17: days[2026-12-24].date: listed twice"),
        ("date = 2040-01-02\nname = 'Late'", "line 17: days[2040-01-02].date: outside the horizon"),
        ("date = 2026-12-28\nname = ''", "line 18: days[2026-12-28].name: must be printable"),
        ("date = 2026-12-28\nname = 'x'\nstatus = 'official'", ("days[2026-12-28].status: must be"
         ' "own", or left out')),
        ("date = '2026-12-28'\nname = 'x'", "date: must be a date"),
        ("date = 2026-12-28T10:00:00\nname = 'x'", "date: must be a date"),
        ("nam = 'x'", "nam: unknown key"),
    ],
)  # fmt: skip
def test_an_odd_closing_day_is_refused_by_its_date_and_line(
    tmp_path: Path, day: str, says: str
) -> None:
    text = f"{CLINIC}\n[[days]]\n{day}\n"
    assert says in "\n".join(refusal(lambda: list(shelf(tmp_path, clinic=text))))


@pytest.mark.parametrize("days", ["days = 3", "days = [1]", "days = 'x'"])
def test_closing_days_are_a_list_of_tables(tmp_path: Path, days: str) -> None:
    text = f"{CLINIC.split('[[days]]')[0]}{days}\n"
    found = "\n".join(refusal(lambda: list(shelf(tmp_path, clinic=text))))
    assert "line 8: days: must be a list of tables" in found


def test_what_extends_a_bad_calendar_is_told_apart_from_it(tmp_path: Path) -> None:
    bad = renamed(CLINIC, "bad").replace('extends = "illinois-state"', "")
    upper = renamed(CLINIC, "upper").replace('"illinois-state"', '"bad"')
    own = folder(tmp_path / "c", bad=bad, upper=upper)
    found = refusal(lambda: list(Shelf(None, own)))
    assert any("bad.toml: weekend: missing" in reason for reason in found)
    assert any("upper.toml: line 5: extends: what it extends is itself" in r for r in found)


# What is refused


def test_a_shipped_id_can_t_be_taken(tmp_path: Path) -> None:
    found = problems(tmp_path, humana_il_guide=renamed(SMALL, "humana-il-guide"))
    assert "line 1: id: 'humana-il-guide' is shipped with casetrack; choose another id" in found
    clinic = folder(tmp_path / "c", us_federal=renamed(CLINIC, "us-federal"))
    assert "'us-federal' is shipped" in "\n".join(refusal(lambda: list(Shelf(None, clinic))))


def test_two_files_can_t_have_one_id(tmp_path: Path) -> None:
    found = problems(tmp_path, a=renamed(SMALL, "a"), b=renamed(SMALL, "a"))
    assert "b.toml: line 1: id: 'a' is the id of" in found
    assert "b.toml: line 1: id: must be the file's name without .toml" in found


@pytest.mark.parametrize("names", [["a"], ["a", "b"], ["a", "b", "c"]], ids=len)
def test_what_extends_itself_in_the_end_is_refused(tmp_path: Path, names: list[str]) -> None:
    files = {
        name: renamed(GUIDE, name).replace("humana-il-guide", names[(n + 1) % len(names)])
        for n, name in enumerate(names)
    }
    found = problems(tmp_path, **files)
    for n, name in enumerate(names):
        ring = " -> ".join(repr(x) for x in (*names[n:], *names[:n], name))
        assert f"{name}.toml: line 6: extends: goes round in a circle: {ring}" in found


def test_calendars_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    a, b = (renamed(CLINIC, x).replace("illinois-state", y) for x, y in ("ab", "ba"))
    own = folder(tmp_path / "c", a=a, b=b)
    found = "\n".join(refusal(lambda: list(Shelf(None, own))))
    assert found.count("goes round in a circle") == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"clocks.pa_follow_up"', '"clocks.pa_folow_up"',
         ("line 8: remove[0]: there is no 'clocks.pa_folow_up' in what is extended;"
         " did you mean 'clocks.pa_follow_up'?")),
        ('["clocks.pa_follow_up"]', '"clocks"', "line 8: remove: must be a list of dotted keys"),
        ('["clocks.pa_follow_up"]', "[3]", "line 8: remove: must be a list of dotted keys"),
        ('"clocks.pa_follow_up"', '"clocks.pa_follow_up", "fields.notice_on"',
         "unknown field 'notice_on'"),
        ('"clocks.pa_follow_up"', '"states.intake"', "no state is initial; one must be"),
        ('"clocks.pa_follow_up"', '""', "there is no ''"),
        ('extends = "humana-il-guide"', 'extends = "humana-il"',
         "line 6: extends: unknown workflow 'humana-il'; did you mean 'humana-il-guide'?"),
        ('extends = "humana-il-guide"', "extends = []", "extends: unknown workflow"),
        ('length = "7bd"', 'length = "7weeks"', "clocks.second_call.length: '7weeks' is no length"),
        ('length = "7bd"', 'length = "-7bd"', "line 22: clocks.second_call.length: '-7bd' is no"),
        ('length = "7bd"', 'length = "0d"', "clocks.second_call.length: '0d' is no length"),
        ('length = "7bd"', 'length = "99999d"', "clocks.second_call.length: '99999d' is no"),
        ('length = "7bd"', 'length = "9999bd"', ("line 22: clocks.second_call.length: 9999bd is"
         " more than calendar 'illinois-state' is sure of: 2019-01-01 to 2036-12-31")),
        ('length = "7bd"', 'length = "9999d"', "clocks.second_call.length: 9999d is more than"),
        ('length = "7bd"', 'length = "9999w"', "clocks.second_call.length: 9999w is more than"),
        ('length = "7bd"', 'length = "940w"', "clocks.second_call.length: 940w is more than"),
        ('length = "7bd"', 'length = "9999mo"', "clocks.second_call.length: 9999mo is more than"),
        ('length = "7bd"', 'length = "216mo"', "clocks.second_call.length: 216mo is more than"),
        ('length = "7bd"', "length = -7", "must be text, not -7"),
        ('length = "7bd"', 'length = "7bd"\ncounts_from = "respond_on"',
         ("line 23: clocks.second_call.counts_from: no event that arms the clock carries field"
         " 'respond_on'")),
        ('length = "7bd"', 'length = "7bd"\ncounts_from = "respnd_on"',
         "unknown field 'respnd_on'; did you mean 'respond_on'?"),
        ('armed_by = ["submit"]', 'armed_by = ["submitt"]',
         "line 17: clocks.second_call.armed_by: unknown event 'submitt'; did you mean 'submit'?"),
        ('office = "my-clinic"', 'office = "my-clinik"',
         "line 7: office: unknown calendar 'my-clinik'; did you mean 'my-clinic'?"),
        ('source = "ours"', "source = 3", "line 20: clocks.second_call.source: must be text"),
        ("[clocks.second_call]", "[clocks.second_call", "line 13"),
        ('id = "my-guide"', 'id = "your-guide"', "line 1: id: must be the file's name"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_with_its_line_and_its_key(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    text = GUIDE.lstrip()
    assert text.count(old) == 1
    assert says in problems(tmp_path, my_guide=text.replace(old, new))


@pytest.mark.parametrize(
    ("trigger", "says"),
    [
        ('guards = [{ name = "passed", clocks = ["second_call"] }]',
         "guards[0].clocks: guard passed can never be met: none of its clocks runs in a state"),
        ('guards = [{ name = "expedited" }]',
         "guards[0]: guard expedited can never be met: no trigger expedites in a stage"),
        (('fields = ["valid_from"]\nguards = [{ name = "rules" }]\n'
         'rules = [{ field = "valid_from", test = "not_before", values = ["2026-02-01"],'
         ' says = "x", source = "ours" },\n{ field = "valid_from", test = "not_after",'
         ' values = ["2026-01-31"], says = "x", source = "ours" }]'),
         "triggers.ponder.rules: no value of 'valid_from' passes them all"),
        (('fields = ["percent"]\nguards = [{ name = "rules" }]\n'
         'rules = [{ field = "percent", test = "at_most", values = ["2"], says = "x",'
         ' source = "ours" },\n{ field = "percent", test = "at_least", values = ["2.5"],'
         ' says = "x", source = "ours" }]'),
         "triggers.ponder.rules: no value of 'percent' passes them all"),
        (('fields = ["method"]\nguards = [{ name = "rules" }]\n'
         'rules = [{ field = "method", test = "equals", values = ["fax"], says = "x",'
         ' source = "ours" },\n{ field = "method", test = "none_of", values = ["fax"],'
         ' says = "x", source = "ours" }]'),
         "triggers.ponder.rules: no value of 'method' passes them all"),
    ],
    ids=["passed", "expedited", "dates", "numbers", "codes"],
)  # fmt: skip
def test_a_guard_that_can_never_be_met_is_refused(tmp_path: Path, trigger: str, says: str) -> None:
    text = f"""{GUIDE}
[triggers.ponder]
title = "Ponder"
source = "ours"
moves = [{{ origins = ["intake"] }}]
{trigger}
"""
    assert says in problems(tmp_path, my_guide=text)


def test_bounds_that_meet_leave_a_value(tmp_path: Path) -> None:
    text = f"""{GUIDE}
[triggers.ponder]
title = "Ponder"
source = "ours"
moves = [{{ origins = ["intake"] }}]
fields = ["percent"]
guards = [{{ name = "rules" }}]
rules = [{{ field = "percent", test = "at_most", values = ["2"], says = "x", source = "ours" }},
         {{ field = "percent", test = "at_least", values = ["2.0"], says = "x", source = "ours" }}]
"""
    assert "ponder" in shelf(tmp_path, my_guide=text).workflow("my-guide").triggers


def test_every_problem_of_every_file_is_told_at_once_and_nothing_is_taken(tmp_path: Path) -> None:
    made = shelf(tmp_path, small=SMALL, my_guide=GUIDE.replace('"7bd"', '"7y"'), bad="a = [")
    found = refusal(lambda: made.workflow("small"))
    assert any("my-guide.toml" in reason for reason in found)
    assert any("bad.toml" in reason for reason in found)
    assert found[0].endswith("2 problems; nothing of that folder is used")


def big() -> bytes:
    return b"# " + b"x" * 1_000 + b"\n"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (big() * 10_000, "bytes; the limit is 262,144"),
        (b".".join([b"a"] * 50_000) + b" = 1\n", "line 1 has 100,003 bytes; the limit is 2,000"),
        (b"a = " + b"[" * 900 + b"]" * 900, "nested over 16 levels deep"),
        (b".".join([b"a"] * 900) + b" = 1\n", "nested over 16 levels deep"),
        (b"id = '\xff'\n", "line 1 is not UTF-8"),
        (b"id = 'a'\nid = 'b'\n", "line 2"),
        (b"", "title: is missing"),
        (b"\xef\xbb\xbfid = 'a'\n", "line 1"),
        (b"id = 'a'\0\n", "line 1"),
    ],
    ids=["10 MB", "100 KB key", "deep list", "deep key", "latin", "twice", "empty", "bom", "nul"],
)
def test_a_hostile_file_is_refused_with_a_reason(tmp_path: Path, content: bytes, says: str) -> None:
    (folder(tmp_path / "s") / "hostile.toml").write_bytes(content)
    assert says in problems(tmp_path)


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "loop", "dangling"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(tmp_path: Path, kind: str) -> None:
    path = folder(tmp_path / "s") / "odd.toml"
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to("odd.toml")
        case _:
            path.symlink_to("nowhere")
    found = problems(tmp_path)
    assert "odd.toml: " in found
    assert any(why in found for why in ("not a plain file", "no such file", "symbolic links"))


@pytest.mark.parametrize("kind", ["missing", "file", "loop", "nul"])
def test_a_folder_that_is_none_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / ("nul\0" if kind == "nul" else kind)
    if kind == "file":
        path.write_text(SMALL)
    if kind == "loop":
        path.symlink_to(path)
    assert str(path) in refusal(Shelf(path).workflow_ids)[0]


def test_a_folder_that_may_not_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", denied)
    assert "cannot be read: Permission denied" in refusal(Shelf(tmp_path).workflow_ids)[0]


def test_a_folder_of_very_many_files_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path / "s", **{f"w{n}": SMALL for n in range(101)})
    assert "101 files; the limit is 100" in refusal(Shelf(made).workflow_ids)[0]


def test_a_file_that_takes_a_shipped_id_is_refused_wherever_it_stands(tmp_path: Path) -> None:
    made = folder(tmp_path, humana_il_guide=renamed(SMALL, "humana-il-guide"))
    found = refusal(lambda: Shelf().check_workflow(made / "humana-il-guide.toml"))
    assert "line 1: id: 'humana-il-guide' is shipped with casetrack" in found[1]
    made = folder(tmp_path, us_federal=renamed(CLINIC, "us-federal"))
    found = refusal(lambda: Shelf().check_calendar(made / "us-federal.toml"))
    assert "line 1: id: 'us-federal' is shipped with casetrack" in found[1]


def test_what_is_shipped_is_extended_whatever_a_folder_holds(tmp_path: Path) -> None:
    bad = folder(tmp_path / "s", humana_il_guide=renamed(SMALL, "humana-il-guide"))
    other = folder(tmp_path, other=renamed(GUIDE, "other"))
    own = folder(tmp_path / "c", my_clinic=CLINIC)
    assert Shelf(bad, own).check_workflow(other / "other.toml").states == SHIPPED.states


@pytest.mark.parametrize("many", ["clocks", "fields", "keys", "remove"])
def test_a_file_of_very_many_mistakes_is_refused_soon(tmp_path: Path, many: str) -> None:
    """Within the limits of a file, and with each name near to many others."""
    named = "".join(f'[fields.field_number_{n}]\ntitle = "t"\ntype = "text"\n' for n in range(900))
    carried = ", \n".join(f'"feild_nmber_{n}"' for n in range(900))
    text = {
        "clocks": SMALL + "".join(f'[clocks.c{n}]\narmed_by = ["finsh{n}"]\n' for n in range(3000)),
        "fields": f"{SMALL.replace('[fields]', '')}{named}[triggers.x]\nfields = [{carried}]\n",
        "keys": SMALL + "".join(f"zz{n} = 1\n" for n in range(9000)),
        "remove": GUIDE.replace(
            '"clocks.pa_follow_up"', ",\n".join(f'"clocks.pa_folow_{n}"' for n in range(6000))
        ),
    }[many]
    started = time.process_time()
    found = problems(tmp_path, small=text, my_guide=GUIDE)
    assert 200 <= found.count("small.toml: ") <= 201
    assert time.process_time() - started < 10

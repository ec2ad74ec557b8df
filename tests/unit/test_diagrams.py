"""Diagrams: where everything stands, what they say, in three languages each read independently."""

import itertools
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from casetrack.catalog import workflows
from casetrack.domain.bitemporal import Point
from casetrack.domain.workflow import Workflow
from casetrack.reports import chart_svg, chart_text
from casetrack.reports.chart import Chart, chart
from casetrack.reports.layout import Layout, lay_out
from casetrack.reports.past import Told
from casetrack.reports.rows import Link, sequence
from casetrack.service import history
from tests.world import GUIDE, World

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "states").glob("*.toml"))
SVG = "{http://www.w3.org/2000/svg}"
ODD = 'x"y; end note: <b>&amp; #35; \\n %% [*] --> {z} | ]]> \u202e漢字 end note state'
LETTERS = {"head": 26.0, "bold": 15.0, "plain": 12.5, "code": 11.0}

Box = tuple[float, float, float, float]
Arcs = set[tuple[str, str, str]]


def stated(name: str) -> Arcs:
    """(trigger, from, to) of every move, by the file alone."""
    raw = tomllib.loads((ROOT / f"states/{name}.toml").read_text("utf-8"))
    lasting = [state for state, says in raw["states"].items() if not says.get("final")]
    return {
        (trigger, origin, move.get("to", origin))
        for trigger, says in raw["triggers"].items()
        for move in says["moves"]
        for origin in (lasting if move["origins"] == ["*"] else move["origins"])
    }


def told(world: World) -> Told:
    return history.make(world.tracker, world.case, Point(), phi=False)


def appealed() -> World:
    """Submitted, asked, answered, denied, appealed; the payer's decision is late."""
    world = World("2026-11-24")
    world.fire("submit", "2026-09-01", method="portal")
    world.fire("request_info", "2026-09-03")
    world.fire("provide_info", "2026-09-04")
    world.fire("deny", "2026-09-14", notice_on="2026-09-14")
    world.fire("peer_to_peer", "2026-09-16")
    world.fire("file_appeal", "2026-10-01", confirmation="K-1")
    return world


# -- The picture


class Drawn:
    """What is drawn where: boxes, texts and arrows, in the picture's own units."""

    def __init__(self, text: str) -> None:
        self.root = ET.fromstring(text)
        self.wide, self.tall = (float(self.root.attrib[name]) for name in ("width", "height"))
        self.states: dict[str, Box] = {}
        self.texts: list[tuple[Box, str, str]] = []
        self.lines: list[tuple[str, list[tuple[float, float]]]] = []
        self._walk(self.root, 0.0, 0.0, "")

    def _walk(self, element: ET.Element, dx: float, dy: float, group: str) -> None:
        for part in element:
            of = part.attrib
            match part.tag.removeprefix(SVG):
                case "g":
                    x, y = _numbers(of.get("transform", "0 0"))
                    self._walk(part, dx + x, dy + y, of.get("id", group))
                case "rect" if "box" in of["class"]:
                    x, y, w, h = (float(of[name]) for name in ("x", "y", "width", "height"))
                    self.states[group] = (x + dx, y + dy, x + dx + w, y + dy + h)
                case "text":
                    box = _letters(of["class"], float(of["x"]) + dx, float(of["y"]) + dy, part.text)
                    self.texts.append((box, group, part.text or ""))
                case "path" if of["class"].startswith("line") and group:
                    points = [(x + dx, y + dy) for x, y in _along(of["d"])]
                    self.lines.append((group, points))


def _numbers(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?[0-9.]+", text)]


def _letters(kind: str, x: float, base: float, text: str | None) -> Box:
    """Where a line of text surely covers the ground: the narrowest that a font sets it."""
    size = LETTERS[kind]
    return x, base - size * 0.7, x + 0.4 * size * len(text or ""), base + size * 0.2


def _along(path: str) -> Iterator[tuple[float, float]]:
    """Points along a path of M, V and C, close to each other."""
    here = (0.0, 0.0)
    for letter, rest in re.findall(r"([MVC])([^MVC]*)", path):
        found = _numbers(rest)
        if letter == "M":
            here = (found[0], found[1])
            ends = [here]
        elif letter == "V":
            ends = [(here[0], here[1] + (found[0] - here[1]) * n / 40) for n in range(41)]
        else:
            ends = [_curve(here, found, n / 40) for n in range(41)]
        yield from ends
        here = ends[-1]


def _curve(start: tuple[float, float], by: list[float], t: float) -> tuple[float, float]:
    xs, ys = (start[0], *by[0::2]), (start[1], *by[1::2])
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
    x, y = (sum(w * v for w, v in zip(weights, of, strict=True)) for of in (xs, ys))
    return x, y


def apart(one: Box, other: Box) -> bool:
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def within(point: tuple[float, float], box: Box, margin: float = 0.0) -> bool:
    x, y = point
    left, top, right, foot = box
    return left + margin < x < right - margin and top + margin < y < foot - margin


def check_geometry(text: str) -> None:
    drawn = Drawn(text)
    assert drawn.states
    assert drawn.lines
    for one, other in itertools.combinations(drawn.states.values(), 2):
        assert apart(one, other)
    for (box, _, said), (other, _, also) in itertools.combinations(drawn.texts, 2):
        assert apart(box, other), (said, also)
    for (left, top, right, foot), group, said in drawn.texts:
        assert left >= 0, said
        assert top >= 0, said
        assert right <= drawn.wide, said
        assert foot <= drawn.tall, said
        if group in drawn.states:
            assert within((left, top), drawn.states[group]), said
            assert within((right, foot), drawn.states[group]), said
        else:
            assert all(apart((left, top, right, foot), box) for box in drawn.states.values())
    for _, points in drawn.lines:
        for box in drawn.states.values():
            assert not any(within(point, box, 1.0) for point in points)
        for box, _, said in drawn.texts:
            assert not any(within(point, box) for point in points), said


@pytest.mark.parametrize("name", SHIPPED)
def test_nothing_lies_on_anything_and_all_is_inside_the_picture(name: str) -> None:
    check_geometry(chart_svg.render(chart(workflows.load(name))))


def test_a_case_with_its_path_keeps_to_that_too() -> None:
    check_geometry(chart_svg.render(chart(GUIDE, told(appealed()))))


def odd() -> Chart:
    """Titles that would be markup, or the syntax of Mermaid or DOT, if they were let."""
    states = {name: replace(state, title=f"{ODD} {name}") for name, state in GUIDE.states.items()}
    triggers = {n: replace(t, title=f"{ODD} {n}") for n, t in GUIDE.triggers.items()}
    return chart(replace(GUIDE, title=ODD, states=states, triggers=triggers))


def test_titles_of_any_kind_keep_to_that_and_stay_text() -> None:
    made = chart_svg.render(odd())
    check_geometry(made)
    assert "\u202e" not in made
    root = ET.fromstring(made)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags == {"svg", "title", "desc", "style", "g", "rect", "path", "circle", "text"}
    assert root.findtext(f"{SVG}title") == ODD.replace("\u202e", "\\u202e")


def test_a_title_without_a_space_is_broken_to_fit() -> None:
    states = {n: replace(s, title="W" * 120) for n, s in GUIDE.states.items()}
    check_geometry(chart_svg.render(chart(replace(GUIDE, states=states))))


def test_it_is_the_same_bytes_each_time_and_fetches_nothing() -> None:
    made = chart_svg.render(chart(GUIDE))
    assert made == chart_svg.render(chart(workflows.from_text(workflows.definition_text(GUIDE))))
    assert re.findall(r"https?://[^\"]+", made) == ["http://www.w3.org/2000/svg"]
    assert not re.search(r"href|url\(|@import|<script|<image|<use|\bon\w+=", made)


def test_it_says_in_words_what_it_shows() -> None:
    root = ET.fromstring(chart_svg.render(chart(GUIDE)))
    assert root.attrib["role"] == "img"
    named = {element.attrib.get("id"): element.text or "" for element in root.iter()}
    labels = [named[name] for name in root.attrib["aria-labelledby"].split()]
    assert labels[0] == GUIDE.title
    for state in GUIDE.states.values():
        assert state.title in labels[1]
    for trigger in GUIDE.triggers.values():
        assert trigger.title in labels[1]


@pytest.mark.parametrize("name", SHIPPED)
def test_every_state_move_clock_and_guarded_step_stands_in_the_picture(name: str) -> None:
    workflow = workflows.load(name)
    made = chart(workflow)
    drawn = {(step.name, arrow.origin, arrow.to) for arrow in made.arrows for step in arrow.steps}
    said = {
        (found[1], place.name, line.kind)
        for place in made.places
        for line in place.lines
        if line.kind != "clock" and (found := re.search(r"\((\w+)\)", line.text))
    }
    every = {trigger for trigger, _, kind in said if kind == "every"}
    for trigger, origin, to in stated(name):
        kind = "stay" if origin == to else "leap"
        there = (trigger, origin, to) in drawn or (trigger, origin, kind) in said
        assert there or trigger in every, (trigger, origin, to)
    for place in made.places:
        clocks = sorted(line.text for line in place.lines if line.kind == "clock")
        alive = [c.title for c in workflow.clocks.values() if place.name in c.alive_in]
        assert len(clocks) == len(alive)
        for text, title in zip(clocks, sorted(f"{title}: " for title in alive), strict=True):
            assert text.startswith(title)
    shown = Drawn(chart_svg.render(made))
    assert shown.states.keys() == workflow.states.keys()
    assert Counter(group for group, _ in shown.lines) == {f"{a.origin}-{a.to}": 1
                                                          for a in made.arrows}  # fmt: skip


def test_a_clock_says_how_long_and_from_when() -> None:
    said = {line.text for place in chart(GUIDE).places for line in place.lines}
    appeal = "File the internal appeal: 65 calendar days from: Date of the notice"
    decision = "Payer decides the prior authorization: 14 business days"
    assert said >= {
        f"{appeal}, by law 60 calendar days",
        f"{decision}, expedited 72 hours, by law 72 hours",
        "Infuse before the approval ends: until the date of: Approval valid through (R)",
        "Send what the payer asked for: until the date of: Respond by, else 5 business days (R)",
    }


def test_final_states_have_a_second_line_around_them_and_the_first_a_dot_above() -> None:
    root = ET.fromstring(chart_svg.render(chart(GUIDE)))
    groups = {g.attrib["id"]: g for g in root.iter(f"{SVG}g") if g.attrib.get("class") == "state"}
    ringed = {n for n, g in groups.items() if any(r.attrib["class"] == "ring" for r in g)}
    assert ringed == {"closed", "completed", "final_denial"}
    assert [n for n, g in groups.items() if g[0].tag == f"{SVG}circle"] == ["intake"]


# -- A case


def test_a_case_shows_its_path_by_number_and_where_it_is() -> None:
    made = chart(GUIDE, told(appealed()))
    taken = {
        (arrow.origin, arrow.to): step.taken
        for arrow in made.arrows
        for step in arrow.steps
        if step.taken
    }
    assert taken == {
        ("intake", "pa_submitted"): (1,),
        ("pa_submitted", "info_requested"): (2,),
        ("info_requested", "pa_submitted"): (3,),
        ("pa_submitted", "denied"): (4,),
        ("denied", "internal_appeal"): (6,),
    }
    (stay,) = [
        line.text for p in made.places if p.name == "denied" for line in p.lines
        if "peer_to_peer" in line.text
    ]  # fmt: skip
    assert stay.startswith("(5) ")
    kinds = {place.name: place.kind for place in made.places}
    assert kinds["internal_appeal"] == "here"
    assert {n for n, kind in kinds.items() if kind == "seen"} == {
        "intake", "pa_submitted", "info_requested", "denied",
    }  # fmt: skip


def test_a_case_shows_the_dates_of_what_runs() -> None:
    """30 days from Thursday 1 October end on Saturday the 31st; the law's 7 on the 8th."""
    made = chart(GUIDE, told(appealed()))
    running = (
        "Payer decides the internal appeal: due Sat 2026-10-31, chase from Thu 2026-10-08; OVERDUE"
    )
    as_of = "As of Tue 2026-11-24 12:00 CST."
    (here,) = [place for place in made.places if place.kind == "here"]
    assert [line.text for line in here.lines if line.kind == "clock"] == [running]
    assert made.said == (
        f"Case C-1 (practice ledger): Internal appeal filed, since Thu 2026-10-01. {as_of}",
        f"appeal_decision#1: {running}",
    )


def test_a_leap_that_was_taken_is_drawn() -> None:
    world = appealed()
    world.fire("close", "2026-11-02", close_reason="withdrawn")
    made = chart(GUIDE, told(world))
    (arrow,) = [arrow for arrow in made.arrows if arrow.to == "closed"]
    assert (arrow.origin, arrow.steps[0].numbers) == ("internal_appeal", "(7) ")
    check_geometry(chart_svg.render(made))


def test_nothing_that_was_typed_is_shown() -> None:
    world = appealed()
    world.plan("Call Mrs Miller", "2026-11-30")
    for render in (chart_svg.render, chart_text.mermaid, chart_text.dot):
        made = render(chart(GUIDE, told(world)))
        assert "Miller" not in made
        assert "2026-11-30" in made


# -- Mermaid and DOT, each by a reader of its own

NAME = r"s_([a-z][a-z0-9_]*)"
QUOTED = r'"((?:[^"\\]|\\.)*)"'


def mermaid_read(text: str) -> tuple[dict[str, str], set[tuple[str, str]], list[str]]:
    """(titles, moves, notes) of a state diagram; every line has to be one that Mermaid knows."""
    titles, moves, notes = {}, set(), []
    lines = iter(text.splitlines())
    assert next(lines) == "stateDiagram-v2"
    for line in map(str.strip, lines):
        if found := re.fullmatch(rf'state "([^"]*)" as {NAME}', line):
            titles[found[2]] = decoded(found[1])
        elif found := re.fullmatch(rf"{NAME} --> {NAME} : ([^:;\n]*(?:#\d+;[^:;\n]*)*)", line):
            assert (found[1], found[2]) not in moves
            moves.add((found[1], found[2]))
            notes.append(decoded(found[3]))
        elif re.fullmatch(rf"note right of {NAME}", line):
            inside = itertools.takewhile(lambda one: one.strip() != "end note", lines)
            notes += [decoded(one.strip()) for one in inside]
        else:
            known = rf"\[\*\] --> {NAME}|{NAME} --> \[\*\]|acc(Title|Descr): .+"
            known += rf"|classDef \w+ \S+|class {NAME}(,{NAME})* \w+"
            assert re.fullmatch(known, line), line
    return titles, moves, notes


def decoded(text: str) -> str:
    """Mermaid reads ``#N;`` as the character; a bare one of its own signs would be an error."""
    assert not re.search(r"[\"<>{}|&%`\\*;:]|#(?!\d+;)|end note", re.sub(r"#\d+;", "", text))
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


@pytest.mark.parametrize("name", SHIPPED)
def test_mermaid_has_every_state_and_every_arrow(name: str) -> None:
    made = chart(workflows.load(name))
    titles, moves, notes = mermaid_read(chart_text.mermaid(made))
    assert titles == {place.name: place.title for place in made.places}
    assert moves == {(arrow.origin, arrow.to) for arrow in made.arrows}
    assert all(any(line.text in note for note in notes) for p in made.places for line in p.lines)


def test_mermaid_takes_no_title_for_its_own_words() -> None:
    titles, _, notes = mermaid_read(chart_text.mermaid(odd()))
    shown = ODD.replace("\u202e", "\\u202e")
    assert titles["denied"] == f"{shown} denied"
    assert any(f"{shown} deny (deny)" in note for note in notes)


def dot_read(text: str) -> tuple[dict[str, str], set[tuple[str, str]], list[str]]:
    """(labels, arrows, labels of arrows), by the DOT grammar's quoted strings."""
    labels, arrows, said = {}, set(), []
    first, *lines, last = text.splitlines()
    assert (first, last) == ("digraph workflow {", "}")
    for line in lines:
        attributes = rf"\[((?:\s*\w+=(?:{QUOTED}|[\w.]+))*)\]"
        found = re.fullmatch(rf"\s*(?:{QUOTED}( -> {QUOTED})?|\w+)(?: {attributes})?;", line)
        assert found, line
        label = re.search(rf"label={QUOTED}", found[4] or "")
        read = re.sub(r"\\(.)", lambda one: "\n" if one[1] == "n" else one[1], label[1]
                      ) if label else ""  # fmt: skip
        if found[2]:
            arrows.add((found[1], found[3]))
            said.append(read)
        elif found[1]:
            labels[found[1]] = read
    return labels, arrows, said


@pytest.mark.parametrize("name", SHIPPED)
def test_dot_has_every_state_and_every_arrow(name: str) -> None:
    made = chart(workflows.load(name))
    labels, arrows, _ = dot_read(chart_text.dot(made))
    for place in made.places:
        assert labels[place.name].split("\n") == [place.title, *(x.text for x in place.lines)]
    assert arrows == {("", made.initial), *((a.origin, a.to) for a in made.arrows)}


def test_dot_takes_no_title_for_its_own_words() -> None:
    labels, _, said = dot_read(chart_text.dot(odd()))
    shown = ODD.replace("\u202e", "\\u202e")
    assert labels["denied"].split("\n")[0] == f"{shown} denied"
    assert any(text.startswith(f"{shown} deny (deny)") for text in said)


# -- The layout, for graphs of any kind


@st.composite
def graphs(draw: st.DrawFn) -> tuple[dict[str, tuple[float, float]], list[Link]]:
    names = [f"n{number}" for number in range(draw(st.integers(1, 9)))]
    sizes = st.tuples(st.floats(20, 200), st.floats(10, 120))
    pairs = [(a, b) for a in names for b in names if a != b]
    arcs = draw(st.lists(st.sampled_from(pairs), unique=True, max_size=18)) if pairs else []
    links = [Link(origin=a, to=b, label=draw(sizes)) for a, b in arcs]
    return {name: draw(sizes) for name in names}, links


@settings(deadline=None, max_examples=60)
@given(graphs())
def test_boxes_and_labels_lie_apart_in_any_graph(
    graph: tuple[dict[str, tuple[float, float]], list[Link]],
) -> None:
    boxes, links = graph
    made: Layout = lay_out(boxes, links, "n0")
    ground = [_box(made.boxes[name], size) for name, size in boxes.items()]
    ground += [_box(r.label, ln.label) for r, ln in zip(made.routes, links, strict=True)]
    for one, other in itertools.combinations(ground, 2):
        assert apart(one, other)
    for route in made.routes:
        points = list(_along(route.path))
        assert not any(within(point, box, 0.2) for point in points for box in ground)
    for left, top, right, foot in ground:
        assert left >= -0.1
        assert top >= -0.1
        assert right <= made.width + 1.1
        assert foot <= made.height + 0.1


def _box(at: tuple[float, float], size: tuple[float, float]) -> Box:
    return at[0], at[1], at[0] + size[0], at[1] + size[1]


def test_only_an_arrow_of_a_circle_leads_back_up() -> None:
    arcs = [("a", "b"), ("b", "c"), ("c", "b"), ("c", "d"), ("b", "d")]
    assert sequence(["d", "c", "b", "a"], arcs, "a") == ["a", "b", "c", "d"]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_guide_and_the_laws_lead_downward_but_for_returns(name: str) -> None:
    workflow: Workflow = workflows.load(name)
    made = chart(workflow)
    routes = ET.fromstring(chart_svg.render(made)).iter(f"{SVG}path")
    back = sum("back" in route.attrib["class"] for route in routes) - 1  # the key's own
    assert back <= len(made.arrows) / 6

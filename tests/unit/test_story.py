"""The page of one case: all that history tells, escaped, self-contained, with its two pictures."""

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest

from casetrack.domain.bitemporal import Point
from casetrack.domain.dates import end_of_day
from casetrack.domain.machine import possible
from casetrack.reports import diagram, life, story
from casetrack.reports.past import Told
from casetrack.service import history
from tests.regimes import load
from tests.world import GUIDE, World, day, instant

VOID = {"meta", "br", "line", "path", "rect", "circle"}
HOSTILE = "<script>alert(1)</script>\u202e{{ 7 * 7 }}"


def long() -> World:
    """Submitted, hurried, extended, denied, appealed in vain; corrected, warned, redacted."""
    world = World("2026-11-02")
    world.record("inhibitor_test", "2026-10-30", result="negative")
    world.fire("submit", "2026-11-02T10:00", method="portal", confirmation=HOSTILE)
    world.fire("expedite", "2026-11-02T11:00", expedite_reason="deterioration")
    world.extend("pa_follow_up", "2026-11-20")
    world.plan(HOSTILE, "2026-11-30")
    world.at("2026-11-10").fire("deny", "2026-11-10", notice_on="2026-11-09")
    world.send("appeal_filing#1", "20bd")
    world.amend(world.case.moves[-1].version, notice_on="2026-11-06")
    world.fire("file_appeal", "2026-11-10", confirmation="K-2")
    world.at("2026-11-24").fire("reject_request", "2026-11-24")
    return world


def told(world: World, point: Point = Point(), *, phi: bool = False) -> Told:  # noqa: B008
    return history.make(world.tracker, world.case, point, phi=phi)


def page(world: World, point: Point = Point(), *, phi: bool = False) -> str:  # noqa: B008
    return story.render(told(world, point, phi=phi))


class Parts(HTMLParser):
    """Every tag balanced; ids, classes and texts by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.labels: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        found = {name: value or "" for name, value in attrs}
        self.ids += [found["id"]] if "id" in found else []
        self.labels += found.get("aria-labelledby", "").split()
        self.links += [found["href"]] if "href" in found else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


def words(made: str) -> str:
    text = re.sub(r"<(style|title)>.*?</\1>", "", made, flags=re.DOTALL)
    text = re.sub(r'<span class="date">(.*?)</span>', r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))


def test_every_part_is_there_and_every_link_and_label_has_its_target() -> None:
    parts = Parts(page(long()))
    assert {"states", "clocks", "reminders", "evidence", "corrections", "entries", "chain"} <= set(
        parts.ids
    )
    assert len(parts.ids) == len(set(parts.ids))
    assert {link.removeprefix("#") for link in parts.links} <= set(parts.ids)
    assert set(parts.labels) <= set(parts.ids)


def test_it_fetches_and_runs_nothing() -> None:
    made = page(long(), phi=True)
    parts = Parts(made)
    assert parts.tags & {"script", "link", "img", "iframe", "object", "form", "base"} == set()
    assert not {name for name in parts.attributes if name.startswith("on") or name == "src"}
    assert "style" not in parts.attributes
    assert re.findall(r"https?:", made) == []
    (style,) = re.findall(r"<style>(.*?)</style>", made, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in made


def test_what_was_typed_is_shown_only_with_phi_and_escaped() -> None:
    world = long()
    plain, shown = page(world), page(world, phi=True)
    assert "alert(1)" not in plain
    assert "<script>" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e{{ 7 * 7 }}" in shown
    assert "\u202e" not in shown


def test_it_is_the_same_bytes_for_the_same_point() -> None:
    world = long()
    assert page(world) == page(world)


def test_states_clocks_reminders_evidence_and_corrections_are_in_words() -> None:
    said = words(page(long()))
    for text in (
        "PRACTICE LEDGER",
        "Mon 2026-11-02 10:00 CST 1 submit pa_submitted, 0 days (version 3)",
        "Tue 2026-11-24 5 reject_request denied, 0 days (version 11)",
        "appeal_filing#1 20bd, act by Fri 2027-01-08, by stdout",
        "version 4 moved it to Thu 2026-11-05 (expedited)",
        "version 5 moved it to Fri 2026-11-20 (extended)",
        "corrects version 7: notice_on",
        "Fri 2026-10-30 2 inhibitor_test Inhibitor status: result (sealed)",
        "11 entries, self-consistent",
    ):
        assert text in said, text


def test_a_page_at_a_point_says_so_and_tells_only_that() -> None:
    point = Point(true_by=end_of_day(day("2026-11-05"), GUIDE.zone))
    said = words(page(long(), point))
    assert "as true by Thu 2026-11-05 23:59 CST" in said
    assert "reject_request" not in said
    assert "None was sent." in said
    assert "Nothing was corrected, taken back or erased." in said


def test_a_case_just_opened_has_a_page() -> None:
    said = words(page(World()))
    assert "None was armed." in said
    assert "None was on file." in said


# The picture of the states


def test_every_state_stands_once_and_no_two_boxes_touch() -> None:
    for name in ("humana-il-guide", "il-like", "ma-like"):
        workflow = load(name)
        made = diagram.draw(workflow, (), workflow.initial)
        assert [node.name for node in made.nodes] == list(workflow.states)
        wide, tall = made.box
        for one in made.nodes:
            assert wide / 2 <= one.x <= made.width - wide / 2
            assert one.y + tall / 2 <= made.height
            for other in made.nodes:
                apart = abs(one.x - other.x) >= wide or abs(one.y - other.y) >= tall
                assert one is other or apart, (one.name, other.name)


def test_an_arrow_for_each_move_that_the_machine_knows() -> None:
    """But to the state that any other leads to."""
    made = diagram.draw(GUIDE, (), GUIDE.initial)
    pairs = {
        (origin, to)
        for trigger, origin, to in GUIDE.arcs()
        if to not in {origin, "closed"} and trigger in possible(GUIDE, origin)
    }
    assert len(made.arrows) == len(pairs)
    assert not any(arrow.taken for arrow in made.arrows)


def test_the_path_is_numbered_as_it_was_taken() -> None:
    world = long()
    made = diagram.draw(GUIDE, world.case.moves, world.case.state)
    taken = sorted(arrow.steps for arrow in made.arrows if arrow.taken)
    assert taken == ["1", "3", "4", "5"]
    steps = {node.name: node.steps for node in made.nodes if node.steps}
    assert steps == {"pa_submitted": "2"}
    kinds = {node.name: node.kind for node in made.nodes}
    assert (kinds["denied"], kinds["internal_appeal"], kinds["approved"]) == (
        "here", "seen", "ahead",
    )  # fmt: skip


def test_closing_is_drawn_where_it_was_taken() -> None:
    world = World()
    world.fire("close", close_reason="withdrawn")
    made = diagram.draw(GUIDE, world.case.moves, world.case.state)
    assert [arrow.steps for arrow in made.arrows if arrow.taken] == ["1"]


# The picture of the life


def test_states_follow_each_other_and_deadlines_run_to_their_ends() -> None:
    world = long()
    made = life.draw(told(world))
    assert [span.number for span in made.spans] == [0, 1, 2, 3, 4, 5]
    for one, after in zip(made.spans, made.spans[1:], strict=False):
        assert one.end == after.start
    lanes = {lane.title: lane for lane in made.lanes}
    assert len(lanes) == len(made.lanes) == len(world.case.deadlines)
    filing = lanes["File the internal appeal"]
    assert (filing.outcome, filing.ended, len(filing.sent)) == ("open", False, 1)
    assert filing.start < filing.safe < filing.due
    decision = lanes["Payer decides the prior authorization"]
    assert (decision.outcome, decision.late, decision.ended) == ("satisfied, late", True, True)
    assert decision.due < decision.end


@pytest.mark.parametrize("now", ["2026-11-24", "2027-11-24"])
def test_nothing_lies_outside_the_picture(now: str) -> None:
    world = long().at(now)
    made = life.draw(told(world))
    spots = [x for lane in made.lanes for x in (lane.start, lane.end, lane.safe, lane.due)]
    assert all(0 <= x <= 360 for x in [*spots, made.now, *(span.end for span in made.spans)])
    assert instant(now) == world.tracker.now

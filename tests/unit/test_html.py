"""The report as a page: whole, closed to the outside, and safe whatever it holds."""

import base64
import hashlib
import os
import re
import time
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from msgspec.structs import replace

from casetrack.domain.docket import Docket
from casetrack.errors import Refused
from casetrack.reports import html, picture, words
from casetrack.reports.sections import sections
from tests.dockets import DUE, EMPTY, ITEMS, NOW, ZONE, without_patients

GOLDEN = Path(__file__).parents[1] / "golden" / "reports"
WRITE = os.environ.get("CASETRACK_GOLDEN") == "write"
VOID = {"meta"}
SHAPES = {"line", "path", "circle"}


class Page(HTMLParser):
    """The elements of a page in order; it fails on one that is not closed in its place."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in SHAPES
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open:
            self.texts.append((self.open[-1], data))

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(text for tag, text in self.texts if tag != "style"))


PAGE = Page(html.render(DUE))


@pytest.mark.parametrize(("name", "docket"), [("page", DUE), ("page-empty", EMPTY)])
def test_the_page_is_the_golden_one_to_the_byte(name: str, docket: Docket) -> None:
    path, made = GOLDEN / f"{name}.html", html.render(docket).encode()
    if WRITE:
        path.write_bytes(made)
    assert made == path.read_bytes()


def test_nothing_is_fetched_and_nothing_runs() -> None:
    names = {tag for tag, _ in PAGE.tags}
    assert not names & {"script", "link", "img", "iframe", "object", "form", "base", "image", "use"}
    for _, attributes in PAGE.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        for name in ("src", "href", "action", "xlink:href", "srcset", "data"):
            assert (attributes.get(name) or "#").startswith("#")
    assert "url(" not in html.render(DUE)
    assert "@import" not in html.render(DUE)


def test_the_policy_admits_only_the_style_by_its_hash() -> None:
    [style] = [text for tag, text in PAGE.texts if tag == "style"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    [policy] = [m["content"] for m in PAGE.named("meta") if "http-equiv" in m]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def test_what_people_typed_stays_text_and_is_seen() -> None:
    source = html.render(DUE)
    assert not set(source) & set("\x1b\u202e\r")
    assert "<script" not in source
    assert "\\x1b[2J\\u202eevil<script>alert(1)</script>&amp;\"'\\r\\nBEGIN:VEVENT;,\\" in PAGE.text
    assert "Zoë <b>Ada</b>" in PAGE.text
    assert PAGE.named("b") == []


def test_patients_stand_only_where_they_are_given() -> None:
    shown = html.render(without_patients(DUE))
    assert "Zoë" not in shown
    assert "patient" not in shown


def test_every_part_and_word_of_the_text_report_is_there() -> None:
    assert words.health(DUE) in PAGE.text
    for part in sections(DUE):
        assert part.title in PAGE.text
    for line in ITEMS[:3]:
        assert words.wrong(line) in PAGE.text
    assert "casetrack fire C-1 file_appeal" in PAGE.text
    assert "INFUSION_ON 2026-12-02 IS AFTER IT" in PAGE.text
    assert "no proof of receipt" in PAGE.text
    assert "Doubts that move a date (2)" in PAGE.text
    assert "type: casetrack record C-2 proof_of_receipt" in PAGE.text


def test_headings_go_down_one_step_at_a_time_from_a_single_first() -> None:
    levels = [int(tag[1]) for tag, _ in PAGE.tags if re.fullmatch(r"h[1-6]", tag)]
    assert Counter(levels)[1] == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_it_names_its_language_its_landmarks_and_the_heads_of_its_tables() -> None:
    assert PAGE.named("html") == [{"lang": "en"}]
    assert [len(PAGE.named(tag)) for tag in ("header", "nav", "main", "title")][:3] == [1, 1, 1]
    assert PAGE.named("th")
    assert {head.get("scope") for head in PAGE.named("th")} == {"row", "col"}
    assert all("aria-labelledby" in table for table in PAGE.named("table"))


def test_every_id_is_its_own_and_every_reference_is_met() -> None:
    ids = [a["id"] for _, a in PAGE.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in PAGE.tags:
        wanted = (attributes.get("aria-labelledby") or "").split()
        link = attributes.get("href")
        assert {*wanted, *([link[1:]] if link else [])} <= set(ids)


def test_each_case_has_one_picture_with_a_name_and_its_dates_in_words() -> None:
    pictures = [a for a in PAGE.named("svg") if a.get("role") == "img"]
    assert len(pictures) == len({line.case for line in ITEMS})
    assert "File the internal appeal: act by Thu 2026-12-03; legal last day Tue 2026-12-08" in (
        PAGE.text
    )


def contrast(one: str, other: str) -> float:
    """By WCAG 2.2."""

    def light(colour: str) -> float:
        shares = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        r, g, b = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


def test_every_colour_of_text_stands_out_from_the_page() -> None:
    [style] = [text for tag, text in PAGE.texts if tag == "style"]
    colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style))
    assert {name for name in colours if contrast(colours[name], "#ffffff") < 7} == {"rule"}


def test_an_empty_docket_is_a_whole_page_too() -> None:
    page = Page(html.render(EMPTY))
    assert "nothing due within 10bd" in page.text
    assert page.named("svg") == page.named("table") == []


def test_a_damaged_template_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text("", encoding="utf-8")
    (tmp_path / "due.html.j2").write_text("{{ nonsense }}", encoding="utf-8")
    monkeypatch.setattr(html, "_TEMPLATES", tmp_path)
    html.environment.cache_clear()
    with pytest.raises(Refused, match=r"due\.html\.j2 cannot be used: UndefinedError"):
        html.render(EMPTY)
    html.environment.cache_clear()


def test_ten_thousand_lines_are_no_work() -> None:
    many = tuple(replace(ITEMS[n % len(ITEMS)], case=f"C-{n:08}") for n in range(10_000))
    start = time.process_time()
    html.render(replace(DUE, items=many))
    assert time.process_time() - start < 20


def test_marks_stand_in_the_order_of_their_days() -> None:
    [lane] = picture.draw("C-1", ITEMS[:1], DUE).lanes
    assert lane.law is not None
    assert 0 < lane.start < lane.safe < lane.law < lane.due < picture.WIDTH
    assert [rung.x for rung in lane.rungs] == sorted(rung.x for rung in lane.rungs)
    assert all(rung.sent for rung in lane.rungs)


def test_one_case_has_one_line_of_time_for_all_its_clocks() -> None:
    made = picture.draw("C-2", ITEMS[1:3], DUE)
    appeal, decision = made.lanes
    assert decision.y - appeal.y == picture.LANE
    assert decision.safe < appeal.safe < made.today < appeal.due < decision.due


def test_the_picture_keeps_inside_its_edges_and_within_five_labels() -> None:
    for days in (1, 8, 30, 100, 400, 4000):
        far = replace(ITEMS[0], due_at=f"{2026 + days // 365}-12-31T23:59:59-06:00")
        made = picture.draw("C-1", [far], replace(DUE, zone=ZONE, as_of=NOW))
        assert 1 <= len(made.ticks) <= 5
        lane = made.lanes[0]
        places = [made.today, lane.safe, lane.due, *(rung.x for rung in lane.rungs)]
        assert all(0 < x < picture.WIDTH for x in (*places, *(tick.x for tick in made.ticks)))

"""The page in a real browser: it fits a phone, a screen and paper, and its policy holds.

It needs Chromium, which ``scripts/test`` installs where it can.
"""

import json
import re
import shutil
import struct
import subprocess
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path

import pytest

from casetrack.catalog import workflows
from casetrack.domain.bitemporal import Point
from casetrack.reports import chart_svg, cover_page, html, story
from casetrack.reports.chart import chart
from casetrack.service import history
from tests.dockets import DUE, EMPTY
from tests.unit.test_cover import full, sheet
from tests.unit.test_diagrams import odd
from tests.unit.test_story import long

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
needs_browser = pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed; the page was not looked at"
)
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-dev-shm-usage", "--metrics-recording-only",
    "--virtual-time-budget=2000", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip

pytestmark = needs_browser


def chromium(folder: Path, arguments: Sequence[str], page: Path) -> str:
    """Run it with a profile of its own; what it wrote on stdout."""
    done = subprocess.run(
        [str(CHROMIUM), *QUIET, f"--user-data-dir={folder / 'profile'}", *arguments, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(
    folder: Path, made: str, width: int, script: str, form: str = "html"
) -> dict[str, object]:
    """What a script, let into a copy of the page, finds there in a window of that width.

    The copy is in a frame, since a window is never narrower than the browser likes.
    """
    inner, outer = folder / f"inner.{form}", folder / "outer.html"
    inner.write_text(made, encoding="utf-8")
    outer.write_text(
        f'<!doctype html><iframe id="f" width="{width}" height="900" src="inner.{form}"></iframe>'
        f'<pre id="out"></pre><script>onload = () => {{ const d = document.getElementById("f")'
        f".contentDocument; const w = d.defaultView;"
        f'document.getElementById("out").textContent = JSON.stringify({script}); }}</script>',
        encoding="utf-8",
    )
    dumped = chromium(folder, ["--allow-file-access-from-files", "--dump-dom"], outer)
    found = re.search(r'<pre id="out">(.+?)</pre>', dumped, re.DOTALL)
    assert found is not None, dumped
    answer: dict[str, object] = json.loads(unescape(found[1]))
    return answer


LOOKS = """{
    wide: d.documentElement.scrollWidth, room: d.documentElement.clientWidth,
    font: w.getComputedStyle(d.querySelector("h2")).borderBottomStyle,
    cut: [...d.querySelectorAll("h2, h3, p, td, dd, li, figcaption")]
        .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
        .map(e => e.textContent.slice(0, 60)),
    crossed: [...d.querySelectorAll("figure")].flatMap(f => {
        const name = [...f.querySelectorAll("text.name")].map(e => e.getBoundingClientRect());
        const left = [...f.querySelectorAll("text.end")].map(e => e.getBoundingClientRect());
        return name.filter(a => left.some(
            b => a.right > b.left && a.top < b.bottom && b.top < a.bottom)).map(() => f.id);
    }),
    outside: [...d.querySelectorAll("figure > svg")].filter(s => {
        const all = s.getBoundingClientRect();
        return [...s.querySelectorAll("text, path, circle")].some(e => {
            const r = e.getBoundingClientRect();
            return r.left < all.left - 1 || r.right > all.right + 1 || r.bottom > all.bottom + 1;
        });
    }).map(s => s.parentElement.id),
    shown: [...d.querySelectorAll("figure > svg")].every(
        s => s.getBoundingClientRect().height > 50),
    fetched: w.performance.getEntriesByType("resource").map(e => e.name)
}"""


def history_page() -> str:
    """The history of a case with every kind of entry."""
    world = long()
    return story.render(history.make(world.tracker, world.case, Point(), phi=True))


def packet_page() -> str:
    """The sheet of an appeal with everything on it."""
    return cover_page.render(sheet(full(), phi=True))


@pytest.mark.parametrize(
    "make", [lambda: html.render(DUE), history_page, packet_page], ids=["due", "history", "packet"]
)
@pytest.mark.parametrize("width", [320, 390, 768, 1200])
def test_the_page_fits_and_nothing_lies_on_anything_else(
    tmp_path: Path, width: int, make: Callable[[], str]
) -> None:
    found = measured(tmp_path, make(), width, LOOKS)
    assert found["wide"] == found["room"]
    assert found["font"] == "solid", "the style was not let in"
    assert found["cut"] == found["crossed"] == found["outside"] == found["fetched"] == []
    assert found["shown"] is True


def test_the_policy_keeps_scripts_and_foreign_styles_out(tmp_path: Path) -> None:
    planted = (
        "<script>document.title = 'taken'</script><style>h1 { color: rgb(1, 2, 3) }</style></body>"
    )
    made = html.render(EMPTY).replace("</body>", planted)
    script = """{title: d.title, colour: w.getComputedStyle(d.querySelector("h1")).color}"""
    found = measured(tmp_path, made, 390, script)
    assert found["title"] != "taken"
    assert found["colour"] != "rgb(1, 2, 3)"
    open_to_all = re.sub(r"<meta http-equiv=.*?>", "", made)
    assert measured(tmp_path, open_to_all, 390, script) == {
        "title": "taken",
        "colour": "rgb(1, 2, 3)",
    }


@pytest.mark.parametrize(("width", "height"), [(1200, 1600), (500, 1600)])
def test_it_can_be_looked_at(tmp_path: Path, width: int, height: int) -> None:
    page, shot = tmp_path / "due.html", tmp_path / "due.png"
    page.write_text(html.render(DUE), encoding="utf-8")
    chromium(tmp_path, [f"--screenshot={shot}", f"--window-size={width},{height}"], page)
    assert struct.unpack(">II", shot.read_bytes()[16:24]) == (width, height)


def test_it_can_be_printed(tmp_path: Path) -> None:
    page, printed = tmp_path / "due.html", tmp_path / "due.pdf"
    page.write_text(html.render(DUE), encoding="utf-8")
    check_printed(tmp_path, page, printed, most=7)


def test_the_history_can_be_printed(tmp_path: Path) -> None:
    page, printed = tmp_path / "c-1.html", tmp_path / "c-1.pdf"
    page.write_text(history_page(), encoding="utf-8")
    check_printed(tmp_path, page, printed, most=8)


def test_the_packet_can_be_printed(tmp_path: Path) -> None:
    page, printed = tmp_path / "packet.html", tmp_path / "packet.pdf"
    page.write_text(packet_page(), encoding="utf-8")
    check_printed(tmp_path, page, printed, most=3)


DIAGRAM = """{
    wide: d.documentElement.scrollWidth > d.documentElement.clientWidth,
    crossed: (() => {
        const all = [...d.querySelectorAll("text")].map(e => [e, e.getBoundingClientRect()]);
        return all.flatMap(([e, a], n) => all.slice(n + 1).filter(([, b]) =>
            a.right > b.left && b.right > a.left && a.bottom > b.top + 2 && b.bottom > a.top + 2
        ).map(([o]) => e.textContent + " / " + o.textContent));
    })(),
    outside: [...d.querySelectorAll("g.state")].flatMap(g => {
        const box = g.querySelector("rect.box").getBoundingClientRect();
        return [...g.querySelectorAll("text")].filter(e => {
            const r = e.getBoundingClientRect();
            return r.left < box.left || r.right > box.right || r.bottom > box.bottom;
        }).map(e => e.textContent);
    }),
    off: [...d.querySelectorAll("text")].filter(e => {
        const r = e.getBoundingClientRect(), all = d.documentElement.getBoundingClientRect();
        return r.left < all.left || r.right > all.right || r.bottom > all.bottom;
    }).map(e => e.textContent),
    texts: d.querySelectorAll("text").length,
    fetched: w.performance.getEntriesByType("resource").map(e => e.name)
}"""


@pytest.mark.parametrize("name", [*workflows.available(), "odd"])
def test_the_letters_of_a_diagram_keep_to_their_boxes(tmp_path: Path, name: str) -> None:
    made = chart_svg.render(odd() if name == "odd" else chart(workflows.load(name)))
    found = measured(tmp_path, made, 3000, DIAGRAM, "svg")
    assert found.pop("texts")
    assert found == {"wide": False, "crossed": [], "outside": [], "off": [], "fetched": []}


def test_a_diagram_is_printed_on_one_sheet(tmp_path: Path) -> None:
    page, printed = tmp_path / "guide.svg", tmp_path / "guide.pdf"
    page.write_text(chart_svg.render(chart(workflows.load(workflows.available()[0]))), "utf-8")
    chromium(tmp_path, [f"--print-to-pdf={printed}", "--no-pdf-header-footer"], page)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes())) == 1


def check_printed(tmp_path: Path, page: Path, printed: Path, most: int) -> None:
    chromium(tmp_path, [f"--print-to-pdf={printed}", "--no-pdf-header-footer"], page)
    pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", printed.read_bytes()))
    assert 1 < pages <= most

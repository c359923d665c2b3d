# SPDX-License-Identifier: MIT
"""`walkdiff report --format html`: what the page holds, and what a browser makes of it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
import report_runs
from report_runs import EVIL, KINDS, ROOT, WALKER, walkdiff
from walkdiff_driver.program import program
from walkdiff_reports import core
from walkdiff_reports.html_report import environment
from walkdiff_reports.view import BucketView

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: run ./walkdiff setup")
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

VOID = {"meta", "input", "br", "link", "img"}


class Outline(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text: list[str] = []
        self.unclosed: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed and self.unclosed[-1] == tag, f"</{tag}> closes {self.unclosed[-3:]}"
        self.unclosed.pop()

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="session")
def pages(tmp_path_factory: pytest.TempPathFactory, runs: dict[str, Path]) -> dict[str, Path]:
    """The pages of runs of every kind."""
    folder = tmp_path_factory.mktemp("pages")
    made = {}
    for kind in KINDS:
        made[kind] = folder / f"{kind.replace(' ', '-')}.html"
        done = walkdiff("report", str(runs[kind]), "--out", str(made[kind]))
        assert (done.returncode, done.stderr) == (0, "")
    return made


def outline(page: Path) -> Outline:
    made = Outline()
    made.feed(page.read_text(encoding="utf-8"))
    made.close()
    return made


# ---------------------------------------------------------------- the page as text


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_is_well_formed_and_refers_to_nothing_outside(pages: dict[str, Path], kind: str) -> None:
    told = outline(pages[kind])
    assert told.unclosed == []
    for tag, name, value in told.attributes:
        assert not name.startswith("on"), (tag, name, value)
        assert name not in ("src", "srcset", "action", "style", "poster", "data"), (tag, name, value)
        if name in ("href", "xlink:href"):
            assert value.startswith("#"), (tag, value)
    assert not set(told.tags) & {"img", "link", "iframe", "object", "embed", "base", "form", "video", "audio"}
    assert told.tags.count("script") == 1
    text = pages[kind].read_text(encoding="utf-8")
    assert "@import" not in text
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#tip", "#hatch"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_of_a_page_has_a_target_and_no_id_stands_twice(pages: dict[str, Path], kind: str) -> None:
    told = outline(pages[kind])
    ids = [value for _, name, value in told.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, name, value in told.attributes if name == "href"} <= set(ids)


def test_what_cases_and_walkers_say_is_text_and_changes_no_element(pages: dict[str, Path]) -> None:
    evil = outline(pages["evil"])
    assert set(evil.tags) == set(outline(pages["of every kind"]).tags)
    text = " ".join(" ".join(evil.text).split())
    readable = "<script>document.title='owned'</script><img src=x onerror=alert(1)>&amp;\"'{{ 7 * 7 }} # ]]>"
    for member in ("signature", "title", "version", "note", "exec:evil", "facet", "value"):
        assert f"{member} {readable}" in text, member
    for hostile in ("died <script>document.title", "warn <script>document.title"):
        assert hostile in text
    assert not set(text) & set("\x1b\u2028\u202e")


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_tells_versions_verdicts_and_every_bucket_with_its_rule_case_and_commands(
    pages: dict[str, Path],
    runs: dict[str, Path],
    kind: str,
) -> None:
    summary, findings = report_runs.read(runs[kind])
    told = outline(pages[kind])
    text = " ".join(" ".join(told.text).split())
    buckets = [
        value for tag, name, value in told.attributes if (tag, name) == ("details", "class") and "bucket" in value
    ]
    assert len(buckets) == len(findings)
    assert text.index(summary["walkdiff"]) < text.index("Verdicts")
    for count in summary["walkers"][0]["verdicts"].values():
        assert f"{count:,}" in text
    if kind == "evil":
        return
    for finding in findings:
        assert finding["signature"] in text
        assert finding["case"].get("va", finding["case"]["op"]) in text
    if findings:
        assert f"walkdiff replay --walker {findings[0]['walker']} case.json" in text
        assert f"--seed 1 --case {findings[0]['first'].get('index')}" in text


def test_of_a_bucket_the_differing_fields_are_marked_and_both_walks_drawn(pages: dict[str, Path]) -> None:
    page = pages["real"].read_text(encoding="utf-8")
    first = page[page.index('<details class="bucket') :]
    first = first[: first.index('<details class="more"')]
    row = re.search(r'<tr class="differs">(.*?)</tr>', first, re.DOTALL)
    assert row
    assert "FST" in row[1]
    assert row[1].count("<mark>") == 1
    assert first.count('class="box ending') == 2
    assert "stage 1, level" in first


def test_a_run_that_found_nothing_says_so(pages: dict[str, Path]) -> None:
    assert "Nothing found: no answer departs from the architecture" in " ".join(outline(pages["clean"]).text)


def test_with_a_store_the_page_shows_the_nights(
    real_run: Path,
    store: Path,
    tmp_path: Path,
) -> None:
    done = walkdiff("report", str(real_run), "--out", str(tmp_path / "r.html"), "--store", str(store))
    assert done.returncode == 0, done.stderr
    told = outline(tmp_path / "r.html")
    assert "Nights" in told.text
    assert ("svg", "class", "trend") in told.attributes
    assert (
        sum(tag == "rect" and name == "class" and value.startswith("state-") for tag, name, value in told.attributes)
        == 2
    )


def test_the_component_of_a_bucket_shows_base_and_patch_beside_the_expected_answer(
    real_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WALKDIFF_PROGRAM", str(program(ROOT)))
    finding = report_runs.read(real_run)[1][0]
    pair = {"case": finding["case"], "rule": finding["rule"], "base": finding["got"], "patch": finding["expected"]}
    (told,) = core.explain([pair])
    view = BucketView(
        **{"anchor": "a", "rank": 1, "verdict": "fix", "title": "t", "signature": "s", "walker": "w", "count": 1},
        **{"told": told, "case": "{}", "is_open": True},
    )
    page = environment().from_string('{% from "bucket.html.j2" import bucket %}{{ bucket(b) }}').render(b=view)
    columns = re.findall(r'<th scope="col" class="(is-\w+)">(\w+)</th>', page)
    assert columns == [("is-expected", "expected"), ("is-wrong", "base"), ("is-right", "patch")]
    assert re.findall(r'class="box ending (\w+)"', page) == ["expected", "wrong", "right"]


# ---------------------------------------------------------------- the page in a browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, which fetches nothing by itself."""
    path = shutil.which("chromium")
    if not path:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("chromium is not installed")
    quiet = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=path, args=[*quiet, *root, "--disable-component-update", "--disable-sync"]
        )
        yield started
        started.close()


class Visit:
    """A page in a browser, with all that it asked for and complained of."""

    def __init__(self, context: BrowserContext, path: Path) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.url = path.as_uri()
        self.page.goto(self.url)

    def fits(self) -> bool:
        """Whether the page is no wider than its window."""
        return self.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


Go = Callable[..., Visit]


@pytest.fixture
def visit(browser: Browser, pages: dict[str, Path]) -> Iterator[Go]:
    contexts: list[BrowserContext] = []

    def go(kind: str, **options: object) -> Visit:
        contexts.append(browser.new_context(**options))
        return Visit(contexts[-1], pages[kind])

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "300 buckets"])
@pytest.mark.parametrize("width", [390, 1400])
def test_a_page_asks_for_nothing_complains_of_nothing_and_fits_its_window(visit: Go, kind: str, width: int) -> None:
    seen = visit(kind, viewport={"width": width, "height": 900})
    assert seen.requests == [seen.url]
    assert seen.complaints == []
    assert seen.fits()
    seen.page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert seen.fits()


def test_a_page_of_300_buckets_opens_like_any_other(visit: Go) -> None:
    seen = visit("300 buckets")
    assert (seen.requests, seen.complaints) == ([seen.url], [])
    assert seen.fits()
    seen.page.locator("table.index a").last.click()
    assert seen.page.locator("details.bucket").last.locator("table.answers").is_visible()


def test_hostile_text_runs_nowhere(visit: Go) -> None:
    seen = visit("evil")
    assert "owned" not in seen.page.title()
    assert seen.complaints == []
    assert seen.page.locator("img").count() == 0
    assert seen.page.get_by_text(EVIL[:20]).count() > 5


def test_a_reader_clicks_through_the_page(visit: Go) -> None:
    seen = visit("of every kind")
    page = seen.page
    buckets = page.locator("details.bucket")
    opened = page.locator("details.bucket[open]")
    assert opened.count() == 3

    link = page.locator("table.index a").nth(6)
    link.click()
    seventh = buckets.nth(6)
    assert seventh.get_attribute("open") is not None
    assert seventh.locator(".body").is_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert seventh.locator("summary .heading").first.inner_text() == link.inner_text()

    seventh.get_by_text("Registers, and the walk step by step").click()
    assert seventh.locator("ol.steps li").first.is_visible()
    seventh.locator("summary").first.click()
    assert seventh.get_attribute("open") is None

    page.get_by_role("button", name="Unfold all").click()
    assert opened.count() == buckets.count()
    page.get_by_role("button", name="Fold all", exact=True).click()
    assert opened.count() == 0

    page.get_by_label("Verdict", exact=True).select_option("crash")
    assert page.locator("details.bucket:visible").count() == 1
    assert page.locator("#shown").inner_text() == f"1 of {buckets.count()}"
    page.get_by_label("Verdict", exact=True).select_option("")
    page.get_by_label("Filter").fill("no such words")
    assert page.locator("details.bucket:visible").count() == 0
    page.get_by_label("Filter").fill("UNDEFINED of")
    assert page.locator("details.bucket:visible").count() == 1
    page.get_by_label("Filter").fill("")
    page.get_by_label("State").select_option("new")
    assert page.locator("details.bucket:visible").count() == 1
    page.get_by_label("State").select_option("")
    page.get_by_role("link", name="Coverage").click()
    assert page.locator("svg.heat").is_visible()
    assert seen.complaints == []


def test_a_case_can_be_copied_and_is_a_case(visit: Go) -> None:
    seen = visit("real", permissions=["clipboard-read", "clipboard-write"])
    first = seen.page.locator("details.bucket").first
    copy = first.locator("figure.copy").first.get_by_role("button")
    copy.click()
    seen.page.wait_for_function("(button) => button.textContent === 'Copied'", arg=copy.element_handle())
    case = seen.page.evaluate("navigator.clipboard.readText()")
    done = walkdiff("replay", "--walker", WALKER, "-", lines=case)
    assert done.returncode == 1, done.stderr
    assert first.locator(".signature code").inner_text() in done.stdout


def test_without_javascript_all_can_be_read(visit: Go) -> None:
    seen = visit("of every kind", java_script_enabled=False)
    page = seen.page
    assert not page.locator(".tools").is_visible()
    assert page.locator("figure.copy button").count() == 0
    last = page.locator("details.bucket").last
    assert not last.locator(".body").is_visible()
    page.locator("table.index a").last.click()
    assert last.locator(".body").is_visible()
    assert last.locator("pre").first.inner_text().startswith("{")
    second = page.locator("details.bucket").nth(4)
    second.locator("summary").first.click()
    assert second.locator("table.answers").is_visible()
    assert second.locator("svg.walk").is_visible()


def test_the_keyboard_reaches_every_finding(visit: Go) -> None:
    page = visit("of every kind").page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    summary = page.locator("details.bucket > summary").nth(5)
    summary.focus()
    page.keyboard.press("Enter")
    assert page.locator("details.bucket").nth(5).get_attribute("open") is not None
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select, [role=region], svg[role=img]')].filter((one) =>"
        " !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.length)).length"
    )
    assert unnamed == 0
    regions = "[...document.querySelectorAll('.scroll, pre')].every((one) => one.tabIndex === 0)"
    assert page.evaluate(regions), "what scrolls must take the focus"


CONTRAST = """
() => {
  const parse = (color) => color.match(/[\\d.]+/g).map(Number);
  const linear = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const color = parse(getComputedStyle(one).backgroundColor);
      if (color.length === 3 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  for (const one of document.querySelectorAll("body *:not(script):not(svg):not(svg *):not(option)")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !one.getClientRects().length) continue;
    const [a, b] = [luminance(parse(getComputedStyle(one).color)), luminance(ground(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.add(`${one.tagName}.${one.className}: ${ratio.toFixed(2)}`);
  }
  return [...poor];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_in_light_and_dark(visit: Go, scheme: str) -> None:
    page = visit("of every kind", color_scheme=scheme).page
    assert page.evaluate(CONTRAST) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (int(re.findall(r"\d+", ground)[0]) < 128) is (scheme == "dark")


def test_a_printed_page_has_every_finding_unfolded(visit: Go) -> None:
    page = visit("of every kind").page
    folded = page.locator("details.bucket").nth(8)
    assert not folded.locator("table.answers").is_visible()
    page.emulate_media(media="print")
    assert folded.locator("table.answers").is_visible()
    assert not page.locator("nav").is_visible()
    assert not page.locator(".tools").is_visible()


def test_the_walk_diagram_stays_inside_its_picture_and_no_text_leaves_its_box(visit: Go) -> None:
    page = visit("of every kind").page
    outside = page.evaluate(
        """() => {
          document.querySelectorAll("details").forEach((one) => { one.open = true; });
          const bad = [];
          for (const box of document.querySelectorAll(".walk .box, .walk .chip")) {
            const frame = box.querySelector("rect").getBBox();
            for (const text of box.querySelectorAll("text")) {
              const area = text.getBBox();
              if (area.x < frame.x - 1 || area.x + area.width > frame.x + frame.width + 1 ||
                  area.y + area.height > frame.y + frame.height + 2) bad.push(text.textContent);
            }
          }
          for (const svg of document.querySelectorAll(".walk")) {
            const all = svg.getBBox(), view = svg.viewBox.baseVal;
            if (all.x < 0 || all.y < 0 || all.x + all.width > view.width || all.y + all.height > view.height)
              bad.push(svg.querySelector("title").textContent);
          }
          return bad;
        }"""
    )
    assert outside == []

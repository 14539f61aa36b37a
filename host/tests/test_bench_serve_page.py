"""The station's page in a real headless Chromium, over a real server and records that the real Recorder writes meanwhile."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from davy.bench.serve import BenchServer
from davy.bench.serve.tiles import SILENT_AFTER_MS
from support.bench_records import Run
from support.browser import WAIT_MS, Watched, chromium

EVIL = "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
LONG = "88.118.8/" + "G" * 40
#: Nothing of the page may be wider than the place it has.
TOO_WIDE = """() => [document.documentElement, ...document.querySelectorAll(".tile, .inside, .verdict, .units, .head, .note")]
    .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.className || each.tagName)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Site:
    """Records, a server over them that can be stopped and started on the same port, and pages."""

    def __init__(self, folder: Path, browser: Browser) -> None:
        self.records = folder
        self.server = BenchServer(folder, "127.0.0.1", 0)
        self.server.start()
        self._browser = browser
        self.pages: list[Watched] = []

    def open(self, width_px: int = 1_280) -> Watched:
        watched = Watched(self._browser, width_px)
        self.pages.append(watched)
        watched.page.goto(self.server.url)
        expect(watched.page.locator("#stream")).to_have_attribute("data-live", "yes", timeout=WAIT_MS)
        watched.page.evaluate("window.sameDocument = true")
        return watched

    def run(self, bench: str, serial: str, planned: int | None = None) -> Run:
        return Run(self.records, bench, serial, planned=planned)

    def close(self) -> None:
        for watched in self.pages:
            watched.close()
        self.server.stop()


@pytest.fixture
def site(tmp_path: Path, browser: Browser) -> Iterator[Site]:
    made = Site(tmp_path, browser)
    yield made
    made.close()


def tile(watched: Watched, bench: str) -> Locator:
    return watched.page.get_by_role("article", name=f"Bench {bench}", exact=True)


def test_a_test_that_begins_measures_and_ends_is_shown_without_reload_and_so_is_the_verdict(site: Site) -> None:
    run = site.run("bench 1", "GA26000123", planned=2)
    watched = site.open()
    shown = tile(watched, "bench 1")
    expect(shown).to_contain_text("0 of 2")
    run.recorder.begin("test_the_valve_closes")
    expect(shown.locator(".now")).to_contain_text("the valve closes")
    expect(shown.locator(".now .took")).to_have_text(re.compile(r"for \d+ s"))
    run.recorder.measure("valve_close_time", 412.0, "ms", 0.0, 1_000.0, 0.8)
    run.show()
    expect(shown.locator(".now .measured")).to_contain_text("412 ms")
    expect(shown.locator(".now .limits .mark")).to_have_count(1)
    run.recorder.end("pass")
    expect(shown).to_contain_text("1 of 2")
    expect(shown.locator(".now")).to_have_count(0)
    run.measured("test_the_alarm_comes", 14.2, 10.0, "s", "alarm_time")
    expect(shown.locator(".verdict")).to_contain_text("TESTING1 failed so far")
    expect(shown.locator(".failures")).to_contain_text("14.2 s")
    run.finish("fail", "alarm_time is too long")
    expect(shown.locator(".verdict")).to_contain_text("✗FAIL")
    assert shown.locator(".verdict").get_attribute("role") == "status", "who cannot see it hears it"
    expect(watched.page.locator("#units tbody tr").first).to_contain_text("✗FAIL GA26000123 bench 1")
    expect(watched.page).to_have_title("(1 failed) davy bench")
    assert watched.page.evaluate("window.sameDocument")
    assert watched.complaints == []


def test_what_a_person_opened_chose_and_typed_stays_while_the_board_changes(site: Site) -> None:
    site.run("bench 2", "GA2").ended("test_it_boots").finish()
    run = site.run("bench 3", "GA3", planned=9).ended("test_it_boots")
    watched = site.open()
    page = watched.page
    tile(watched, "bench 3").locator("summary").click()
    page.fill("#serial", "GA26")
    link = tile(watched, "bench 2").get_by_role("link", name="report")
    link.focus()
    link.evaluate("each => each.addEventListener('blur', () => { window.left = true; })")
    run.ended("test_the_lamp_is_green")
    site.run("bench 1", "GA1")  # its tile comes before the others
    expect(page.locator(".tile")).to_have_count(3)
    expect(tile(watched, "bench 3").locator(".phases li")).to_have_count(2)
    expect(tile(watched, "bench 3").locator(".phases li").first).to_contain_text("the lamp is green")
    assert tile(watched, "bench 3").locator("details").get_attribute("open") is not None
    expect(link).to_be_focused()
    assert page.input_value("#serial") == "GA26"
    names = [each.get_attribute("aria-label") for each in page.locator(".tile").all()]
    assert names == ["Bench bench 1", "Bench bench 2", "Bench bench 3"]
    (site.records / "live" / "bench%201.json").unlink()
    expect(page.locator(".tile")).to_have_count(2)
    expect(link).to_be_focused()
    assert page.evaluate("window.left") is None, "it never lost the focus, so that nothing is read out twice"
    assert watched.complaints == []


def test_a_bench_error_looks_and_reads_unlike_a_failed_device(site: Site) -> None:
    site.run("bench 1", "GA1").measured("test_valve", 1_400.0).finish()
    run = site.run("bench 2", "GA2").ended("test_it_boots")
    watched = site.open()
    run.finish("error", "rig ttyUSB1: does not answer", "rig")
    failed, broken = (tile(watched, bench).locator(".verdict") for bench in ("bench 1", "bench 2"))
    expect(broken).to_contain_text("BENCH ERRORno verdict on the device, ended")
    expect(tile(watched, "bench 2").locator(".note")).to_contain_text("Next: look at the rig's cable")
    expect(watched.page).to_have_title("(1 failed, 1 bench error) davy bench")

    def look(of: Locator) -> list[str]:
        style = "each => [getComputedStyle(each).borderTopStyle, getComputedStyle(each).backgroundColor]"
        found: list[str] = of.evaluate(style)
        return found

    assert look(failed)[0] == "none" and look(broken)[0] == "dashed"
    assert look(failed)[1] != look(broken)[1]
    assert watched.complaints == []


def test_a_bench_falls_silent_on_the_page_although_no_file_changes(site: Site) -> None:
    begun_s = time.time() - SILENT_AFTER_MS / 1000 + 2.5
    run = Run(site.records, "bench 1", "GA1", wall_now_s=lambda: begun_s)
    run.recorder.begin("test_alarm")
    watched = site.open()
    shown = tile(watched, "bench 1")
    expect(shown.locator(".verdict")).to_contain_text("NO SIGN OF LIFEsince", timeout=WAIT_MS)
    expect(shown.locator(".now .took")).to_contain_text("since")
    back = Run(site.records, "bench 1", "GA1")
    expect(shown.locator(".verdict")).to_contain_text("TESTING")
    back.finish()
    assert watched.complaints == []


def test_what_benches_and_devices_call_themselves_is_shown_as_text(site: Site) -> None:
    run = site.run(EVIL, EVIL).measured(EVIL, 1_400.0, unit=EVIL, name=EVIL)
    watched = site.open()
    page = watched.page
    expect(tile(watched, EVIL)).to_contain_text(EVIL)
    run.ended(EVIL, "fail", EVIL).finish("error", EVIL, "rig")
    for place in (".serial", ".bench", ".note", ".failures"):
        expect(page.locator(f".tile {place}")).to_contain_text(EVIL)
    expect(page.locator("#units tbody")).to_contain_text(EVIL)
    assert page.locator("main img, main script").count() == 0
    page.fill("#serial", EVIL)
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_have_text(EVIL)
    expect(page.locator("tbody tr")).to_have_count(1)
    page.click("td a")
    expect(page.locator("body")).to_contain_text(EVIL)
    assert page.title() != "taken"
    assert watched.hosts == {f"127.0.0.1:{site.server.port}"}
    assert watched.complaints == []


def test_a_lost_server_is_said_and_what_was_missed_is_there_when_it_is_back(site: Site) -> None:
    run = site.run("bench 1", "GA1")
    watched = site.open()
    port = site.server.port
    site.server.stop()
    expect(watched.page.locator("#banner")).to_be_visible()
    expect(watched.page.locator("#banner")).to_contain_text("Not live since")
    expect(watched.page.locator("#stream")).to_have_attribute("data-live", "no")
    run.ended("test_it_boots").finish()
    site.server = BenchServer(site.records, "127.0.0.1", port)
    site.server.start()
    expect(watched.page.locator("#banner")).to_be_hidden(timeout=WAIT_MS)
    expect(tile(watched, "bench 1").locator(".verdict")).to_contain_text("PASS")


def test_without_javascript_the_page_is_whole_and_loads_itself_anew(site: Site, browser: Browser) -> None:
    run = site.run("bench 1", "GA1", planned=2).ended("test_it_boots")
    context = browser.new_context(java_script_enabled=False, viewport={"width": 800, "height": 900})
    page = context.new_page()
    page.goto(site.server.url)
    expect(page.locator(".tile")).to_contain_text("1 of 2")
    run.measured("test_the_valve_closes", 300.0).finish()
    expect(page.locator(".tile .verdict")).to_contain_text("PASS", timeout=WAIT_MS)
    expect(page.locator("#units tbody tr")).to_have_count(1)
    page.click("#units a")
    expect(page.locator("body")).to_contain_text("test_the_valve_closes")
    context.close()


def test_nothing_sticks_out_of_its_place_at_any_width_whatever_the_names(site: Site) -> None:
    names = ("bench 1", "气体报警器测试台" * 2, "W" * 60, "bench 4")
    for bench, serial in zip(names, (LONG, "气体报警器" * 3, "GA3", "GA4"), strict=True):
        run = site.run(bench, serial, planned=12).measured("test_" + "x" * 120, 1_400.0, name="名" * 40)
        if bench != "bench 4":
            run.finish("error" if bench == names[1] else "fail", "W" * 300, "rig" if bench == names[1] else "")
    Run(site.records, "bench 5", "GA5", wall_now_s=lambda: 1e9).recorder.begin("test_" + "y" * 90)
    page = site.open().page
    expect(page.locator(".tile")).to_have_count(5)
    for width_px in (320, 390, 600, 699, 701, 768, 960, 1_280, 1_519, 1_920):
        page.set_viewport_size({"width": width_px, "height": 900})
        assert page.evaluate(TOO_WIDE) == [], width_px
        assert page.evaluate("document.documentElement.scrollWidth") == width_px
    page.goto(f"{site.server.url}/history?serial={LONG}")
    for width_px in (320, 390, 1_280):
        page.set_viewport_size({"width": width_px, "height": 900})
        assert page.evaluate(TOO_WIDE) == [], width_px


def test_the_verdict_is_large_and_stands_out_of_its_ground_by_day_and_by_night(site: Site) -> None:
    for bench, value in (("bench 1", 300.0), ("bench 2", 990.0), ("bench 3", 1_400.0)):
        site.run(bench, "GA1").measured("test_valve", value).finish()
    site.run("bench 4", "GA4").recorder.begin("test_valve")
    site.run("bench 5", "GA5").ended("test_valve").finish("error", "no answer", "rig")
    page = site.open(1_920).page
    contrast = """word => {
        const part = (colour) => colour.match(/[\\d.]+/g).slice(0, 3).map(Number)
            .map((v) => v / 255).map((v) => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        const light = (colour) => { const [r, g, b] = part(colour); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const ink = light(getComputedStyle(word).color), ground = light(getComputedStyle(word.parentElement).backgroundColor);
        return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
    }"""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        for word in page.locator(".verdict .word").all():
            assert word.evaluate(contrast) >= 4.5, (scheme, word.inner_text())  # WCAG 2.2, 1.4.3
    assert page.locator(".verdict .word").first.evaluate("word => parseFloat(getComputedStyle(word).fontSize)") >= 28
    assert page.locator(".verdict .symbol").all_inner_texts() == ["✓", "!", "✗", "▶", "⚠"]


def test_nothing_moves_for_who_wants_less_motion(site: Site) -> None:
    site.run("bench 1", "GA1").recorder.begin("test_valve")
    page = site.open().page
    running = "() => document.getAnimations().length"
    assert page.evaluate(running) == 1
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(running) == 0


def test_the_page_is_walked_with_the_keyboard(site: Site) -> None:
    site.run("bench 1", "GA1").ended("test_it_boots").finish()
    page = site.open().page
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#units")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#serial")).to_be_focused()
    page.keyboard.type("GA1")
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_have_text("GA1")

"""The monitor's page in a real headless Chromium, over a real server and a database that another process writes."""

from __future__ import annotations

import re
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from davy.codec import EventKind
from davy.identity import create_ca
from davy.identity.issue import issue_peer
from davy.monitor.web import WebServer
from davy.paths import ROOT
from support.browser import WAIT_MS, Watched, chromium
from support.seeded import BROKEN, CRITICAL, NORMAL, Seeded, alarm, note, source_of

KITCHEN, CELLAR, HALL = (source_of(number) for number in range(3))
UNITS = {KITCHEN: "88.118.8/GA26000003", CELLAR: "88.118.8/GA26000002", HALL: "88.118.8/GA26000001"}
ANY_LINE = re.compile(r"^M.*L")
NEWEST_4321 = re.compile("newest 4\u202f321 ppm")
#: Of another process: one alarm, as a monitor commits it.
_ANOTHER = """
import sys
sys.path.insert(0, "host/tests")
from pathlib import Path
from support.seeded import CRITICAL, Seeded, alarm
seeded = Seeded(Path(sys.argv[1]))
seeded.states(sys.argv[2], [(int(sys.argv[3]), CRITICAL)])
seeded.events(sys.argv[2], [(int(sys.argv[3]), alarm(8_765, 9))])
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Site:
    """A database, a server over it that can be stopped and started on the same port, and pages."""

    def __init__(self, folder: Path, browser: Browser) -> None:
        self.now_ms = int(time.time() * 1000)
        self.seeded = Seeded(folder / "davy.sqlite")
        for source, identifier in UNITS.items():
            self.seeded.unit(identifier, source)
            self.seeded.device(source, identifier, self.now_ms)
            states = [(self.now_ms - (100 - at) * 5_000, NORMAL._replace(methane_ppm=100 + at)) for at in range(100)]
            self.seeded.states(source, states)
        self.server = WebServer(self.seeded.path, "127.0.0.1", 0)
        self.server.start()
        self._browser = browser
        self.pages: list[Watched] = []

    def open(self, width_px: int = 1_600) -> Watched:
        watched = Watched(self._browser, width_px)
        self.pages.append(watched)
        watched.page.goto(self.server.url)
        expect(watched.page.locator("#stream")).to_have_attribute("data-live", "yes", timeout=WAIT_MS)
        return watched

    def restart(self, meanwhile: Callable[[], None]) -> None:
        self.server.stop()
        meanwhile()
        self.server = WebServer(self.seeded.path, "127.0.0.1", self.server.port)
        self.server.start()

    def close(self) -> None:
        for watched in self.pages:
            watched.close()
        self.server.stop()
        self.seeded.close()


@pytest.fixture
def site(tmp_path: Path, browser: Browser) -> Iterator[Site]:
    made = Site(tmp_path, browser)
    yield made
    made.close()


def test_devices_are_shown_with_their_state_the_alarm_first(site: Site) -> None:
    site.seeded.states(KITCHEN, [(site.now_ms, CRITICAL)])
    site.seeded.states(CELLAR, [(site.now_ms, BROKEN)])
    site.seeded.db.execute("UPDATE devices SET link = 'lost' WHERE source = ?", (HALL,))
    watched = site.open()
    page = watched.page
    rows = page.locator("#devices .row")
    expect(rows).to_have_count(3)
    assert [row.get_attribute("data-source") for row in rows.all()] == [KITCHEN, HALL, CELLAR]
    expect(rows.nth(0)).to_contain_text("▲alarm88.118.8/GA26000003critical, latched")
    expect(rows.nth(0)).to_contain_text("9\u202f200ppm · 18.4 %LEL")
    expect(rows.nth(1)).to_contain_text("✕ lost")
    expect(rows.nth(2)).to_contain_text("open circuit")
    counts = {name: page.locator(f'[data-count="{name}"] dd').inner_text() for name in ("devices", "alarms", "faults")}
    assert counts == {"devices": "3", "alarms": "1", "faults": "1"}
    assert page.title().startswith("(1) ALARM")
    assert watched.complaints == []


def test_an_event_that_another_process_commits_appears_without_reload(site: Site) -> None:
    watched = site.open()
    page = watched.page
    page.evaluate("window.sameDocument = true")
    page.click(f'[data-source="{HALL}"]')
    expect(page.locator("#plots path").first).to_have_attribute("d", ANY_LINE)
    arguments = [str(site.seeded.path), KITCHEN, str(site.now_ms + 1_000)]
    subprocess.run([sys.executable, "-c", _ANOTHER, *arguments], cwd=ROOT, check=True, timeout=60)
    expect(page.locator("#alarms")).to_contain_text("88.118.8/GA26000003ALARM methane critical at 8765 ppm")
    expect(page.locator("#devices .row").first).to_have_attribute("data-source", KITCHEN)
    expect(page.locator("#alarms")).to_have_attribute("aria-live", "assertive")
    assert page.evaluate("window.sameDocument")
    assert watched.complaints == []


def test_a_lost_stream_is_said_and_what_was_missed_is_there_after_the_server_is_back(site: Site) -> None:
    watched = site.open()
    page = watched.page
    page.click(f'[data-source="{KITCHEN}"]')
    expect(page.locator("#name")).to_have_text(UNITS[KITCHEN])

    def meanwhile() -> None:
        expect(page.locator("#banner")).to_contain_text("Not live since")
        expect(page.locator("#stream")).to_have_attribute("data-live", "no")
        site.seeded.states(KITCHEN, [(site.now_ms + 500, CRITICAL)])
        site.seeded.events(KITCHEN, [(site.now_ms + 500, alarm(7_777))])

    site.restart(meanwhile)
    expect(page.locator("#banner")).to_be_hidden(timeout=WAIT_MS)
    expect(page.locator("#events li").first).to_contain_text("7777 ppm")
    expect(page.locator("#alarms li").first).to_contain_text("7777 ppm")
    expect(page.locator("#devices .row").first).to_have_attribute("data-standing", "alarm")
    site.seeded.events(KITCHEN, [(site.now_ms + 600, note(EventKind.MUTED))])
    expect(page.locator("#events li").first).to_contain_text("muted")
    expect(page.locator("#events li")).to_have_count(2)


def test_a_database_that_cannot_be_read_is_said_although_the_stream_lives(site: Site) -> None:
    page = site.open().page
    site.seeded.db.execute("PRAGMA user_version = 99")
    site.seeded.close()
    for name in ("davy.sqlite-wal", "davy.sqlite-shm"):
        (site.seeded.path.parent / name).unlink(missing_ok=True)
    site.seeded.path.write_bytes(b"no database at all" * 1_000)
    site.restart(lambda: None)
    expect(page.locator("#banner")).to_contain_text("The database cannot be read now", timeout=WAIT_MS)


def test_the_plot_has_its_points_units_and_set_point_and_is_read_by_keyboard(site: Site) -> None:
    site.seeded.states(KITCHEN, [(site.now_ms, CRITICAL)])
    watched = site.open()
    page = watched.page
    page.locator(f'[data-source="{KITCHEN}"]').focus()
    page.keyboard.press("Enter")
    plot = page.locator('[data-plot="methane_ppm"]')
    line = plot.locator(".plot-line")
    expect(line).to_have_attribute("d", ANY_LINE)
    assert len((line.get_attribute("d") or "").split("L")) == 101, "one for each report"
    expect(plot).to_contain_text("alarm set-point 5\u202f000 ppm")
    expect(page.locator("#plots")).to_contain_text("Methane, ppm")
    plot.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".plot-readout").first).to_contain_text("9\u202f200 ppm, 18.4 %LEL")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".plot-readout").first).to_contain_text("199 ppm")
    site.seeded.states(KITCHEN, [(site.now_ms + 5_000, NORMAL._replace(methane_ppm=4_321))])
    expect(plot).to_have_attribute("aria-label", NEWEST_4321)
    page.locator('[data-minutes="15"]').click()
    expect(page.locator('[data-minutes="15"]')).to_have_attribute("aria-pressed", "true")
    assert watched.complaints == []


@pytest.mark.parametrize("width_px", [380, 1_600])
def test_the_page_fits_its_width_and_asks_nobody_but_its_own_server(site: Site, width_px: int) -> None:
    watched = site.open(width_px)
    page = watched.page
    page.click(f'[data-source="{CELLAR}"]')
    expect(page.locator("#name")).to_have_text(UNITS[CELLAR])
    assert page.evaluate("document.documentElement.scrollWidth") == width_px
    page.locator("#back").evaluate("button => button.click()")
    expect(page.locator("#devices .row")).to_have_count(3)
    assert watched.hosts == {f"127.0.0.1:{site.server.port}"}
    assert watched.complaints == []


def test_what_a_device_calls_itself_is_shown_as_text(site: Site) -> None:
    evil = "<script>document.title='taken'</script><img src=x onerror=alert(1)>"
    site.seeded.db.execute("UPDATE devices SET identifier = ?, board = ? WHERE source = ?", (evil, evil, KITCHEN))
    site.seeded.events(KITCHEN, [(site.now_ms, alarm(6_000))])
    site.seeded.incident("unknown_identity", KITCHEN, site.now_ms, evil, evil)
    watched = site.open()
    page = watched.page
    page.click(f'[data-source="{KITCHEN}"]')
    for place in ("#name", "#facts", "#alarms", "#incidents", "#devices"):
        expect(page.locator(place)).to_contain_text(evil)
    assert page.locator("#devices img, #alarms img, #incidents img, #detail img, main script").count() == 0
    assert page.title() == "davy monitor"
    assert watched.complaints == []


def test_an_inline_script_is_refused_by_the_browser(site: Site) -> None:
    """So that the silence about the policy in the other tests means something."""
    watched = site.open()
    watched.page.evaluate(
        "() => { const made = document.createElement('script'); made.textContent = 'window.taken = 1';"
        " document.body.append(made); }"
    )
    assert watched.page.evaluate("window.taken") is None
    assert any("Content Security Policy" in complaint for complaint in watched.complaints)


def test_five_thousand_events_leave_the_page_as_small_as_it_was(site: Site) -> None:
    watched = site.open()
    page = watched.page
    page.click(f'[data-source="{KITCHEN}"]')
    expect(page.locator("#name")).to_have_text(UNITS[KITCHEN])
    session = watched.context.new_cdp_session(page)
    session.send("Performance.enable")

    def measure() -> dict[str, float]:
        session.send("HeapProfiler.collectGarbage")
        metrics = session.send("Performance.getMetrics")["metrics"]
        return {metric["name"]: metric["value"] for metric in metrics}

    def push(first: int, count: int) -> None:
        for at in range(first, first + count, 500):
            site.seeded.states(KITCHEN, [(site.now_ms + at + 1, NORMAL._replace(methane_ppm=at % 3_000))])
            site.seeded.events(KITCHEN, [(site.now_ms, alarm(10_000 + at + number)) for number in range(500)])
            expect(page.locator("#events li").first).to_contain_text(f"at {10_000 + at + 499} ppm", timeout=WAIT_MS)

    push(0, 500)
    before = measure()
    push(500, 5_000)
    after = measure()
    assert page.locator("#events li").count() == 200
    assert page.locator("#alarms li").count() == 5
    assert after["Nodes"] < before["Nodes"] + 500, (before["Nodes"], after["Nodes"])
    assert after["JSEventListeners"] <= before["JSEventListeners"] + 5
    assert after["JSHeapUsedSize"] < before["JSHeapUsedSize"] + 2_000_000
    assert watched.complaints == []


def test_over_tls_the_login_form_lets_in_who_has_the_token(tmp_path: Path, browser: Browser) -> None:
    token = secrets.token_hex(32)
    seeded = Seeded(tmp_path / "davy.sqlite")
    seeded.device(KITCHEN, UNITS[KITCHEN], 1)
    issue_peer(create_ca(tmp_path / "ca"), tmp_path / "tls", server=["127.0.0.1"])
    server = WebServer(seeded.path, "0.0.0.0", 0, tmp_path / "tls", token)
    server.start()
    watched = Watched(browser)
    page = watched.page
    page.goto(f"https://127.0.0.1:{server.port}/")
    page.fill("#token", token[::-1])
    page.keyboard.press("Enter")
    expect(page.locator(".refusal")).to_have_text("This is not the token.")
    watched.complaints.clear()  # the browser itself notes the 401
    page.fill("#token", token)
    page.click("button")
    expect(page.locator("#stream")).to_have_attribute("data-live", "yes", timeout=WAIT_MS)
    expect(page.locator("#devices .row")).to_have_count(1)
    (cookie,) = watched.context.cookies()
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")
    assert watched.complaints == []
    page.click("#logout button")
    expect(page.locator("#token")).to_be_visible()
    page.goto(f"https://127.0.0.1:{server.port}/")
    assert page.url.endswith("/login")
    watched.close()
    server.stop()
    seeded.close()


def test_nothing_sticks_out_of_its_place_at_any_width(site: Site) -> None:
    site.seeded.device(source_of(9), "88.118.8/" + "G" * 32, site.now_ms)
    page = site.open().page
    too_wide = """() => [document.documentElement, ...document.querySelectorAll(".list, .row, .detail, .alarms")]
        .filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.className || each.tagName)"""
    for width_px in (340, 380, 600, 760, 780, 960, 980, 1_180, 1_200, 1_400, 1_519, 1_521, 1_600, 2_000):
        page.set_viewport_size({"width": width_px, "height": 900})
        assert page.evaluate(too_wide) == [], width_px

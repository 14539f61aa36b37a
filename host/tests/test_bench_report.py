"""The report of a run: whole in itself, true to the record, and harmless whatever the texts hold; looked at in Chromium."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from davy.bench.about import about_run
from davy.bench.limit_bar import limit_bar
from davy.bench.measuring import judge
from davy.bench.report import to_html
from davy.bench.results import Outcome, Phase, RunResult, Waveform
from davy.bench.rig import RigAbout
from davy.bench.waveform_plot import HEIGHT, WIDTH, plots, round_range
from davy.bench.waveforms import thinned
from support.bench_runs import HOSTILE, START_MS, new_run, record_one
from support.browser import Watched, chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Elements(HTMLParser):
    """Names of elements, what their attributes ask for, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.asked: list[str] = []
        self.handlers: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.asked += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def a_run(outcome: Outcome = "fail", text: str = "valve closes") -> RunResult:
    rig = asdict(RigAbout("esp32", "0.1.0", text, "2026-10-01"))
    about = {**about_run(text), "image_sha256": "ab" * 32, "bench": rig, "seed": 7, "station": text}
    run = new_run(text, about=about)
    phase = Phase(text, START_MS, START_MS + 100, 12.0, "fail", text)
    phase.measurements = [
        judge("valve_close_time", 1180, "ms", 0, 1000, 0.8),
        judge("methane_alarm_ppm", 2460, "ppm", 2000, 2500, 0.8),
        judge("siren_level", 82.5, "dB", low=70),
        judge(text, None, text or "V", high=5),
    ]
    phase.waveforms = [
        Waveform("coil", "1", (0, 500, 900), (0, 1, 0), steps=True),
        Waveform(text, text or "V", tuple(range(5000)), tuple(each % 97 for each in range(5000))),
        Waveform("nothing", "V", (), ()),
    ]
    run.phases = [
        phase,
        Phase("a lamp lights", START_MS, START_MS, 1.0, "pass"),
        Phase("climate", START_MS, START_MS, 0.0, "skip", "this bench has no Climate"),
    ]
    run.outcome = outcome
    if outcome == "error":
        run.why, run.cause = "the rig does not answer; plug it in", "rig"
        run.phases.append(Phase("power", START_MS, START_MS, 0.0, "error", "rig: silent"))
    return run


def test_a_report_needs_nothing_from_elsewhere() -> None:
    page = to_html(a_run())
    found = Elements(page)
    assert found.asked
    assert all(each.startswith("#p") for each in found.asked)
    assert not {"script", "link", "img", "iframe", "object", "embed", "base", "form"} & set(found.names)
    assert not re.search(r"url\(|@import|https?://", page)


def test_a_report_tells_what_the_record_holds() -> None:
    text = Elements(to_html(a_run(), "a.json", "cd" * 32)).text
    for word in (
        "✗ FAIL", "1180 ms", "0 .. 1000 ms", "2460 ppm", "! marginal", "≥ 70 dB", "no reading", "this bench has no Climate",
        "2026-10-01", "0.1.0", "ab" * 32, "Ann", "2025-11-25 21:48:40 UTC", "a.json", "cd" * 32, "12.0 s",
    ):  # fmt: skip
        assert word in text, word


def test_errors_of_the_bench_stand_apart_and_give_no_verdict() -> None:
    text = Elements(to_html(a_run("error"))).text
    assert "BENCH ERROR" in text
    assert "The bench, not the device (rig)" in text
    assert "This run says nothing about the device" in text
    assert "the rig does not answer; plug it in" in text
    assert "Failed before the bench did, without a verdict" in text
    assert "The bench, not the device" not in Elements(to_html(a_run())).text


def test_hostile_texts_are_shown_and_never_obeyed() -> None:
    found = Elements(to_html(a_run("error", HOSTILE)))
    assert not {"script", "img"} & set(found.names)
    assert found.handlers == []
    assert HOSTILE in "".join(found.texts)
    assert "49" not in re.findall(r"\{\{.*?\}\}|\b49\b", found.text)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_phone_and_desk_in_light_and_dark(
    width: int, scheme: str, browser: Browser, tmp_path: Path
) -> None:
    path = tmp_path / "report.html"
    path.write_text(to_html(a_run("fail", "a serial and a name " + "x" * 200 + HOSTILE)))
    watched = Watched(browser, width)
    try:
        watched.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        watched.page.goto(path.as_uri())
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= width
        background = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background == {"light": "rgb(255, 255, 255)", "dark": "rgb(22, 24, 28)"}[scheme]
        bars = watched.page.evaluate("[...document.querySelectorAll('svg')].map(e => e.getBoundingClientRect().width)")
        assert len(bars) == 6
        assert min(bars) > 100
        spilled = watched.page.evaluate(
            """[...document.querySelectorAll('td, dd, li, h1, h3, figcaption')].filter(cell => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return range.getBoundingClientRect().right > cell.getBoundingClientRect().right + 1;
            }).map(cell => cell.textContent)"""
        )
        assert spilled == []
        assert watched.complaints == []
        assert watched.hosts == {""}
    finally:
        watched.close()


def test_print_is_on_white_whatever_the_screen(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text(to_html(a_run()))
    watched = Watched(browser)
    try:
        watched.page.emulate_media(color_scheme="dark", media="print")
        watched.page.goto(path.as_uri())
        assert watched.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert watched.page.evaluate("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    finally:
        watched.close()


def test_a_report_lies_next_to_its_record_and_names_it(tmp_path: Path) -> None:
    record = record_one(tmp_path)
    page = record.with_suffix(".html").read_text()
    assert record.name in page
    assert "PASS" in page


@pytest.mark.parametrize(
    ("value", "low", "high", "marginal", "bar"),
    [
        (500, 0, 1000, 0.8, (14.29, 85.71, 21.43, 78.57, 50.0, 0)),
        (5000, 0, 1000, None, (14.29, 85.71, 14.29, 85.71, 100.0, 1)),
        (-5000, 0, 1000, None, (14.29, 85.71, 14.29, 85.71, 0.0, -1)),
        (None, 0, 1000, None, (14.29, 85.71, 14.29, 85.71, None, 0)),
        (1, 1, 1, None, (48.0, 52.0, 48.0, 52.0, 50.0, 0)),
        (0, 0, 0, 0.5, (48.0, 52.0, 48.0, 52.0, 50.0, 0)),
        (500, None, 1000, 0.8, (0.0, 83.33, 0.0, 66.67, 41.67, 0)),
        (75, 70, None, None, (16.67, 100.0, 16.67, 100.0, 22.62, 0)),
    ],
)
def test_a_bar_shows_the_value_between_its_limits(
    value: float | None, low: float | None, high: float | None, marginal: float | None, bar: tuple[float | None, ...]
) -> None:
    found = limit_bar(judge("m", value, "V", low, high, marginal))
    assert (found.low, found.high, found.inner_low, found.inner_high, found.value, found.beyond) == bar


NUMBER = st.floats(-1e12, 1e12)


@given(
    value=st.none() | NUMBER,
    limits=st.tuples(NUMBER, NUMBER),
    sides=st.sampled_from("lhb"),
    marginal=st.none() | st.floats(0, 1),
)
def test_a_bar_says_of_every_measurement_what_its_verdict_says(
    value: float | None, limits: tuple[float, float], sides: str, marginal: float | None
) -> None:
    low, high = (min(limits) if sides in "lb" else None), (max(limits) if sides in "hb" else None)
    measured = judge("m", value, "V", low, high, marginal)
    bar = limit_bar(measured)
    assert 0 <= bar.low <= bar.inner_low <= bar.inner_high <= bar.high <= 100
    if bar.value is not None and measured.verdict != "fail":
        assert bar.low - 0.011 <= bar.value <= bar.high + 0.011


COURSE = st.lists(st.tuples(st.integers(0, 50_000), NUMBER), min_size=1, max_size=400).map(lambda found: sorted(found))


@given(COURSE, st.integers(4, 40))
def test_a_course_is_thinned_out_without_losing_ends_or_peaks(course: list[tuple[int, float]], most: int) -> None:
    t_ms, values = [at for at, _ in course], [value for _, value in course]
    thin_t, thin_values = thinned(t_ms, values, most)
    assert len(thin_t) == len(thin_values) <= max(most, 4)
    pairs = list(zip(thin_t, thin_values, strict=True))
    remaining: Iterator[tuple[float, float]] = iter(zip(t_ms, values, strict=True))
    assert all(pair in remaining for pair in pairs)  # a subsequence
    assert (pairs[0], pairs[-1]) == ((t_ms[0], values[0]), (t_ms[-1], values[-1]))
    assert (min(thin_values), max(thin_values)) == (min(values), max(values))


def test_a_dip_of_a_single_sample_is_seen_in_a_long_course() -> None:
    values = [3.3] * 100_000
    values[61_803] = 0.1
    (drawn,) = plots([Waveform("supply", "V", tuple(range(100_000)), tuple(values))])
    assert (drawn.lowest, drawn.highest) == ("0.1", "3.3")
    points = [tuple(map(float, pair.split())) for pair in re.findall(r"[ML](\S+ [\d.]+)", drawn.path)]
    assert len(points) < 1_000
    deepest = max(points, key=lambda point: point[1])
    assert deepest[0] == pytest.approx(0.61803 * WIDTH, abs=0.2)
    assert deepest[1] > HEIGHT * 0.9


def test_levels_are_drawn_as_steps_until_the_end() -> None:
    coil, current = plots([Waveform("coil", "1", (0, 500), (0, 1), steps=True), Waveform("a", "A", (0, 1000), (0, 2))])
    assert coil.path == f"M0.0 {HEIGHT - 8:.1f}H500.0V8.0H{WIDTH}"
    assert current.path == f"M0.0 {HEIGHT - 8:.1f}L{WIDTH:.1f} 8.0"
    assert coil.value_marks == ("1", "0.5", "0")
    assert current.time_marks == ("0", "0.5", "1 s")
    assert plots([]) == plots([Waveform("none", "V", (), ())]) == []


@pytest.mark.parametrize(
    ("lowest", "highest", "rounded"),
    [
        (0, 1, (0, 1)),
        (0.3, 9.7, (0, 10)),
        (-3, 212, (-50, 250)),
        (3.3, 3.3, (1, 5)),
        (0, 0, (-0.6, 0.6)),
        (1e-6, 4e-6, (1e-6, 4e-6)),
    ],
)
def test_axes_end_at_round_numbers_around_the_values(
    lowest: float, highest: float, rounded: tuple[float, float]
) -> None:
    assert round_range(lowest, highest) == pytest.approx(rounded)

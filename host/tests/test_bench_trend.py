"""One measurement over units: figures checked against published examples, and a drift warning that means something."""

from __future__ import annotations

import json
import math
import random
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from pathlib import Path

import pytest

from davy.bench.trend import DRIFT_AHEAD_UNITS, drift, trend
from davy.bench.trend_plot import drift_text, figures, plot, sparkline, to_html
from davy.bench.trend_rules import cpk, mann_kendall, outliers, sen_slope
from davy.errors import InputError
from support.bench_runs import HOSTILE, Clocks, bench, record_one

#: "A Mann-Kendall example (by hand)", J. Little, College of the Holy Cross: S = 54, V = 14*13*33/18 - 2*1*9/18, Z = 2.9058.
BY_HAND = (12.9, 14.8, 13.2, 15.7, 13.8, 15.6, 12.9, 11.0, 17.3, 15.9, 19.0, 18.3, 20.1, 21.7)
#: Gilbert 1987, Statistical Methods for Environmental Pollution Monitoring, page 212: Z = 3.1 with many ties.
GILBERT = (20, 20, 20, 20, 15, 20, 20, 30, 27, 26, 23, 35, 25, 28, 70, 26, 24, 34, 32, 23, 50, 30)


def test_mann_kendall_gives_the_published_figures() -> None:
    by_hand = mann_kendall(BY_HAND)
    assert by_hand.s == 54
    assert by_hand.variance == pytest.approx(333.6667 - 1, abs=1e-3)
    assert by_hand.z == pytest.approx(2.9058, abs=5e-5)
    assert by_hand.p == pytest.approx(2 * 0.0018, abs=1e-4)
    assert mann_kendall(GILBERT).z == pytest.approx(3.1, abs=0.05)
    hundred = mann_kendall(range(1, 101))  # the tests of MannKendall.jl
    assert (hundred.s, hundred.variance) == (4950, 112750)
    assert hundred.z == pytest.approx(14.73869998208331)


def test_mann_kendall_of_a_fall_mirrors_that_of_a_rise_and_a_level_has_no_trend() -> None:
    rise, fall = mann_kendall(BY_HAND), mann_kendall([-each for each in BY_HAND])
    assert (fall.s, fall.z, fall.p) == (-rise.s, -rise.z, rise.p)
    assert mann_kendall([5.0] * 30) == mann_kendall([]) == type(rise)(0, 0.0, 0.0, 1.0)


def test_sens_slope_is_not_turned_by_an_outlier() -> None:
    values = [10.0 + 0.5 * number for number in range(20)]
    values[7] = 1e6
    assert sen_slope(values) == 0.5
    assert sen_slope([1.0]) == 0.0


def test_cpk_gives_the_figure_of_the_nist_handbook() -> None:
    """Section 6.1.6: limits 8 and 20, mean 16, standard deviation 2: Cpk = 0.6667."""
    values = [14.0, 14.0, 16.0, 18.0, 18.0]
    assert cpk(values, 8, 20) == pytest.approx(0.6667, abs=1e-4)
    assert cpk(values, 8, None) == pytest.approx(8 / 6)
    assert cpk(values, None, 20) == pytest.approx(4 / 6)
    assert cpk(values, None, 15) == pytest.approx(-1 / 6)


@pytest.mark.parametrize(
    "values",
    [[14.0, 16.0, 18.0, 16.0], [16.0] * 9, [0.1 + 0.2, 0.3] * 5],
    ids=["four", "equal", "equal but for rounding"],
)
def test_cpk_is_not_given_where_there_is_no_spread_to_speak_of(values: list[float]) -> None:
    assert cpk(values, 8, 20) is None
    assert cpk([14.0, 14.0, 16.0, 18.0, 18.0], None, None) is None


def test_outliers_are_found_though_they_widen_the_spread_themselves() -> None:
    values = [
        2.1,
        2.6,
        2.4,
        2.5,
        2.3,
        2.1,
        2.3,
        2.6,
        8.2,
        8.3,
    ]  # after Iglewicz and Hoaglin 1993; z-scores stay below 2
    assert outliers(values) == [8, 9]
    assert outliers([5.0] * 9 + [6.0]) == [9]  # no median deviation at all
    assert outliers([5.0] * 10) == outliers([1.0, 9.0]) == []


def test_a_stationary_process_is_rarely_warned_of() -> None:
    seed = 20261125
    rng = random.Random(seed)
    warned = 0
    for _ in range(1_000):
        found = drift([rng.gauss(500, 100) for _ in range(30)], 0, 1000)
        assert found is not None
        warned += found.warning
    # p < 0.01 means 10 in 1,000; 22 is beyond 99.9 % of what chance gives.
    assert warned <= 22, f"{warned} of 1,000, seed {seed}"


def test_a_drift_towards_a_limit_is_warned_of_with_how_many_units_are_left() -> None:
    seed = 7
    rng = random.Random(seed)
    values = [500 + 10 * number + rng.gauss(0, 20) for number in range(40)]
    found = drift(values, 0, 1000)
    assert found is not None
    assert found.warning
    assert found.limit == 1000
    # From 890 on it takes 11 units; the newest 30 are asked.
    assert found.n == 30
    assert found.slope_a_unit == pytest.approx(10, abs=1.5), f"seed {seed}"
    assert found.crossing == pytest.approx(11, abs=3), f"seed {seed}"
    falling = drift([1000 - each for each in values], 0, 1000)
    assert falling is not None
    assert (falling.crossing, falling.limit) == (found.crossing, 0)


@pytest.mark.parametrize(
    ("values", "low", "high", "trend_there"),
    [
        ([500 + 0.5 * number for number in range(30)], 0, 1000, True),  # 970 units away
        ([900 - 5.0 * number for number in range(30)], None, 1000, True),  # away from the only limit
        ([500.0] * 30, 0, 1000, False),
        ([500 + 100 * (-1) ** number for number in range(30)], 0, 1000, False),
    ],
)
def test_a_trend_that_no_limit_is_near_to_is_told_without_a_warning(
    values: list[float], low: float | None, high: float | None, trend_there: bool
) -> None:
    found = drift(values, low, high)
    assert found is not None
    assert (found.trend, found.warning) == (trend_there, False)


def test_a_drift_that_is_beyond_its_limit_already_has_no_units_left() -> None:
    found = drift([950.0 + 10 * number for number in range(20)], 0, 1000)
    assert found is not None
    assert found.crossing == 0
    assert drift([1.0 * number for number in range(10)], 0, 10) is None


def fill(folder: Path, values: Sequence[float | None], clocks: Clocks | None = None) -> Clocks:
    clocks = clocks or Clocks()
    for number, value in enumerate(values):
        record_one(folder, f"GA{number:03}", value, clocks=clocks)
    return clocks


def test_a_unit_counts_once_by_its_newest_run_that_was_no_bench_error(tmp_path: Path) -> None:
    clocks = fill(tmp_path, [100.0, 200.0, None])
    record_one(tmp_path, "GA000", 300.0, clocks=clocks, bench="bench_2")
    record_one(tmp_path, "GA001", 999.0, clocks=clocks, outcome="error")
    found = trend(tmp_path, "valve_close_time")
    assert [(point.serial, point.value, point.bench) for point in found.points] == [
        ("GA001", 200.0, "bench_1"),
        ("GA000", 300.0, "bench_2"),
    ]
    assert (found.mean, found.missing) == (250.0, 1)
    assert found.spread == pytest.approx(70.7107, abs=1e-4)
    assert trend(tmp_path, "valve_close_time", every_run=True).values == [100.0, 200.0, 300.0]
    assert trend(tmp_path, "valve_close_time", last=1).values == [300.0]


def test_the_newest_limits_and_unit_are_those_that_count(tmp_path: Path) -> None:
    clocks = Clocks()
    record_one(tmp_path, "GA1", 0.2, clocks=clocks, unit="s", high=1)
    record_one(tmp_path, "GA2", 250.0, clocks=clocks, high=1000)
    record_one(tmp_path, "GA3", 260.0, clocks=clocks, low=None, high=800)
    found = trend(tmp_path, "valve_close_time")
    assert (found.unit, found.low, found.high, found.other_unit) == ("ms", None, 800, 1)
    assert found.values == [250.0, 260.0]


def test_a_name_that_two_tests_take_asks_which_is_meant(tmp_path: Path) -> None:
    clocks = Clocks()
    record_one(tmp_path, "GA1", 100.0, clocks=clocks, phase="methane")
    record_one(tmp_path, "GA1", 200.0, clocks=clocks, phase="co")
    with pytest.raises(InputError, match="is measured in 2 phases; add --phase, of co, methane"):
        trend(tmp_path, "valve_close_time")
    assert trend(tmp_path, "valve_close_time", "co").values == [200.0]


def test_a_measurement_of_bench_errors_alone_has_no_trend(tmp_path: Path) -> None:
    record_one(tmp_path, outcome="error")
    with pytest.raises(InputError, match="in runs only that ended with an error of the bench"):
        trend(tmp_path, "valve_close_time")


def test_few_units_have_no_cpk_and_no_drift(tmp_path: Path) -> None:
    fill(tmp_path, [100.0])
    found = trend(tmp_path, "valve_close_time")
    assert (found.spread, found.cpk, found.drift) == (None, None, None)
    assert dict(figures(found))["Cpk"] == "n/a"
    assert drift_text(found) == "too few units to tell a drift"
    assert plot(found, "svg")


def test_trend_tells_figures_and_warns_by_its_exit_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(tmp_path, [500 + 20.0 * number for number in range(20)] + [100.0])
    page = tmp_path / "trend.html"
    assert bench("trend", "valve_close_time", "--records", str(tmp_path), "-o", str(page)) == 1
    told = capsys.readouterr().out
    assert "DRIFT: it rises by 20 ms a unit" in told
    assert "▁" in told
    assert "█" in told
    assert "outlier" in told
    text = page.read_text()
    assert "DRIFT: it rises" in text
    assert "<svg" in text
    assert bench("trend", "valve_close_time", "--records", str(tmp_path), "--json") == 1
    as_json = json.loads(capsys.readouterr().out)
    assert (as_json["n"], as_json["min"], as_json["max"], as_json["low"]) == (21, 100.0, 880.0, 0)
    assert as_json["drift"]["warning"] is True
    assert as_json["drift"]["crossing"] <= DRIFT_AHEAD_UNITS


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_a_plot_is_a_file_of_its_kind_and_the_same_twice(ending: str, tmp_path: Path) -> None:
    fill(tmp_path, [500.0, 950.0, 2000.0, 510.0, 490.0, 505.0])
    first, second = tmp_path / f"a.{ending}", tmp_path / f"b.{ending}"
    for path in (first, second):
        assert bench("trend", "valve_close_time", "--records", str(tmp_path), "-o", str(path)) == 0
    content = first.read_bytes()
    assert content == second.read_bytes()
    if ending == "png":
        assert content.startswith(b"\x89PNG\r\n\x1a\n")
    else:
        texts = "".join(ElementTree.fromstring(content).itertext())
        for word in ("valve_close_time (ms)", "pass", "marginal", "fail", "outlier", "limit", "mean"):
            assert word in texts


@pytest.mark.parametrize("name", [HOSTILE, "$\\frac{1}{$", "阀门 关闭"])
def test_hostile_names_are_drawn_as_they_are(name: str, tmp_path: Path) -> None:
    record_one(tmp_path, HOSTILE, name=name, phase=HOSTILE, unit="<b>")
    found = trend(tmp_path, name)
    assert name.replace("\u202e", "") in "".join(ElementTree.fromstring(plot(found, "svg")).itertext()).replace(
        "\u202e", ""
    )
    page = to_html(found)
    assert "<script" not in page
    assert "<img" not in page


def test_a_line_of_blocks_shows_the_newest_and_its_extremes() -> None:
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == "▁▂▃▄▅▆▇█"
    assert sparkline([]) == ""
    assert sparkline([3, 3, 3]) == "▄▄▄"
    assert len(sparkline([math.sin(each) for each in range(500)])) == 60

"""A trend as a plot (SVG or PNG), as a page by itself, and as a line of text."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

import jinja2
import markupsafe
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from davy.bench.results import Verdict
from davy.bench.trend import DRIFT_AHEAD_UNITS, DRIFT_P, DRIFT_WINDOW, Trend
from davy.bench.words import number_text, utc_text, with_unit

_BLOCKS = "▁▂▃▄▅▆▇█"
_LONGEST_LINE = 60
#: Marks differ in shape too, for who sees no colours.
_MARKS: dict[Verdict, tuple[str, str]] = {
    "pass": ("o", "#2f9e44"),
    "marginal": ("^", "#f08c00"),
    "fail": ("X", "#e03131"),
}
_INK, _LIMIT = "#495057", "#c92a2a"
_PNG_DPI = 150


def sparkline(values: Sequence[float]) -> str:
    """The newest 60 values as blocks of eight heights; a level series lies in the middle."""
    shown = list(values)[-_LONGEST_LINE:]
    if not shown:
        return ""
    lowest, highest = min(shown), max(shown)
    if highest == lowest:
        return _BLOCKS[3] * len(shown)
    return "".join(_BLOCKS[min(7, int((each - lowest) / (highest - lowest) * 8))] for each in shown)


def plot(trend: Trend, kind: Literal["svg", "png"]) -> bytes:
    """The plot's file. The same trend gives the same bytes."""
    out = io.BytesIO()
    # Names are shown as they are: a $ in them begins no formula. A fixed salt and no date, for the bytes.
    with rc_context({"text.parse_math": False, "svg.hashsalt": "davy", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(9, 4.2), layout="constrained")
        _draw(figure, trend)
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        with warnings.catch_warnings():
            # The viewer of an SVG has its own fonts; a PNG shows a box for what this machine has no glyph of.
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            figure.savefig(out, format=kind, dpi=_PNG_DPI, metadata=metadata)
    return out.getvalue()


def to_html(trend: Trend) -> str:
    """One page without anything from elsewhere: the plot, the figures, the units."""
    svg = plot(trend, "svg").decode().partition("<svg")
    return _template().render(
        trend=trend,
        figures=figures(trend),
        verdict=drift_text(trend),
        warning=trend.drift is not None and trend.drift.warning,
        svg=markupsafe.Markup(svg[1] + svg[2]),
        rows=[
            (
                point.serial or "unknown",
                point.bench,
                utc_text(point.started_ms),
                with_unit(point.value, trend.unit),
                point.verdict,
                at in trend.outliers,
            )
            for at, point in reversed(list(enumerate(trend.points)))
        ],
        rule=f"A drift is warned of when Mann-Kendall's test finds a trend in the newest {DRIFT_WINDOW} values with p < {DRIFT_P} and "
        f"the line through them (Sen's slope) leaves a limit within the next {DRIFT_AHEAD_UNITS} units.",
    )


def figures(trend: Trend) -> list[tuple[str, str]]:
    """(name, text) of n, mean, spread, extremes, limits and Cpk."""
    values = trend.values
    low, high = trend.low, trend.high
    limits = f"{'' if low is None else number_text(low)} .. {'' if high is None else number_text(high)} {trend.unit}"
    return [
        ("n", str(len(values))),
        ("mean", _or_none(trend.mean, trend.unit)),
        ("spread (sd)", _or_none(trend.spread, trend.unit)),
        ("min", _or_none(min(values, default=None), trend.unit)),
        ("max", _or_none(max(values, default=None), trend.unit)),
        ("limits", limits.strip()),
        ("Cpk", "n/a" if trend.cpk is None else f"{trend.cpk:.2f}"),
        ("outliers", str(len(trend.outliers))),
        ("no reading", str(trend.missing)),
        *([("in another unit", str(trend.other_unit))] if trend.other_unit else []),
    ]


def drift_text(trend: Trend) -> str:
    """What the drift rule says, in a sentence."""
    found = trend.drift
    if found is None:
        return "too few units to tell a drift"
    if not found.trend:
        return f"no drift in the newest {found.n} (p = {found.p:.2g})"
    way = "rises" if found.slope_a_unit > 0 else "falls"
    said = (
        f"it {way} by {number_text(abs(found.slope_a_unit))} {trend.unit} a unit (newest {found.n}, p = {found.p:.2g})"
    )
    if found.crossing is None:
        return f"{said}; no limit within {DRIFT_AHEAD_UNITS} units"
    if found.crossing == 0:
        return f"DRIFT: {said}; it is at the limit {number_text(found.limit)} now"
    return f"DRIFT: {said}; beyond the limit {number_text(found.limit)} in about {found.crossing} units"


def _or_none(number: float | None, unit: str) -> str:
    return "n/a" if number is None else with_unit(number, unit)


def _draw(figure: Figure, trend: Trend) -> None:
    axis = figure.add_subplot()
    axis.plot(range(1, len(trend.points) + 1), trend.values, color="#adb5bd", lw=1, zorder=1)
    for verdict, (mark, colour) in _MARKS.items():
        at = [number for number, point in enumerate(trend.points, 1) if point.verdict == verdict]
        if at:
            values = [trend.points[number - 1].value for number in at]
            axis.plot(at, values, mark, ms=6, color=colour, label=verdict, zorder=3)
    if trend.outliers:
        axis.plot(
            [at + 1 for at in trend.outliers],
            [trend.points[at].value for at in trend.outliers],
            "o", ms=13, mfc="none", mec=_INK, label="outlier", zorder=2,
        )  # fmt: skip
    for limit, name in ((trend.low, "low"), (trend.high, "high")):
        if limit is not None:
            axis.axhline(
                limit, color=_LIMIT, lw=1.2, ls="--", label="limit" if name == "high" or trend.high is None else None
            )
    if trend.mean is not None:
        axis.axhline(trend.mean, color=_INK, lw=1, label="mean")
        if trend.spread:
            axis.axhspan(
                trend.mean - 3 * trend.spread,
                trend.mean + 3 * trend.spread,
                color="#4dabf7",
                alpha=0.12,
                lw=0,
                label="± 3 sd",
            )
    axis.set_xlabel("unit, in the order of the runs")
    axis.set_ylabel(f"{trend.measurement} ({trend.unit})")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=6, frameon=False, fontsize=9)


@lru_cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("davy.bench", "."),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    return environment.get_template("trend.html.j2")

"""The plots of a run, as inline SVG: concentration, alarm state, valve."""

from __future__ import annotations

import io
from collections.abc import Mapping

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from davy.codec import RunState
from davy.run.recorded import Recorded

#: Points of a curve on the page; more cannot be told apart.
_MOST_POINTS = 1_500
_INK, _TRUE, _TOLD = "#30343b", "#1f6feb", "#d9480f"
#: An axis shows at least this much, so that clean air looks like clean air.
_LEAST_TOP_PPM = {"methane": 500, "co": 20}
_STATES = ("starting", "preheat", "normal", "fault", "latched", "warning", "critical")
_STATE_COLOURS = {
    "starting": "#adb5bd", "preheat": "#a5d8ff", "normal": "#8ce99a", "fault": "#ffe066",
    "latched": "#ffa8a8", "warning": "#ff922b", "critical": "#e03131",
}  # fmt: skip
_SEGMENT_COLOURS = ("#e7f5ff", "#fff9db", "#f8f0fc", "#ebfbee")


def course_svg(recorded: Recorded, set_points: Mapping[str, tuple[int, ...]], has_co: bool) -> str:
    """One figure: methane, CO if fitted, run state, valve, over the same time."""
    rows = 4 if has_co else 3
    heights = [3.2, 2.0, 0.9, 0.7] if has_co else [3.2, 0.9, 0.7]
    figure, axes = plt.subplots(
        rows, 1, sharex=True, figsize=(10.5, sum(heights) + 1.2), gridspec_kw={"height_ratios": heights}, squeeze=False
    )
    scale, unit = _time_scale(recorded.duration_ms)
    column: list[Axes] = list(axes[:, 0])
    _gas(column[0], recorded, "methane", scale, set_points["methane"])
    if has_co:
        _gas(column[1], recorded, "co", scale, set_points["co"])
    _state(column[-2], recorded, scale)
    _valve(column[-1], recorded, scale)
    for axis in column:
        _segments(axis, recorded, scale)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlim(0, recorded.duration_ms / scale)
    column[-1].set_xlabel(f"virtual time ({unit})")
    figure.align_ylabels(column)
    figure.tight_layout(h_pad=0.6)
    return _svg(figure)


def _time_scale(duration_ms: int) -> tuple[float, str]:
    if duration_ms > 3 * 3_600_000:
        return 3_600_000.0, "h"
    return (60_000.0, "min") if duration_ms > 180_000 else (1000.0, "s")


def _gas(axis: Axes, recorded: Recorded, gas: str, scale: float, set_points: tuple[int, ...]) -> None:
    pick = slice(None, None, max(1, len(recorded.t_s) // _MOST_POINTS))
    if not recorded.segments:
        axis.plot(recorded.t_s[pick] * 1000 / scale, recorded.truth[gas][pick], color=_TRUE, label="in the room")
    told = [
        (t_ms / scale, ppm) for t_ms, state in recorded.states
        if (ppm := state.methane_ppm if gas == "methane" else state.co_ppm) is not None
    ]  # fmt: skip
    step = max(1, len(told) // _MOST_POINTS)
    if told:
        times, values = zip(*told[::step], strict=True)
        axis.plot(times, values, ".", ms=1.6, color=_TOLD, label="told by the board")
    _set_points(axis, set_points)
    axis.set_ylim(0, max(axis.get_ylim()[1], _LEAST_TOP_PPM[gas]))
    axis.set_ylabel(f"{'CH4' if gas == 'methane' else 'CO'} (ppm)")
    # Above the axes: inside, it would lie on set-points and on the names of segments.
    axis.legend(
        loc="lower right", bbox_to_anchor=(1, 0.99), ncols=2, fontsize=7, frameon=False, markerscale=3, borderaxespad=0
    )


def _set_points(axis: Axes, set_points: tuple[int, ...]) -> None:
    top = axis.get_ylim()[1]
    for ppm in set_points:
        if ppm < top * 1.6:
            axis.axhline(ppm, color=_INK, lw=0.8, ls="--")
            axis.annotate(
                f"set-point {ppm} ppm",
                (0.998, ppm),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize=7,
            )


def _state(axis: Axes, recorded: Recorded, scale: float) -> None:
    spans: list[tuple[int, int, str]] = []
    cuts = [event.t_ms for event in recorded.of_kind("power") if not event.data["on"]]
    for t_ms, state in recorded.states:
        name = RunState(state.run_state).name.lower()
        # A board without power has no state.
        last_ms = t_ms if not spans or any(spans[-1][1] <= cut <= t_ms for cut in cuts) else spans[-1][1]
        if spans and spans[-1][2] == name and last_ms != t_ms:
            spans[-1] = (spans[-1][0], t_ms, name)
        else:
            spans.append((last_ms, t_ms, name))
    for start, end, name in spans:
        axis.broken_barh([(start / scale, max(end - start, 1) / scale)], (0, 1), color=_STATE_COLOURS[name])
    seen = [name for name in _STATES if any(span[2] == name for span in spans)]
    handles = [Rectangle((0, 0), 1, 1, color=_STATE_COLOURS[name]) for name in seen]
    if handles:
        axis.legend(
            handles, seen, loc="upper center", bbox_to_anchor=(0.5, 1.55), ncols=len(seen), fontsize=7, frameon=False
        )
    axis.set_yticks([])
    axis.set_ylabel("state")


def _valve(axis: Axes, recorded: Recorded, scale: float) -> None:
    moves = [(0, False), *((event.t_ms, bool(event.data["open"])) for event in recorded.of_kind("valve"))]
    times = np.array([t_ms for t_ms, _ in moves] + [recorded.duration_ms]) / scale
    opened = np.array([is_open for _, is_open in moves] + [moves[-1][1]], dtype=float)
    axis.fill_between(times, opened, step="post", color="#74c0fc")
    axis.step(times, opened, where="post", color=_INK, lw=1)
    axis.set_ylim(-0.1, 1.2)
    axis.set_yticks([0, 1], ["shut", "open"])
    axis.set_ylabel("valve")


def _segments(axis: Axes, recorded: Recorded, scale: float) -> None:
    labels = list(dict.fromkeys(segment.label for segment in recorded.segments))
    for segment in recorded.segments:
        colour = _SEGMENT_COLOURS[labels.index(segment.label) % len(_SEGMENT_COLOURS)]
        axis.axvspan(segment.start_ms / scale, segment.end_ms / scale, color=colour, zorder=-2, lw=0)
        if axis.get_subplotspec() is not None and axis.get_ylabel().startswith("CH4"):
            middle = (segment.start_ms + segment.end_ms) / 2 / scale
            axis.annotate(
                segment.label, (middle, 0.96), xycoords=("data", "axes fraction"), ha="center", va="top", fontsize=8
            )


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    # A fixed salt and no date: the same run gives the same page.
    with plt.rc_context({"svg.hashsalt": "davy", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return text.getvalue().partition("<svg")[1] + text.getvalue().partition("<svg")[2]

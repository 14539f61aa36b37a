"""The conformity record as one self-contained page: clauses, margins, a plot of each course, versions, image hashes."""

from __future__ import annotations

import io
import math

import jinja2
import markupsafe
import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from davy.run.clause import READY_MS
from davy.run.conform import Conformity, Tried, to_dict

_COLUMNS = 4
_MOST_POINTS = 400


def to_html(conformity: Conformity) -> str:
    """The page's text."""
    record = to_dict(conformity)
    run = [each for each in conformity.tried if each.clause.scenario is not None]
    hello = next((event.data for each in run for event in each.recorded.events if event.kind == "hello"), {})
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("davy.run", "."), autoescape=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("conform.html.j2").render(
        **record,
        met=sum(each.measured.passed for each in conformity.tried),
        firmware=".".join(str(hello.get(f"firmware_{part}", "?")) for part in ("major", "minor", "patch")),
        courses=markupsafe.Markup(_courses(run)),
        images=sorted({(each.clause.profile, each.image_sha256) for each in run}),
    )


def _courses(run: list[Tried]) -> str:
    rows = max(1, math.ceil(len(run) / _COLUMNS))
    figure, axes = plt.subplots(rows, _COLUMNS, figsize=(13, 2.3 * rows), squeeze=False)
    for axis in axes.flat[len(run) :]:
        axis.set_visible(False)
    for axis, each in zip(axes.flat, run, strict=False):
        recorded = each.recorded
        gas = "co" if "CO" in each.clause.name else "methane"
        pick = slice(None, None, max(1, len(recorded.t_s) // _MOST_POINTS))
        minutes = (recorded.t_s[pick] * 1000 - READY_MS) / 60_000
        axis.plot(minutes, recorded.truth[gas][pick], color="#1f6feb", lw=1.2)
        for event in recorded.of_kind("siren"):
            if event.data["on"]:
                axis.axvline((event.t_ms - READY_MS) / 60_000, color="#e03131", lw=1)
                break
        axis.set_title(f"{each.clause.profile}: {each.clause.name}", fontsize=7)
        axis.tick_params(labelsize=6)
        axis.set_ylim(bottom=0)
        axis.set_xlabel("min", fontsize=6)
        axis.set_ylabel("ppm", fontsize=6)
    figure.suptitle("True concentration (blue) and the first sound of the siren (red)", fontsize=9)
    figure.tight_layout(rect=(0, 0, 1, 0.98))
    text = io.StringIO()
    with plt.rc_context({"svg.hashsalt": "davy", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    plt.close(figure)
    return "<svg" + text.getvalue().partition("<svg")[2]

"""Write firmware/safety/curve.py: the data-sheet curves as dense integer tables.

    python tools/curve_tables.py [--check]

The points are those of davy.board.curves, so that device and emulation share the data sheet and nothing else: the
firmware interpolates integers, the emulated sensor floats in log-log.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from davy.board.curves import MQ4, MQ4_CLIMATE, MQ7, MQ7_CLIMATE, TGS5042_DEGC, TGS5042_FACTOR, ClimateTable, GasCurve

TARGET = Path(__file__).resolve().parent.parent / "firmware" / "safety" / "curve.py"

_HEAD = """# Curves as integer tables: Rs/R0 in thousandths, falling, against ppm. Spaced so that straight lines between the
# points stay within 1 % of the data sheet's straight lines in log-log. Made by tools/curve_tables.py: do not edit.
from array import array

"""


def table(curve: GasCurve, most_ppm: float, points: int) -> tuple[list[int], list[int]]:
    """(Rs/R0 in thousandths, ppm), from where the curve meets clean air up to most_ppm."""
    dense_ppm = np.geomspace(0.1, most_ppm, 20_000)
    dense_ratio = curve.rs_r0(dense_ppm)
    starts = int(np.argmax(dense_ratio < curve.clean_air))
    ratios = np.geomspace(dense_ratio[starts], dense_ratio[-1], points)
    ppm = np.exp(
        np.interp(
            np.log(ratios[::-1]),
            np.log(dense_ratio[::-1][: -starts or None]),
            np.log(dense_ppm[::-1][: -starts or None]),
        )
    )[::-1]
    pairs = sorted(
        {round(float(ratio) * 1000): round(float(each)) for ratio, each in zip(ratios, ppm, strict=True)}.items()
    )
    return [ratio for ratio, _ in reversed(pairs)], [each for _, each in reversed(pairs)]


def _lines(name: str, values: list[int]) -> str:
    rows = [", ".join(str(value) for value in values[at : at + 16]) for at in range(0, len(values), 16)]
    body = "".join(f"        {row},\n" for row in rows)
    return f'{name} = array(\n    "i",\n    [\n{body}    ],\n)  # fmt: skip\n'


def render() -> str:
    """The module's text."""
    parts = [
        _HEAD,
        "# MQ-4, CH4; R0 = Rs at 1000 ppm, 20 degC, 65 %RH. Source: data/mq4_curve.csv of the hardware notes.\n",
    ]
    ratios, ppm = table(MQ4, 70_000, 64)
    parts += [_lines("MQ4_RATIO_PERMILLE", ratios), _lines("MQ4_PPM", ppm)]
    parts.append("\n# MQ-7, CO; R0 = Rs at 100 ppm, at the end of the 1.4 V phase. Source: data/mq7_curve.csv.\n")
    ratios, ppm = table(MQ7, 10_000, 64)
    parts += [_lines("MQ7_RATIO_PERMILLE", ratios), _lines("MQ7_PPM", ppm)]
    parts.append("# Rs/R0 of clean air: what the drift is measured by.\n")
    parts.append(f"MQ4_CLEAN_PERMILLE = {round(MQ4.clean_air * 1000)}\n")
    parts.append(
        "\n# Rs against 20 degC, 65 %RH, in thousandths: at 33 %RH and at 85 %RH. Source: data/mq4_climate.csv and\n"
        "# mq7_climate.csv, moved from the plots' reference of 33 %RH to the gas curves' of 65 %RH.\n"
    )
    parts += _climate("MQ4", MQ4_CLIMATE) + _climate("MQ7", MQ7_CLIMATE)
    parts.append("\n# Current of a TGS5042 against 20 degC, in thousandths. Source: data/tgs5042_temperature.csv.\n")
    parts.append(_short("TGS5042_CDEGC", [degc * 100 for degc in TGS5042_DEGC]))
    parts.append(_short("TGS5042_PERMILLE", [factor * 1000 for factor in TGS5042_FACTOR]))
    return "".join(parts)


def _short(name: str, values: Iterable[float]) -> str:
    return f'{name} = array("i", [{", ".join(str(round(value)) for value in values)}])\n'


def _climate(name: str, table: ClimateTable) -> list[str]:
    reference = table.factor(20.0, 33.0)
    dry = [value * reference * 1000 for value in table.rh33]
    wet = [value * reference * 1000 for value in table.rh85]
    points = _short(f"{name}_CLIMATE_CDEGC", [degc * 100 for degc in table.degc])
    return [points, _short(f"{name}_CLIMATE_DRY", dry), _short(f"{name}_CLIMATE_WET", wet)]


def main() -> int:
    """Exit status: 0 written or fresh, 1 stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the file is fresh")
    if not parser.parse_args().check:
        TARGET.write_text(render())
        return 0
    if TARGET.read_text() != render():
        print(f"{TARGET.name} is stale; run python tools/curve_tables.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

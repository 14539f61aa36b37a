"""Write firmware/safety/curve.py: the data-sheet curves as dense integer tables.

    python tools/curve_tables.py [--check]

The points are those of davy.board.curves, so that device and emulation share the data sheet and nothing else: the
firmware interpolates integers, the emulated sensor floats in log-log.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from davy.board.curves import MQ4, MQ7, GasCurve

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
    return "".join(parts)


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

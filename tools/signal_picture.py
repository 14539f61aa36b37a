"""Draw docs/signals.svg: what lamp and siren do in each state, ten seconds of it, out of firmware/safety/signals.py.

    python tools/signal_picture.py [--check]

`--check` writes nothing and exits with 1 when the picture is stale.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from protocol.messages import ENUMS
from safety import signals

TARGET = Path(__file__).resolve().parent.parent / "docs" / "signals.svg"
_LEFT, _STEP, _LANE, _ROW, _TOP = 190, 5, 8, 46, 34
_LANES = ((signals.GREEN, "#2f9e44"), (signals.YELLOW, "#f08c00"), (signals.RED, "#e03131"), (signals.SIREN, "#343a40"))


def _rows() -> list[tuple[str, bytes]]:
    states = ENUMS["run_state"]
    rows = [(states[state].replace("_", " "), pattern) for state, pattern in sorted(signals.PATTERNS.items())]
    rows.append(("critical, CO", signals.CO_CRITICAL))
    rows.append(("warning, low alarm", signals.LOW_ALARM))
    return rows


def _bars(pattern: bytes, bit: int, colour: str, y: int) -> str:
    parts = []
    start = None
    for at in range(len(pattern) + 1):
        lit = at < len(pattern) and bool(pattern[at] & bit)
        if lit and start is None:
            start = at
        elif not lit and start is not None:
            x, width = _LEFT + start * _STEP, (at - start) * _STEP
            parts.append(f'<rect x="{x}" y="{y}" width="{width}" height="{_LANE - 2}" fill="{colour}"/>')
            start = None
    return "".join(parts)


def render() -> str:
    """The picture's text."""
    rows = _rows()
    width, height = _LEFT + signals.STEPS * _STEP + 20, _TOP + _ROW * len(rows) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for second in range(11):
        x = _LEFT + second * 10 * _STEP
        parts.append(f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{height - 26}" stroke="#e9ecef"/>')
        parts.append(
            f'<text x="{x}" y="{_TOP - 12}" text-anchor="middle" font-size="11" fill="#868e96">{second} s</text>'
        )
    for index, (name, pattern) in enumerate(rows):
        top = _TOP + index * _ROW
        chirps = any(each & signals.CHIRP for each in pattern)
        parts.append(f'<text x="{_LEFT - 12}" y="{top + 20}" text-anchor="end" fill="#212529">{name}</text>')
        if chirps:
            note = "siren: a chirp each minute"
            parts.append(
                f'<text x="{_LEFT - 12}" y="{top + 34}" text-anchor="end" font-size="10" fill="#868e96">{note}</text>'
            )
        for lane, (bit, colour) in enumerate(_LANES):
            parts.append(_bars(pattern, bit, colour, top + 4 + lane * _LANE))
    keys = (("green lamp", "#2f9e44"), ("yellow lamp", "#f08c00"), ("red lamp", "#e03131"), ("siren", "#343a40"))
    for at, (name, colour) in enumerate(keys):
        x = _LEFT + at * 120
        parts.append(f'<rect x="{x}" y="{height - 20}" width="12" height="12" fill="{colour}"/>')
        parts.append(f'<text x="{x + 18}" y="{height - 10}" font-size="12" fill="#495057">{name}</text>')
    parts.append("</svg>\n")
    return "\n".join(parts)


def main() -> int:
    """Exit status: 0 written or fresh, 1 stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the picture is fresh")
    if not parser.parse_args().check:
        TARGET.write_text(render(), encoding="utf-8")
        return 0
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != render():
        print(f"{TARGET.name} is stale; run python tools/signal_picture.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""A label of 40 x 25 mm as dots of 300 to the inch: where its QR code and its lines stand, for every way of drawing it.

The code's text is the identifier and nothing else: the platform resolves it. It is a passive identifier: it can be copied.
"""

from __future__ import annotations

import importlib.util
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import segno
from PIL import ImageFont

DOTS_PER_INCH = 300
WIDTH_MM, HEIGHT_MM = 40, 25
WIDTH, HEIGHT = round(WIDTH_MM / 25.4 * DOTS_PER_INCH), round(HEIGHT_MM / 25.4 * DOTS_PER_INCH)

_MARGIN = 14
_QUIET_MODULES = 4  # of white around a QR code, by its standard
_CODE_BOX = 234  # with its white
_PRODUCT_DOTS, _SMALL_DOTS, _IDENTIFIER_DOTS = 29, 24, 40
_LEAST_DOTS = 15
_PRODUCT_COLUMNS, _PRODUCT_LINES = 14, 3


@dataclass(frozen=True)
class Line:
    """A line of text: left end and baseline, height of its font, its width as drawn with DejaVu Sans; all in dots."""

    text: str
    x: int
    baseline: int
    dots: int
    width: int
    bold: bool


@dataclass(frozen=True)
class Layout:
    """`matrix` holds the code's modules, true where dark, each of `module` dots; its top left corner is at x, y."""

    matrix: tuple[tuple[bool, ...], ...]
    module: int
    x: int
    y: int
    lines: tuple[Line, ...]

    def dark_runs(self) -> list[tuple[int, int, int]]:
        """(x, y, width) in dots of each run of dark modules in a row; its height is one module."""
        runs = []
        for row, modules in enumerate(self.matrix):
            start = None
            for column, dark in enumerate((*modules, False)):
                if dark and start is None:
                    start = column
                elif not dark and start is not None:
                    x, width = self.x + start * self.module, (column - start) * self.module
                    runs.append((x, self.y + row * self.module, width))
                    start = None
        return runs


def code_matrix(identifier: str) -> tuple[tuple[bool, ...], ...]:
    """The QR code of the identifier: error correction level M, the smallest that holds it."""
    code = segno.make_qr(identifier, error="m", boost_error=False)
    return tuple(tuple(bool(module) for module in row) for row in code.matrix)


def lay_out(public: dict[str, Any]) -> Layout:
    """Of a unit's public data: product, batch and date beside the code, the identifier across the foot."""
    matrix = code_matrix(public["identifier"])
    module = _CODE_BOX // (len(matrix) + 2 * _QUIET_MODULES)
    quiet = _QUIET_MODULES * module
    lines = []
    x, baseline = quiet * 2 + len(matrix) * module, quiet + _PRODUCT_DOTS - 6
    for text in _wrapped(public["product"]):
        lines.append(_line(text, x, baseline, _PRODUCT_DOTS, WIDTH - _MARGIN - x, bold=True))
        baseline += _PRODUCT_DOTS + 6
    facts = [f"batch {public['batch']}"] if public["batch"] else []
    baseline = quiet + len(matrix) * module - (len(facts)) * (_SMALL_DOTS + 6)
    for text in (*facts, f"made {public['made']}"):
        room = WIDTH - _MARGIN - x
        lines.append(_line(_cut(text, room), x, baseline, _SMALL_DOTS, room, bold=False))
        baseline += _SMALL_DOTS + 6
    lines += _identifier_lines(public["identifier"], _MARGIN + quiet // 2)
    return Layout(matrix, module, quiet, quiet, tuple(lines))


@lru_cache(maxsize=64)
def font(dots: int, bold: bool) -> ImageFont.FreeTypeFont:
    """DejaVu Sans, as it comes with matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    assert spec is not None and spec.origin is not None
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / name), dots)


def _identifier_lines(identifier: str, x: int) -> list[Line]:
    # Across the foot; a long one, which would be too small to read, on two lines.
    foot, room = HEIGHT - _MARGIN - 4, WIDTH - _MARGIN - x
    line = _line(identifier, x, foot - 4, _IDENTIFIER_DOTS, room, bold=True)
    if line.dots >= _SMALL_DOTS:
        return [line]
    prefix, _, serial = identifier.partition("/")
    upper = _line(prefix + "/", x, foot - _SMALL_DOTS, _SMALL_DOTS - 2, room, bold=True)
    return [upper, _line(serial, x, foot, _SMALL_DOTS - 2, room, bold=True)]


def _wrapped(product: str) -> list[str]:
    return textwrap.wrap(product, _PRODUCT_COLUMNS, max_lines=_PRODUCT_LINES, placeholder="...")


def _cut(text: str, room: int) -> str:
    # What can still be read in that place. The identifier is never cut.
    kept = text
    while font(_LEAST_DOTS, False).getlength(kept) > room:
        kept = kept[: -len("....")] + "..."
    return kept


def _line(text: str, x: int, baseline: int, dots: int, room: int, bold: bool) -> Line:
    # As tall as it may be, smaller when it is too long for its place.
    while (width := round(font(dots, bold).getlength(text))) > room:
        dots -= 1
    return Line(text, x, baseline, dots, width, bold)

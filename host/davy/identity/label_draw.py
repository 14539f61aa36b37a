"""The label as a picture (PNG), a drawing (SVG) and a printer's program (ZPL II, 300 dpi)."""

from __future__ import annotations

import io
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw

from davy.identity.label_layout import (
    DOTS_PER_INCH,
    HEIGHT,
    HEIGHT_MM,
    WIDTH,
    WIDTH_MM,
    Layout,
    font,
)

_WHITE, _BLACK, _MIDDLE = 255, 0, 128


def to_png(layout: Layout) -> bytes:
    """Black and white, without greys: a label printer has none."""
    picture = Image.new("L", (WIDTH, HEIGHT), _WHITE)
    draw = ImageDraw.Draw(picture)
    for line in layout.lines:
        draw.text((line.x, line.baseline), line.text, _BLACK, font(line.dots, line.bold), anchor="ls")
    picture = picture.point(lambda grey: _WHITE if grey >= _MIDDLE else _BLACK)
    draw = ImageDraw.Draw(picture)
    for x, y, width in layout.dark_runs():
        draw.rectangle((x, y, x + width - 1, y + layout.module - 1), _BLACK)
    out = io.BytesIO()
    picture.convert("1").save(out, "PNG", dpi=(DOTS_PER_INCH, DOTS_PER_INCH), optimize=True)
    return out.getvalue()


def to_svg(layout: Layout) -> bytes:
    """In its real size; a line keeps its width whatever font the viewer has."""
    path = "".join(f"M{x} {y}h{width}v{layout.module}h-{width}z" for x, y, width in layout.dark_runs())
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="DejaVu Sans, Verdana, sans-serif">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<path shape-rendering="crispEdges" d="{path}"/>',
    ]
    for line in layout.lines:
        weight = ' font-weight="bold"' if line.bold else ""
        parts.append(
            f'<text x="{line.x}" y="{line.baseline}" font-size="{line.dots}"{weight} textLength="{line.width}" '
            f'lengthAdjust="spacingAndGlyphs">{escape(line.text)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""]).encode()


def to_zpl(layout: Layout, identifier: str) -> bytes:
    """The printer makes the code itself: level M, the same modules' size."""
    parts = [
        "^XA",
        "^CI28",  # UTF-8
        f"^PW{WIDTH}",
        f"^LL{HEIGHT}",
        f"^FO{layout.x},{layout.y - _ZPL_CODE_DROP}^BQN,2,{layout.module}^FDMA,{identifier}^FS",
    ]
    for line in layout.lines:
        # Font 0 is narrower than DejaVu Sans: it is stretched to about its width, and never wider.
        width = max(1, line.width * 10 // (6 * len(line.text)))
        size = f"^A0N,{line.dots},{min(width, line.dots)}"
        parts.append(f"^FO{line.x},{line.baseline - line.dots}{size}^FH^FD{_zpl_text(line.text)}^FS")
    return "\n".join([*parts, "^XZ", ""]).encode()


#: Printers put a QR code ten dots below its origin.
_ZPL_CODE_DROP = 10


def _zpl_text(text: str) -> str:
    # Under ^FH these are given as their codes: they would start a command, or another code.
    return "".join(f"_{ord(sign):02X}" if sign in "^~_\\" else sign for sign in text)

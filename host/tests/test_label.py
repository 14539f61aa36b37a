"""A unit's label: the same identifier in the code, in the text and in the tag, each read back by something of another's making."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import ndef
import pytest
import segno
from PIL import Image

from davy.errors import InputError
from davy.identity import write_label
from davy.identity.label import label_files
from davy.identity.label_layout import HEIGHT, WIDTH, lay_out
from davy.identity.ndef import text_message

SHORT, LONG = "88.118.8/GA26000001", "88.118.888888888888888888888888/" + "G" * 32


def public(identifier: str = SHORT, **changes: str) -> dict[str, Any]:
    serial = identifier.partition("/")[2]
    texts = {"board": "virtual", "product": "davy gas alarm CH4 + CO", "batch": "2026-W30", "made": "2026-07-01"}
    return {"schema": 1, "identifier": identifier, "serial": serial, **texts, **changes}


def picture(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def modules_in(image: Image.Image) -> list[list[bool]]:
    """The code's modules, by the centre of each: found in the picture alone, from the finder pattern at its top left."""
    grey = image.convert("L")
    dark = [[grey.getpixel((x, y)) == 0 for x in range(grey.width)] for y in range(grey.height)]
    top, left = next((y, x) for y in range(grey.height) for x in range(grey.width) if dark[y][x])
    run = next(x for x in range(left, grey.width) if not dark[top][x]) - left
    module = run // 7  # a finder pattern is seven modules wide
    assert run == 7 * module
    # Its left column of modules ends with the finder pattern at the bottom left.
    bottom = max(
        y for y in range(top, top + 60 * module) if y < grey.height and dark[y][left] and dark[y][left + run - 1]
    )
    size = (bottom - top + 1) // module
    half = module // 2
    return [
        [dark[top + row * module + half][left + column * module + half] for column in range(size)]
        for row in range(size)
    ]


@pytest.mark.parametrize("identifier", [SHORT, LONG, "88.1.2/A"])
def test_the_code_in_the_picture_is_the_identifiers_at_level_m(identifier: str) -> None:
    read = modules_in(picture(label_files(public(identifier))["label.png"]))
    expected = segno.make(identifier, error="m", micro=False, boost_error=False)
    assert expected.error == "M"
    assert read == [[bool(module) for module in row] for row in expected.matrix]


def test_another_identifier_is_another_code() -> None:
    assert modules_in(picture(label_files(public())["label.png"])) != modules_in(
        picture(label_files(public("88.118.8/GA26000002"))["label.png"])
    )


@pytest.mark.parametrize("identifier", [SHORT, LONG])
def test_the_picture_is_a_label_of_40_by_25_mm_with_white_around_its_code(identifier: str) -> None:
    image = picture(label_files(public(identifier))["label.png"])
    assert (image.width, image.height) == (472, 295)
    assert image.mode == "1"
    assert [round(value) for value in image.info["dpi"]] == [300, 300]
    layout = lay_out(public(identifier))
    quiet, size = 4 * layout.module, len(layout.matrix) * layout.module
    box = (layout.x - quiet, layout.y - quiet, layout.x + size + quiet, layout.y + size + quiet)
    assert box[0] >= 0 and box[1] >= 0
    around = image.convert("L").crop(box)
    around.paste(255, (quiet, quiet, quiet + size, quiet + size))
    assert around.getextrema() == (255, 255), "nothing in the quiet zone"


@pytest.mark.parametrize(
    "unit",
    [public(), public(LONG), public(product="W" * 40, batch="W" * 40), public(batch="")],
    ids=["usual", "long", "wide", "bare"],
)
def test_every_line_of_text_is_drawn_inside_the_label_and_apart_from_the_others(unit: dict[str, Any]) -> None:
    lines = lay_out(unit).lines
    for line in lines:
        assert line.x + line.width <= WIDTH
        assert line.dots >= 12, "1 mm"
        assert line.dots < line.baseline <= HEIGHT - line.dots // 4
    for upper in lines:
        for lower in lines:
            assert upper is lower or abs(upper.baseline - lower.baseline) >= min(upper.dots, lower.dots)


def test_drawing_printer_program_and_picture_carry_the_same_texts(tmp_path: Path) -> None:
    files = label_files(public(product='A & B <"C">'))
    drawing = ElementTree.fromstring(files["label.svg"])
    assert (drawing.get("width"), drawing.get("height")) == ("40mm", "25mm")
    texts = [element.text for element in drawing.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ['A & B <"C">', "batch 2026-W30", "made 2026-07-01", SHORT]
    program = files["label.zpl"].decode()
    assert program.startswith("^XA\n")
    assert program.endswith("^XZ\n")
    assert re.findall(r"\^FD(.*?)\^FS", program) == [f"MA,{SHORT}", *texts]
    assert "^BQN,2,8^FDMA," in program


def test_the_drawings_code_is_the_pictures() -> None:
    files = label_files(public())
    image = picture(files["label.png"]).convert("L")
    (path,) = re.findall(r'<path[^>]* d="([^"]+)"', files["label.svg"].decode())
    dark = set()
    for x, y, width, height in re.findall(r"M(\d+) (\d+)h(\d+)v(\d+)h-\d+z", path):
        dark |= {(int(x) + dx, int(y) + dy) for dx in range(int(width)) for dy in range(int(height))}
    layout = lay_out(public())
    size = range(len(layout.matrix) * layout.module)
    for dy in size:
        for dx in size:
            point = (layout.x + dx, layout.y + dy)
            assert (image.getpixel(point) == 0) == (point in dark)


def test_signs_that_would_steer_a_printer_are_given_as_codes() -> None:
    program = label_files(public(product="a^b~c_d", batch="\\&"))["label.zpl"].decode()
    assert "^FDa_5Eb_7Ec_5Fd^FS" in program
    assert "^FDbatch _5C&^FS" in program
    assert "~" not in program


@pytest.mark.parametrize("identifier", [SHORT, LONG])
def test_the_tag_says_the_identifier_to_another_decoder(identifier: str) -> None:
    (record,) = list(ndef.message_decoder(label_files(public(identifier))["ndef.bin"]))
    assert isinstance(record, ndef.TextRecord)
    assert (record.text, record.language, record.encoding) == (identifier, "en", "UTF-8")


def test_a_text_too_long_for_a_short_record_is_refused() -> None:
    assert len(list(ndef.message_decoder(text_message("x" * 252)))) == 1
    with pytest.raises(ValueError, match="at most 255"):
        text_message("x" * 253)


def test_the_same_unit_gives_the_same_label() -> None:
    assert label_files(public()) == label_files(public())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "cannot be read as JSON"),
        ('{"schema": 2}', "is no unit"),
        ('{"schema": 1}', "identifier: is no text"),
        (
            '{"schema":1,"identifier":"GA1","serial":"","board":"","product":"","batch":"","made":""}',
            "'GA1' will not do",
        ),
    ],
)
def test_a_folder_that_is_no_units_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "unit.json").write_text(content)
    with pytest.raises(InputError) as refused:
        write_label(tmp_path)
    assert said in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["unit.json"]

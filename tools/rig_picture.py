"""Draw docs/rig.svg: how a rig stands between its host and a device, out of boards/rig_esp32/wiring.toml.

    python tools/rig_picture.py [--check]

`--check` writes nothing and exits with 1 when the picture is stale.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from davy.bench.wiring import Wiring, load_wiring

TARGET = Path(__file__).resolve().parent.parent / "docs" / "rig.svg"
_CHIP_X, _PIN_X, _PART_X, _PART_WIDTH, _DEVICE_X, _WIDTH = 20, 190, 280, 330, 720, 1000
_TOP, _ROW, _GAP = 66, 26, 14
_STIMULUS, _SWITCH, _SENSE, _SERIAL = "#1971c2", "#e8590c", "#2f9e44", "#6741d9"
#: What each line is at the device.
_DEVICE = {
    "methane_uv": "ADC pin of the methane sensor",
    "co_uv": "ADC pin of the CO sensor",
    "methane_heater_uv": "methane heater's shunt pin",
    "co_heater_uv": "CO heater's shunt pin",
    "power": "supply, 5 V",
    "coil_broken": "valve coil, in series",
    "button": "button, across its contacts",
    "tamper": "case switch, across its contacts",
    "reset": "EN to ground",
    "boot": "GPIO0 to ground",
    "contact": "valve's contact, in its place",
    "siren": "siren, across it",
    "green": "green lamp's pin and ground",
    "yellow": "yellow lamp's pin and ground",
    "red": "red lamp's pin and ground",
    "coil": "valve coil, across it",
}
#: Series resistor of an optocoupler's diode: about 4 mA at what is across it, less 1.2 V.
_OPTO_OHM = {
    "power": "1k",
    "coil": "2.7k",
    "siren": "1k",
    "green": "470",
    "yellow": "470",
    "red": "470",
    "contact": "1k",
}
_CHANNELS = "ABCD"


@dataclass(frozen=True)
class _Row:
    """One line from the chip's pin ("" for none) through a part to the device ("" for none); `back` points to the chip."""

    pin: str
    part: str
    device: str
    colour: str
    back: bool = False


def _stimuli(tables: dict[str, Any]) -> list[_Row]:
    bus, dac = tables["i2c"], tables["dac"]
    rows = [
        _Row(f"GPIO{bus['sda_pin']} SDA", f"MCP4728 at 0x{dac['address']:02x}, supply 3.3 V", "", _STIMULUS),
        _Row(f"GPIO{bus['scl_pin']} SCL", "4.7k from SDA and SCL to 3.3 V", "", _STIMULUS),
    ]
    loops = {name.replace("_loop", ""): part["pin"] for name, part in tables["adc"].items() if "_loop" in name}
    for name, part in dac.items():
        if isinstance(part, dict):
            channel = f"channel {_CHANNELS[part['channel']]}, 1k in series"
            rows.append(_Row("", channel, _DEVICE[name], _STIMULUS))
            if name in loops:
                loop = f"channel {_CHANNELS[part['channel']]} back, before the 1k"
                rows.append(_Row(f"GPIO{loops[name]} ADC", loop, "", _STIMULUS, back=True))
    return rows


def _switches(tables: dict[str, Any]) -> list[_Row]:
    rows = []
    for name, part in tables["switch"].items():
        if name == "power":
            through = "relay module, normally open"
        elif name == "coil_broken":
            through = "relay module, normally closed"
        else:
            through = "330 to PC817, its transistor switches"
        rows.append(_Row(f"GPIO{part['pin']}", through, _DEVICE[name], _SWITCH))
    if "contact" in tables:
        through = "330 to PC817, its transistor switches"
        rows.append(_Row(f"GPIO{tables['contact']['pin']}", through, _DEVICE["contact"], _SWITCH))
    return rows


def _senses(tables: dict[str, Any]) -> list[_Row]:
    rows = []
    for name, part in tables["input"].items():
        pull = ", 10k to 3.3 V" if part["pin"] >= 34 else ""
        kick = ", 1N4148 against its diode" if name in ("coil", "siren") else ""
        through = f"{_OPTO_OHM[name]} to PC817{kick}{pull}"
        rows.append(_Row(f"GPIO{part['pin']}", through, _DEVICE[name], _SENSE, back=True))
    for name, part in tables["adc"].items():
        if "_loop" not in name:
            ohms = f"{part['divider_top_ohm'] // 1000}k / {part['divider_bottom_ohm'] // 1000}k divider"
            rows.append(_Row(f"GPIO{part['pin']} ADC", ohms, "supply, behind the relay", _SENSE, back=True))
    if "current" in tables:
        part = tables["current"]
        through = f"INA219 at 0x{part['address']:02x}, {part['shunt_mohm'] / 1000:g} ohm"
        rows.append(_Row("SDA, SCL", through, "12 V to the valve coil", _SENSE, back=True))
    return rows


def _serial(tables: dict[str, Any]) -> list[_Row]:
    module = tables.get("co_module")
    if module is None:
        return []
    return [
        _Row(f"GPIO{module['tx_pin']} TX", "1k in series", "RX of the CO module's UART", _SERIAL),
        _Row(f"GPIO{module['rx_pin']} RX", "1k in series", "TX of the CO module's UART", _SERIAL, back=True),
    ]


def _line(x1: int, x2: int, y: int, colour: str, back: bool) -> str:
    tip = (x1, x1 + 8) if back else (x2, x2 - 8)
    head = f'<path d="M{tip[0]} {y} L{tip[1]} {y - 4} L{tip[1]} {y + 4} Z" fill="{colour}"/>'
    return f'<line x1="{x1}" y1="{y}" x2="{x2}" y2="{y}" stroke="{colour}" stroke-width="1.5"/>' + head


def _text(x: int, y: int, text: str, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" {more}fill="#212529">{text}</text>'


def _draw(row: _Row, y: int) -> str:
    middle = y + _ROW // 2
    parts = [
        f'<rect x="{_PART_X}" y="{y + 3}" width="{_PART_WIDTH}" height="{_ROW - 6}" rx="4" fill="white" stroke="{row.colour}"/>',
        _text(_PART_X + 10, middle + 4, row.part),
    ]
    if row.pin:
        parts += [
            _text(_PIN_X - 8, middle + 4, row.pin, "end"),
            _line(_PIN_X, _PART_X, middle, row.colour, row.back),
        ]
    if row.device:
        parts += [
            _line(_PART_X + _PART_WIDTH, _DEVICE_X, middle, row.colour, row.back),
            _text(_DEVICE_X + 10, middle + 4, row.device),
        ]
    return "".join(parts)


def render(wiring: Wiring) -> str:
    """The picture's text."""
    groups = [_stimuli(wiring.tables), _switches(wiring.tables), _senses(wiring.tables), _serial(wiring.tables)]
    body, y = [], _TOP + _GAP
    for group in groups:
        for row in group:
            body.append(_draw(row, y))
            y += _ROW
        y += _GAP
    height = y + 50
    boxes = [
        f'<rect x="{_CHIP_X}" y="{_TOP}" width="{_PIN_X - _CHIP_X}" height="{y - _TOP}" rx="8" fill="#f1f3f5" stroke="#495057"/>',
        f'<rect x="{_DEVICE_X}" y="{_TOP}" width="{_WIDTH - _DEVICE_X - 20}" height="{y - _TOP}" rx="8" fill="#fff9db" '
        'stroke="#495057"/>',
        _text((_CHIP_X + _PIN_X) // 2, _TOP - 30, "rig: ESP32 DevKit", "middle", 'font-weight="bold" '),
        _text((_CHIP_X + _PIN_X) // 2, _TOP - 12, "USB to the host", "middle"),
        _text(_PART_X + _PART_WIDTH // 2, _TOP - 12, "between them", "middle", 'font-weight="bold" '),
        _text((_DEVICE_X + _WIDTH - 20) // 2, _TOP - 30, "device", "middle", 'font-weight="bold" '),
        _text((_DEVICE_X + _WIDTH - 20) // 2, _TOP - 12, "its own USB or RS-485 to the host", "middle"),
    ]
    keys = (("stimulus", _STIMULUS), ("switched by the rig", _SWITCH), ("seen by the rig", _SENSE), ("serial", _SERIAL))
    for at, (name, colour) in enumerate(keys):
        x = _CHIP_X + at * 170
        boxes += [
            f'<rect x="{x}" y="{height - 32}" width="14" height="14" fill="{colour}"/>',
            _text(x + 20, height - 20, name),
        ]
    boxes.append(_text(_WIDTH - 20, height - 20, "all grounds joined; every coil with a diode across it", "end"))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="sans-serif" font-size="13">'
    return "\n".join([head, f'<rect width="{_WIDTH}" height="{height}" fill="white"/>', *boxes, *body, "</svg>\n"])


def main() -> int:
    """Exit status: 0 written or fresh, 1 stale."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only look whether the picture is fresh")
    picture = render(load_wiring())
    if not parser.parse_args().check:
        TARGET.write_text(picture, encoding="utf-8")
        return 0
    if not TARGET.exists() or TARGET.read_text(encoding="utf-8") != picture:
        print(f"{TARGET.name} is stale; run python tools/rig_picture.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

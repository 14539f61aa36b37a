"""What a board file may ask of its chip: pins, ADC inputs, voltages."""

from __future__ import annotations

from typing import Any

from davy.errors import InputError
from davy.image.chips import Chip

#: The ESP32's ADC is linear up to here at 11 dB (the hardware notes); above, readings bend.
ADC_LINEAR_CEILING_UV = 2_450_000
_LAMPS = ("lamp.green_pin", "lamp.yellow_pin", "lamp.red_pin")
_BUS = ("climate.sda_pin", "climate.scl_pin")
_OUTPUTS = ("co.heater_pin", "valve.relay_pin", "siren.pin", *_LAMPS, "serial.tx_pin", "co.tx_pin", *_BUS)
_ANALOGUE = (
    "methane.adc_pin",
    "co.adc_pin",
    "methane.heater_sense_pin",
    "co.heater_sense_pin",
    "valve.coil_pin",
    "reference.adc_pin",
)
_INPUTS = (*_ANALOGUE, "valve.feedback_pin", "button.pin", "tamper.pin", "serial.rx_pin", "co.rx_pin")


def check_pins(values: dict[str, Any], chip: Chip, where: str) -> None:
    """Each pin free, used once, and able to do its job. Raises InputError."""
    used: dict[int, str] = {}
    for name in (*_OUTPUTS, *_INPUTS):
        table, key = name.split(".")
        pin = values.get(table, {}).get(key)
        if pin is None:
            continue
        place = f"{where}: {name}"
        if pin not in chip.pads:
            raise InputError(place, f"GPIO{pin} is not a free pin of the {chip.name}", f"free are {_ranges(chip.pads)}")
        if pin in used:
            raise InputError(place, f"GPIO{pin} is taken by {used[pin]}", "one pin for one part")
        used[pin] = name
        if name in _OUTPUTS and pin in chip.input_only:
            raise InputError(place, f"GPIO{pin} is input only", f"not {_ranges(chip.input_only)}")
        if name in _ANALOGUE and pin not in chip.adc1:
            hint = f"ADC1 is {_ranges(chip.adc1)}; ADC2 fails while Wi-Fi is on"
            raise InputError(place, f"GPIO{pin} is not on ADC1", hint)
        if name == "valve.relay_pin" and pin in chip.strapping:
            hint = f"it glitches at reset: any but {_ranges(chip.strapping)}"
            raise InputError(place, f"GPIO{pin} is a strapping pin", hint)


def check_uarts(values: dict[str, Any], where: str) -> None:
    """One UART for one line. Raises InputError."""
    ours, theirs = values.get("serial", {}).get("uart"), values.get("co", {}).get("uart")
    if ours is not None and ours == theirs:
        raise InputError(f"{where}: co.uart", f"UART{theirs} is taken by serial.uart", f"uart = {3 - theirs}")


def check_divider(supply_uv: int, top_ohm: int, bottom_ohm: int, where: str) -> None:
    """A shorted sensor puts the whole supply on the divider: the pin must bear it. Raises InputError."""
    highest_uv = supply_uv * bottom_ohm // (top_ohm + bottom_ohm)
    if highest_uv > ADC_LINEAR_CEILING_UV:
        raise InputError(
            f"{where}.divider_top_ohm",
            f"lets {highest_uv / 1e6:.2f} V reach the pin",
            f"divide to {ADC_LINEAR_CEILING_UV / 1e6:.2f} V at most",
        )


def _ranges(pins: tuple[int, ...]) -> str:
    """`0..5, 12..19` for a sorted tuple."""
    parts: list[list[int]] = []
    for pin in sorted(pins):
        if parts and parts[-1][-1] == pin - 1:
            parts[-1].append(pin)
        else:
            parts.append([pin])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}..{part[-1]}" for part in parts)

"""What a wiring may ask of its chip: each pin once, and able to do its job."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from davy.errors import InputError
from davy.image.boardcheck import ADC_LINEAR_CEILING_UV
from davy.image.chips import CHIPS

#: Pins of the console, which is the rig's line to its host.
_CONSOLE = {"esp32": (1, 3), "esp32s3": (43, 44)}
#: Strapping pins that an input may pull down at a start: they pick the boot log and the timing of SDIO, not what is booted.
_HARMLESS_DOWN = {"esp32": (5, 15), "esp32s3": ()}
#: A device's supply, with room for a 5 V one that is high.
_HIGHEST_SUPPLY_UV = 5_500_000


def named_pins(tables: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """(job, key, pin) of every pin that the file names; jobs are bus, output, input and analogue."""
    bus, module, contact = tables.get("i2c", {}), tables.get("co_module", {}), tables.get("contact", {})
    for key in ("sda_pin", "scl_pin"):
        if key in bus:
            yield "bus", f"i2c.{key}", bus[key]
    for name, part in tables.get("switch", {}).items():
        yield "output", f"switch.{name}.pin", part["pin"]
    if contact:
        yield "output", "contact.pin", contact["pin"]
    if module:
        yield "output", "co_module.tx_pin", module["tx_pin"]
        yield "input", "co_module.rx_pin", module["rx_pin"]
    for name, part in tables.get("input", {}).items():
        yield "input", f"input.{name}.pin", part["pin"]
    for name, part in tables.get("adc", {}).items():
        yield "analogue", f"adc.{name}.pin", part["pin"]


def check_pins(tables: dict[str, Any], mcu: str, where: str) -> None:
    """Each pin free, used once, and able to do its job. Raises InputError."""
    chip = CHIPS[mcu]
    used: dict[int, str] = {}
    for job, key, pin in named_pins(tables):
        place = f"{where}: {key}"
        if pin not in chip.pads:
            raise InputError(place, f"GPIO{pin} is not a free pin of the {chip.name}", f"free are {_list(chip.pads)}")
        if pin in _CONSOLE[mcu]:
            raise InputError(place, f"GPIO{pin} is the console, the rig's line to its host", "any other")
        if pin in used:
            raise InputError(place, f"GPIO{pin} is taken by {used[pin]}", "one pin for one part")
        used[pin] = key
        if job in ("output", "bus") and pin in chip.input_only:
            raise InputError(place, f"GPIO{pin} is input only", f"not {_list(chip.input_only)}")
        if job == "analogue" and pin not in chip.adc1:
            raise InputError(place, f"GPIO{pin} is not on ADC1", f"ADC1 is {_list(chip.adc1)}")
        harmless = job == "input" and pin in _HARMLESS_DOWN[mcu]
        if pin in chip.strapping and not harmless:
            hint = f"it glitches or picks the boot mode at reset: any but {_list(chip.strapping)}"
            raise InputError(place, f"GPIO{pin} is a strapping pin", hint)


def check_parts(values: dict[str, Any], where: str) -> None:
    """Parts that need or exclude each other, channels used once, voltages that the pins bear. Raises InputError."""
    for name in ("dac", "current"):
        if name in values and "i2c" not in values:
            raise InputError(f"{where}: [{name}]", "has no bus", "add [i2c]")
    channels: dict[int, str] = {}
    for name, part in values.get("dac", {}).items():
        if isinstance(part, dict):
            if part["channel"] in channels:
                taken = channels[part["channel"]]
                raise InputError(
                    f"{where}: dac.{name}.channel",
                    f"{part['channel']} is taken by {taken}",
                    "one channel for one stimulus",
                )
            channels[part["channel"]] = name
    for name, part in values.get("adc", {}).items():
        if not name.endswith("_loop_uv"):
            _check_divider(part, f"{where}: adc.{name}")
        elif name.replace("_loop", "") not in channels.values():
            raise InputError(
                f"{where}: adc.{name}", "loops back what the DAC does not give", f"add [dac.{name[:-8]}_uv]"
            )
    _check_valve(values, where)


def _check_divider(part: dict[str, int], place: str) -> None:
    top, bottom = part["divider_top_ohm"], part["divider_bottom_ohm"]
    highest_uv = _HIGHEST_SUPPLY_UV * bottom // (top + bottom)
    if highest_uv > ADC_LINEAR_CEILING_UV:
        raise InputError(
            f"{place}.divider_top_ohm",
            f"lets {highest_uv / 1e6:.2f} V of a {_HIGHEST_SUPPLY_UV / 1e6:.1f} V supply reach the pin",
            f"divide to {ADC_LINEAR_CEILING_UV / 1e6:.2f} V at most",
        )


def _check_valve(values: dict[str, Any], where: str) -> None:
    if values["valve"] == "real":
        if "contact" in values:
            raise InputError(
                f"{where}: [contact]", "is for an emulated valve", "a real one's contact is [input.contact]"
            )
        return
    if "contact" in values.get("input", {}):
        raise InputError(f"{where}: [input.contact]", "is of a real valve", "an emulated one's is [contact]")
    if "contact" in values and "coil" not in values.get("input", {}):
        raise InputError(f"{where}: [contact]", "follows a coil that nothing sees", "add [input.coil]")


def _list(pins: tuple[int, ...]) -> str:
    return ", ".join(map(str, pins))

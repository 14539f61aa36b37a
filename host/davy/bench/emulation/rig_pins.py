"""What is what on a rig, out of its wiring file: the part that its surroundings need to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class RigPins:
    """`switches` and `inputs`: name to (pin, active level). `stimuli`: name to DAC channel. `dividers`: reading to (pin, top, bottom ohm).

    `contact` is the (pin, level that closes it) of an emulated valve's contact, `co_uart` the UART of an emulated CO module, both
    None where the rig has none.
    """

    i2c: int = 0
    dac_address: int | None = None
    sense_address: int | None = None
    shunt_mohm: int = 100
    switches: dict[str, tuple[int, int]] = field(default_factory=dict)
    inputs: dict[str, tuple[int, int]] = field(default_factory=dict)
    stimuli: dict[str, int] = field(default_factory=dict)
    dividers: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    contact: tuple[int, int] | None = None
    co_uart: int | None = None

    @classmethod
    def of(cls, tables: Mapping[str, Any]) -> RigPins:
        """From the tables of a wiring file that has been found right (boards/rig_esp32/wiring.toml explains them)."""
        dac, current = tables.get("dac"), tables.get("current")
        contact, module = tables.get("contact"), tables.get("co_module")
        return cls(
            i2c=tables.get("i2c", {}).get("i2c", 0),
            dac_address=dac["address"] if dac else None,
            sense_address=current["address"] if current else None,
            shunt_mohm=current["shunt_mohm"] if current else 100,
            switches={name: (each["pin"], each["active"]) for name, each in tables.get("switch", {}).items()},
            inputs={name: (each["pin"], each["active"]) for name, each in tables.get("input", {}).items()},
            stimuli={name: each["channel"] for name, each in (dac or {}).items() if isinstance(each, dict)},
            dividers={
                name: (each["pin"], each["divider_top_ohm"], each["divider_bottom_ohm"])
                for name, each in tables.get("adc", {}).items()
            },
            contact=(contact["pin"], contact["active"]) if contact else None,
            co_uart=module["uart"] if module else None,
        )

    @property
    def driven(self) -> dict[int, tuple[str, int]]:
        """Output pins: pin to (name, active level); the contact among them as `contact`."""
        pins = {pin: (name, active) for name, (pin, active) in self.switches.items()}
        if self.contact is not None:
            pins[self.contact[0]] = ("contact", self.contact[1])
        return pins

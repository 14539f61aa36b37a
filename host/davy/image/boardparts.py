"""The parts a board may have, each with what its data says of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SCHEMA = 1


@dataclass(frozen=True)
class MqSensor:
    """A heated metal-oxide sensor: supply, load and divider of its circuit, R0 of its calibration.

    The pin sees supply * load / (Rs + load) * bottom / (top + bottom).
    """

    part: str
    adc_pin: int
    supply_uv: int
    load_ohm: int
    r0_ohm: int
    divider_top_ohm: int
    divider_bottom_ohm: int
    heater_pin: int | None = None
    heater_sense_pin: int | None = None
    heater_sense_low_uv: int | None = None
    heater_sense_high_uv: int | None = None


@dataclass(frozen=True)
class SerialSensor:
    """A CO module that tells its own reading over a UART (ZE07-CO)."""

    part: str
    uart: int
    tx_pin: int
    rx_pin: int


@dataclass(frozen=True)
class CellSensor:
    """An electrochemical CO cell behind a transimpedance amplifier: pin = bias + ppm * sensitivity * gain.

    The sensitivity is the type's; each cell's own is part of its calibration.
    """

    part: str
    adc_pin: int
    bias_uv: int
    gain_ohm: int
    sensitivity_pa_per_ppm: int


CoSensor = MqSensor | SerialSensor | CellSensor


@dataclass(frozen=True)
class Climate:
    """Temperature and humidity over I2C."""

    part: str
    i2c: int
    sda_pin: int
    scl_pin: int


@dataclass(frozen=True)
class Reference:
    """A known voltage at an ADC input, and what it may read as."""

    adc_pin: int
    low_uv: int
    high_uv: int


@dataclass(frozen=True)
class Tamper:
    """A switch that the open case closes."""

    pin: int
    active: int = 0


@dataclass(frozen=True)
class Valve:
    """The gas valve: its relay, the contact that tells where it stands, its coil's current (None: not fitted)."""

    kind: str
    relay_pin: int
    relay_active: int
    feedback_pin: int | None = None
    feedback_closed: int = 1
    coil_pin: int | None = None
    coil_low_uv: int | None = None
    coil_high_uv: int | None = None


@dataclass(frozen=True)
class Siren:
    """The sounder's output."""

    pin: int
    active: int = 1


@dataclass(frozen=True)
class Lamp:
    """Green: monitoring; yellow: fault; red: alarm."""

    green_pin: int
    yellow_pin: int
    red_pin: int
    active: int = 1


@dataclass(frozen=True)
class Button:
    """The button at the device."""

    pin: int
    active: int = 0


@dataclass(frozen=True)
class Serial:
    """The wired line."""

    uart: int
    tx_pin: int
    rx_pin: int
    baud: int


@dataclass(frozen=True)
class BoardSpec:
    """One board. `co` is None on the low tier, which measures methane only."""

    name: str
    description: str
    mcu: str
    tier: str
    profile: str
    methane: MqSensor
    valve: Valve
    siren: Siren
    lamp: Lamp
    button: Button
    co: CoSensor | None = None
    climate: Climate | None = None
    reference: Reference | None = None
    tamper: Tamper | None = None
    serial: Serial | None = None

    def to_json_bytes(self) -> bytes:
        """/board.json; the same board gives the same bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True, ensure_ascii=False).encode()

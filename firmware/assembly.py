# Makes the parts and drivers that a board's data names. A part that cannot be used is left out, told, and a fault, so that
# what still works goes on.
from drivers.adc import AdcInput, NoAdc, PeakInput
from drivers.climate import PARTS as CLIMATE_PARTS
from drivers.heater import Heater
from drivers.pins import Input, NoInput, NoOutput, NoSwitch, Output, Signals
from drivers.ze07 import Ze07
from safety.climate import Climate
from safety.co_cell import CellCircuit, CoCell
from safety.co_cycle import CoCycle
from safety.co_serial import CoSerial
from safety.concentration import SHORT_PERMILLE, Circuit, MqReading
from safety.curve import (
    MQ4_CLEAN_PERMILLE,
    MQ4_CLIMATE_CDEGC,
    MQ4_CLIMATE_DRY,
    MQ4_CLIMATE_WET,
    MQ4_PPM,
    MQ4_RATIO_PERMILLE,
    MQ7_CLIMATE_CDEGC,
    MQ7_CLIMATE_DRY,
    MQ7_CLIMATE_WET,
    MQ7_PPM,
    MQ7_RATIO_PERMILLE,
    TGS5042_CDEGC,
    TGS5042_PERMILLE,
)
from safety.probe import CoilWatch, Probe
from safety.supervision import ClimateCurve
from safety.valve import KINDS as VALVE_KINDS
from safety.valve import HeldValve

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STEP_MS = 100
_MOST_FOLD = 4  # a unit's R0 is within this factor of its type's


def calibrated(sensor: dict, calibration: "dict | None", key: str) -> int:
    # The unit's own number for its sensor; 0, which no circuit takes, when there is none that can be this sensor's.
    if not calibration or calibration.get("part") != sensor["part"]:
        return 0
    value = calibration.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    nominal = sensor[key]
    return value if nominal // _MOST_FOLD <= value <= nominal * _MOST_FOLD else 0


def _mq(sensor: dict, calibration: "dict | None") -> Circuit:
    return Circuit(
        sensor["supply_uv"],
        sensor["load_ohm"],
        calibrated(sensor, calibration, "r0_ohm"),
        sensor["divider_top_ohm"],
        sensor["divider_bottom_ohm"],
    )


def _probe(sensor: "dict | None", prefix: str) -> "Probe | None":
    if not sensor or sensor.get(prefix + "_pin") is None:
        return None
    return Probe(sensor[prefix + "_low_uv"], sensor[prefix + "_high_uv"])


def _reference(reference: "dict | None") -> "Probe | None":
    return Probe(reference["low_uv"], reference["high_uv"]) if reference else None


def _co(board: dict, profile: dict, calibration: dict, stuck_samples: int) -> tuple:
    # (the sensor, its climate curve or None)
    co = board.get("co")
    if not co:
        return CoCycle(None, 0), None
    own = calibration.get("co")
    if co["part"] == "ze07":
        return CoSerial(), None
    if co["part"] == "tgs5042":
        sensitivity = calibrated(co, own, "sensitivity_pa_per_ppm")
        circuit = CellCircuit(co["bias_uv"], co["gain_ohm"], sensitivity)
        cell = CoCell(circuit, profile["co_range_ppm"], stuck_samples)
        return cell, ClimateCurve(TGS5042_CDEGC, TGS5042_PERMILLE, None)
    mq = _mq(co, own)
    reading = MqReading(mq, MQ7_RATIO_PERMILLE, MQ7_PPM, profile["co_range_ppm"], stuck_samples)
    short_uv = mq.full_uv() // 1000 * SHORT_PERMILLE
    return CoCycle(reading, short_uv), ClimateCurve(MQ7_CLIMATE_CDEGC, MQ7_CLIMATE_DRY, MQ7_CLIMATE_WET)


def make_parts(board: dict, profile: dict, calibration: dict) -> tuple:
    # (parts of the safety loop, whether the valve's kind is known)
    stuck_samples = profile["stuck_ms"] // _STEP_MS
    methane = board["methane"]
    reading = MqReading(
        _mq(methane, calibration.get("methane")),
        MQ4_RATIO_PERMILLE,
        MQ4_PPM,
        profile["methane_range_ppm"],
        stuck_samples,
    )
    co, co_climate = _co(board, profile, calibration, stuck_samples)
    valve = board["valve"]
    kind = VALVE_KINDS.get(valve.get("kind", ""))
    coil = None
    if valve.get("coil_pin") is not None:
        coil = CoilWatch(valve["coil_low_uv"], valve["coil_high_uv"])
    parts = {
        "methane": reading,
        "methane_clean_permille": MQ4_CLEAN_PERMILLE,
        "methane_climate": ClimateCurve(MQ4_CLIMATE_CDEGC, MQ4_CLIMATE_DRY, MQ4_CLIMATE_WET),
        "methane_heater": _probe(methane, "heater_sense"),
        "co": co,
        "co_climate": co_climate,
        "co_heater": _probe(board.get("co"), "heater_sense"),
        "climate": Climate(bool(board.get("climate"))),
        "reference": _reference(board.get("reference")),
        "valve": (kind or HeldValve)(profile["valve_travel_ms"], coil),
    }
    return parts, kind is not None


def _adc(part: "dict | None", key: str) -> "Any":
    pin = part.get(key) if part else None
    return NoAdc() if pin is None else AdcInput(pin)


def _co_input(co: "dict | None") -> "Any":
    if co and co["part"] == "ze07":
        return Ze07(co["uart"], co["tx_pin"], co["rx_pin"])
    return _adc(co, "adc_pin")


def _climate(climate: "dict | None") -> "Any":
    if not climate:
        return None
    return CLIMATE_PARTS[climate["part"]](climate["i2c"], climate["sda_pin"], climate["scl_pin"])


def make_drivers(board: dict, store: "Any") -> dict:
    valve, siren, lamp, button = board["valve"], board["siren"], board["lamp"], board["button"]
    co, tamper = board.get("co"), board.get("tamper")
    contact_pin, active = valve.get("feedback_pin"), lamp["active"]
    return {
        "methane": AdcInput(board["methane"]["adc_pin"]),
        "methane_heater": _adc(board["methane"], "heater_sense_pin"),
        "co": _co_input(co),
        "co_heater": NoAdc() if not co or co.get("heater_sense_pin") is None else PeakInput(co["heater_sense_pin"]),
        "heater": Heater(co["heater_pin"]) if co and co.get("heater_pin") is not None else NoOutput(),
        "climate": _climate(board.get("climate")),
        "reference": _adc(board.get("reference"), "adc_pin"),
        "relay": Output(valve["relay_pin"], valve["relay_active"]),
        "contact": NoInput() if contact_pin is None else Input(contact_pin, valve["feedback_closed"]),
        "coil": _adc(valve, "coil_pin"),
        "signals": Signals(
            Output(lamp["green_pin"], active),
            Output(lamp["yellow_pin"], active),
            Output(lamp["red_pin"], active),
            Output(siren["pin"], siren["active"]),
        ),
        "button": Input(button["pin"], button["active"]),
        "tamper": NoSwitch() if not tamper else Input(tamper["pin"], tamper["active"]),
        "store": store,
    }

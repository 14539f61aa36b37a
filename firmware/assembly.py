# Makes the parts and drivers that a board's data names. A part that cannot be used is left out, told, and a fault, so that
# what still works goes on.
from drivers.adc import AdcInput, NoAdc, PeakInput
from drivers.climate import PARTS as CLIMATE_PARTS
from drivers.climate import NoClimate
from drivers.heater import Heater
from drivers.pins import Input, NoInput, NoOutput, NoSwitch, Output, Signals
from drivers.serial_line import SerialLine
from drivers.ze07 import Ze07
from fitting import Fitting
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


def _mq(sensor: "Any", calibration: "dict | None") -> Circuit:
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
    if co["part"] != "mq7":
        raise ValueError("part %r is not known" % co["part"])
    mq = _mq(co, own)
    reading = MqReading(mq, MQ7_RATIO_PERMILLE, MQ7_PPM, profile["co_range_ppm"], stuck_samples)
    short_uv = mq.full_uv() // 1000 * SHORT_PERMILLE
    return CoCycle(reading, short_uv), ClimateCurve(MQ7_CLIMATE_CDEGC, MQ7_CLIMATE_DRY, MQ7_CLIMATE_WET)


def _adc(part: "dict | None", key: str, fitting: Fitting) -> "Any":
    pin = part.get(key) if part else None
    return NoAdc() if pin is None else AdcInput(fitting.adc_pin(pin))


def _peak(part: "dict | None", fitting: Fitting) -> "Any":
    pin = part.get("heater_sense_pin") if part else None
    return NoAdc() if pin is None else PeakInput(fitting.adc_pin(pin))


def _co_drivers(co: "dict | None", fitting: Fitting) -> tuple:
    # (input, heater): a sensor whose heater cannot be driven gives no reading either.
    if co and co["part"] == "ze07":
        return Ze07(co["uart"], fitting.pin(co["tx_pin"]), fitting.pin(co["rx_pin"])), NoOutput()
    heated = co and co.get("heater_pin") is not None
    return _adc(co, "adc_pin", fitting), Heater(fitting.pin(co["heater_pin"])) if co and heated else NoOutput()


def _climate(climate: "dict | None", fitting: Fitting) -> "Any":
    if not climate:
        return NoClimate()
    return CLIMATE_PARTS[climate["part"]](
        climate["i2c"], fitting.pin(climate["sda_pin"]), fitting.pin(climate["scl_pin"])
    )


def make_drivers(board: dict, store: "Any", fitting: Fitting) -> dict:
    # The most important first: of two parts on one pin the later one is left out.
    make = fitting.make
    valve, siren, lamp, button = [board.get(name) or {} for name in ("valve", "siren", "lamp", "button")]
    methane, co, tamper = board.get("methane"), board.get("co"), board.get("tamper")

    def lamp_output(colour: str) -> "Any":
        return make("lamp." + colour, lambda: Output(fitting.pin(lamp[colour + "_pin"]), lamp["active"]), NoOutput())

    def contact_input() -> "Any":
        pin = valve.get("feedback_pin")
        return NoInput() if pin is None else Input(fitting.pin(pin), valve["feedback_closed"])

    relay = make("valve", lambda: Output(fitting.valve_pin(valve["relay_pin"]), valve["relay_active"]), NoOutput())
    methane_input = make("methane", lambda: AdcInput(fitting.adc_pin(board["methane"]["adc_pin"])), NoAdc())
    sounder = make("siren", lambda: Output(fitting.pin(siren["pin"]), siren["active"]), NoOutput())
    pressed = make("button", lambda: Input(fitting.pin(button["pin"]), button["active"]), NoSwitch())
    contact = make("valve.feedback", contact_input, NoInput())
    co_input, heater = make("co", lambda: _co_drivers(co, fitting), (NoAdc(), NoOutput()))
    return {
        "methane": methane_input,
        "methane_heater": make("methane.heater_sense", lambda: _adc(methane, "heater_sense_pin", fitting), NoAdc()),
        "co": co_input,
        "co_heater": make("co.heater_sense", lambda: _peak(co, fitting), NoAdc()),
        "heater": heater,
        "climate": make("climate", lambda: _climate(board.get("climate"), fitting), NoClimate()),
        "reference": make("reference", lambda: _adc(board.get("reference"), "adc_pin", fitting), NoAdc()),
        "relay": relay,
        "contact": contact,
        "coil": make("valve.coil", lambda: _adc(valve, "coil_pin", fitting), NoAdc()),
        "signals": Signals(lamp_output("green"), lamp_output("yellow"), lamp_output("red"), sounder),
        "button": pressed,
        "tamper": make("tamper", lambda: Input(fitting.pin(tamper["pin"]), tamper["active"]), NoSwitch())
        if tamper
        else NoSwitch(),
        "store": store,
    }


def make_parts(board: dict, profile: dict, calibration: dict, drivers: dict, fitting: Fitting) -> dict:
    # Parts of the safety loop, for these drivers.
    stuck_samples = profile["stuck_ms"] // _STEP_MS
    methane = board.get("methane")
    circuit = fitting.make("methane", lambda: _mq(methane, calibration.get("methane")), Circuit(0, 0, 0, 0, 1))
    reading = MqReading(circuit, MQ4_RATIO_PERMILLE, MQ4_PPM, profile["methane_range_ppm"], stuck_samples)
    left_out = (CoSerial(), None)
    made = fitting.make("co", lambda: _co(board, profile, calibration, stuck_samples), left_out)
    if made is left_out:
        drivers["co"] = NoAdc()  # a part that cannot be used is a silent one
    co, co_climate = made
    valve = board.get("valve") or {}
    kind = fitting.make("valve.kind", lambda: VALVE_KINDS[valve["kind"]], HeldValve)
    coil = None
    if valve.get("coil_pin") is not None:
        coil = fitting.make("valve.coil", lambda: CoilWatch(valve["coil_low_uv"] + 0, valve["coil_high_uv"] + 0), None)
    return {
        "methane": reading,
        "methane_clean_permille": MQ4_CLEAN_PERMILLE,
        "methane_climate": ClimateCurve(MQ4_CLIMATE_CDEGC, MQ4_CLIMATE_DRY, MQ4_CLIMATE_WET),
        "methane_heater": fitting.make("methane.heater_sense", lambda: _probe(methane, "heater_sense"), None),
        "co": co,
        "co_climate": co_climate,
        "co_heater": fitting.make("co.heater_sense", lambda: _probe(board.get("co"), "heater_sense"), None),
        "climate": Climate(bool(board.get("climate"))),
        "reference": fitting.make("reference", lambda: _reference(board.get("reference")), None),
        "valve": kind(profile["valve_travel_ms"], coil),
    }


def make_line(board: dict, fitting: Fitting) -> "Any":
    # The wired line, or None.
    serial = board.get("serial")
    if not serial:
        return None
    return fitting.make(
        "serial",
        lambda: SerialLine(
            serial["uart"], fitting.pin(serial["tx_pin"]), fitting.pin(serial["rx_pin"]), serial["baud"]
        ),
        None,
    )

"""What each fault bit means, what the device does about it, and what a person should do. The one table of it.

docs/faults.md is made from it (tools/fault_page.py), and programs may show it beside a bit.
"""

from __future__ import annotations

from typing import NamedTuple

from davy.codec.generated import Fault


class FaultEntry(NamedTuple):
    """`found`: how and how soon; `meaning`; `effect`: what the device does; `remedy`: what a person does."""

    found: str
    meaning: str
    effect: str
    remedy: str


_SHOWN = "yellow lamp, a chirp each minute, told to the platform; alarms go on"

FAULT_TABLE: dict[Fault, FaultEntry] = {
    Fault.METHANE_SENSOR: FaultEntry(
        "each 100 ms, after 2 s; a sensor without any noise after 27 s",
        "the methane sensor is open, short, stuck, jumping, silent, uncalibrated, or its heater is cold; the status says which",
        "no methane number; after 30 s the valve is shut and does not open while it lasts; CO is still guarded",
        "look at the sensor's plug and supply; replace it; calibrate",
    ),
    Fault.CO_SENSOR: FaultEntry(
        "each second, an MQ-7's reading at the end of each 150 s",
        "the CO sensor is open, short, silent, uncalibrated, or its heater is cold; the status says which",
        "no CO number; methane is still guarded",
        "look at the sensor's plug and supply; replace it; calibrate",
    ),
    Fault.VALVE_FEEDBACK: FaultEntry(
        "each 100 ms, after 2 s",
        "the valve's contact does not follow what the valve was told",
        _SHOWN,
        "shut the gas by hand; look at the valve and its contact's wire",
    ),
    Fault.LOOP_DEADLINE: FaultEntry(
        "in the step itself", "more than 500 ms lay between two steps of the safety loop", _SHOWN,
        "report it with the time; something held the processor",
    ),
    Fault.SETTINGS: FaultEntry(
        "at the start, each hour, in a self-test",
        "board data, settings, calibration or the unit's record are lost or not what was written, or name what the firmware "
        "does not know",
        _SHOWN,
        "put the image or the unit's record on again",
    ),
    Fault.INTERNAL: FaultEntry(
        "in the step itself",
        "a step of the safety loop failed",
        "valve to its safe side, yellow lamp, and the watchdog resets the device within 8 s",
        "report it with the console's text",
    ),
    Fault.LATCH_STORE: FaultEntry(
        "at the start and when something is to be kept",
        "the store does not take or give the latch, the memory of alarms or the hours of service",
        "taken for latched if it cannot be read; tried again each 10 s",
        "replace the device if it stays",
    ),
    Fault.EVENT_OVERFLOW: FaultEntry(
        "when it happens", "more events happened than could be told; the number lost is in the state report", _SHOWN,
        "look at the link; what happened is on the device's wired line",
    ),
    Fault.CLIMATE: FaultEntry(
        "each 10 s, after three readings that fail",
        "temperature and humidity cannot be read",
        "the worst air is assumed (0 degC, 33 %RH): readings are too high rather than too low",
        "look at the climate part and its bus",
    ),
    Fault.ADC_REFERENCE: FaultEntry(
        "each second, after 2 s", "the ADC does not read the reference voltage as what it is", _SHOWN,
        "no analogue reading can be trusted: replace the device",
    ),
    Fault.RELAY: FaultEntry(
        "each second, after 2 s; by the coil after 5 s",
        "the relay's pin does not follow, or its coil has current while it should be off",
        _SHOWN,
        "shut the gas by hand; replace the relay",
    ),
    Fault.VALVE_COIL: FaultEntry(
        "each second, a pulse valve's in its pulse",
        "the coil is driven and draws no current: valve not connected",
        _SHOWN,
        "look at the valve's wire; a valve that needs energy to close cannot be closed",
    ),
    Fault.VALVE_CURRENT: FaultEntry(
        "each second, a pulse valve's in its pulse",
        "the coil draws too much current",
        "a valve held open by its coil is let go, and so shut",
        "look for a short; replace the valve",
    ),
    Fault.VALVE_LEAKING: FaultEntry(
        "five minutes after the valve shut, and each five minutes after",
        "gas is critical, the valve reads closed, and the concentration rises",
        "alarm goes on",
        "shut the gas before the valve; leave the room",
    ),
    Fault.IMAGE: FaultEntry(
        "at the start, each day, in a self-test", "the program's files are not what the image says", _SHOWN,
        "put the image on again",
    ),
    Fault.RAM: FaultEntry(
        "at the start, each hour, in a self-test", "a block of memory does not hold a pattern", _SHOWN,
        "replace the device",
    ),
    Fault.CLOCK: FaultEntry(
        "each minute", "crystal and RC oscillator do not agree on how time passes", _SHOWN,
        "times of alarms may be wrong: replace the device",
    ),
}  # fmt: skip

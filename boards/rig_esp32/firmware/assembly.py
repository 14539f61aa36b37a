# The wiring's data -> drivers -> outputs, inputs, readings -> the loop.
import asyncio
import json
import sys
import time

import version
from agenda import Agenda
from answers import Answers
from contact import Contact
from drivers import bus, mcp4728, switch
from host_line import HostLine
from outputs import CoMode, ContactMode, CoReading, Power, Switched, Voltage
from protocol import frame
from readings import Readings
from rig import Rig
from rig_protocol import messages
from seen import Seen
from uptime import Uptime

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FAR_DAY = 0xFFFF
_READ_S = 5  # before it starts anew: for the host to read why, and for a person to press Ctrl-C


class FrameMaker:
    # One count over all frames of a session.
    def __init__(self, uptime: "Any") -> None:
        self._uptime = uptime
        self._source = bus.source_id()
        self._session = bus.session()
        self._seq = 0

    def make(self, message_type: int, payload: bytes) -> bytes:
        seq = self._seq
        self._seq = seq + 1 & 0xFFFFFFFF
        return frame.encode(message_type, self._source, self._session, seq, self._uptime.now_ms(), payload)


def _co_module(wiring: dict) -> "Any":
    if "co_module" not in wiring:
        return None
    from drivers.co_module import CoModule

    part = wiring["co_module"]
    return CoModule(part["uart"], part["tx_pin"], part["rx_pin"])


def _switches(wiring: dict, module: "Any") -> dict:
    found: dict = {}
    for name, part in wiring.get("switch", {}).items():
        made = switch.Switch(part["pin"], part["active"], messages.RANGES[name][2])
        found[name] = Power(made, module) if name == "power" else Switched(made)
    return found


def _voltages(wiring: dict, i2c: "Any") -> dict:
    if "dac" not in wiring:
        return {}
    part = wiring["dac"]
    dac = mcp4728.Mcp4728(i2c, part["address"])
    return {
        name: Voltage(dac, each["channel"], each["gain_ppm"], each["offset_uv"], mcp4728.STEP_UV, mcp4728.MOST_CODE)
        for name, each in part.items()
        if isinstance(each, dict)
    }


def _readings(wiring: dict, i2c: "Any") -> Readings:
    from drivers.adc import DividedInput
    from drivers.ina219 import Ina219

    adcs = {
        name: DividedInput(part["pin"], part["divider_top_ohm"], part["divider_bottom_ohm"])
        for name, part in wiring.get("adc", {}).items()
    }
    current = None
    if "current" in wiring:
        part = wiring["current"]
        current = Ina219(i2c, part["address"], part["shunt_mohm"])
        current.configure()
    return Readings(adcs, current)


def _bits(names: "Any", among: tuple) -> int:
    return sum([1 << at for at, name in enumerate(among) if name in names])


def _about(wiring: dict, rig: Rig, inputs: "Any", readings: Readings) -> dict:
    day = wiring.get("calibrated_day", _FAR_DAY)
    return {
        "schema_checksum": messages.schema_checksum(),
        "firmware_major": version.MAJOR,
        "firmware_minor": version.MINOR,
        "firmware_patch": version.PATCH,
        "outputs": _bits(rig.outputs, messages.OUTPUTS),
        "inputs": _bits(inputs, messages.INPUTS),
        "values": _bits(readings.names(), messages.VALUE_NAMES),
        "calibrated_day": None if day == _FAR_DAY else day,
        "wiring": wiring["name"],
    }


async def _uploads(agenda: Agenda, uptime: Uptime, module: "Any") -> None:
    from drivers.co_module import EVERY_MS

    def upload(due_ms: int) -> None:
        module.upload()
        agenda.at("co module", due_ms + EVERY_MS, upload)

    upload(uptime.now_ms())
    await module.answer()


async def _run(wiring: dict) -> None:
    from drivers.opto import OptoInputs

    uptime = Uptime()
    agenda = Agenda(uptime)
    seen = Seen(uptime)
    module = _co_module(wiring)
    outputs = _switches(wiring, module)
    i2c = bus.i2c(*[wiring["i2c"][key] for key in ("i2c", "sda_pin", "scl_pin")]) if "i2c" in wiring else None
    outputs.update(_voltages(wiring, i2c))
    if module is not None:
        outputs.update({"co_mode": CoMode(module), "co_tenths_ppm": CoReading(module)})
    lines = dict(wiring.get("input", {}))
    if "contact" in wiring:
        part = wiring["contact"]
        made = switch.Switch(part["pin"], part["active"], 1)
        seen.contact = Contact(made, agenda, uptime, part["travel_ms"], seen.contact_moved)
        outputs["contact"] = ContactMode(seen.contact)
    opto = [(messages.INPUTS.index(name), part["pin"], part["active"]) for name, part in lines.items()]
    seen.begin(OptoInputs(tuple(opto), seen.changed.set))
    rig = Rig(outputs, agenda, uptime)
    rig.rest()
    readings = _readings(wiring, i2c)
    if seen.contact is not None:
        lines["contact"] = {}
    about = _about(wiring, rig, lines, readings)
    answers = Answers(rig, seen, readings, uptime, FrameMaker(uptime).make, about)
    print("davy rig %d.%d.%d %s" % (version.MAJOR, version.MINOR, version.PATCH, wiring["name"]))
    tasks = [agenda.run(), seen.run(), HostLine(answers.take).run()]
    if module is not None:
        tasks.append(_uploads(agenda, uptime, module))
    await asyncio.gather(*tasks)  # none of them may end without the others


def start() -> None:
    # A rig that cannot go on starts anew, with everything at rest: its host sees another session.
    try:
        with open("/wiring.json") as file:
            wiring = json.load(file)
    except (OSError, ValueError) as error:
        print("davy rig: no usable wiring.json (%r): put the image on again" % (error,))
        return
    try:
        asyncio.run(_run(wiring))
    except KeyboardInterrupt:
        print("davy rig: stopped at the console; its outputs stay as they are")
    except Exception as error:
        sys.print_exception(error)
        time.sleep(_READ_S)
        bus.restart()

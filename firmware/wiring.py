# Puts the parts together, as the board's data says. No decision is made here, except what to do without a part:
# keep alarming on what still works, and show a fault.
import asyncio
import json
import sys

import version
from drivers.adc import AdcInput, NoAdc
from drivers.chip import reset_cause, source_id
from drivers.heartbeat import Heartbeat
from drivers.heater import Heater
from drivers.pins import Input, NoInput, NoOutput, Output, Signals
from drivers.serial_line import SerialLine
from drivers.store import Store
from safety.co_cycle import CoCycle
from safety.codes import EVENT_BOOT, FAULT_LATCH_STORE, FAULT_SETTINGS, NO_GAS
from safety.concentration import SHORT_PERMILLE, Circuit, MqReading
from safety.curve import MQ4_PPM, MQ4_RATIO_PERMILLE, MQ7_PPM, MQ7_RATIO_PERMILLE
from safety.loop import SafetyLoop
from safety.profile import GB15322_HOUSEHOLD, PROFILES
from safety.valve import KINDS as VALVE_KINDS
from safety.valve import HeldValve

_STEP_MS = 100


def _read_json(path: str) -> dict:
    # {} when the file cannot be used: told on the console, and a fault.
    try:
        with open(path) as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        print("davy: %s cannot be used: %r" % (path, error))
        return {}
    return found if isinstance(found, dict) else {}


def _circuit(sensor: dict) -> Circuit:
    return Circuit(
        sensor["supply_uv"],
        sensor["load_ohm"],
        sensor["r0_ohm"],
        sensor["divider_top_ohm"],
        sensor["divider_bottom_ohm"],
    )


def _drivers(board: dict, store: object) -> dict:
    valve, siren, lamp, button = board["valve"], board["siren"], board["lamp"], board["button"]
    co = board.get("co")
    contact_pin = valve.get("feedback_pin")
    active = lamp["active"]
    return {
        "methane": AdcInput(board["methane"]["adc_pin"]),
        "co": AdcInput(co["adc_pin"]) if co else NoAdc(),
        "heater": Heater(co["heater_pin"]) if co and co.get("heater_pin") is not None else NoOutput(),
        "relay": Output(valve["relay_pin"], valve["relay_active"]),
        "contact": NoInput() if contact_pin is None else Input(contact_pin, valve["feedback_closed"]),
        "signals": Signals(
            Output(lamp["green_pin"], active),
            Output(lamp["yellow_pin"], active),
            Output(lamp["red_pin"], active),
            Output(siren["pin"], siren["active"]),
        ),
        "button": Input(button["pin"], button["active"]),
        "store": store,
    }


def _safety(board: dict, store: Store) -> SafetyLoop:
    faults = 0
    profile = PROFILES.get(board.get("profile", ""))
    if profile is None:
        profile = GB15322_HOUSEHOLD
        faults |= 1 << FAULT_SETTINGS
    stuck_samples = profile["stuck_ms"] // _STEP_MS
    methane = MqReading(
        _circuit(board["methane"]), MQ4_RATIO_PERMILLE, MQ4_PPM, profile["methane_range_ppm"], stuck_samples
    )
    co = None
    short_uv = 0
    if board.get("co"):
        circuit = _circuit(board["co"])
        co = MqReading(circuit, MQ7_RATIO_PERMILLE, MQ7_PPM, profile["co_range_ppm"], stuck_samples)
        short_uv = circuit.full_uv() // 1000 * SHORT_PERMILLE
    try:
        latched, store_failed = store.load_latch(), False
    except OSError:
        latched, store_failed = 1, True
    kind = VALVE_KINDS.get(board["valve"].get("kind", ""))
    if kind is None:
        kind = HeldValve
        faults |= 1 << FAULT_SETTINGS
    valve = kind(profile["valve_travel_ms"])
    cycle = CoCycle(co, short_uv)
    return SafetyLoop(profile, methane, cycle, valve, _drivers(board, store), latched, store_failed, faults)


def _session(store: Store, loop: SafetyLoop) -> int:
    try:
        return store.next_session()
    except OSError:
        loop.faults |= 1 << FAULT_LATCH_STORE
        return 0


async def _report(board: dict, loop: SafetyLoop, session: int, cause: int) -> None:
    # Reports may fail in any way; the safety loop runs on.
    try:
        from report.reporter import Reporter

        serial = board.get("serial")
        line = None
        if serial:
            line = SerialLine(serial["uart"], serial["tx_pin"], serial["rx_pin"], serial["baud"])
        reporter = Reporter(
            _read_json("/settings.json"),
            board.get("tier", "low"),
            loop,
            loop.events,
            source_id(),
            session,
            cause,
            (version.MAJOR, version.MINOR, version.PATCH),
            _read_json("/image.json").get("sha256", ""),
            line,
        )
        await reporter.run()
    except Exception as error:
        print("davy: no reports until the next start")
        sys.print_exception(error)
    while True:
        await asyncio.sleep(3600)


def start() -> None:
    cause = reset_cause()
    board = _read_json("/board.json")
    print("davy %s board %s reset %d" % (version.TEXT, board.get("name", "?"), cause))
    if not board.get("methane"):
        print("davy: no usable board.json: nothing is measured and the valve stays shut; put the image on again")
        return
    store = Store()
    loop = _safety(board, store)
    loop.events.push(EVENT_BOOT, 0, NO_GAS, cause, 0)
    session = _session(store, loop)
    Heartbeat((loop.step, loop.fail_safe))
    try:
        asyncio.run(_report(board, loop, session, cause))
    except KeyboardInterrupt:
        print("davy: stopped at the console; the watchdog resets the board unless the safety loop runs on")

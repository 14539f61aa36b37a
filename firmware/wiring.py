# Puts the parts together, as the board's data says, and starts what runs beside the safety loop. No decision is made here,
# except what to do without a part: keep alarming on what still works, and show a fault.
import asyncio
import gc
import json
import sys

import version
from checks.clocks import Clocks
from checks.files import ParameterFiles, ProgramImage
from checks.rounds import Rounds
from drivers.chip import reset_cause, source_id
from drivers.heartbeat import Heartbeat
from drivers.slow_clock import SlowClock
from drivers.store import Store
from fitting import Fitting
from safety.codes import (
    EVENT_BOOT,
    FAULT_CLOCK,
    FAULT_IMAGE,
    FAULT_LATCH_STORE,
    FAULT_RAM,
    FAULT_SETTINGS,
    NO_GAS,
    TEST_RUNNING,
)
from safety.kept import MEMORY, Kept
from safety.loop import SafetyLoop
from safety.profile import GB15322_HOUSEHOLD, PROFILES

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Collecting often while the program loads keeps what stays close together: TLS needs pieces of some kilobytes, also after months.
_GARBAGE_BYTES = 16_384
_LOADED_MS = 60_000
_CHECK_BITS = {"settings": FAULT_SETTINGS, "image": FAULT_IMAGE, "ram": FAULT_RAM, "clock": FAULT_CLOCK}


def _read_json(path: str) -> dict:
    # {} when the file cannot be used: told on the console, and a fault.
    try:
        with open(path) as file:
            found = json.load(file)
    except (OSError, ValueError) as error:
        print("davy: %s cannot be used: %r" % (path, error))
        return {}
    return found if isinstance(found, dict) else {}


def _own_record() -> "Any":
    # What the unit was told when it was made (unit.Unit).
    import unit
    from drivers.unit_store import UnitStore

    try:
        own = unit.load(UnitStore(unit.KEYS), _read_json)
    except Exception as error:
        print("davy: the unit's record cannot be read")
        sys.print_exception(error)
        own = unit.LOST
    del sys.modules["unit"], sys.modules["drivers.unit_store"]  # needed once
    return own


def _safety(board: dict, store: Store, own: "Any") -> tuple:
    # (the loop, its profile, the wired line or None)
    profile = PROFILES.get(board.get("profile", ""))
    fitting = Fitting(board.get("mcu", ""))
    if profile is None:
        profile = GB15322_HOUSEHOLD
        fitting.tell("profile %r is not known" % board.get("profile"))
    import assembly

    drivers = assembly.make_drivers(board, store, fitting)
    parts = assembly.make_parts(board, profile, own.calibration, drivers, fitting)
    line = assembly.make_line(board, fitting)
    del sys.modules["assembly"]  # needed once; it takes 9 KB of a small heap
    faults = 1 << FAULT_SETTINGS if fitting.wrong or own.wrong else 0
    return SafetyLoop(profile, parts, drivers, Kept(store.load(), store.save), faults), profile, line


def _session(store: Store, loop: SafetyLoop, fresh: bool) -> int:
    try:
        return store.next_session(fresh)
    except OSError:
        loop.health.set(FAULT_LATCH_STORE, 0, NO_GAS, 0)
        return 0


class _CheckTarget:
    # What the background checks know of the safety loop: single assignments, which no step can see half done.
    def __init__(self, loop: SafetyLoop) -> None:
        self._supervision = loop.supervision
        self._test = loop.operation.test

    def wants(self) -> bool:
        return self._test.result == TEST_RUNNING and not self._test.memory_checked

    def tell(self, wrong: int, all_done: bool) -> None:
        self._supervision.checks_wrong = wrong
        if all_done:
            self._test.memory_checked = True


def _expected(own: "Any") -> dict:
    # CRC-32 of each file of settings.
    expected = _read_json("/crc.json")
    if expected and own.copy_crc is not None:
        expected["unit.bin"] = own.copy_crc
    return expected


async def _check(board: dict, loop: SafetyLoop, profile: dict, about: dict, expected: dict) -> None:
    clocks = ticks = None
    try:
        clock = SlowClock(board.get("mcu", ""))
        clocks, ticks = Clocks(clock.nominal_hz), clock.ticks
    except KeyError:
        print("davy: no second time base is known for %s" % board.get("mcu"))
    await Rounds(
        _CHECK_BITS, ParameterFiles(expected), ProgramImage(about), profile, ticks, clocks, _CheckTarget(loop)
    ).run()


def _change(settings: dict, expected: dict) -> "Any":
    # What changes one of the unit's settings: see amend.py.
    from protocol import messages

    names, outcomes = messages.ENUMS["setting"], messages.ENUMS["outcome"]

    def change(setting: int, value: int) -> int:
        gc.collect()
        try:
            import amend

            return amend.amend(settings, names[setting], value, expected)
        except MemoryError:
            return int(outcomes.index("refused_store"))
        finally:
            for name in ("amend", "recalibrate", "unit", "drivers.unit_store"):
                sys.modules.pop(name, None)

    return change


def _credentials() -> "Any":
    # Of the unit's record: see credentials.py.
    from credentials import credentials

    found = credentials()
    del sys.modules["credentials"], sys.modules["drivers.unit_store"]
    return found


async def _report(
    board: dict, loop: SafetyLoop, line: "Any", session: int, cause: int, about: dict, own: "Any", expected: dict
) -> None:
    from drivers.wall_clock import WallClock
    from protocol.seal import key_of
    from report.about import about as device
    from report.clock import Clock
    from report.proof import Prover
    from report.reporter import Reporter

    settings, secret = own.settings, own.secret
    numbers = (version.MAJOR, version.MINOR, version.PATCH)
    fields = device(board, settings, own.calibration, bool(secret), cause, numbers, about.get("sha256", ""))
    del sys.modules["report.about"]  # needed once
    journal = None
    if settings.get("wifi") and settings.get("broker"):
        from report.journal import Journal

        journal = Journal()
    reporter = Reporter(
        settings,
        fields,
        loop,
        source_id(),
        session,
        line,
        Clock(version.BUILT_S, WallClock()),
        journal,
        Prover(secret, own.certificate) if secret else None,
        key_of(secret) if secret else b"",
        _credentials if own.copy_crc is not None else None,
        _change(settings, expected),
    )
    await reporter.run()


async def _beside(what: str, coroutine: "Any") -> None:
    # May fail in any way; the safety loop runs on.
    try:
        await coroutine
    except Exception as error:
        print("davy: no %s until the next start" % what)
        sys.print_exception(error)
    while True:
        await asyncio.sleep(3600)


async def _settle() -> None:
    await asyncio.sleep_ms(_LOADED_MS)
    gc.collect()
    gc.threshold(-1)


async def _all(board: dict, loop: SafetyLoop, profile: dict, line: "Any", session: int, cause: int, own: "Any") -> None:
    about, expected = _read_json("/image.json"), _expected(own)
    settling = asyncio.create_task(_settle())
    checking = asyncio.create_task(_beside("checks", _check(board, loop, profile, about, expected)))
    await _beside("reports", _report(board, loop, line, session, cause, about, own, expected))
    await checking
    await settling


def start() -> None:
    gc.threshold(_GARBAGE_BYTES)
    cause = reset_cause()
    board = _read_json("/board.json")
    print("davy %s board %s reset %d" % (version.TEXT, board.get("name", "?"), cause))
    if not board:
        print("davy: no usable board.json: nothing is measured and the valve stays shut; put the image on again")
        return
    store = Store()
    own = _own_record()
    loop, profile, line = _safety(board, store, own)
    loop.events.push(EVENT_BOOT, 0, NO_GAS, cause, loop.latched | loop.kept.wanted[MEMORY] << 1)
    session = _session(store, loop, own.copy_crc is None)
    Heartbeat((loop.step, loop.fail_safe))
    try:
        asyncio.run(_all(board, loop, profile, line, session, cause, own))
    except KeyboardInterrupt:
        print("davy: stopped at the console; the watchdog resets the board unless the safety loop runs on")

"""The way of a device from nothing to an alarm on duty: off, flashed, provisioned, armed. And a latch for a broken bench."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable
from typing import Literal

from davy import codec
from davy.bench.bench import Bench
from davy.bench.capabilities.gas import clean_air
from davy.bench.clock import wait_until
from davy.bench.errors import BenchError
from davy.bench.rig import OUTPUTS
from davy.identity.record import first_session, with_session
from safety.profile import GB15322_HOUSEHOLD, PROFILES

StateName = Literal["off", "flashed", "provisioned", "armed"]
STATES: tuple[StateName, ...] = ("off", "flashed", "provisioned", "armed")
#: From power to the first answer: MicroPython's start and the program's.
_UP_WITHIN_S = 15.0
#: Beside the preheat: a heater cycle until the CO sensor has its first reading, and what a fault takes to clear.
_SETTLE_S = 240.0
_VALVE_OPENS_WITHIN_S = 5.0
_PRESS_MS = 300
_AFTER_PREHEAT_MS = 2_000


class States:
    """`flashed` counts how often a program was written, `told` hears what a person waits for: nothing where time is virtual.

    `alive` is called again and again while a program is written.

    Everything raises BenchError when the device does not get there, and from then on always: the bench is broken until somebody
    has looked at it (a new run begins anew).
    """

    def __init__(
        self, bench: Bench, told: Callable[[str], None] = lambda text: None, alive: Callable[[], None] = lambda: None
    ) -> None:
        self.bench = bench
        self.broken: BenchError | None = None
        self.flashed = 0
        self._provisioned = False
        self._alive = alive
        self._told = told if not bench.clock.virtual else lambda text: None
        profile = PROFILES.get(bench.spec.profile, GB15322_HOUSEHOLD)
        self._preheat_ms = profile["preheat_ms"]

    def bring_to(self, wanted: StateName) -> None:
        """Whatever it takes from the present state, and no more."""
        if self.broken is not None:
            raise self.broken
        try:
            if wanted == "off":
                self._off()
                return
            self._write(identity=wanted != "flashed")
            if wanted == "armed":
                self._arm()
        except BenchError as error:
            self.broken = error
            raise

    def mark_broken(self, error: BenchError) -> None:
        """A test met a broken bench."""
        self.broken = self.broken or error

    def leave(self) -> None:
        """The device is left without power, also on a broken bench whose rig still does what it is told. Raises BenchError."""
        if self.broken is None:
            self.bring_to("off")
        else:
            with contextlib.suppress(BenchError):
                self._off()

    def check_alive(self) -> None:
        """After a test that failed: is there a device to judge? One that hangs is alive again once its power came back.

        Raises BenchError (device) when it is silent then too: dead, or cut off, and a bench cannot tell which.
        """
        if self.broken is None and self._provisioned and not self._is_up():
            self._at_rest()
            self._cycle()
            self._await_up()

    def reflash(self) -> None:
        """Write the program once more, whole, and leave the unit's record. Where the power is afterwards is the programmer's.

        ValueError on a bench that writes no program.
        """
        self._put(None)

    def reprovision(self) -> None:
        """Write program and identity again at the next arming."""
        self._provisioned = False

    # How it works

    def _off(self) -> None:
        self.bench.rig.rest()
        self.bench.rig.set("power", 0)

    def _write(self, *, identity: bool) -> None:
        # Program and identity in one piece where both are missing, and nothing that is there already.
        bench = self.bench
        nvs = bench.unit.nvs if identity and not self._provisioned else None
        if bench.programmer is not None and (nvs is not None or bench.programmer.program() != bench.image.sha256):
            self._told("writing the program" if nvs is None else "writing program and identity")
            self._put(nvs)
        self._provisioned = self._provisioned or identity

    def _put(self, nvs: bytes | None) -> None:
        if nvs is not None:
            # Never a session that has been: the monitor takes what it names for repeated or forged.
            now = first_session(datetime.datetime.now(datetime.timezone.utc))
            nvs = with_session(nvs, max(now, self.bench.device.session))
        if self.bench.programmer is None:
            raise ValueError("this bench takes devices as they come")
        self.bench.programmer.write(self.bench.image, nvs, self._alive)
        self.flashed += 1

    def _arm(self) -> None:
        self._at_rest()
        if self._is_up():
            # Anew each time: a hand may have changed the device.
            self._check_identity()
            if self._gets_ready():
                return
        why = ""
        for again in (False, True):
            if again:
                if self.bench.unit.nvs is None or self.bench.programmer is None:
                    break
                self._told("the device does not get ready: writing program and identity anew")
                self._put(self.bench.unit.nvs)
            self._cycle()
            self._await_up()
            self._check_identity()
            if self._gets_ready():
                return
            why = self._words()
        raise BenchError(
            "state",
            f"device {self.bench.unit.serial}",
            f"does not get ready: {why}",
            "look at it, then start the run again",
        )

    def _at_rest(self) -> None:
        # A device that has power keeps it: on duty it needs no new preheat.
        rig = self.bench.rig
        if not rig.level("power"):
            rig.rest()
        for output in sorted(rig.outputs - {"power", "methane_uv", "co_uv"}):
            rig.set(output, OUTPUTS[output].rest)
        if self.bench.network is not None and self.bench.network.has_access_point:
            self.bench.network.set_access_point(True)
        if self.bench.climate is not None:
            self.bench.climate.fault(None)
        clean_air(self.bench)

    def _is_up(self) -> bool:
        if not self.bench.rig.level("power"):
            return False
        return self._asked() is not None

    def _asked(self) -> codec.State | None:
        return self.bench.device.ask(codec.Query(bytes(8), codec.QueryKind.STATE), codec.State)

    def _cycle(self) -> None:
        self.bench.rig.set("power", 0)
        self.bench.clock.wait(1.0)
        self.bench.rig.set("power", 1)

    def _await_up(self) -> None:
        if not wait_until(self.bench.clock, lambda: self._asked() is not None, _UP_WITHIN_S):
            raise BenchError(
                "device",
                f"device {self.bench.unit.serial}",
                f"gives no sign of life {_UP_WITHIN_S:g} s after its power came",
                "is it in the fixture, flashed, and its line plugged in?",
            )

    def _check_identity(self) -> None:
        hello = self.bench.device.hello()
        if hello.identifier != self.bench.unit.identifier:
            raise BenchError(
                "device",
                "the fixture",
                f"holds {hello.identifier or 'a unit without an identity'}, not {self.bench.unit.identifier}",
                "put the right device in, or name its serial",
            )
        board = hello.board.rstrip(b"\0").decode("utf-8", "replace")
        if board != self.bench.spec.name:
            raise BenchError(
                "device", "the fixture", f"holds a board {board}, not {self.bench.spec.name}", "name the right board"
            )

    def _gets_ready(self) -> bool:
        # Through what is left of the preheat, out of a latch, with the valve open and no fault.
        clock = self.bench.clock
        if not self._nothing_pends():
            preheat_s = max(0, self._preheat_ms - self.bench.device.uptime_ms) / 1000
            within_s = preheat_s + _SETTLE_S
            preheat = f"{preheat_s:.0f} s of preheat, and " if preheat_s else ""
            self._told(f"waiting until the device is ready: {preheat}at most {within_s:.0f} s")
            if not wait_until(clock, self._nothing_pends, within_s):
                return False
        state = self.bench.device.state()
        if state.latched or not state.valve_commanded:
            self.bench.rig.set("button", 1, _PRESS_MS)
            return wait_until(clock, self._on_duty, _VALVE_OPENS_WITHIN_S)
        return self._on_duty() or wait_until(clock, self._on_duty, _VALVE_OPENS_WITHIN_S)

    def _nothing_pends(self) -> bool:
        # By its uptime the preheat is over: a latched device does not show it, and a press in it would only mute.
        state = self._asked()
        return (
            state is not None
            and self.bench.device.uptime_ms > self._preheat_ms + _AFTER_PREHEAT_MS
            and state.methane_status == codec.Status.OK
            and state.co_status in (codec.Status.OK, codec.Status.ABSENT)
            and state.methane_level == state.co_level == codec.Level.NORMAL
            and not state.faults
            and state.run_state in (codec.RunState.NORMAL, codec.RunState.LATCHED)
            and state.muted_s == 0
        )

    def _on_duty(self) -> bool:
        state = self._asked()
        return (
            state is not None
            and state.run_state == codec.RunState.NORMAL
            and state.valve_state in (codec.ValveState.OPEN, codec.ValveState.UNKNOWN)
            and not state.latched
            and not state.faults
        )

    def _words(self) -> str:
        state = self._asked()
        if state is None:
            return "it is silent"
        faults = [fault.name.lower() for fault in codec.Fault if state.faults >> fault & 1]
        return (
            f"{codec.RunState(state.run_state).name.lower()}, valve {codec.ValveState(state.valve_state).name.lower()}, "
            f"methane {codec.Status(state.methane_status).name.lower()}, CO {codec.Status(state.co_status).name.lower()}, "
            f"faults: {', '.join(faults) or 'none'}"
        )

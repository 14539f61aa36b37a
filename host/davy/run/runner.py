"""Runs a scenario: image, board, room, broker and monitor, from power-on to the last expectation."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.replay import Replay
from davy.board.valve import VALVE_FAULTS
from davy.board.virtual import VirtualBoard
from davy.codec import CommandKind, Decoded, Event, Result, State, describe
from davy.image.boardparts import BoardSpec
from davy.image.build import Image, build_image
from davy.image.calibration import Calibration
from davy.image.settings import Broker, Settings, Wifi
from davy.monitor import EmbeddedBroker, MonitorService, Received, Verdict
from davy.run.expect import Verdict as Judged
from davy.run.recorded import Recorded, RunEvent
from davy.run.scenario import Action, Scenario
from davy.run.timeline import translate

_PIECE_MS = 10_000
#: At a chosen speed the run is held back this often, in wall seconds.
_PACE_S = 0.05
_SUBSCRIBE_S = 20.0
#: Points of the room's course that are kept for plots and expectations: one a second, at most this many.
_MOST_POINTS = 200_000


@dataclass
class Outcome:
    """What a run gave."""

    scenario: Scenario
    board: BoardSpec
    seed: int
    image: Image
    recorded: Recorded
    verdicts: list[Judged]
    wall_s: float

    @property
    def passed(self) -> bool:
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def speed_up(self) -> float:
        return self.recorded.duration_ms / 1000 / self.wall_s


class _Network:
    """Broker and monitor behind the board's access point, as the scenario wants them."""

    def __init__(self, scenario: Scenario, folder: Path, on_verdict: Callable[[Received, Verdict], None]) -> None:
        self.broker: EmbeddedBroker | None = None
        self.monitor: MonitorService | None = None
        hosts: dict[str, tuple[str, int]] = {}
        if scenario.reporting.wifi and scenario.reporting.broker:
            self.broker = EmbeddedBroker()
            self.monitor = MonitorService(self.broker.url, folder / "events.sqlite", on_verdict=on_verdict)
            self.monitor.start()
            self._await_monitor()
            hosts[Broker().host] = (self.broker.host, self.broker.port)
        self.access_point = AccessPoint(hosts, monitored=self.monitor is not None)

    def set_broker(self, up: bool) -> None:
        """Stop the broker, or start it again on its port."""
        if self.broker is None:
            return
        self.broker.pause()
        if up:
            self.broker.resume()
            self._await_monitor()

    def _await_monitor(self) -> None:
        if self.monitor is not None and not self.monitor.wait_subscribed(_SUBSCRIBE_S):
            raise RuntimeError("the monitor could not subscribe at the embedded broker")

    def stop(self) -> None:
        if self.monitor is not None:
            self.monitor.stop()
        if self.broker is not None:
            self.broker.stop()


class Run:
    """One run of a scenario; `on_event` hears every line of the record, `on_time` how far it is.

    `calibrated`: the unit has the values of its very sensors, as after a calibration; else those of `calibration`, or the
    types' nominal ones. `to_siren_ms`: end soon after the siren sounds first from that virtual time on.
    """

    def __init__(
        self,
        scenario: Scenario,
        board: BoardSpec,
        *,
        seed: int | None = None,
        speed: float | None = None,
        replays: dict[str, Replay] | None = None,
        calibrated: bool = False,
        calibration: Calibration | None = None,
        to_siren_ms: int | None = None,
        on_event: Callable[[RunEvent], None] = lambda event: None,
        on_time: Callable[[int], None] = lambda t_ms: None,
    ) -> None:
        self._scenario = scenario
        self._spec = board
        self._seed = scenario.seed if seed is None else seed
        self._speed = speed
        self._replays = replays or {}
        self._calibrated = calibrated
        self._calibration = calibration
        self._to_siren_ms = to_siren_ms
        self._siren_heard = False
        self._on_event = on_event
        self._on_time = on_time
        self._recorded = Recorded(scenario.duration_ms)
        self._board: VirtualBoard | None = None
        self._began_s = 0.0

    def execute(self) -> Outcome:
        """Run to the end and judge. Nothing is left running, whatever happens."""
        plant = Plant(self._spec, self._scenario.room, self._seed)
        calibration = plant.true_calibration() if self._calibrated else self._calibration
        image = build_image(self._spec, self._settings(), calibration=calibration)
        with tempfile.TemporaryDirectory(prefix="davy-run-") as name, self._network(Path(name)) as network:
            began = time.perf_counter()
            board = VirtualBoard(
                self._spec,
                image,
                plant,
                flash=Path(name) / "flash.bin",
                seed=self._seed,
                access_point=network.access_point,
                on_event=self._heard,
            )
            with board:
                self._live(board, network)
            wall_s = time.perf_counter() - began
            self._finish(plant, network)
        verdicts = [expectation.judge(self._recorded) for expectation in self._scenario.expectations]
        return Outcome(self._scenario, self._spec, self._seed, image, self._recorded, verdicts, wall_s)

    def _settings(self) -> Settings:
        reporting = self._scenario.reporting
        return Settings(
            wifi=Wifi() if reporting.wifi else None,
            broker=Broker() if reporting.wifi and reporting.broker else None,
            mqtt_state_ms=reporting.mqtt_state_ms,
            serial_state_ms=reporting.serial_state_ms,
        )

    @contextlib.contextmanager
    def _network(self, folder: Path) -> Iterator[_Network]:
        network = _Network(self._scenario, folder, self._stored)
        try:
            yield network
        finally:
            network.stop()

    def _live(self, board: VirtualBoard, network: _Network) -> None:
        self._board = board
        self._began_s = time.monotonic()
        self._replay(board)
        if board.valve_open:
            # One that is closed on demand is open as it was installed.
            self._heard(BoardEvent(0, "valve", {"open": True}))
        board.power_on()
        for action in self._scenario.actions:
            self._run_to(board, action.t_ms)
            if self._siren_heard:
                break
            self._note(RunEvent(board.now_ms, "do", action.words(), {"action": action.kind, **action.values}))
            self._act(action, board, network)
        self._run_to(board, self._scenario.duration_ms)
        self._recorded.duration_ms = board.now_ms

    def _run_to(self, board: VirtualBoard, t_ms: int) -> None:
        # A chosen speed only holds virtual time back: the run stays the same, event for event.
        piece_ms = _PIECE_MS if self._speed is None else max(1, round(self._speed * _PACE_S * 1000))
        while board.now_ms < t_ms and not self._siren_heard:
            board.run_until(min(t_ms, board.now_ms + piece_ms))
            self._on_time(board.now_ms)
            if self._speed is not None:
                ahead_s = board.now_ms / 1000 / self._speed - (time.monotonic() - self._began_s)
                if ahead_s > 0:
                    time.sleep(ahead_s)

    def _replay(self, board: VirtualBoard) -> None:
        for gas, replay in self._replays.items():
            board.plant.set_replay(gas, replay)
            self._recorded.segments = replay.segments

    def _act(self, action: Action, board: VirtualBoard, network: _Network) -> None:
        values, plant = action.values, board.plant
        gas = str(values.get("gas"))

        def number(key: str) -> float:
            return float(values[key] or 0)

        if action.kind == "leak":
            plant.set_leak(gas, number("l_per_min"))
        elif action.kind == "force":
            plant.force_ppm(gas, None if values["ppm"] is None else number("ppm"))
        elif action.kind == "ventilation":
            plant.set_ventilation(number("ach"))
        elif action.kind == "climate":
            plant.set_climate(number("temperature_degc"), number("humidity_percent"))
        elif action.kind == "vapour":
            plant.set_vapour(gas, number("rs_factor"))
        elif action.kind == "sensor_fault":
            plant.set_sensor_fault(gas, None if values["fault"] == "none" else str(values["fault"]))
        elif action.kind == "valve_fault":
            board.set_valve_fault(next((fault for fault in VALVE_FAULTS if fault == values["fault"]), None))
        elif action.kind == "climate_fault":
            if board.periphery.wired.climate is not None:
                board.periphery.wired.climate.fault = None if values["fault"] == "none" else str(values["fault"])
        elif action.kind == "reference":
            board.periphery.wired.reference_uv = round(number("volts") * 1e6)
        elif action.kind == "relay_pad":
            board.periphery.hold_relay_pad({"high": 1, "low": 0}.get(str(values["held"])))
        elif action.kind == "slow_clock":
            board.periphery.set_slow_clock(int(number("permille")))
        elif action.kind == "tamper":
            board.set_tamper(values["state"] == "opened")
        elif action.kind == "command":
            board.send_command(CommandKind[str(values["command"]).upper()])
        elif action.kind == "wifi":
            board.set_wifi(values["state"] == "up")
        elif action.kind == "broker":
            network.set_broker(values["state"] == "up")
        elif action.kind == "power":
            board.power_on() if values["state"] == "on" else board.power_cut()
        elif action.kind == "valve_by_hand":
            board.open_valve_by_hand()
        else:
            board.press_button(int(number("hold_ms")))

    def _heard(self, event: BoardEvent) -> None:
        frame = event.data.get("frame")
        if isinstance(frame, Decoded):
            if isinstance(frame.message, State):
                self._recorded.states.append((event.t_ms, frame.message))
            elif isinstance(frame.message, Event):
                self._recorded.told.append((event.t_ms, frame.message))
                self._recorded.told_ids.append((frame.source.hex(), frame.session, frame.seq))
        if self._to_siren_ms is not None and event.kind == "siren" and event.data["on"]:
            self._siren_heard = self._siren_heard or event.t_ms >= self._to_siren_ms
        self._note(translate(event))

    def _stored(self, _packet: Received, verdict: Verdict) -> None:
        # On the monitor's thread, while virtual time waits for the acknowledgement that follows.
        t_ms = self._board.now_ms if self._board is not None else 0
        if verdict.frame is None or verdict.result is Result.REFUSED:
            self._note(RunEvent(t_ms, "refused", f"refused: {verdict.reason}", {"reason": verdict.reason}))
        elif isinstance(verdict.frame.message, Event):
            again = " again" if verdict.result is Result.STORED_BEFORE else ""
            ids = {"seq": verdict.frame.seq, "session": verdict.frame.session, "kind": verdict.frame.message.kind}
            self._note(RunEvent(t_ms, "stored", f"stored{again}: {describe(verdict.frame)}", ids))

    def _note(self, event: RunEvent) -> None:
        self._recorded.events.append(event)
        self._on_event(event)

    def _finish(self, plant: Plant, network: _Network) -> None:
        step_ms = max(1_000, self._recorded.duration_ms // _MOST_POINTS)
        self._recorded.t_s = np.arange(0, self._recorded.duration_ms, step_ms) / 1000.0
        self._recorded.truth = plant.history(self._recorded.t_s)
        if network.monitor is not None:
            stored = network.monitor.store.events()
            self._recorded.stored_ids = [(event.source, event.session, event.seq) for event in stored]

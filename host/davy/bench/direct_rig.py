"""The rig of a virtual board in this very process: what surrounds the board does what a rig's wires would."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from davy.bench.rig import (
    CO_GARBLED,
    CO_ONLY_ASKED,
    CO_SILENT,
    CO_UPLOADS,
    CONTACT_FOLLOWS,
    CONTACT_STUCK,
    INPUTS,
    OUTPUTS,
    RELEASED,
    Edge,
    RigAbout,
    check_output,
)
from davy.board.drive import Drive
from davy.board.events import BoardEvent
from davy.board.virtual import VirtualBoard
from davy.board.wired import COIL_UV
from davy.image.boardparts import SerialSensor

_COLOURS = ("green", "yellow", "red")
_STIMULI = {"methane_uv": "methane", "co_uv": "co"}
_SHUNT_OHM = 1
_SUPPLY_UV, _COIL_BUS_UV = 5_000_000, 12_000_000
_CO_FAULTS = {CO_UPLOADS: None, CO_SILENT: "silent", CO_GARBLED: "garbled", CO_ONLY_ASKED: "only_when_asked"}


class VirtualClock:
    """Virtual time of one board: waiting lets it run."""

    virtual = True

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board

    def now_s(self) -> float:
        return self._board.now_ms / 1000

    def wait(self, seconds: float) -> None:
        self._board.run_for(seconds)


class DirectRig:
    """A rig of no parts. `hear` is to be the board's listener, or to be called by it."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._board: VirtualBoard | None = None
        self._edges: list[Edge] = []
        self._levels = dict.fromkeys(INPUTS, 0)
        self._values: dict[str, int] = {}
        self._holds: dict[str, int] = {}  # where an output goes back to
        self._acts: dict[str, int] = {}  # how often each output was put: a newer act ends what was being played
        self.outputs: frozenset[str] = frozenset()
        self.inputs = frozenset(INPUTS)
        self.readings = frozenset(("supply_uv", "coil_ua", "coil_bus_uv"))

    def attach(self, board: VirtualBoard) -> None:
        """The board it stands around; its outputs are those that this board has a place for."""
        self._board = board
        spec = board.spec
        absent = {"boot"}
        if spec.co is None or isinstance(spec.co, SerialSensor):
            absent |= {"co_uv", "co_heater_uv"}
        if not isinstance(spec.co, SerialSensor):
            absent |= {"co_mode", "co_tenths_ppm"}
        if spec.methane.heater_sense_pin is None:
            absent.add("methane_heater_uv")
        if getattr(spec.co, "heater_sense_pin", None) is None:
            absent.add("co_heater_uv")
        if spec.valve.feedback_pin is None:
            absent.add("contact")
        if spec.tamper is None:
            absent.add("tamper")
        self.outputs = frozenset(OUTPUTS) - absent
        self._levels["contact"] = int(not board.valve_open)
        self.rest(power=0)

    def about(self) -> RigAbout:
        return RigAbout("virtual", "none", f"in-process, seed {self._seed}")

    def now_ms(self) -> int:
        return self._on.now_ms

    def set(self, output: str, value: int, hold_ms: int = 0) -> int:
        check_output(self.outputs, output, value)
        # A hold within a hold goes back to where the first one would have.
        before = self._holds.pop(output, self._values.get(output, OUTPUTS[output].rest))
        self._put(output, value)
        if hold_ms:
            self._holds[output] = before
            mine = self._acts[output]
            self._on.at(self._on.now_ms + hold_ms, lambda: self._let_go(output, mine))
        return self._on.now_ms

    def play(self, output: str, period_ms: int, values: Sequence[int]) -> int:
        for value in values:
            check_output(self.outputs, output, value)
        began_ms = self._on.now_ms
        if output in _STIMULI:
            self._acts[output] = self._acts.get(output, 0) + 1
            self._values[output] = values[-1]
            levels = tuple(max(0, value) for value in values)
            self._on.plant.drive(_STIMULI[output], Drive(levels, began_ms, period_ms))
            return began_ms
        self._put(output, values[0])
        mine = self._acts[output]

        def step(value: int) -> Callable[[], None]:
            def act() -> None:
                nonlocal mine
                if self._acts[output] == mine:
                    self._put(output, value)
                    mine = self._acts[output]

            return act

        for number, value in enumerate(values[1:], 1):
            self._on.at(began_ms + number * period_ms, step(value))
        return began_ms

    def edges(self, since_ms: int) -> list[Edge]:
        return [edge for edge in self._edges if edge.t_ms >= since_ms]

    def level(self, line: str) -> int:
        return self._levels[line]

    def reading(self, name: str) -> int:
        if name == "supply_uv":
            return _SUPPLY_UV if self._on.powered else 0
        if name == "coil_ua":
            return COIL_UV // _SHUNT_OHM if self._levels["coil"] else 0
        if name == "coil_bus_uv":
            return _COIL_BUS_UV
        raise ValueError(f"this rig cannot read {name!r}: it has {', '.join(sorted(self.readings))}")

    def rest(self, power: int | None = None) -> None:
        for output in sorted(self.outputs - {"power"}):
            self._put(output, OUTPUTS[output].rest)
        self._put("power", OUTPUTS["power"].rest if power is None else power)

    def close(self) -> None:
        """The board is its bench's to close."""

    def hear(self, event: BoardEvent) -> None:
        """What the board does outside of itself."""
        data = event.data
        if event.kind == "power":
            self._saw(event.t_ms, "power", int(data["on"]))
        elif event.kind == "relay":
            self._saw(event.t_ms, "coil", int(data["on"] and not self._values.get("coil_broken", 0)))
        elif event.kind == "valve":
            if self._values.get("contact", CONTACT_FOLLOWS) == CONTACT_FOLLOWS:
                self._saw(event.t_ms, "contact", int(not data["open"]))
        elif event.kind == "siren":
            self._saw(event.t_ms, "siren", int(data["on"]))
        elif event.kind == "lamp":
            lit = str(data["colours"]).split("+")
            for colour in _COLOURS:
                self._saw(event.t_ms, colour, int(colour in lit))

    # How it works

    @property
    def _on(self) -> VirtualBoard:
        assert self._board is not None
        return self._board

    def _saw(self, t_ms: int, line: str, level: int) -> None:
        if self._levels[line] != level:
            self._levels[line] = level
            self._edges.append(Edge(t_ms, line, level))

    def _put(self, output: str, value: int) -> None:
        board, periphery = self._on, self._on.periphery
        self._acts[output] = self._acts.get(output, 0) + 1
        self._values[output] = value
        if output == "power":
            board.power_on() if value else board.power_cut()
        elif output in _STIMULI:
            board.plant.drive(_STIMULI[output], Drive((0 if value == RELEASED else value,)))
        elif output in ("methane_heater_uv", "co_heater_uv"):
            periphery.wired.drive_heater(output.removesuffix("_heater_uv"), 0 if value == RELEASED else value)
        elif output == "co_mode":
            board.plant.set_sensor_fault("co", _CO_FAULTS[value])
        elif output == "co_tenths_ppm":
            board.plant.tell_co_ppm(value / 10)
        elif output == "button":
            periphery.set_button(bool(value))
        elif output == "tamper":
            board.set_tamper(bool(value))
        elif output == "contact":
            self._contact(value)
        elif output == "coil_broken":
            board.set_valve_fault("coil_open" if value else None)
            self._saw(board.now_ms, "coil", int(board.relay_on and not value))
        elif output == "reset":
            if value:
                board.hold_in_reset()
            elif board.powered and board.process is None:
                board.let_run()

    def _let_go(self, output: str, act: int) -> None:
        if self._acts[output] == act:
            self._put(output, self._holds.pop(output))

    def _contact(self, value: int) -> None:
        spec = self._on.spec.valve
        if value == CONTACT_FOLLOWS:
            self._on.periphery.hold_contact(None)
            self._saw(self._on.now_ms, "contact", int(not self._on.valve_open))
            return
        closed = self._levels["contact"] if value == CONTACT_STUCK else 0
        self._on.periphery.hold_contact(spec.feedback_closed if closed else 1 - spec.feedback_closed)
        self._saw(self._on.now_ms, "contact", closed)

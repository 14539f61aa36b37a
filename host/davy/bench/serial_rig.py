"""The rig on a microcontroller of its own (boards/rig_esp32), over anything that carries its console's bytes."""

from __future__ import annotations

from collections.abc import Sequence

from davy.bench.clock import Clock
from davy.bench.lines import ByteLine
from davy.bench.rig import Edge, RigAbout, check_output
from davy.bench.rig_link import ANSWER_WITHIN_S, Fields, RigLink
from davy.bench.wiring import Wiring, day_of
from rig_protocol import messages

#: The rig goes to rest when it has heard nothing for so long; never where the bench grants its time.
WATCH_MS = 600_000
_MOST_EDGES = 200_000
_OUTCOMES: dict[str, tuple[str, str]] = {
    "no_such_output": ("has no such output", "put the wiring on it that the bench has"),
    "bad_value": ("does not take this value", "put the wiring on it that the bench has"),
    "part_silent": ("gets no answer of its DAC", "look at its I2C bus and at the DAC's supply"),
    "part_wrong": (
        "finds another value in its DAC than it wrote",
        "look at the I2C bus: pull-ups, length of the wires",
    ),
    "busy": ("plays as many waveforms as it can", "let one end first"),
    "pieces_missing": ("has lost a piece of a waveform", "try again"),
}
_PARTS: dict[str, tuple[str, str]] = {
    "absent": ("is not there", "put the wiring on it that the bench has"),
    "silent": ("does not answer", "look at its I2C bus, and at its supply"),
    "overflow": ("is out of its range", "is the coil shorted?"),
    "not_ready": ("does not convert", "look at its supply"),
    "restarted": ("had lost its supply", "look at its wires, and try again"),
}


class SerialRig:
    """Implements davy.bench.rig.Rig. What it has is what its wiring says; the rig is asked whether it is of the same mind."""

    def __init__(
        self,
        line: ByteLine,
        clock: Clock,
        wiring: Wiring,
        *,
        name: str = "rig",
        session: int | None = None,
        answer_within_s: float = ANSWER_WITHIN_S,
    ) -> None:
        self.outputs, self.inputs, self.readings = wiring.outputs, wiring.inputs, wiring.readings
        self._wiring = wiring
        self._watch_ms = 0 if clock.virtual else WATCH_MS
        self._link = RigLink(line, clock, name, session, answer_within_s)
        self._met = False
        self._rests = self._failures = 0
        self._edges: list[Edge] = []
        self._next = 0  # index of the first edge that was not fetched
        self._lost_until_ms = -1

    def about(self) -> RigAbout:
        about = self._link.ask("about")
        self._check_about(about)
        version = f"{about['firmware_major']}.{about['firmware_minor']}.{about['firmware_patch']}"
        return RigAbout("serial", version, about["wiring"], day_of(about["calibrated_day"]))

    def now_ms(self) -> int:
        self._meet()
        return int(self._link.ask("levels")["t_ms"])

    def set(self, output: str, value: int, hold_ms: int = 0) -> int:
        check_output(self.outputs, output, value)
        return self._set(output, value, hold_ms)

    def play(self, output: str, period_ms: int, values: Sequence[int]) -> int:
        for value in values:
            check_output(self.outputs, output, value)
        self._meet()
        t_ms = 0
        for first in range(0, len(values), messages.POINTS_A_FRAME):
            piece = values[first : first + messages.POINTS_A_FRAME]
            data = b"".join(value.to_bytes(messages.POINT_BYTES, "big", signed=True) for value in piece)
            fields = {"period_ms": period_ms, "total": len(values), "first": first, "points": data}
            t_ms = self._done(output, self._link.act(messages.POINTS, {"output": _number(output), **fields}))
        return t_ms

    def edges(self, since_ms: int) -> list[Edge]:
        self._meet()
        while self._fetch():
            pass
        if since_ms <= self._lost_until_ms:
            raise self._link.broken(
                f"saw edges after {since_ms} ms that it could not keep",
                "look at them more often than each four minutes",
            )
        return [edge for edge in self._edges if edge.t_ms >= since_ms]

    def level(self, line: str) -> int:
        if line not in self.inputs:
            raise ValueError(f"this rig does not see {line!r}: it sees {', '.join(sorted(self.inputs))}")
        self._meet()
        return int(self._link.ask("levels")["levels"] >> messages.INPUTS.index(line) & 1)

    def reading(self, name: str) -> int:
        if name not in self.readings:
            raise ValueError(f"this rig cannot read {name!r}: it has {', '.join(sorted(self.readings))}")
        self._meet()
        found = self._link.ask("values")
        state = messages.ENUMS["part"][found[f"{name}_part"]]
        if state != "ok":
            problem, hint = _PARTS[state]
            raise self._link.broken(f"what reads {name} {problem}", hint)
        return int(found[name])

    def rest(self) -> None:
        self._meet()
        self._done("rest", self._link.act(messages.REST, {}))

    def close(self) -> None:
        """The line is its owner's to close."""

    def _set(self, output: str, value: int, hold_ms: int = 0) -> int:
        self._meet()
        fields = {"output": _number(output), "value": value, "hold_ms": hold_ms}
        return self._done(output, self._link.act(messages.SET, fields))

    def _done(self, output: str, done: Fields) -> int:
        if done["rests"] != self._rests:
            self._rests = done["rests"]
            raise self._link.broken(
                "went to rest, as it had heard nothing for long", "a wait was longer than its watch"
            )
        if done["failures"] != self._failures:
            self._failures = done["failures"]
            raise self._link.broken("has a part that did not take a later value", "look at its I2C bus")
        outcome = messages.ENUMS["outcome"][done["outcome"]]
        if outcome != "done":
            problem, hint = _OUTCOMES[outcome]
            raise self._link.broken(f"{problem} ({output})", hint)
        return int(done["t_ms"])

    def _meet(self) -> None:
        """Once: whether it is the rig that the bench expects, and how long it may wait for the bench."""
        if self._met:
            return
        about = self._link.ask("about")
        self._check_about(about)
        self._rests, self._failures = about["rests"], about["failures"]
        self._met = True
        self._set(messages.WATCH, self._watch_ms)

    def _check_about(self, about: Fields) -> None:
        hint = "put the image on it that this davy makes of the bench's wiring"
        if about["schema_checksum"] != messages.schema_checksum():
            raise self._link.broken("has a firmware of another davy", hint)
        for what, own, all_names in (
            ("outputs", self.outputs, messages.OUTPUTS),
            ("inputs", self.inputs, messages.INPUTS),
            ("values", self.readings, messages.VALUE_NAMES),
        ):
            has = {name for at, name in enumerate(all_names) if about[what] >> at & 1}
            if has != own or about["wiring"] != self._wiring.name:
                raise self._link.broken(f"is wired as {about['wiring']!r}, not as the bench says", hint)

    def _fetch(self) -> bool:
        """Takes in what one question brings; whether there is more."""
        for frame in self._link.ask_edges(self._next):
            data, base_ms = frame["edges"], frame["base_ms"]
            if frame["first"] > self._next:
                self._lost_until_ms = base_ms
            for at in range(0, len(data), messages.EDGE_BYTES):
                t_ms = base_ms + int.from_bytes(data[at : at + 4], "big")
                line, level = data[at + 4] >> 1, data[at + 4] & 1
                if line == messages.LOST_LINE:
                    self._lost_until_ms = t_ms
                else:
                    self._edges.append(Edge(t_ms, messages.INPUTS[line], level))
            self._next = frame["first"] + len(data) // messages.EDGE_BYTES
            total = frame["total"]
        if len(self._edges) > _MOST_EDGES:
            self._lost_until_ms = max(self._lost_until_ms, self._edges[-_MOST_EDGES - 1].t_ms)
            del self._edges[:-_MOST_EDGES]
        return bool(self._next < total)


def _number(output: str) -> int:
    return int(messages.ENUMS["output"].index(output))

"""A bench of a place, from taking the place to giving it back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from davy.bench.bench import Bench
from davy.bench.lab.address import LabAddress
from davy.bench.lab.place import hold
from davy.bench.lab.wanted import Wanted
from davy.bench.rig import Edge, Rig, RigAbout


class WatchedRig:
    """A rig whose every use first makes sure that the bench is still ours: davy.bench.rig.Rig, and BenchError (place) besides.

    The suite looks at the rig's clock after each test, before it judges: so no verdict is passed on a bench that was lost meanwhile.
    """

    def __init__(self, rig: Rig, check: Callable[[], None]) -> None:
        self._rig, self._check = rig, check
        self.outputs, self.inputs, self.readings = rig.outputs, rig.inputs, rig.readings

    def about(self) -> RigAbout:
        self._check()
        return self._rig.about()

    def now_ms(self) -> int:
        self._check()
        return self._rig.now_ms()

    def set(self, output: str, value: int, hold_ms: int = 0) -> int:
        self._check()
        return self._rig.set(output, value, hold_ms)

    def play(self, output: str, period_ms: int, values: Sequence[int]) -> int:
        self._check()
        return self._rig.play(output, period_ms, values)

    def edges(self, since_ms: int) -> list[Edge]:
        self._check()
        return self._rig.edges(since_ms)

    def level(self, line: str) -> int:
        self._check()
        return self._rig.level(line)

    def reading(self, name: str) -> int:
        self._check()
        return self._rig.reading(name)

    def rest(self) -> None:
        self._check()
        self._rig.rest()

    def close(self) -> None:
        self._rig.close()


def lab_bench(
    wanted: Wanted,
    open_at: Callable[[LabAddress], Bench],
    wait_s: float = 0.0,
    tell: Callable[[str], None] = lambda _: None,
) -> Bench:
    """The bench of a place, which `open_at` opens at its address; its `close` gives the place back.

    Raises what `hold` and `open_at` raise; the place has been given back by then.
    """
    with contextlib.ExitStack() as stack:
        held = stack.enter_context(hold(wanted, wait_s, tell))
        bench = open_at(held.address)
        stack.callback(bench.close)
        return replace(
            bench,
            name=held.address.bench,
            kind="labgrid",
            rig=WatchedRig(bench.rig, held.check),
            calibrated=held.address.calibrated or bench.calibrated,
            close=stack.pop_all().close,
            about={**bench.about, "place": held.name, "coordinator": wanted.coordinator},
        )

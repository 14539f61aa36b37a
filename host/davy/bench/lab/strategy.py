"""The states of a device (davy.bench.states) as a strategy of labgrid's. Imported where labgrid is."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import attr
from labgrid.factory import target_factory
from labgrid.strategy.common import Strategy, StrategyError

from davy.bench.bench import Bench
from davy.bench.errors import BenchError
from davy.bench.lab.opened import DEFAULT_SERIAL, bench_on
from davy.bench.states import STATES, States
from davy.paths import FIRMWARE


@target_factory.reg_driver
@attr.s(eq=False)
class DavyStrategy(Strategy):
    """off, flashed, provisioned, armed: `transition` goes there and no further.

    serial: of the unit that is made for the run. firmware: the tree that is put on the device, davy's own by default. A bench that
    did not get a device there is broken, and says so from then on.
    """

    bindings: ClassVar[dict[str, str]] = {"bench": "DavyBenchDriver"}

    serial: str = attr.ib(default=DEFAULT_SERIAL, validator=attr.validators.instance_of(str))
    firmware: str = attr.ib(default="", validator=attr.validators.instance_of(str))
    status: str = attr.ib(default="", init=False)
    broken: Exception | None  # labgrid's Strategy sets it

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._states: States | None = None

    @property
    def opened(self) -> Bench:
        """What the capabilities of davy.bench.capabilities ask for; there after the first transition."""
        return self._made().bench

    def transition(self, status: str) -> None:
        """Raises StrategyError for a state that is none, and out of a BenchError (`broken`) when the device does not get there."""
        name = next((each for each in STATES if each == status), None)
        if name is None:
            raise StrategyError(f"{status!r} is no state: {', '.join(STATES)}")
        if self.broken is not None:
            raise StrategyError(f"the bench is broken: {self.broken}") from self.broken
        try:
            self._made().bring_to(name)
        except BenchError as error:
            self.broken = error
            raise StrategyError(f"the bench is broken: {error}") from error
        self.status = name

    def force(self, status: str) -> None:
        """Say in which state it is. Only `off` is nobody's promise."""
        if status != "off":
            raise StrategyError("davy's states are reached, not claimed: transition goes there")
        self.status = status

    def _made(self) -> States:
        if self._states is None:
            self.target.activate(self.bench)
            firmware = Path(self.firmware) if self.firmware else FIRMWARE
            bench = bench_on(self.bench.wires, self.bench.address, self.serial, firmware)
            self.bench.at_end(self._forget)
            self.bench.at_end(bench.close)
            self._states = States(bench)
        return self._states

    def _forget(self) -> None:
        self._states, self.status = None, ""

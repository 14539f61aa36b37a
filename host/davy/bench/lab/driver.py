"""The driver of a bench for labgrid's own environments. Imported where labgrid is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import ClassVar

import attr
from labgrid.driver.common import Driver
from labgrid.factory import target_factory

from davy.bench.clock import Clock
from davy.bench.lab.address import LabAddress, address_of
from davy.bench.lab.wires import Wires, open_wires
from davy.bench.lines import ByteLine
from davy.bench.rig import Rig


@target_factory.reg_driver
@attr.s(eq=False)
class DavyBenchDriver(Driver):
    """`rig`, `clock`, `wired` and `console` are davy's own (davy.bench), there while the driver is active.

    Lines that are serial ports (labgrid's NetworkSerialPort) are found among the target's resources by their names.
    """

    bindings: ClassVar[dict[str, str]] = {"bench": "DavyBench"}

    def __attrs_post_init__(self) -> None:
        super().__attrs_post_init__()
        self._wires: Wires | None = None
        self._open = contextlib.ExitStack()

    def on_activate(self) -> None:
        """Connect. Raises BenchError."""
        self._wires = open_wires(self.address)
        self._open.callback(self._wires.close)

    def on_deactivate(self) -> None:
        """Let the bench go; its outputs stay."""
        self._wires = None
        self._open.close()

    def at_end(self, act: Callable[[], None]) -> None:
        """To be called before the bench is let go, last come first: a strategy is never deactivated itself."""
        self._open.callback(act)

    @property
    def address(self) -> LabAddress:
        """Where the bench is, by the target's resources as they are now."""
        told = []
        for resource in self.target.resources:
            fields = {each.name: getattr(resource, each.name) for each in attr.fields(type(resource))}
            told.append((resource.name or type(resource).__name__, type(resource).__name__, fields))
        return address_of(self.target.name, told)

    @property
    def wires(self) -> Wires:
        """All that is connected. ValueError before the driver is active."""
        if self._wires is None:
            raise ValueError(f"{self.display_name} is not active")
        return self._wires

    @property
    def rig(self) -> Rig:
        """davy.bench.rig.Rig."""
        return self.wires.rig

    @property
    def clock(self) -> Clock:
        """The bench's time: granted where it is emulated."""
        return self.wires.clock

    @property
    def wired(self) -> ByteLine | None:
        """The device's wired line, if the bench has it."""
        return self.wires.wired

    @property
    def console(self) -> ByteLine | None:
        """The device's console, if the bench has it."""
        return self.wires.console

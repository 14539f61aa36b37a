# What the rig has seen: the optocouplers, and the contact where that is the rig's own.
import asyncio

from edges import Edges
from rig_protocol.messages import INPUTS, LOST_LINE

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_COIL = INPUTS.index("coil")
_CONTACT = INPUTS.index("contact")


class Seen:
    def __init__(self, uptime: "Any") -> None:
        self.edges = Edges()
        self.contact: Any = None  # the emulated one, if there is one
        self.changed = asyncio.ThreadSafeFlag()
        self._uptime = uptime
        self._inputs: Any = None
        self._lost = 0

    def begin(self, inputs: "Any") -> None:
        # inputs: OptoInputs whose wake() is changed.set. The emulated contact starts from the coil as it is.
        self._inputs = inputs
        if self.contact is not None:
            self.contact.coil(self._uptime.now_ms(), inputs.levels() >> _COIL & 1)

    def contact_moved(self, t_ms: int, closed: int) -> None:
        self.edges.add(t_ms, _CONTACT, closed)

    def levels(self) -> int:
        # Bits, now.
        self._inputs.look()
        bits: int = self._inputs.levels()
        return bits | self.contact.closed << _CONTACT if self.contact is not None else bits

    def take(self) -> None:
        # What came since the last time.
        found = self._inputs.take()
        while found is not None:
            ticks, line, level = found
            t_ms = self._uptime.of_ticks(ticks)
            self.edges.add(t_ms, line, level)
            if line == _COIL and self.contact is not None:
                self.contact.coil(t_ms, level)
            found = self._inputs.take()
        if self._inputs.lost != self._lost:
            self._lost = self._inputs.lost
            self.edges.add(self._uptime.now_ms(), LOST_LINE, 0)

    async def run(self) -> None:
        # Never returns.
        while True:
            await self.changed.wait()
            self.take()

# What can be read as a number: voltages at the rig's own ADC, and the coil's current.
from rig_protocol.messages import ENUMS, VALUE_NAMES

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OK = ENUMS["part"].index("ok")
_ABSENT = ENUMS["part"].index("absent")
_SILENT = ENUMS["part"].index("silent")


class Readings:
    # adcs: name -> DividedInput; current: an Ina219, or None.
    def __init__(self, adcs: dict, current: "Any") -> None:
        self._adcs = adcs
        self._current = current

    def names(self) -> tuple:
        coil = ("coil_ua", "coil_bus_uv") if self._current is not None else ()
        return tuple([name for name in VALUE_NAMES if name in self._adcs or name in coil])

    def fields(self) -> dict:
        # Of VALUES: each part's state, and what it says or None. Blocks for a few ms.
        found: dict = {}
        for name in VALUE_NAMES:
            adc = self._adcs.get(name)
            uv = adc.read_uv() if adc is not None else -1
            found[name + "_part"] = _ABSENT if adc is None else _OK if uv >= 0 else _SILENT
            found[name] = uv if uv >= 0 else None
        if self._current is not None:
            state = self._current.read()
            for name, value in (("coil_ua", self._current.current_ua), ("coil_bus_uv", self._current.bus_uv)):
                found[name + "_part"] = state
                found[name] = None if state != _OK else value
        return found

# The rig's outputs behind one call: put(value) of a value that is in range, which gives an outcome.
from rig_protocol import messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OUTCOMES = messages.ENUMS["outcome"]
DONE: int = _OUTCOMES.index("done")
NO_SUCH_OUTPUT: int = _OUTCOMES.index("no_such_output")
BAD_VALUE: int = _OUTCOMES.index("bad_value")
PART_SILENT: int = _OUTCOMES.index("part_silent")
PART_WRONG: int = _OUTCOMES.index("part_wrong")
BUSY: int = _OUTCOMES.index("busy")
PIECES_MISSING: int = _OUTCOMES.index("pieces_missing")
_OF_PART = (DONE, PART_SILENT, PART_WRONG)  # by the driver's result
_MILLION = 1_000_000


class Switched:
    def __init__(self, switch: "Any") -> None:
        self._switch = switch

    def put(self, value: int) -> int:
        self._switch.set(value)
        return DONE


class Voltage:
    # A channel of the DAC, whose output at code c is c steps * gain_ppm / 1,000,000 + offset_uv.
    def __init__(self, dac: "Any", channel: int, gain_ppm: int, offset_uv: int, step_uv: int, most_code: int) -> None:
        self._dac = dac
        self._channel = channel
        self._gain_ppm = gain_ppm
        self._offset_uv = offset_uv
        self._step_uv = step_uv
        self._most_code = most_code

    def code(self, uv: int) -> int:
        if uv == messages.RELEASED:
            return -1
        corrected_uv = (uv - self._offset_uv) * _MILLION // self._gain_ppm
        return max(0, min(self._most_code, (corrected_uv + self._step_uv // 2) // self._step_uv))

    def put(self, value: int) -> int:
        return _OF_PART[self._dac.write(self._channel, self.code(value))]


class ContactMode:
    def __init__(self, contact: "Any") -> None:
        self._contact = contact

    def put(self, value: int) -> int:
        self._contact.set(value)
        return DONE


class CoMode:
    def __init__(self, module: "Any") -> None:
        self._module = module

    def put(self, value: int) -> int:
        self._module.mode = value
        return DONE


class CoReading:
    def __init__(self, module: "Any") -> None:
        self._module = module

    def put(self, value: int) -> int:
        self._module.tenths_ppm = value
        return DONE


class Power:
    # The device's relay; its CO module goes with it.
    def __init__(self, switch: "Any", module: "Any") -> None:
        self._switch = switch
        self._module = module

    def put(self, value: int) -> int:
        self._switch.set(value)
        if self._module is not None:
            self._module.powered = bool(value)
        return DONE

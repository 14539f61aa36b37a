# Fits the parts of a board one by one. The host refuses a board file with a mistake in it; a board that got one all the same
# goes on with what can be used: a part that cannot is left out, told on the console, and a fault.

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Chip -> (pads of ADC1, strapping pads). Source: the data sheets; a test compares them with the host's.
_CHIPS = {
    "esp32": ((32, 33, 34, 35, 36, 37, 38, 39), (0, 2, 5, 12, 15)),
    "esp32s3": ((1, 2, 3, 4, 5, 6, 7, 8, 9, 10), (0, 3, 45, 46)),
}


class Fitting:
    # Give the most important part first: of two parts on one pin the later one is left out.
    def __init__(self, mcu: str) -> None:
        self.wrong = False
        self._adc1, self._strapping = _CHIPS.get(mcu, _CHIPS["esp32"])
        self._taken: dict = {}
        self._what = ""

    def make(self, what: str, maker: "Callable", without: "Any") -> "Any":
        # What maker() gives, or `without` when it cannot.
        self._what = what
        try:
            return maker()
        except (ValueError, TypeError, KeyError, AttributeError, OSError, ZeroDivisionError, OverflowError) as error:
            self.tell("%r: it is left out" % error)
            for number in [pin for pin, owner in self._taken.items() if owner == what]:
                del self._taken[number]
            return without

    def tell(self, mistake: str) -> None:
        self.wrong = True
        print("davy: board.json: %s: %s" % (self._what, mistake))

    def pin(self, number: int) -> int:
        # The pin, taken for the part that is being made. Raises ValueError when another part has it.
        owner = self._taken.get(number)
        if owner is not None:
            raise ValueError("GPIO%s is taken by %s" % (number, owner))
        self._taken[number] = self._what
        return number

    def valve_pin(self, number: int) -> int:
        # A valve that glitches at reset is still better than none.
        if number in self._strapping:
            self.tell("GPIO%d is a strapping pin, it glitches at reset" % number)
        return self.pin(number)

    def adc_pin(self, number: int) -> int:
        # Raises ValueError off ADC1: ADC2 fails while Wi-Fi is on.
        if number not in self._adc1:
            raise ValueError("GPIO%s is not on ADC1" % number)
        return self.pin(number)

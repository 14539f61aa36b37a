# A relay, or an optocoupler in the place of a switch.
import machine


class Switch:
    # active: the level that switches it on. It stands where it is told from the first moment on.
    def __init__(self, pin: int, active: int, on: int) -> None:
        self._active = active
        self._value = machine.Pin(pin, machine.Pin.OUT, value=active if on else 1 - active).value

    def set(self, on: int) -> None:
        self._value(self._active if on else 1 - self._active)

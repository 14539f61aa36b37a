# Digital inputs and outputs, in terms of what they mean rather than of levels.
import machine

NOT_FITTED = -1


class Output:
    # set(1) makes it active, whatever level that is. Inactive from the first moment on.
    def __init__(self, pin: int, active: int) -> None:
        self._active = active
        self._value = machine.Pin(pin, machine.Pin.OUT, value=1 - active).value

    def set(self, on: int) -> None:
        self._value(self._active if on else 1 - self._active)

    def read(self) -> int:
        # 1 when the pad itself is at the active level, whatever it was told: the port keeps the input of an output on.
        return 1 if self._value() == self._active else 0


class Input:
    # read() gives 1 when the level is the active one. Active low pulls up inside the chip.
    def __init__(self, pin: int, active: int) -> None:
        self._active = active
        # GPIO34..39 have no pull-up.
        pull = (machine.Pin.PULL_UP,) if active == 0 and pin < 34 else ()
        self._value = machine.Pin(pin, machine.Pin.IN, *pull).value

    def read(self) -> int:
        return 1 if self._value() == self._active else 0


class NoInput:
    # A contact that the board does not have.
    def read(self) -> int:
        return NOT_FITTED


class NoSwitch:
    # A switch that the board does not have: never closed.
    def read(self) -> int:
        return 0


class NoOutput:
    # A part that the board does not have, or that cannot be driven.
    def set(self, value: int) -> None:
        pass

    def read(self) -> int:
        return NOT_FITTED


class Signals:
    # Lamps and siren together: bits 1 green, 2 yellow, 4 red, 8 siren.
    def __init__(
        self,
        green: "Output | NoOutput",
        yellow: "Output | NoOutput",
        red: "Output | NoOutput",
        siren: "Output | NoOutput",
    ) -> None:
        self._outputs = (green, yellow, red, siren)
        self._shown = 0

    def set(self, bits: int) -> None:
        changed = bits ^ self._shown
        self._shown = bits
        for at in range(4):
            if changed >> at & 1:
                self._outputs[at].set(bits >> at & 1)

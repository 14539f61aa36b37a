# machine.Pin of the classic ESP32: which pads there are, which only read, which the flash holds.
from struct import pack

import kernel

_OUT_PIN = 1
_IN_PIN = 1
_IN_PAD_HELD = 9
_PADS = (0, 1, 2, 3, 4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 23, 25, 26, 27, 32, 33, 34, 35, 36, 37, 38, 39)
_FLASH_PADS = (6, 7, 8, 9, 10, 11)
FIRST_INPUT_ONLY = 34


class _Pad:
    # What a pad is, whichever Pin object speaks of it.
    def __init__(self, number):
        self.number = number
        self.mode = 1
        self.pulled_up = False
        self.level = 0  # as last driven from inside
        self.held = -1  # level that a short holds the pad at whatever drives it, -1 for none
        self.driven = -1  # level that something outside drives, -1 for none
        self.trigger = 0
        self.handlers: list = []  # one at most


_pads: dict = {}


class Pin:
    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        number = getattr(id, "id", id)
        if number in _FLASH_PADS or number not in _PADS:
            raise ValueError("invalid pin")
        if number not in _pads:
            _pads[number] = _Pad(number)
        self.id = number
        self._pad = _pads[number]
        if mode != -1 or pull != -1 or value is not None:
            self.init(mode, pull, value=value)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        pad = self._pad
        if mode in (Pin.OUT, Pin.OPEN_DRAIN) and pad.number >= FIRST_INPUT_ONLY:
            raise ValueError("pin can only be input")
        if pull != -1:
            if pull is not None and pad.number >= FIRST_INPUT_ONLY:
                raise ValueError("pins 34~39 do not have pull-up or pull-down circuitry")
            pad.pulled_up = pull == Pin.PULL_UP
        if mode != -1 and mode is not None:
            was = pad.mode
            pad.mode = mode
            if mode != Pin.IN and was == Pin.IN:
                self._drive(pad.level if value is None else int(bool(value)))
                return
        if value is not None:
            self.value(value)

    def _drive(self, level):
        self._pad.level = level
        body = pack("<BB", self.id, level)
        if self.id in kernel.coupled_pins:
            kernel.sync(_OUT_PIN, body)
        else:
            kernel.output(_OUT_PIN, body)

    def value(self, level=-1):
        pad = self._pad
        if level == -1:
            if pad.held >= 0:
                return pad.held
            if pad.mode == 3:
                return pad.level
            if pad.driven < 0:
                return 1 if pad.pulled_up else 0
            return pad.driven
        wanted = 1 if level else 0
        if pad.mode == 1:
            pad.level = wanted  # latched for when it becomes an output
        elif wanted != pad.level:
            self._drive(wanted)
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, hard=False):
        self._pad.handlers = [] if handler is None else [handler]
        self._pad.trigger = trigger

    def __repr__(self):
        return f"Pin({self.id})"


def _pin_driven(body):
    number, level = body
    if number not in _pads:
        _pads[number] = _Pad(number)
    pad = _pads[number]
    before = pad.driven
    pad.driven = level
    edge = Pin.IRQ_RISING if level else Pin.IRQ_FALLING
    if before != level and pad.trigger & edge:
        for handler in pad.handlers:
            handler(Pin(number))


def _pad_held(body):
    number, level = body
    if number not in _pads:
        _pads[number] = _Pad(number)
    _pads[number].held = -1 if level == 255 else level


kernel.inputs[_IN_PIN] = _pin_driven
kernel.inputs[_IN_PAD_HELD] = _pad_held

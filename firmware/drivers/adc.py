# An ADC input of ADC1.
import machine

FAILED_UV = -1
_CONVERSIONS = 48  # of about 50 us: more than the heater's period of 2 ms


class AdcInput:
    # Microvolts at the pin, by the chip's own calibration, in steps of 1 mV; at most 100 mV reads as 0, and it is
    # linear from 150 to 2450 mV. Source: the chip's data sheet.
    def __init__(self, pin: int) -> None:
        self._read_uv = machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv

    def read_uv(self) -> int:
        # FAILED_UV when the conversion failed: a fault is not a voltage.
        try:
            return self._read_uv()
        except OSError:
            return FAILED_UV


class PeakInput:
    # Of a voltage that comes and goes with a PWM: the first of some conversions in a row that sees any. They are closer
    # together than the pulses are long, and span more than its period.
    def __init__(self, pin: int) -> None:
        self._read_uv = machine.ADC(machine.Pin(pin), atten=machine.ADC.ATTN_11DB).read_uv

    def read_uv(self) -> int:
        # FAILED_UV when the conversion failed.
        try:
            for _ in range(_CONVERSIONS):
                uv = self._read_uv()
                if uv > 0:
                    return uv
        except OSError:
            return FAILED_UV
        return 0


class NoAdc:
    # In the place of a sensor that the board does not have, or whose pin cannot be read.
    def read_uv(self) -> int:
        return FAILED_UV

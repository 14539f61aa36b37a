# machine.ADC and machine.PWM of the classic ESP32.
from struct import pack

import kernel
from machine_pin import FIRST_INPUT_ONLY, Pin

_OUT_PWM = 2
_ETIMEDOUT = 116  # newlib's number, which is what the port raises
_ADC1_PADS = (32, 33, 34, 35, 36, 37, 38, 39)
_ADC2_PADS = (0, 2, 4, 12, 13, 14, 15, 25, 26, 27)


class ADC:
    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_9BIT = 9
    WIDTH_10BIT = 10
    WIDTH_11BIT = 11
    WIDTH_12BIT = 12

    # Full scale of each attenuation in microvolts, as far as the chip is linear; above it clips.
    _CEILING_UV = (950_000, 1_250_000, 1_750_000, 3_100_000)

    def __init__(self, pin, *, atten=ATTN_0DB, sample_ns=None):
        number = pin.id if isinstance(pin, Pin) else pin
        if number not in _ADC1_PADS and number not in _ADC2_PADS:
            raise ValueError("invalid pin")
        self._pin = number
        self._shared = number in _ADC2_PADS
        self.init(atten=atten)

    def init(self, *, atten=ATTN_0DB, sample_ns=None):
        if atten not in (0, 1, 2, 3):
            raise ValueError("invalid atten")
        self._ceiling_uv = ADC._CEILING_UV[atten]

    def atten(self, atten):
        self.init(atten=atten)

    def read_uv(self):
        if self._shared and kernel.wifi_active:
            raise OSError(_ETIMEDOUT, "ESP_ERR_TIMEOUT")
        trace = kernel.samples.get(self._pin)
        if trace is None:
            return 0
        # Written out, not called: this runs twice in each safety step.
        at = (kernel.now_ms - kernel.chunk_start_ms) // kernel.chunk_period_ms
        uv = trace[at if at < kernel.chunk_last else kernel.chunk_last]
        return uv if uv < self._ceiling_uv else self._ceiling_uv

    def read_u16(self):
        return self.read_uv() * 65535 // self._ceiling_uv

    def read(self):
        return self.read_u16() >> 4


class PWM:
    def __init__(self, pin, *, freq=5000, duty=None, duty_u16=None, duty_ns=None, invert=0):
        self._pin = pin if isinstance(pin, Pin) else Pin(pin)
        if self._pin.id >= FIRST_INPUT_ONLY:
            raise ValueError("pin can only be input")
        self._freq_hz = 0
        self._duty_u16 = 0
        self.init(freq=freq, duty=duty, duty_u16=32768 if duty is None and duty_u16 is None else duty_u16)

    def init(self, *, freq=None, duty=None, duty_u16=None):
        if freq is not None:
            if not 1 <= freq <= 40_000_000:
                raise ValueError("frequency must be from 1Hz to 40MHz")
            self._freq_hz = freq
        if duty is not None:
            duty_u16 = duty << 6
        if duty_u16 is not None:
            if not 0 <= duty_u16 <= 65535:
                raise ValueError("duty_u16 must be from 0 to 65535")
            self._duty_u16 = duty_u16
        self._tell()

    def _tell(self):
        body = pack("<BIH", self._pin.id, self._freq_hz, self._duty_u16)
        if self._pin.id in kernel.coupled_pins:
            kernel.sync(_OUT_PWM, body)
        else:
            kernel.output(_OUT_PWM, body)

    def freq(self, *hz):
        if hz:
            self.init(freq=hz[0])
        return self._freq_hz

    def duty_u16(self, *duty):
        if duty and duty[0] != self._duty_u16:
            self.init(duty_u16=duty[0])
        return self._duty_u16

    def duty(self, *duty):
        if duty:
            self.duty_u16(duty[0] << 6)
        return self._duty_u16 >> 6

    def deinit(self):
        self._duty_u16 = 0
        self._tell()

# The heater of an MQ-7, by PWM through a MOSFET.
import machine

FREQ_HZ = 500  # far above the heater's thermal time constant; at 7.8 % a pulse of 156 us, which the ADC can catch


class Heater:
    # set() takes thousandths of full power: 1000 is 5 V, 78 is 1.4 V RMS.
    def __init__(self, pin: int) -> None:
        self._duty_u16 = machine.PWM(machine.Pin(pin), freq=FREQ_HZ, duty_u16=0).duty_u16

    def set(self, permille: int) -> None:
        self._duty_u16(permille * 65535 // 1000)

# The I2C bus of the rig's parts, and who it is.
import os

import machine

_FREQ_HZ = 400_000
_TIMEOUT_US = 10_000


def i2c(number: int, sda_pin: int, scl_pin: int) -> machine.I2C:
    return machine.I2C(number, scl=machine.Pin(scl_pin), sda=machine.Pin(sda_pin), freq=_FREQ_HZ, timeout=_TIMEOUT_US)


def source_id() -> bytes:
    # Eight bytes: the chip's MAC and two zeros.
    return (machine.unique_id() + bytes(8))[:8]


def session() -> int:
    # Another at each boot, so that the bench sees a restart.
    return int.from_bytes(os.urandom(4), "big")


def restart() -> None:
    machine.reset()

# Shadow of `os`: the built-in one, with random bytes that come from the run's seed.
import struct

import kernel

# By name: a type checker takes uos for this very module.
_built_in = __import__("uos")
for _name in dir(_built_in):
    if not _name.startswith("__"):
        globals()[_name] = getattr(_built_in, _name)


def urandom(count):
    # xorshift, 32 bits; for tests' sake repeatable, and no secret.
    x = kernel.random_state
    made = bytearray()
    while len(made) < count:
        x ^= x << 13 & 0xFFFFFFFF
        x ^= x >> 17
        x ^= x << 5 & 0xFFFFFFFF
        made.extend(struct.pack("<I", x))
    kernel.random_state = x
    return bytes(made[:count])


def uname():
    return ("esp32", "esp32", "1.29.0", "v1.29.0", "virtual board with ESP32")


def sync():
    pass

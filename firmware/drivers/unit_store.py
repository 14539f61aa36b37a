# The unit's own record in the chip's non-volatile store: blobs, each with its CRC-32 behind it. The port erases the whole
# store without a word when it is full or of another version, so what is read here may be gone, or none of it be right.
import binascii

import esp32

_NAMESPACE = "unit"
_MOST_BYTES = 1500  # of a blob
_CRC_BYTES = 4
_NOT_FOUND = -0x1102


class UnitStore:
    # keys: the blobs' names, up to 15 characters each.
    def __init__(self, keys: tuple) -> None:
        self._keys = keys

    def read(self) -> tuple:
        # ({key: data} of the blobs that are there and right, whether any was there and wrong)
        found: dict = {}
        try:
            nvs = esp32.NVS(_NAMESPACE)
        except OSError:
            return found, True
        buffer = bytearray(_MOST_BYTES + _CRC_BYTES)
        damaged = False
        for key in self._keys:
            try:
                count = nvs.get_blob(key, buffer)
            except OSError as error:
                damaged = damaged or error.args[0] != _NOT_FOUND
                continue
            data = bytes(buffer[: max(0, count - _CRC_BYTES)])
            if sealed(data) == buffer[:count]:
                found[key] = data
            else:
                damaged = True
        return found, damaged

    def put(self, key: str, data: bytes) -> None:
        # One blob. Raises OSError when the store refuses it.
        nvs = esp32.NVS(_NAMESPACE)
        nvs.set_blob(key, sealed(data))
        nvs.commit()

    def write(self, blobs: dict) -> None:
        # Makes the store hold these and no others, in the order of the keys. Raises OSError when it refuses.
        nvs = esp32.NVS(_NAMESPACE)
        for key in self._keys:
            if key in blobs:
                nvs.set_blob(key, sealed(blobs[key]))
                continue
            try:
                nvs.erase_key(key)
            except OSError as error:
                if error.args[0] != _NOT_FOUND:
                    raise
        nvs.commit()


def sealed(data: bytes) -> bytes:
    # The data with their CRC-32 behind them, little-endian.
    crc: int = binascii.crc32(data)
    return data + (crc & 0xFFFFFFFF).to_bytes(_CRC_BYTES, "little")

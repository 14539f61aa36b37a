# Shadow of `esp32`: the non-volatile store. The supervisor keeps it in the flash image's NVS partition.
import struct

import flash_time
import kernel

_CALL_NVS = 1
_GET_I32 = 1
_SET_I32 = 2
_GET_BLOB = 3
_SET_BLOB = 4
_ERASE = 5
_COMMIT = 6
_WRITES = (_SET_I32, _SET_BLOB, _ERASE)  # answered by what they did to the flash
_KEY_LIMIT = 15
_NAMES = {
    -0x1102: "ESP_ERR_NVS_NOT_FOUND",
    -0x1103: "ESP_ERR_NVS_TYPE_MISMATCH",
    -0x1105: "ESP_ERR_NVS_NOT_ENOUGH_SPACE",
    -0x1106: "ESP_ERR_NVS_INVALID_NAME",
    -0x1109: "ESP_ERR_NVS_KEY_TOO_LONG",
    -0x110C: "ESP_ERR_NVS_INVALID_LENGTH",
    -0x110E: "ESP_ERR_NVS_VALUE_TOO_LONG",
}


def _refuse(code):
    raise OSError(code, _NAMES.get(code, "ESP_ERR"))


class NVS:
    def __init__(self, namespace):
        if not 1 <= len(namespace) <= _KEY_LIMIT:
            _refuse(-0x1106)
        self._namespace = namespace

    def _call(self, operation, key, payload=b""):
        if operation != _COMMIT and not 1 <= len(key) <= _KEY_LIMIT:
            _refuse(-0x1109)
        body = bytes((operation,)) + self._namespace.encode() + b"\0" + key.encode() + b"\0" + bytes(payload)
        status, answer = kernel.call(_CALL_NVS, body)
        if status < 0:
            _refuse(status)
        if operation in _WRITES:
            flash_time.spend(*struct.unpack("<III", answer))
            kernel.catch_up()
        return answer

    def set_i32(self, key, value):
        if not -(1 << 31) <= value < 1 << 31:
            raise OverflowError("overflow converting long int to machine word")
        self._call(_SET_I32, key, (value & 0xFFFFFFFF).to_bytes(4, "little"))

    def get_i32(self, key):
        value = int.from_bytes(self._call(_GET_I32, key), "little")
        return value - (1 << 32) if value >> 31 else value

    def set_blob(self, key, value):
        self._call(_SET_BLOB, key, value)

    def get_blob(self, key, buffer):
        answer = self._call(_GET_BLOB, key)
        if len(answer) > len(buffer):
            _refuse(-0x110C)
        buffer[: len(answer)] = answer
        return len(answer)

    def erase_key(self, key):
        self._call(_ERASE, key)

    def commit(self):
        self._call(_COMMIT, "")

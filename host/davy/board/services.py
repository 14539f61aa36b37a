"""Questions that a board asks its supervisor in no virtual time: the NVS, a look-up of a name, a transfer on the I2C bus."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from davy.board.nvs import NvsError
from davy.board.wire import Call, result

if TYPE_CHECKING:
    from davy.board.supervised import Supervised

_GET_I32, _SET_I32, _GET_BLOB, _SET_BLOB, _ERASE, _COMMIT = range(1, 7)


_NO_ACKNOWLEDGE = -1
_WRITES = (_SET_I32, _SET_BLOB, _ERASE)


def answer_call(board: Supervised, call: Call, body: bytes) -> bytes:
    """The RESULT message for one CALL. Raises PowerLost when the power goes in the middle of it."""
    if call is Call.RESOLVE:
        address = board.resolve(body.decode())
        return result(1) if address is None else result(0, address.encode())
    if call is Call.I2C:
        answer = board.i2c(body)
        return result(_NO_ACKNOWLEDGE) if answer is None else result(0, answer)
    try:
        return result(0, _nvs(board, body))
    except NvsError as error:
        return result(error.code)


def _nvs(board: Supervised, body: bytes) -> bytes:
    operation = body[0]
    namespace, key, payload = body[1:].split(b"\0", 2)
    space, name = namespace.decode(), key.decode()
    if operation == _GET_I32:
        return struct.pack("<i", board.nvs.get_i32(space, name))
    if operation == _SET_I32:
        board.nvs.set_i32(space, name, struct.unpack("<i", payload)[0])
    elif operation == _GET_BLOB:
        return board.nvs.get_blob(space, name)
    elif operation == _SET_BLOB:
        board.nvs.set_blob(space, name, payload)
    elif operation == _ERASE:
        board.nvs.erase_key(space, name)
    if operation not in _WRITES:
        return b""
    spent = board.flash_wear.taken()
    return struct.pack("<III", spent.programs, spent.program_bytes, spent.erases)

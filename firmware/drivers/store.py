# What must survive a power cut, in the chip's non-volatile store: the latch, the memory of alarms, the hours of service,
# and the number of boots.
import os

import esp32

_NAMESPACE = "davy"
_SLOTS = ("latch", "memory", "hours")  # in the order of the safety core's slots
_SESSION = "session"
_NOT_FOUND = -0x1102
_MOST_DRAWN = 400_000_000  # units are made with more: host/davy/identity/record.py


class Store:
    def __init__(self) -> None:
        self._nvs = esp32.NVS(_NAMESPACE)

    def _get(self, key: str, missing: int) -> int:
        try:
            return self._nvs.get_i32(key)
        except OSError as error:
            if error.args[0] == _NOT_FOUND:
                return missing  # a fresh unit
            raise

    def load(self) -> tuple:
        # A value of each slot; -1 where the store cannot tell: then take the worst.
        values = []
        for key in _SLOTS:
            try:
                values.append(self._get(key, 0))
            except OSError:
                values.append(-1)
        return tuple(values)

    def save(self, slot: int, value: int) -> bool:
        # False when the store refused. Called on a change only: each call wears the flash.
        try:
            self._nvs.set_i32(_SLOTS[slot], value)
            self._nvs.commit()
        except OSError:
            return False
        return True

    def next_session(self, fresh: bool) -> int:
        # Counts boots. Where the count is lost: from 1 on a fresh unit; else, because the store was erased and no session may
        # come twice, from a number drawn at random below those that units are made with. Raises OSError when the store fails.
        session = self._get(_SESSION, -1)
        if session < 0:
            session = 0 if fresh else int.from_bytes(os.urandom(4), "big") % _MOST_DRAWN
        session = (session + 1) & 0x3FFFFFFF
        self._nvs.set_i32(_SESSION, session)
        self._nvs.commit()
        return session

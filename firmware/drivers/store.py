# What must survive a power cut, in the chip's non-volatile store: the latch and the number of boots.
import esp32

_NAMESPACE = "davy"
_LATCH = "latch"
_SESSION = "session"
_NOT_FOUND = -0x1102


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

    def load_latch(self) -> int:
        # 1 when an alarm was latched. Raises OSError when the store cannot tell: then take it for latched.
        return self._get(_LATCH, 0)

    def save_latch(self, latched: int) -> bool:
        # False when the store refused. Called on a change only: each call wears the flash.
        try:
            self._nvs.set_i32(_LATCH, latched)
            self._nvs.commit()
        except OSError:
            return False
        return True

    def next_session(self) -> int:
        # Counts boots, from 1. Raises OSError when the store fails.
        session = (self._get(_SESSION, 0) + 1) & 0x3FFFFFFF
        self._nvs.set_i32(_SESSION, session)
        self._nvs.commit()
        return session

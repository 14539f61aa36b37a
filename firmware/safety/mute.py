# Silence for a while. Never while anything is critical, and a rise ends it.


class Mute:
    def __init__(self, mute_ms: int) -> None:
        self.left_ms = 0
        self._mute_ms = mute_ms
        self._methane = 0
        self._co = 0
        self._faults = 0

    def start(self, methane: int, co: int, faults: int) -> None:
        # methane, co: their levels. The caller has seen that nothing is critical.
        self.left_ms = self._mute_ms
        self._methane = methane
        self._co = co
        self._faults = faults

    def look(self, methane: int, co: int, faults: int, dt_ms: int) -> bool:
        # True when the silence ended in this step.
        if self.left_ms == 0:
            return False
        self.left_ms -= dt_ms
        if self.left_ms <= 0 or methane > self._methane or co > self._co or faults & ~self._faults:
            self.left_ms = 0
            return True
        # A fall does not raise the bar for the next rise.
        self._methane = methane
        self._co = co
        return False

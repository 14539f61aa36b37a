# Silence for a while. Never while anything is critical, and a rise ends it.


class Mute:
    def __init__(self, mute_ms: int) -> None:
        self.left_ms = 0
        self._mute_ms = mute_ms
        self._level = 0
        self._faults = 0

    def start(self, level: int, faults: int) -> None:
        # The caller has seen that nothing is critical.
        self.left_ms = self._mute_ms
        self._level = level
        self._faults = faults

    def look(self, level: int, faults: int, dt_ms: int) -> bool:
        # level: the worst of the gases. True when the silence ended in this step.
        if self.left_ms == 0:
            return False
        self.left_ms -= dt_ms
        if self.left_ms <= 0 or level > self._level or faults & ~self._faults:
            self.left_ms = 0
            return True
        # A fall does not raise the bar for the next rise.
        self._level = level
        return False

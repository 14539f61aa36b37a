# The edges that were seen, by their index since the boot: the newest ones in a ring, and how many there were in all, so that
# what was lost is known.
from array import array

CAPACITY = 4096  # more than four minutes of every lamp and the siren at once; 20 KB
_U32 = 0xFFFFFFFF


class Edges:
    def __init__(self, capacity: int = CAPACITY) -> None:
        self.total = 0
        self._capacity = capacity
        self._low_ms = array("I", bytes(4 * capacity))
        self._what = bytearray(capacity)

    def add(self, t_ms: int, line: int, level: int) -> None:
        at = self.total % self._capacity
        self._low_ms[at] = t_ms & _U32
        self._what[at] = line << 1 | level
        self.total += 1

    def from_index(self, since: int, most: int, now_ms: int) -> tuple:
        # (index of the first one given, its time, up to `most` edges as EDGES carries them)
        first = max(since, self.total - self._capacity, 0)
        last = min(first + most, self.total)
        data = bytearray()
        base_ms = 0
        for index in range(first, last):
            at = index % self._capacity
            t_ms = now_ms - (now_ms - self._low_ms[at] & _U32)
            if index == first:
                base_ms = t_ms
            data.extend((t_ms - base_ms).to_bytes(4, "big"))
            data.append(self._what[at])
        return first, base_ms, bytes(data)

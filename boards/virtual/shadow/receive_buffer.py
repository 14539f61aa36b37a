# What has come over TCP and was not read yet. On the chip it lies in lwIP's memory and not in the program's heap, and is no
# longer than the window that the peer was told of: so it is made before the program loads, and the supervisor minds the window.
WINDOW_BYTES = 5_760  # lwIP's TCP_WND as ESP-IDF sets it, recalled

_free = [bytearray(WINDOW_BYTES), bytearray(WINDOW_BYTES)]


class ReceiveBuffer:
    def __init__(self):
        self._bytes = _free.pop() if _free else bytearray(WINDOW_BYTES)
        self.count = 0

    def put(self, data):
        end = self.count + len(data)
        if end > len(self._bytes):
            # Virtual time knows no window: what a peer owes is handed over as one.
            longer = bytearray(end)
            longer[: self.count] = memoryview(self._bytes)[: self.count]
            self._bytes = longer
        self._bytes[self.count : end] = data
        self.count = end

    def take(self, buf):
        # Into the buffer, as much as there is and fits. How much that was.
        count = min(len(buf), self.count)
        view = memoryview(self._bytes)
        memoryview(buf)[:count] = view[:count]
        view[: self.count - count] = view[count : self.count]
        self.count -= count
        return count

    def end(self):
        # Nobody reads it any more.
        if len(self._bytes) == WINDOW_BYTES:
            _free.append(self._bytes)
        self._bytes = bytearray(0)
        self.count = 0

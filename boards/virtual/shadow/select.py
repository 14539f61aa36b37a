# Shadow of `select`: poll over the board's own sockets and UARTs, in virtual time.
import kernel

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16
POLLNVAL = 32

_IOCTL_POLL = 3


class poll:
    def __init__(self):
        self._entries = []  # [object, mask]
        self._timers_count = False

    def register(self, obj, mask=POLLIN | POLLOUT):
        for entry in self._entries:
            if entry[0] is obj:
                entry[1] = mask
                return
        self._entries.append([obj, mask])
        self._count()

    def _count(self):
        self._timers_count = any(not getattr(entry[0], "only_by_input", False) for entry in self._entries)

    def modify(self, obj, mask):
        for entry in self._entries:
            if entry[0] is obj:
                entry[1] = mask
                return
        raise OSError(2)

    def unregister(self, obj):
        self._entries = [entry for entry in self._entries if entry[0] is not obj]
        self._count()

    def _ready(self):
        found = []
        for obj, mask in self._entries:
            events = obj.ioctl(_IOCTL_POLL, mask) & (mask | POLLERR | POLLHUP | POLLNVAL)
            if events:
                found.append((obj, events))
        return found

    def poll(self, timeout=-1):
        deadline_ms = kernel.now_ms + timeout if timeout >= 0 else kernel.FAR_MS
        while True:
            found = self._ready() if self._entries else ()
            if found:
                return found
            if kernel.now_ms >= deadline_ms:
                return []
            # A timer's callback may make something ready; with nothing registered, or the console alone, it cannot.
            kernel.wait_until(deadline_ms, True, self._timers_count)

    ipoll = poll

# Lets TLS do one record at a time. A handshake is about a second of processor time on an ESP32; asked for as a whole it is one
# call, in which no safety step runs. Between two records the call comes back, and the step has its turn: docs/decisions/0016.
import io
import select

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_HEAD_BYTES = 5
_IOCTL_POLL = 3
_IOCTL_CLOSE = 4


class OneRecord(io.IOBase):
    # channel: a socket that does not block. One record each way may pass; the next look whether it is ready starts a new turn.
    def __init__(self, channel: "Any") -> None:
        self._channel = channel
        self._poller = select.poll()
        self._head = bytearray(_HEAD_BYTES)
        self._got = 0  # bytes of the head
        self._left = 0  # bytes of the body
        self._may_read = True
        self._may_write = True

    def readinto(self, buf: "Any") -> int | None:
        # TLS asks for a record's head, and then for its body, and never beyond. An error goes back as its negative number:
        # raised, it would jump over what TLS has to put away.
        if not self._may_read:
            return None
        try:
            count: int | None = self._channel.readinto(buf)
        except OSError as error:
            return -int(error.args[0])
        if count and self._left:
            self._left -= count
            self._may_read = self._left > 0
        elif count:
            self._take_head(buf, count)
        return count

    def _take_head(self, buf: "Any", count: int) -> None:
        for at in range(min(count, _HEAD_BYTES - self._got)):
            self._head[self._got] = buf[at]
            self._got += 1
        if self._got == _HEAD_BYTES:
            self._got = 0
            self._left = self._head[3] << 8 | self._head[4]

    def write(self, data: "Any") -> int | None:
        if not self._may_write:
            return None
        try:
            count: int | None = self._channel.write(data)
        except OSError as error:
            return -int(error.args[0])
        if count:
            self._may_write = False
        return count

    def ioctl(self, request: int, argument: int) -> int:
        if request == _IOCTL_POLL:
            self._may_read = self._may_write = True
            self._poller.register(self._channel, argument)
            for _, events in self._poller.ipoll(0):
                return int(events)
            return 0
        if request == _IOCTL_CLOSE:
            self._channel.close()
            return 0
        return -1

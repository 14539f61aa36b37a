"""What a board that runs faster than the wall clock must wait for.

In virtual time a broker's answer comes an unknown number of virtual seconds late, because broker and monitor live
by the wall clock. So the access point holds virtual time after each packet that is owed an answer, until the answer
is there, and hands it over at a fixed virtual delay. The same run then gives the same events, with a real broker.
"""

from __future__ import annotations

from collections import Counter

from protocol.messages import PROOF

CONNECT, CONNACK, PUBLISH, PUBACK = 1, 2, 3, 4
SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP = 8, 9, 10, 11, 12, 13
#: A frame's type stands in its third byte; a proof is owed nothing: who asked for it only judges it.
_TYPE_AT = 2
_OWED = {CONNECT: CONNACK, SUBSCRIBE: SUBACK, UNSUBSCRIBE: UNSUBACK, PINGREQ: PINGRESP}


class PacketCutter:
    """Cuts a byte stream into whole MQTT control packets (MQTT 3.1.1, section 2.2)."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete now."""
        self._buffer += data
        packets = []
        while (end := self._packet_end()) is not None:
            packets.append(bytes(self._buffer[:end]))
            del self._buffer[:end]
        return packets

    def rest(self) -> bytes:
        """What is no whole packet so far, and is forgotten here."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def _packet_end(self) -> int | None:
        length, shift = 0, 0
        for at in range(1, min(5, len(self._buffer))):
            byte = self._buffer[at]
            length |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                end = at + 1 + length
                return end if end <= len(self._buffer) else None
        return None


class Gate:
    """The answers still owed to the board on one connection.

    With `replies`, each QoS 1 publish is owed a publish back as well: the monitor's acknowledgement.
    """

    def __init__(self, replies: bool) -> None:
        self.replies = replies
        self._up = PacketCutter()
        self._down = PacketCutter()
        self._owed: Counter[int] = Counter()
        self._nonsense = False

    @property
    def waiting(self) -> bool:
        return any(count > 0 for count in self._owed.values())

    @property
    def only_replies_missing(self) -> bool:
        return all(kind == PUBLISH for kind, count in self._owed.items() if count > 0)

    def sent(self, data: bytes) -> None:
        """The board sent this."""
        for packet in self._up.feed(data):
            kind = packet[0] >> 4
            if kind in _OWED:
                self._owed[_OWED[kind]] += 1
            elif kind == PUBLISH and packet[0] & 0x06:
                self._owed[PUBACK] += 1
                if self.replies and _frame_type(packet) != PROOF:
                    self._owed[PUBLISH] += 1

    def came(self, data: bytes) -> list[bytes]:
        """The broker sent this: whole packets, the protocol's answers before publishes."""
        if self._nonsense:
            return [data]
        packets = self._down.feed(data)
        for packet in packets:
            kind = packet[0] >> 4
            if self._owed[kind] > 0:
                self._owed[kind] -= 1
        return packets

    def forgive(self) -> list[bytes]:
        """Nobody answers: stop waiting for what is owed. Gives what came instead, if it is no MQTT."""
        self._owed.clear()
        rest = self._down.rest()
        # From here on packets cannot be told apart: bytes go through as they come.
        self._nonsense = self._nonsense or bool(rest)
        return [rest] if rest else []


def _frame_type(packet: bytes) -> int | None:
    """Of the frame in a publish of QoS 1: behind the packet's head and length, the topic with its own length, and an id."""
    at = 1
    while at < len(packet) and packet[at] & 0x80:
        at += 1
    at += 1
    at += 2 + int.from_bytes(packet[at : at + 2], "big") + 2 + _TYPE_AT
    return packet[at] if at < len(packet) else None


def in_order(packets: list[bytes]) -> list[bytes]:
    """Answers first, publishes last: which of them a broker sends first is a race, and must not be seen."""
    return sorted(packets, key=lambda packet: packet[0] >> 4 == PUBLISH)

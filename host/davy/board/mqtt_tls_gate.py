"""What a board that runs faster than the wall clock must wait for, when TLS hides what it says.

The handshake's records can be told apart; what MQTT says inside, the board's shadow tells the supervisor beside the wire.
"""

from __future__ import annotations

from davy.board.mqtt_gate import Gate

_HEAD_BYTES = 5
_CHANGE_CIPHER_SPEC, _HANDSHAKE, _APPLICATION_DATA = 20, 22, 23
_CLIENT_HELLO = 1


def is_tls(data: bytes) -> bool:
    """Whether a connection that begins so speaks TLS: a handshake record; no MQTT packet begins so."""
    return data[:1] == bytes((_HANDSHAKE,))


class TlsGate:
    """The answers still owed on one connection; `mqtt` counts those of the packets inside.

    `told`: whether it is known what was in everything that the board sent.
    """

    def __init__(self, replies: bool) -> None:
        self.mqtt = Gate(replies)
        self.told = True
        self._buffer = bytearray()
        self._flight_owed = False
        self._changed = False

    @property
    def waiting(self) -> bool:
        return self._flight_owed or self.mqtt.waiting

    def sent(self, data: bytes) -> None:
        """Bytes of the board on the wire: after its hello and after its last handshake record the peer has the word."""
        self._buffer += data
        while len(self._buffer) >= _HEAD_BYTES:
            end = _HEAD_BYTES + int.from_bytes(self._buffer[3:5], "big")
            if len(self._buffer) < end:
                return
            kind, first = self._buffer[0], self._buffer[_HEAD_BYTES : _HEAD_BYTES + 1]
            del self._buffer[:end]
            if kind == _HANDSHAKE:
                self._flight_owed = self._changed or first == bytes((_CLIENT_HELLO,))
            elif kind == _CHANGE_CIPHER_SPEC:
                self._changed = True
            elif kind == _APPLICATION_DATA:
                self.told = False

    def came(self) -> None:
        """The peer said something."""
        self._flight_owed = False

    def forgive(self) -> None:
        """Nobody answers: stop waiting."""
        self._flight_owed = False
        self.mqtt.forgive()

"""The station side of a virtual board's Wi-Fi: joining, losing, and its connections."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from typing import TYPE_CHECKING

from davy.board.flow import Flow
from davy.board.mqtt_gate import PUBLISH
from davy.board.network import (
    BEACON_LOSS_MS,
    ECONNREFUSED,
    ECONNRESET,
    JOIN_FAIL_MS,
    JOIN_MS,
    REPLY_MS,
    ROUND_TRIP_MS,
)
from davy.board.wire import In, Out

if TYPE_CHECKING:
    from davy.board.virtual import VirtualBoard

_GOT_IP, _NO_AP, _WRONG_PASSWORD, _BEACON_TIMEOUT = 1010, 201, 202, 200
#: Transmitting can pull ADC readings down for up to this long (the hardware notes).
RADIO_DIP_MS = 180
_INPUT_BYTES = 2048
#: Stretches of virtual time: with a connection of which nobody can tell when it brings or takes something, and without one.
RESTLESS_MS, RESTFUL_MS = 1_000, 1 << 40


class Radio:
    """Acts on what the board does with its Wi-Fi; everything it brings back takes virtual time."""

    def __init__(self, board: VirtualBoard) -> None:
        self._board = board
        self._flows: dict[int, Flow] = {}
        self._joined = False
        self._blocked: set[int] = set()
        self._read_by_ms: dict[int, int] = {}

    @property
    def flows(self) -> dict[int, Flow]:
        return self._flows

    def set_up(self, up: bool) -> None:
        """Switch the access point on or off."""
        access_point = self._board.access_point
        if access_point is None or access_point.up == up:
            return
        access_point.up = up
        self._board.emit("wifi", state="access point on" if up else "access point off")
        if not up and self._joined:
            self._board.at_while_running(self._board.now_ms + BEACON_LOSS_MS, self._beacons_missed)

    def board_gone(self) -> None:
        """Power cut or reset: the station vanishes, its connections are cut."""
        self._joined = False
        for flow in self._flows.values():
            flow.close()
        self._flows.clear()
        self._blocked.clear()

    def output(self, kind: Out, body: bytes) -> None:
        """One SYNC of the board that concerns the network."""
        if kind is Out.WLAN_JOIN:
            length = body[0]
            self._join(body[1 : 1 + length].decode(), body[1 + length :].decode())
        elif kind is Out.WLAN_LEAVE:
            self.board_gone()
            self._board.emit("wifi", state="left")
        elif kind is Out.NET_CONNECT:
            number, port = struct.unpack_from("<BH", body)
            self._connect(number, body[3:].decode(), port)
        elif kind is Out.NET_SEND:
            self._send(body[0], body[1:])
        elif kind is Out.NET_PLAIN:
            self._plain(body[0], bool(body[1]), body[2:])
        elif kind is Out.NET_TAKEN:
            number, taken = struct.unpack("<BH", body)
            if number in self._flows:
                self._flows[number].window_bytes += taken
        elif kind is Out.NET_DATAGRAM:
            number, port, length = struct.unpack_from("<HHB", body)
            self._datagram(number, body[5 : 5 + length].decode(), port, body[5 + length :])
        elif kind is Out.NET_CLOSE:
            flow = self._flows.pop(body[0], None)
            self._blocked.discard(body[0])
            if flow is not None:
                flow.close()

    def pump(self) -> None:
        """For a board in real time: hand over what has come by itself."""
        for number, flow in list(self._flows.items()):
            self._note_room(number, flow)
            data = flow.receive_ready()
            if data:
                self._data(number, data)
            self._note_close(number, flow)

    def tend(self) -> int:
        """For a board in virtual time, before each stretch of it: what does not come as the answer to a packet that can be read.

        Gives how long the stretch may be, in virtual ms.
        """
        stretch_ms = RESTFUL_MS
        for number, flow in list(self._flows.items()):
            self._note_room(number, flow)
            if flow.encrypted:
                self._tend_hidden(number, flow)
                stretch_ms = min(stretch_ms, ROUND_TRIP_MS if flow.waiting else RESTLESS_MS)
            elif flow.blocked:
                stretch_ms = min(stretch_ms, RESTLESS_MS)
        return stretch_ms

    def _tend_hidden(self, number: int, flow: Flow) -> None:
        # What was handed over last must have been read before one can say what is still owed.
        now_ms = self._board.now_ms
        if now_ms < self._read_by_ms.get(number, 0):
            return
        for data in flow.receive_owed():
            self._later(now_ms + ROUND_TRIP_MS, functools.partial(self._data, number, data))
            self._read_by_ms[number] = now_ms + 2 * ROUND_TRIP_MS
        self._note_close(number, flow)

    # How it works

    def _status(self, status: int, state: str) -> None:
        self._joined = status == _GOT_IP
        self._board.emit("wifi", state=state)
        self._board.arrive(In.WLAN, struct.pack("<H", status))

    def _join(self, ssid: str, key: str) -> None:
        now_ms, access_point = self._board.now_ms, self._board.access_point
        if access_point is None or not access_point.up or access_point.ssid != ssid:
            self._later(now_ms + JOIN_FAIL_MS, functools.partial(self._status, _NO_AP, "no access point"))
        elif access_point.key != key:
            self._later(now_ms + JOIN_FAIL_MS, functools.partial(self._status, _WRONG_PASSWORD, "refused"))
        else:
            self._later(now_ms + JOIN_MS, self._joined_if_still_up)

    def _later(self, t_ms: int, action: Callable[[], None]) -> None:
        self._board.at_while_running(t_ms, action)

    def _joined_if_still_up(self) -> None:
        access_point = self._board.access_point
        if access_point is not None and access_point.up:
            self._status(_GOT_IP, "joined")
        else:
            self._status(_NO_AP, "no access point")

    def _beacons_missed(self) -> None:
        access_point = self._board.access_point
        if self._joined and access_point is not None and not access_point.up:
            for flow in self._flows.values():
                flow.close()
            self._flows.clear()
            self._status(_BEACON_TIMEOUT, "lost")

    def _connect(self, number: int, host: str, port: int) -> None:
        board, access_point = self._board, self._board.access_point
        if access_point is None or not access_point.up:
            return  # nobody answers; the board's own time-out ends it
        address = access_point.real_address(host)
        answer_ms = board.now_ms + ROUND_TRIP_MS
        if address is None:
            return
        try:
            self._flows[number] = Flow(access_point, address)
        except OSError as error:
            board.emit("net", what=f"{host}:{port} refused ({error.strerror or error})")
            self._later(answer_ms, lambda: board.arrive(In.NET_FAILED, bytes((number, ECONNREFUSED))))
            return
        self._read_by_ms.pop(number, None)
        board.emit("net", what=f"connected to {host}:{port}")
        self._later(answer_ms, lambda: board.arrive(In.NET_CONNECTED, bytes((number,))))

    def _send(self, number: int, data: bytes) -> None:
        board, access_point = self._board, self._board.access_point
        board.plant.radio_dip(RADIO_DIP_MS)
        flow = self._flows.get(number)
        if flow is None or access_point is None or not access_point.up:
            return  # into the air
        flow.send(data)
        if flow.blocked:
            self._blocked.add(number)
            board.arrive(In.NET_ROOM, bytes((number, 0)))
        # In real time the bytes come by themselves, and those of TLS with the next stretch.
        if board.speed is None and not flow.encrypted:
            for packet in flow.receive_owed():
                delay_ms = REPLY_MS if packet[0] >> 4 == PUBLISH else ROUND_TRIP_MS
                self._later(board.now_ms + delay_ms, functools.partial(self._data, number, packet))
        self._note_close(number, flow)

    def _plain(self, number: int, came: bool, data: bytes) -> None:
        flow = self._flows.get(number)
        if flow is not None:
            flow.plain(came, data)

    def _note_room(self, number: int, flow: Flow) -> None:
        if number in self._blocked:
            flow.flush()
            if not flow.blocked:
                self._blocked.discard(number)
                self._board.arrive(In.NET_ROOM, bytes((number, 1)))

    def _datagram(self, number: int, host: str, port: int, data: bytes) -> None:
        board, access_point = self._board, self._board.access_point
        board.plant.radio_dip(RADIO_DIP_MS)
        if access_point is None or not access_point.up:
            return
        answer = access_point.datagram(host, port, data, board.now_ms)
        if answer is not None:
            delay_ms, source, content = answer
            body = struct.pack("<HHB", number, port, len(source)) + source.encode() + content
            self._later(board.now_ms + delay_ms, lambda: board.arrive(In.NET_DATAGRAM, body))

    def _data(self, number: int, data: bytes) -> None:
        access_point = self._board.access_point
        if access_point is None or not access_point.up:
            return
        for at in range(0, len(data), _INPUT_BYTES):
            self._board.arrive(In.NET_DATA, bytes((number,)) + data[at : at + _INPUT_BYTES])

    def _note_close(self, number: int, flow: Flow) -> None:
        if flow.closed_by_peer and self._flows.get(number) is flow:
            del self._flows[number]
            flow.close()
            self._board.emit("net", what="reset by the peer" if flow.was_reset else "closed by the peer")
            kind, body = (
                (In.NET_FAILED, bytes((number, ECONNRESET))) if flow.was_reset else (In.NET_CLOSED, bytes((number,)))
            )
            self._later(self._board.now_ms + ROUND_TRIP_MS, lambda: self._board.arrive(kind, body))

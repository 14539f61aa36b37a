# The smallest MQTT 3.1.1 client that does: one connection, QoS 1 out and in, everything bounded. The port brings
# umqtt.simple, whose calls block the interpreter, and with it the timer of the safety loop: docs/decisions/0005.
import asyncio
import struct

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ANSWER_MS = 10_000  # of the broker, to each packet that is owed one
_WRITE_MS = 10_000  # for the peer to take the bytes of one packet
_KEEP_ALIVE_S = 60  # the broker drops us after one and a half times that without a sign of life
MAX_PACKET_BYTES = 1_024

_CONNACK = 2
_PUBLISH = 3
_PUBACK = 4
_SUBACK = 9
_PINGRESP = 13


class MqttError(Exception):
    # The connection is of no use any more; the text says why.
    pass


class MqttClient:
    # on_message(topic bytes, payload bytes) is called for each publish that arrives.
    def __init__(self, client_id: str, on_message: "Any") -> None:
        self._client_id = client_id
        self._on_message = on_message
        self._stream_of: list = []
        self._sending = asyncio.Lock()
        self._pid = 0
        self._answers: dict = {}  # (packet type, packet id) -> Event
        self.error = ""

    async def connect(self, stream: "Any", greeting_ms: int = _WRITE_MS) -> None:
        # stream: a connection, which is closed with this client. greeting_ms: for the first packet to be on its way; on a
        # secured stream that is after the handshake. Raises MqttError, OSError, or what the stream raises.
        self.error = ""
        self._answers.clear()
        self._stream_of = [stream]
        name = self._client_id.encode()
        body = b"\x00\x04MQTT\x04\x02" + struct.pack(">HH", _KEEP_ALIVE_S, len(name)) + name
        await self._send(0x10, body, greeting_ms)
        head, answer = await self._within(_read_packet(stream), "CONNACK")
        if head >> 4 != _CONNACK or len(answer) != 2:
            raise MqttError("no CONNACK but packet type %d" % (head >> 4))
        if answer[1]:
            raise MqttError("broker refuses, code %d" % answer[1])

    async def receive(self) -> None:
        # Runs as long as the connection is good, then leaves the reason in `error` and wakes whoever waits.
        try:
            await self._receive(self._stream_of[0])
        except (MqttError, OSError, EOFError, ValueError) as error:
            self.error = str(error) or "broken"
        for event in self._answers.values():
            event.set()

    async def _receive(self, reader: "Any") -> None:
        while True:
            head, body = await _read_packet(reader)
            kind = head >> 4
            if kind == _PUBLISH:
                await self._published(head, body)
            elif kind in (_PUBACK, _SUBACK):
                if len(body) < 2:
                    raise MqttError("packet type %d too short" % kind)
                event = self._answers.pop((kind, body[0] << 8 | body[1]), None)
                if kind == _SUBACK and body[-1] == 0x80:
                    raise MqttError("subscription refused")
                if event is not None:
                    event.set()
            elif kind == _PINGRESP:
                event = self._answers.pop((_PINGRESP, 0), None)
                if event is not None:
                    event.set()
            else:
                raise MqttError("unexpected packet type %d" % kind)

    async def subscribe(self, topic: str) -> None:
        pid = self._next_pid()
        name = topic.encode()
        body = struct.pack(">HH", pid, len(name)) + name + b"\x01"
        await self._ask(0x82, body, (_SUBACK, pid), "SUBACK")

    async def publish(self, topic: str, payload: bytes, qos: int) -> None:
        # With QoS 1 returns after the PUBACK, which says that the broker has it, and nothing more.
        name = topic.encode()
        head = struct.pack(">H", len(name)) + name
        if qos == 0:
            await self._send(0x30, head + payload)
            return
        pid = self._next_pid()
        await self._ask(0x32, head + struct.pack(">H", pid) + payload, (_PUBACK, pid), "PUBACK")

    async def ping(self) -> None:
        await self._ask(0xC0, b"", (_PINGRESP, 0), "PINGRESP")

    async def close(self) -> None:
        while self._stream_of:
            stream = self._stream_of.pop()
            try:
                await stream.wait_closed()
            except OSError as error:
                self.error = self.error or repr(error)  # it is gone anyway

    async def _published(self, head: int, body: bytes) -> None:
        qos = head >> 1 & 3
        size = 2 + (body[0] << 8 | body[1]) if len(body) >= 2 else 0
        start = size + 2 if qos else size
        if qos > 1 or size < 2 or len(body) < start:
            raise MqttError("malformed publish")
        self._on_message(body[2:size], body[start:])
        if qos:
            await self._send(0x40, body[size : size + 2])

    def _next_pid(self) -> int:
        self._pid = self._pid % 0xFFFF + 1
        return self._pid

    async def _ask(self, head: int, body: bytes, answer: tuple, name: str) -> None:
        event = asyncio.Event()
        self._answers[answer] = event
        try:
            await self._send(head, body)
            await self._within(event.wait(), name)
            if self.error:
                raise MqttError(self.error)
        finally:
            self._answers.pop(answer, None)

    async def _within(self, awaitable: "Any", name: str) -> "Any":
        try:
            return await asyncio.wait_for_ms(awaitable, _ANSWER_MS)
        except asyncio.TimeoutError:
            raise MqttError("no %s within %d ms" % (name, _ANSWER_MS)) from None

    async def _send(self, head: int, body: bytes, within_ms: int = _WRITE_MS) -> None:
        length = len(body)
        packet = bytearray((head,))
        while True:
            packet.append(length & 0x7F | (0x80 if length > 0x7F else 0))
            length >>= 7
            if not length:
                break
        packet.extend(body)
        try:
            await asyncio.wait_for_ms(self._write(packet), within_ms)
        except asyncio.TimeoutError:
            raise MqttError("nothing could be sent within %d ms" % within_ms) from None

    async def _write(self, packet: bytearray) -> None:
        # One packet after another: what receives may have an answer to send while another packet is on its way.
        async with self._sending:
            if not self._stream_of:
                raise MqttError("closed")
            stream = self._stream_of[0]
            stream.write(packet)
            await stream.drain()


async def _read_packet(reader: "Any") -> tuple:
    # (first byte, body). Raises MqttError for what is no packet, or is too long.
    try:
        head = (await reader.readexactly(1))[0]
        length = 0
        for shift in (0, 7, 14, 21):
            byte = (await reader.readexactly(1))[0]
            length |= (byte & 0x7F) << shift
            if not byte & 0x80:
                break
        else:
            raise MqttError("broken packet length")
        if length > MAX_PACKET_BYTES:
            raise MqttError("packet of %d bytes, at most %d" % (length, MAX_PACKET_BYTES))
        return head, (await reader.readexactly(length)) if length else b""
    except EOFError:
        raise MqttError("closed by the broker") from None

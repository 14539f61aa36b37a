"""The network of a run: a TCP proxy before the broker that can be told to misbehave.

One for the boards, one for the monitor, both on an event loop in a thread of their own. What is told holds for the
connections that are there as well as for new ones, until `heal`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from davy.monitor.held_port import HeldPort

_CHUNK_BYTES, _PACED_BYTES = 4096, 512
_BURST_BYTES = 3_000  # a TLS handshake
_ANSWER_S = 30.0
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends an RST and throws away what was not sent


@dataclass(frozen=True)
class Weather:
    """How a proxy treats bytes. `delay_ms` a chunk, `rate` in bytes a second (0: any), one byte of `corrupt_every` flipped
    (0: none), `cut_after` that many bytes of a connection with an RST (0: never).
    """

    silent: bool = False
    refuse: bool = False
    delay_ms: int = 0
    rate: int = 0
    corrupt_every: int = 0
    cut_after: int = 0


FAIR = Weather()


class Loop:
    """An event loop in a thread, shared by the proxies of a lane."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="davy-chaos-network", daemon=True)
        self._thread.start()

    def do(self, what: Coroutine[Any, Any, Any]) -> Any:
        """Run it there, and give what it gives."""
        return asyncio.run_coroutine_threadsafe(what, self.loop).result(_ANSWER_S)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(_ANSWER_S)
        self.loop.close()


class Proxy:
    """Listens on `port`, on loopback, from construction to `close`. Calls may come from any thread but the loop's."""

    def __init__(self, loop: Loop, target_port: int, seed: int, rate_down: int = 0) -> None:
        """`rate_down`: bytes a second that its clients can take at most beyond a first burst, 0 for any."""
        self._loop = loop
        self._rate_down = rate_down
        self._target_port = target_port
        self._random = random.Random(seed)
        self._weather = FAIR
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._speaks: asyncio.Event | None = None
        self._held = HeldPort()
        self.port = self._held.port
        self.corrupted = 0
        loop.do(self._open())

    def tell(self, weather: Weather) -> None:
        """From now on so."""
        self._loop.do(self._turn(weather))

    def heal(self, forget_connections: bool = False) -> None:
        """Everything passes. What was corrupted without TLS has left nonsense in connections: those are to be forgotten."""
        self._loop.do(self._turn(FAIR))
        if forget_connections:
            self.drop()

    def drop(self) -> None:
        """RST to both ends of every connection, now."""
        self._loop.do(self._drop())

    def close(self) -> None:
        self._loop.do(self._close())
        self._held.close()

    # On the loop

    async def _open(self) -> None:
        if self._speaks is None:
            self._speaks = asyncio.Event()
            self._speaks.set()
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def _turn(self, weather: Weather) -> None:
        assert self._speaks is not None
        self._weather = weather
        if weather.silent:
            self._speaks.clear()
        else:
            self._speaks.set()
        if weather.refuse and self._server is not None:
            self._server.close()
            self._server = None
            await self._drop()
        elif not weather.refuse and self._server is None:
            await self._open()

    async def _drop(self) -> None:
        for writer in list(self._writers):
            _reset(writer)

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        await self._drop()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None and self._speaks is not None
        self._connections.add(task)
        self._writers.add(writer)
        there: asyncio.StreamWriter | None = None
        try:
            await self._speaks.wait()
            back, there = await asyncio.open_connection("127.0.0.1", self._target_port)
            self._writers.add(there)
            # Either end that goes takes the other with it.
            pumps = [
                asyncio.ensure_future(self._pump(reader, there, writer, 0)),
                asyncio.ensure_future(self._pump(back, writer, there, self._rate_down)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
        except (OSError, asyncio.CancelledError):
            pass  # the broker is away, or the run ends
        finally:
            self._connections.discard(task)
            for end in (writer, there):
                if end is not None:
                    self._writers.discard(end)
                    end.close()

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, other: asyncio.StreamWriter, rate: int
    ) -> None:
        assert self._speaks is not None
        passed, piece_bytes = 0, _PACED_BYTES if rate else _CHUNK_BYTES
        room, since_s = float(_BURST_BYTES), time.monotonic()
        with contextlib.suppress(OSError):
            while data := await reader.read(piece_bytes):
                await self._speaks.wait()
                weather = self._weather
                if weather.delay_ms:
                    await asyncio.sleep(weather.delay_ms / 1000)
                if weather.rate:
                    await asyncio.sleep(len(data) / weather.rate)
                if weather.corrupt_every:
                    data = self._corrupted(data, weather.corrupt_every)
                passed += len(data)
                if weather.cut_after and passed >= weather.cut_after:
                    # The last bytes leave first, so that the cut is in the middle of a packet and not before it.
                    writer.write(data[: max(1, len(data) // 2)])
                    await writer.drain()
                    _reset(writer)
                    _reset(other)
                    return
                writer.write(data)
                await writer.drain()
                if rate:
                    now_s = time.monotonic()
                    room = min(_BURST_BYTES, room + (now_s - since_s) * rate) - len(data)
                    since_s = now_s
                    if room < 0:
                        await asyncio.sleep(-room / rate)

    def _corrupted(self, data: bytes, every: int) -> bytes:
        spoilt = bytearray(data)
        for at in range(len(spoilt)):
            if self._random.randrange(every) == 0:
                spoilt[at] ^= 1 << self._random.randrange(8)
                self.corrupted += 1
        return bytes(spoilt)


def _reset(writer: asyncio.StreamWriter) -> None:
    peer = writer.get_extra_info("socket")
    if peer is not None:
        with contextlib.suppress(OSError):
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()

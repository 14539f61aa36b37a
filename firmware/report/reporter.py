# Drains the safety loop's events, and tells: on the wired line once each, over MQTT until it is stored.
import asyncio
import sys
from array import array

from protocol import cobs, messages
from protocol.counters import Counters
from report.console import Console
from report.frames import FrameMaker
from report.incoming import Incoming
from report.link import Link
from report.outbox import Entry, Outbox
from report.uptime import Uptime

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DRAIN_MS = (
    500  # an event's way to the platform takes longer than that; each look costs the processor as much as a step
)
_SELDOM_MS = 2_000
_RESTART_MS = 5_000
_LISTEN_MS = 1_000  # the port holds a hundred times what a command takes
_LOSS = messages.ENUMS["event"].index("loss")


class Reporter:
    # snapshot: the safety loop, of which plain attributes are read; events: its ring; line: a SerialLine or None;
    # prover: answers challenges, None for a unit without a secret.
    def __init__(
        self,
        settings: dict,
        tier: str,
        snapshot: "Any",
        events: "Any",
        source: bytes,
        session: int,
        cause: int,
        version: tuple,
        image_sha256: str,
        line: "Any",
        prover: "Any" = None,
    ) -> None:
        self._settings = settings
        self._about = (settings.get("identifier", ""), tier, cause, version, image_sha256)
        self._snapshot = snapshot
        self._events = events
        self._line = line
        self._prover = prover
        self._uptime = Uptime()
        self.frames = FrameMaker(source, session, self._uptime)
        self.outbox = Outbox()
        self.incoming = Incoming(source, self, snapshot)
        self.counters = Counters()
        self._console = Console(self.incoming, self.counters)
        self._drain_ms = _DRAIN_MS
        self.restarts = 0
        self._hello_seq = -1
        self._networked = bool(settings.get("wifi") and settings.get("broker"))
        self._serial_ms = settings.get("serial_state_ms", 0) if line is not None else 0

    def hello(self) -> bytes:
        self._hello_seq, frame = self.frames.hello(*self._about)
        return bytes(frame)

    def state(self) -> bytes:
        return self.frames.state(self._snapshot)

    def say(self, what: str) -> bytes:
        # A frame of it, `hello` or `state`, for who asks.
        # Its HELLO is not the one whose acknowledgement is awaited.
        return bytes(self.frames.hello(*self._about)[1]) if what == "hello" else self.state()

    def prove(self, nonce: bytes) -> bytes:
        # A PROOF, b"" when this unit has no secret.
        if self._prover is None:
            return b""
        return bytes(self.frames.make(messages.PROOF, self._prover.answer(self.frames.source, nonce))[1])

    def acknowledged(self, fields: dict) -> bool:
        # An ACK's fields. False when it is for another unit, another boot, or an event that does not wait.
        if fields["acked_source"] != self.frames.source or fields["acked_session"] != self.frames.session:
            return False
        return fields["acked_seq"] == self._hello_seq or self.outbox.acknowledged(fields["acked_seq"])

    async def run(self) -> None:
        # Never returns. A part that fails is told, counted, and started again.
        tasks = []
        console = asyncio.create_task(self._kept(self._console.run))
        if self._serial_ms:
            tasks.append(asyncio.create_task(self._kept(self._state_line)))
            tasks.append(asyncio.create_task(self._kept(self._listen)))
        if self._networked:
            tasks.append(asyncio.create_task(self._kept(Link(self._settings, self).run)))
        if not tasks:
            self._drain_ms = _SELDOM_MS  # there is only the console, and mostly nobody at it
        tasks.append(console)
        await self._kept(self._drain)

    async def _kept(self, part: "Any") -> None:
        while True:
            try:
                await part()
            except Exception as error:
                self.restarts += 1
                print("davy: a report failed and starts again")
                sys.print_exception(error)
            await asyncio.sleep_ms(_RESTART_MS)

    async def _drain(self) -> None:
        cells = array("i", [0] * 5)
        events = self._events
        while True:
            while events.pop(cells):
                self._tell(cells[0], cells[2], cells[3], cells[4], self._uptime.of_ticks(cells[1]))
            if self.outbox.dropped:
                dropped, self.outbox.dropped = self.outbox.dropped, 0
                self._tell(_LOSS, 0, 0, dropped, self._uptime.now_ms())
            await asyncio.sleep_ms(self._drain_ms)

    def _tell(self, kind: int, gas: int, detail: int, value: int, happened_ms: int) -> None:
        seq, frame = self.frames.event(kind, gas, detail, value, happened_ms)
        self._console.event(frame)
        if self._serial_ms:
            self._on_line(frame)
        if self._networked:
            self.outbox.put(Entry(seq, kind, frame))

    async def _state_line(self) -> None:
        self._on_line(self.hello())
        while True:
            self._on_line(self.state())
            await asyncio.sleep_ms(self._serial_ms)

    async def _listen(self) -> None:
        while True:
            data = self._line.read()
            if data:
                for reason in self.incoming.line(data, self._on_line):
                    self.counters.count(reason)
            await asyncio.sleep_ms(_LISTEN_MS)

    def _on_line(self, frame: bytes) -> None:
        self._line.write(cobs.encode(frame) + b"\x00")

# Drains the safety loop's events, and tells: on the wired line once each; over MQTT until it is stored, out of the journal.
import asyncio
import sys
from array import array

from protocol import cobs, messages, seal
from protocol.counters import Counters
from report.commands import Commands
from report.console import Console
from report.frames import FrameMaker
from report.incoming import Incoming
from report.uptime import Uptime

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How often events are looked for: each look costs the processor as much as a step.
_DRAIN_MS = 500
_SELDOM_MS = 2_000
_RESTART_MS = 5_000
_MOST_TRIES = 3
_LISTEN_MS = 1_000  # the port holds a hundred times what a command takes
_EVENTS = messages.ENUMS["event"]
_LOSS = _EVENTS.index("loss")
_COMMAND = _EVENTS.index("command")
_SETTINGS = _EVENTS.index("settings")
_DONE = 0
_REFUSED = messages.ENUMS["result"].index("refused")
_BY_COMMAND = messages.ENUMS["clock"].index("command")


class Reporter:
    # about: see report/about.py; snapshot: the safety loop, of which plain attributes are read; line: a SerialLine or None;
    # prover: answers challenges, None for a unit without a secret; key: of its seals, b"" without one; journal: keeps events
    # for the monitor, None for a unit without a network; credentials() gives what TLS needs; change(setting, value) gives the
    # outcome of a change that outlives a power cut.
    def __init__(
        self,
        settings: dict,
        about: dict,
        snapshot: "Any",
        source: bytes,
        session: int,
        line: "Any",
        clock: "Any",
        journal: "Any" = None,
        prover: "Any" = None,
        key: bytes = b"",
        credentials: "Any" = None,
        change: "Any" = None,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.journal = journal
        self._about = about
        self._snapshot = snapshot
        self._line = line
        self._prover = prover
        self._key = key
        self._credentials = credentials
        self._change = change
        self._uptime = Uptime()
        self.frames = FrameMaker(source, session, self._uptime)
        self._commands = Commands(source, session, bool(key), snapshot, self._answer, self._set, self._set_time)
        self.incoming = Incoming(source, key, self, self._commands)
        self.counters = Counters()
        self._console = Console(self.incoming, self.counters)
        self._proofs: list = []  # of one: what a challenge over the network is to be answered with
        self._drain_ms = _DRAIN_MS
        self._cells = array("i", [0] * 5)  # the event that is being told
        self._tries = 0  # so many times it was begun; 0: there is none
        self._command_id: int | None = None
        self.restarts = 0
        self.welcome = False  # whether the newest HELLO was acknowledged
        self.heard = False  # of the monitor, since the link looked last
        self._hello_seq = -1
        self._serial = line is not None and bool(settings.get("serial_state_ms"))

    # What the link publishes

    def hello(self) -> bytes:
        # The packet of a HELLO, whose acknowledgement is awaited.
        self.welcome = False
        self._hello_seq, frame = self.frames.hello(self._about, self.clock)
        return self._sealed(frame)

    def state(self) -> bytes:
        return self._sealed(self._state())

    def event(self, key: "Any") -> bytes:
        # The packet of an event that waits in the journal, b"" when it is gone.
        frame = self.journal.frame(key)
        return self._sealed(frame) if frame else b""

    def proof(self) -> bytes:
        # The packet of a PROOF that is owed, b"" when none is.
        return self._sealed(self._proofs.pop()) if self._proofs else b""

    def arrived(self, packet: bytes) -> None:
        # From the link. Anything may come: what is no good is counted.
        self.counters.count(self.incoming.packet(packet, self._owe))

    def calm(self) -> bool:
        # Whether the processor may be kept busy for a while: not while an alarm is expressed and the valve is still open.
        return not (self._snapshot.methane_level or self._snapshot.co_level) or not self._snapshot.valve_commanded

    # What is asked of it by what arrives

    def say(self, what: str) -> bytes:
        # A frame of it, `hello`, `state` or `readings`, for who asks on a wire.
        if what == "readings":
            return self._readings()
        # Its HELLO is not the one whose acknowledgement is awaited.
        return bytes(self.frames.hello(self._about, self.clock)[1]) if what == "hello" else self._state()

    def prove(self, nonce: bytes) -> bytes:
        # A PROOF, b"" when this unit has no secret.
        if self._prover is None:
            return b""
        return bytes(self.frames.make(messages.PROOF, self._prover.answer(self.frames.source, nonce))[1])

    def acknowledged(self, fields: dict) -> bool:
        # An ACK's fields. False when it is for another unit, or for nothing that waits.
        if fields["acked_source"] != self.frames.source:
            return False
        self.heard = True
        session, seq = fields["acked_session"], fields["acked_seq"]
        if session == self.frames.session and seq == self._hello_seq:
            self.welcome = True
            return True
        if fields["result"] == _REFUSED or self.journal is None:
            return False
        return bool(self.journal.acknowledged(session, seq))

    async def run(self) -> None:
        # Never returns. A part that fails is told, counted, and started again.
        tasks = [asyncio.create_task(self._kept(self._console.run))]
        if self._serial:
            tasks.append(asyncio.create_task(self._kept(self._state_line)))
            tasks.append(asyncio.create_task(self._kept(self._listen)))
        if self.journal is not None:
            from report.link import Link

            self.journal.load()
            tasks.append(asyncio.create_task(self._kept(Link(self.settings, self, self._credentials).run)))
        elif not self._serial:
            self._drain_ms = _SELDOM_MS  # there is only the console, and mostly nobody at it
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
        events, journal, cells = self._snapshot.events, self.journal, self._cells
        failed = False
        while True:
            while self._tries or events.pop(cells):
                self._take_up(cells)
            if journal is not None:
                if journal.dropped:
                    dropped, journal.dropped = journal.dropped, 0
                    self._tell(_LOSS, 0, 0, dropped, self._uptime.now_ms(), None)
                if journal.failed != failed:
                    failed = journal.failed
                    print(
                        "davy: the journal cannot be written, a power cut would lose events"
                        if failed
                        else "davy: the journal is back"
                    )
            await asyncio.sleep_ms(self._drain_ms)

    def _take_up(self, cells: "Any") -> None:
        # An event whose telling failed, for want of memory mostly, is tried again when this part has started again.
        if not self._tries and cells[0] == _COMMAND:
            self._command_id = self._commands.answered()
        self._tries += 1
        if self._tries > _MOST_TRIES:
            self._tries = 0
            self._tell(_LOSS, 0, 0, 1, self._uptime.now_ms(), None)
            return
        command_id = self._command_id if cells[0] == _COMMAND else None
        self._tell(cells[0], cells[2], cells[3], cells[4], self._uptime.of_ticks(cells[1]), command_id)

    def _tell(self, kind: int, gas: int, detail: int, value: int, happened_ms: int, command_id: "int | None") -> None:
        # Into the journal before anybody hears of it.
        now_s = self.clock.now_s()
        time_s = None if now_s is None else now_s - (self._uptime.now_ms() - happened_ms) // 1000
        frame = self.frames.event(kind, gas, detail, value, happened_ms, time_s, command_id)[1]
        if self.journal is not None:
            self.journal.put(frame)
        self.frames.told()
        self._tries = 0
        self._console.event(frame)
        if self._serial:
            self._on_line(frame)

    def _answer(self, command: int, outcome: int, command_id: "int | None") -> None:
        self._tell(_COMMAND, 0, command, outcome, self._uptime.now_ms(), command_id)

    def _set(self, setting: int, value: int) -> int:
        # The outcome. A setting that changed is an event of its own.
        outcome = int(self._change(setting, value))
        if outcome == _DONE:
            self._tell(_SETTINGS, 0, setting, value, self._uptime.now_ms(), None)
        return outcome

    def _set_time(self, unix_s: int) -> bool:
        return bool(self.clock.set(unix_s, _BY_COMMAND))

    def _owe(self, frame: bytes) -> None:
        self._proofs[:] = [frame]

    def _state(self) -> bytes:
        return self.frames.state(self._snapshot, self.journal, self.counters.rejected)

    def _readings(self) -> bytes:
        from report.readings import readings  # whoever calibrates asks for it, and nobody else

        fields = readings(self._snapshot, self._about["calibration_day"])
        del sys.modules["report.readings"]
        return bytes(self.frames.make(messages.MEASURED, fields)[1])

    def _sealed(self, frame: bytes) -> bytes:
        return seal.seal(self._key, frame) if self._key else bytes(frame)

    async def _state_line(self) -> None:
        self._on_line(self.say("hello"))
        while True:
            self._on_line(self._state())
            await asyncio.sleep_ms(self.settings["serial_state_ms"])

    async def _listen(self) -> None:
        while True:
            data = self._line.read()
            if data:
                for reason in self.incoming.line(data, self._on_line):
                    self.counters.count(reason)
            await asyncio.sleep_ms(_LISTEN_MS)

    def _on_line(self, frame: bytes) -> None:
        self._line.write(cobs.encode(frame) + b"\x00")

"""A board on a desk: its chip, its ports and the wires between them, in real time."""

from __future__ import annotations

import hashlib
import queue
import select
import socket
import time
from collections.abc import Callable
from pathlib import Path

from davy.board.chip import ROM_BAUD, Chip
from davy.board.events import Listener
from davy.board.flash_chip import FlashChip
from davy.board.plant import Plant
from davy.board.ports import PtyPort, Rfc2217Port
from davy.board.realtime import run_paced
from davy.board.room import RoomConfig
from davy.board.uart_wire import Wire
from davy.board.virtual import BoardCrashed, VirtualBoard
from davy.image.boardparts import BoardSpec

#: Heap of a board with a prompt: the prompt's own code comes on top of what a board without one has.
HEAP = "560K"
_FOREVER_MS = 1 << 50
_NO_WAIT_S = 3600.0
_BOOT_WITHIN_S = 3.0
_LOOK_S = 0.05
_PROGRAM_STARTS_S = 0.5
_SLOW_READER_S = 0.002


def mac_of(seed: int) -> bytes:
    """One MAC for each board: of the range that is locally administered, so that it is nobody's."""
    return b"\x02\xda" + hashlib.sha256(f"davy board {seed}".encode()).digest()[:4]


class Desk:
    """One board with its ports. `run` serves it until `stop`; everything happens in the thread that runs it.

    The flash file is used as it is; one that is not there begins as an erased chip. `limited`: bytes take the time that they
    take on a wire. `download`: the boot button is held down. `on_flash` hears each operation of the boot loader. `speed`: how fast
    the program's own clock and the room run; ports, wires and boot loader stay in real time.
    """

    def __init__(
        self,
        spec: BoardSpec,
        flash: Path,
        *,
        seed: int = 1,
        limited: bool = False,
        download: bool = False,
        rfc2217_port: int = 0,
        mcu: str | None = None,
        speed: float = 1.0,
        on_flash: Callable[[str, int, int], None] | None = None,
        on_event: Listener | None = None,
        room: RoomConfig | None = None,
    ) -> None:
        chip_flash = FlashChip(flash, on_flash)
        self.plant = Plant(spec, room or RoomConfig(), seed)
        self.board = VirtualBoard(
            spec,
            None,
            self.plant,
            flash=flash,
            seed=seed,
            speed=speed,
            on_event=on_event,
            heap=HEAP,
            on_console=lambda data: None,
        )
        self.to_chip, self.to_host = Wire(limited=limited), Wire(limited=limited)
        self.chip = Chip(self.board, chip_flash, mcu or spec.mcu, self._chip_says, download=download)
        self.pty = PtyPort()
        self.rfc2217 = Rfc2217Port(self._lines, self.to_host.clear, rfc2217_port)
        self._ports: tuple[PtyPort | Rfc2217Port, ...] = (self.pty, self.rfc2217)
        self._speaker: PtyPort | Rfc2217Port = self.pty
        self._wake_read, self._wake_write = socket.socketpair()
        self._stopped = False
        self._soon: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()

    def power_on(self) -> None:
        self.chip.power_on()

    def run(self, seconds: float | None = None) -> None:
        """Serve the board, for so long or until `stop`."""
        until_ms = _FOREVER_MS if seconds is None else self.board.now_ms + round(seconds * 1000)
        while not self._stopped and self.board.now_ms < until_ms:
            try:
                run_paced(self.board, until_ms, self)
            except BoardCrashed as error:
                # What a chip does when its program runs wild: it panics, says so and starts anew.
                self._chip_says(f"Guru Meditation Error: {error}\r\n".replace("\n", "\r\n").encode(), ROM_BAUD)
                self.chip.crashed()

    def run_until_up(self) -> None:
        """Through the first boot, so that whoever opens a port now finds the program there. A chip without one is up at once."""
        end_s = time.monotonic() + _BOOT_WITHIN_S
        while self.board.pid is None and not self.chip.stuck and not self._stopped and time.monotonic() < end_s:
            self.run(_LOOK_S * (self.board.speed or 1.0))
        if self.board.pid is not None:
            self.run(_PROGRAM_STARTS_S * (self.board.speed or 1.0))

    def stop(self) -> None:
        """May be called from a signal handler or another thread."""
        self._stopped = True
        self._wake_write.send(b"x")

    def soon(self, action: Callable[[], None]) -> None:
        """Do something in the thread that runs the desk; may be called from any."""
        self._soon.put(action)
        self._wake_write.send(b"x")

    def pull_cable(self) -> None:
        """The terminal's adapter is unplugged: the program that has it open finds it gone. The board keeps its power."""
        self._ports = (self.rfc2217,)
        self.pty.close()
        self.to_chip.clear()
        self.to_host.clear()

    def plug_in(self) -> None:
        """An adapter again; it may come up under another name."""
        self.pty = PtyPort()
        self._speaker = self.pty
        self._ports = (self.pty, self.rfc2217)

    def close(self) -> None:
        """End the board's process and give the ports back."""
        self.board.close()
        for port in self._ports:
            port.close()
        self._wake_read.close()
        self._wake_write.close()

    # For run_paced

    @property
    def done(self) -> bool:
        return self._stopped

    def sources(self) -> list[object]:
        """What to wait for: ports whose bytes there is room for."""
        if self.to_chip.full:
            return [self._wake_read]
        return [*self._ports, self._wake_read]

    def wait_s(self) -> float:
        """How long nothing is due here."""
        now_s = time.monotonic()
        due = [at_s for at_s in (self.to_chip.next_s(), self.to_host.next_s()) if at_s is not None]
        if any(port.waiting for port in self._ports):
            due.append(now_s + _SLOW_READER_S)
        if self.board.console.break_waits_s is not None:
            due.append(now_s + 0.1)
        return max(0.0, min(due) - now_s) if due else _NO_WAIT_S

    def serve(self) -> None:
        """Move bytes on, in both directions."""
        if _readable(self._wake_read):
            self._wake_read.recv(4096)
        while not self._soon.empty():
            self._soon.get()()
        now_s = time.monotonic()
        if not self.to_chip.full:
            for port in self._ports:
                if _readable(port) and (data := port.read()):
                    self._speaker = port
                    self.chip.auto_baud(port.baud)
                    self.to_chip.put(data, port.baud, self.chip.baud, now_s)
        if data := self.to_chip.take(now_s):
            self.chip.hear(data)
        self.chip.look()
        data = self.to_host.take(time.monotonic())
        for port in self._ports:
            if data:
                port.write(data)
            else:
                port.flush()

    def _chip_says(self, data: bytes, baud: int) -> None:
        self.to_host.put(data, baud, self._speaker.baud, time.monotonic())

    def _lines(self, dtr: bool, rts: bool) -> None:
        self.chip.set_lines(dtr=dtr, rts=rts)


def _readable(port: PtyPort | Rfc2217Port | socket.socket) -> bool:
    return bool(select.select([port], [], [], 0)[0])

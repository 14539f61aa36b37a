"""A unit with a certificate on a virtual board, mosquitto behind a switch, and what both have said."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from cryptography import x509

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.codec import Decoded, Fault, State
from davy.identity import create_ca, provision
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.image.settings import Broker, Settings
from support import switch
from support.secured import HOST, SecureMosquitto, server_pem
from support.switch import Switch

IDENTIFIER = "88.118.8/GA26007777"
QUIET = Settings(broker=Broker(HOST, 8883, tls=True), mqtt_state_ms=0)
#: Virtual seconds within which anything that is to come has come: the longest limits and back-off together.
WITHIN_S = 300


class World:
    """A maker's CA, a unit of theirs on a virtual board, and what stands at the end of its connection."""

    def __init__(self, folder: Path, epoch_s: int | None = None) -> None:
        self.folder, self.ca = folder, create_ca(folder / "ca")
        self.ca_pem = folder / "ca" / "ca.cert.pem"
        spec = load_board("virtual")
        unit = provision(self.ca, IDENTIFIER, spec, QUIET, nominal(spec))
        self.certificate = x509.load_der_x509_certificate(unit.certificate)
        self.good = SecureMosquitto(folder, self.ca_pem, server_pem(self.ca, folder / "good.pem"))
        self.other: SecureMosquitto | None = None
        self.switch = Switch(switch.forward(self.good.port))
        self.access_point = AccessPoint(
            {HOST: ("127.0.0.1", self.switch.port)},
            monitored=False,
            epoch_s=int(time.time()) if epoch_s is None else epoch_s,
        )
        self.events: list[BoardEvent] = []
        self.plant = Plant(spec, RoomConfig(), 1)
        self.board = VirtualBoard(
            spec,
            build_program(spec),
            self.plant,
            flash=folder / "flash.bin",
            nvs=unit.nvs,
            access_point=self.access_point,
            on_event=self.events.append,
        )
        self.board.power_on()

    def until(self, condition: Callable[[], bool], within_s: float = WITHIN_S) -> None:
        """Run on, in steps of a virtual second, until it holds."""
        deadline_ms = self.board.now_ms + within_s * 1000
        while not condition():
            assert self.board.now_ms < deadline_ms, (self.console()[-5:], self.good.log.read_text()[-500:])
            self.board.run_for(1)

    def console(self) -> list[str]:
        return [event.data["text"] for event in self.events if event.kind == "console"]

    def told(self) -> list[str]:
        """Reasons why there was no link."""
        return [line.partition("no link: ")[2] for line in self.console() if "no link: " in line]

    def sessions(self) -> int:
        """How often the unit's HELLO has reached the good broker."""
        return self.good.log.read_text().count("Received SUBSCRIBE from davy-")

    def connect(self) -> None:
        """Let the good broker be there, and wait for the unit."""
        before = self.sessions()
        self.switch.behaviour = switch.forward(self.good.port)
        self.switch.hang_up()
        self.until(lambda: self.sessions() > before)

    def late_steps(self) -> list[int]:
        """Virtual ms of every state that shows the fault."""
        found = []
        for event in self.events:
            frame = event.data.get("frame")
            if isinstance(frame, Decoded) and isinstance(frame.message, State):
                found += [event.t_ms] if frame.message.faults >> Fault.LOOP_DEADLINE & 1 else []
        return found

    def close(self) -> None:
        self.board.close()
        self.switch.close()
        for broker in (self.good, self.other):
            if broker is not None:
                broker.stop()

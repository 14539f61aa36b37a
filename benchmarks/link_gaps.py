"""The worst gap between two safety steps while the link does its work, in virtual time, against the loop's own deadline.

The whole firmware on the virtual board; a few lines before it watch when each step begins. TLS and flash take the time that
an ESP32 is taken to need (boards/virtual/shadow: tls_shadow.py, flash_time.py); the firmware's own code takes none, so that
what a board shows is a little more. Two lines show what it would be without what the firmware does about it.
"""

from __future__ import annotations

import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from davy.board import name_server, network
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.identity import provision
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.calibration import nominal
from davy.image.settings import Broker, Settings
from davy.monitor.broker import EmbeddedBroker
from davy.paths import FIRMWARE, ROOT
from safety.profile import GB15322_HOUSEHOLD

sys.path.insert(0, str(ROOT / "host" / "tests"))

from support import tls_peer

WATCH = """
import time
from drivers.heartbeat import Heartbeat
beat, last, worst = Heartbeat._beat, [-1], [0]
def watched(self, timer):
    now = time.ticks_ms()
    gap = time.ticks_diff(now, last[0]) if last[0] >= 0 else 0
    last[0] = now
    if gap > worst[0]:
        worst[0] = gap
        print("gap", gap)
    beat(self, timer)
Heartbeat._beat = watched
"""
START = "from wiring import start\nstart()\n"
AT_ONCE = "import report.stream\nreport.stream.OneRecord = lambda channel: channel\n"
PORTS_LOOK_UP = """
import socket
from report import datagram
async def look_up(host, server):
    return socket.getaddrinfo(host, 1)[0][-1][0]
datagram.look_up = look_up
"""


@dataclass
class Case:
    """One condition: what is patched in before the firmware, the settings, the peer's port, and what happens."""

    words: str
    port: int
    tls: bool = False
    patch: str = ""
    seconds: int = 300
    dns: name_server.Mood = "good"
    time_host: str = "ntp.davy.lan"
    happening: Callable[[VirtualBoard], None] | None = None


def worst_gap_ms(case: Case, maker: tls_peer.Maker, folder: Path) -> tuple[int, AccessPoint]:
    tree = folder / "firmware"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(FIRMWARE, tree, ignore=shutil.ignore_patterns("__pycache__"))
    (tree / "main.py").write_text(WATCH + case.patch + START)
    spec, gaps = load_board("virtual"), [0]
    unit = provision(
        maker.ca, "88.118.8/GA1", spec, Settings(broker=Broker(tls_peer.HOST, 8883, case.tls)), nominal(spec)
    )
    access_point = AccessPoint(
        {tls_peer.HOST: ("127.0.0.1", case.port)},
        monitored=False,
        epoch_s=int(time.time()),
        dns=case.dns,
        time_host=case.time_host,
    )
    board = VirtualBoard(
        spec,
        build_program(spec, tree),
        Plant(spec, RoomConfig(), 1),
        flash=folder / "flash.bin",
        nvs=unit.nvs,
        access_point=access_point,
        on_event=lambda event: (
            gaps.append(int(event.data["text"][4:]))
            if event.kind == "console" and event.data["text"].startswith("gap ")
            else None
        ),
    )
    with board:
        board.power_on()
        board.run_for(20)
        if case.happening is not None:
            case.happening(board)
        board.run_for(case.seconds - 20)
    return gaps[-1], access_point


def many_presses(board: VirtualBoard) -> None:
    for _ in range(60):
        board.press_button(300)
        board.run_for(2)


def silent_port() -> tuple[socket.socket, int]:
    """Accepts, and says nothing."""
    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    return server, int(server.getsockname()[1])


def main() -> None:
    network.PATIENCE_S = 1.0  # wall seconds that each answer which stays away costs this program
    deadline_ms = GB15322_HOUSEHOLD["deadline_ms"]
    broker = EmbeddedBroker()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        maker = tls_peer.make(folder)
        handshakes = tls_peer.Server(maker, tls_peer.close_at_once)
        silent, silent_at = silent_port()
        cases = [
            Case("quiet link, MQTT in clear", broker.port),
            Case("TLS handshakes, one after another", handshakes.port, tls=True, seconds=600),
            Case("  the same in one call", handshakes.port, tls=True, seconds=120, patch=AT_ONCE),
            Case("no answer from the name server", broker.port, dns="silent"),
            Case("  the same by the port's look-up", 9, patch=PORTS_LOOK_UP, time_host="nowhere"),
            Case("60 presses into the journal, nobody there", 9, happening=many_presses),
            Case("a broker that accepts and is silent", silent_at),
        ]
        print(f"{'worst gap':>10}  of {deadline_ms} ms")
        for case in cases:
            gap_ms, _ = worst_gap_ms(case, maker, folder)
            print(f"{gap_ms:7d} ms  {gap_ms / deadline_ms:5.0%}  {case.words}", flush=True)
        print(f"handshakes done: {handshakes.handshakes}")
        handshakes.close()
        silent.close()
    broker.stop()


if __name__ == "__main__":
    main()

"""What comes over TCP waits at the peer until the board's program has read what came before: as on the chip."""

from __future__ import annotations

import socket
import threading
import zlib
from pathlib import Path

from davy.board.flow import Flow
from davy.board.network import RECEIVE_WINDOW_BYTES, AccessPoint
from support.net_board import net_board

MUCH = bytes(range(256)) * 160  # 40 KiB, which no heap of a board would hold beside its program
_READER = """
import binascii, socket
channel = socket.socket()
channel.connect(socket.getaddrinfo("peer.davy.lan", 1)[0][-1])
time.sleep_ms(3_000)  # nobody reads, and the window fills
buffer, crc, total = bytearray(700), 0, 0
while True:
    count = channel.readinto(buffer)
    if not count:
        break
    crc, total = binascii.crc32(memoryview(buffer)[:count], crc), total + count
    time.sleep_ms(10)
print("read %d, CRC %d" % (total, crc & 0xFFFFFFFF))
"""


def server_of(data: bytes) -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(data)

    threading.Thread(target=serve, daemon=True).start()
    return server


def test_no_more_is_fetched_than_the_window_holds_until_the_program_has_read() -> None:
    with server_of(MUCH) as server:
        flow = Flow(AccessPoint(), server.getsockname())
        try:
            fetched = b""
            while len(fetched) < RECEIVE_WINDOW_BYTES:
                fetched += flow.receive_ready()
            assert len(fetched) == RECEIVE_WINDOW_BYTES
            assert flow.receive_ready() == b""
            flow.window_bytes += 100
            while len(fetched) < RECEIVE_WINDOW_BYTES + 100:
                fetched += flow.receive_ready()
            assert flow.receive_ready() == b""
            assert fetched == MUCH[: RECEIVE_WINDOW_BYTES + 100]
        finally:
            flow.close()


def test_a_program_that_reads_slowly_gets_every_byte(tmp_path: Path) -> None:
    with server_of(MUCH) as server:
        access_point = AccessPoint({"peer.davy.lan": server.getsockname()}, monitored=False)
        bench = net_board(tmp_path, _READER, access_point, speed=20.0)
        with bench.board as board:
            for _ in range(60):
                board.run_for(1)
                if any("read" in line for line in bench.console()):
                    break
        assert bench.console()[-1] == f"read {len(MUCH)}, CRC {zlib.crc32(MUCH)}", bench.console()

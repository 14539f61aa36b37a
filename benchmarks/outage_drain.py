"""A hundred boards after an hour without a network: how long until everything is stored, and is any of them starved?

The hour runs in virtual time, board after board, with no access point; what happened is in each board's own flash. Then all
are powered on at the same moment, at the pace of the wall clock, over TLS, against one broker and `davy monitor` on loopback.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.chaos.board_life import BoardLife
from davy.chaos.broker_process import Broker, mosquitto_path
from davy.chaos.database import Key, stored_keys
from davy.chaos.monitor_process import Monitor
from davy.chaos.plan import UNIT
from davy.chaos.record import BoardRecord
from davy.chaos.stage import Lane
from davy.chaos.world import BROKER_NAME, World, make_world
from davy.paths import FIRMWARE

_OUTAGE_S = 3_600
_LOOK_S = 0.1
_MOST_S = 600.0


def outage(arguments: tuple[str, str, int, int]) -> BoardRecord:
    """An hour of one board without a network, somebody at its case now and then; its flash is left in the folder."""
    folder, firmware, number, events = arguments
    world = World.load(Path(folder) / "world", Path(firmware))
    member = world.cast((UNIT,) * (number + 1))[number]
    record = BoardRecord(UNIT, member.identifier, "")
    with VirtualBoard(
        world.spec,
        world.image,
        Plant(world.spec, RoomConfig(), number),
        flash=Path(folder) / f"flash-{number}.bin",
        seed=number,
        access_point=AccessPoint(up=False),
        on_event=record.hear,
        nvs=member.nvs.read_bytes(),
    ) as board:
        record.source = (board.mac + bytes(2)).hex()
        board.power_on()
        for turn in range(events):
            board.run_until((turn + 1) * _OUTAGE_S * 1000 // (events + 1))
            board.set_tamper(turn % 2 == 0)
        board.run_until(_OUTAGE_S * 1000)
        record.closed = True
        board.power_cut()
    record.closed = False
    return record


def back(world: World, folder: Path, records: list[BoardRecord], port: int) -> list[BoardLife]:
    """The same boards with a network, powered on together."""
    epoch_s = int(time.time())
    return [
        BoardLife(
            world.spec,
            world.image,
            world.cast((UNIT,) * (number + 1))[number].nvs.read_bytes(),
            record,
            folder / f"flash-{number}.bin",
            seed=number,
            speed=1.0,
            access_point=AccessPoint({BROKER_NAME: ("127.0.0.1", port)}, epoch_s=epoch_s),
            keep_flash=True,
        )
        for number, record in enumerate(records)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=100)
    parser.add_argument("--events", type=int, default=20, help="of each during the outage, besides its boot's (20)")
    parser.add_argument("--firmware", type=Path, default=FIRMWARE, help="another tree than the shipped one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, Lane() as lane:
        folder = Path(name)
        make_world(folder / "world", True, options.boards)
        world = World.load(folder / "world", options.firmware)
        with multiprocessing.get_context("spawn").Pool() as pool:
            each = [(name, str(options.firmware), number, options.events) for number in range(options.boards)]
            records = pool.map(outage, each, chunksize=1)
        owed: dict[str, set[Key]] = {
            record.source: {(record.source, told.session, told.seq) for told in record.told} for record in records
        }
        total = sum(len(keys) for keys in owed.values())
        print(
            f"{options.boards} boards, {_OUTAGE_S} s without a network: {total:,} events in their journals", flush=True
        )

        world.new_database(folder / "events.sqlite")
        kind = "mosquitto" if mosquitto_path() is not None else "amqtt"
        broker = Broker(kind, lane.nursery, world.folder, folder, tls=True, persistence=False)
        broker.start()
        monitor = Monitor(lane.nursery, world.folder, folder, broker.port, tls=True, program=False)
        monitor.start()
        lives = back(world, folder, records, broker.port)
        began_s = time.monotonic()
        for life in lives:
            life.do(lambda own: own.board.power_on())
            life.start()
        first_s: dict[str, float] = {}
        done_s: dict[str, float] = {}
        pause = threading.Event()
        while len(done_s) < len(owed) and time.monotonic() - began_s < _MOST_S:
            pause.wait(_LOOK_S)
            stored, now_s = stored_keys(monitor.db, owed), time.monotonic() - began_s
            for source, keys in owed.items():
                if source not in first_s and keys & stored:
                    first_s[source] = now_s
                if source not in done_s and keys <= stored:
                    done_s[source] = now_s
        for life in lives:
            life.end()
        monitor.end()
        broker.kill()
    missing = len(owed) - len(done_s)
    if missing:
        print(f"FAIL: {missing} boards were not done within {_MOST_S:g} s")
    times = sorted(done_s.values())
    print(f"back at once, at real-time pace, {kind}, TLS: everything stored {times[-1]:.1f} s after power")
    print(
        f"  first event of a board: median {statistics.median(first_s.values()):.1f} s, worst {max(first_s.values()):.1f} s"
    )
    print(f"  all of a board: median {statistics.median(times):.1f} s, worst {times[-1]:.1f} s")
    print(f"  worst / median: {times[-1] / statistics.median(times):.2f} (1 would be perfectly even)")
    sys.exit(1 if missing else 0)


if __name__ == "__main__":
    main()

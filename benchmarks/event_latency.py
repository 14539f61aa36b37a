"""From an event that the safety core has decided to its row on the disk and its acknowledgement, in real time, over TLS.

Boards at the pace of the wall clock, a broker and `MonitorService` on loopback. The event's own time starts the clock; the wired
line tells when it was in the journal, the monitor when it was committed, and another subscriber of the board's topic when the
acknowledgement passed the broker. A button is pressed during the preheat, when nothing follows from it but its event.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.chaos.board_life import BoardLife
from davy.chaos.broker_process import Broker, mosquitto_path
from davy.chaos.plan import UNIT
from davy.chaos.record import BoardRecord
from davy.chaos.stage import Lane
from davy.chaos.world import BROKER_NAME, MONITOR_FOLDER, STRANGER_FOLDER, World, make_world
from davy.codec import Ack, Decoded, Event, EventKind, decode_frame, split_seal
from davy.monitor import MonitorService, Received, Verdict
from davy.monitor.tls import TlsFolder
from davy.paths import FIRMWARE

_READY_S, _EVERY_S, _END_S = 12.0, 1.7, 15.0
_PREHEAT_S = 178.0

Key = tuple[bytes, int, int]


class Clock:
    """Moments of each event, wall s, by what was heard of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.moments: dict[str, dict[Key, float]] = {
            "decided": {},
            "journalled": {},
            "committed": {},
            "acknowledged": {},
        }

    def note(self, what: str, key: Key, at_s: float) -> None:
        with self._lock:
            self.moments[what].setdefault(key, at_s)

    def between(self, first: str, then: str) -> list[float]:
        """ms from one moment to another, of every event that has both."""
        begun, ended = self.moments[first], self.moments[then]
        return sorted((ended[key] - begun[key]) * 1000 for key in begun if key in ended)


def listener(clock: Clock, life: list[BoardLife]) -> Callable[[BoardEvent], None]:
    """Of the wired line: at the pace of the wall clock, virtual time tells how long ago the event was."""

    def heard(event: BoardEvent) -> None:
        frame = event.data.get("frame")
        if not isinstance(frame, Decoded) or not isinstance(frame.message, Event):
            return
        if frame.message.kind != EventKind.BUTTON:
            return
        now_s, key = time.monotonic(), (frame.source, frame.session, frame.seq)
        # The frame's own time is its making, just before the journal was asked to keep it.
        ago_ms = event.t_ms - life[0].record.boots[-1].began_ms - frame.message.event_uptime_ms
        clock.note("decided", key, now_s - ago_ms / 1000)
        clock.note("journalled", key, now_s)

    return heard


def new_life(world: World, number: int, port: int, folder: Path, clock: Clock) -> BoardLife:
    member = world.cast((UNIT,) * (number + 1))[number]
    own: list[BoardLife] = []
    life = BoardLife(
        world.spec,
        world.image,
        member.nvs.read_bytes(),
        BoardRecord(UNIT, member.identifier, ""),
        folder / f"flash-{number}.bin",
        seed=number,
        speed=1.0,
        access_point=AccessPoint({BROKER_NAME: ("127.0.0.1", port)}, epoch_s=int(time.time())),
        on_event=listener(clock, own),
    )
    own.append(life)
    return life


def observer(port: int, folder: Path, clock: Clock) -> mqtt.Client:
    """Hears the acknowledgements."""

    def arrived(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        frame = decode_frame(split_seal(bytes(message.payload))[0])
        if isinstance(frame, Decoded) and isinstance(frame.message, Ack):
            ack = frame.message
            clock.note("acknowledged", (ack.acked_source, ack.acked_session, ack.acked_seq), time.monotonic())

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="observer")
    client.tls_set_context(TlsFolder.load(folder).client_context())
    client.on_message = arrived
    client.on_connect = lambda *_: client.subscribe("davy/1/+/down") and None
    client.connect("127.0.0.1", port)
    client.loop_start()
    return client


def say(title: str, found: list[float]) -> None:
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    print(f"{title:44} p50 {cuts[49]:6.0f} ms   p99 {cuts[98]:6.0f} ms   worst {found[-1]:6.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--boards", type=int, default=4)
    parser.add_argument("--events", type=int, default=320, help="of all boards together (320)")
    parser.add_argument("--firmware", type=Path, default=FIRMWARE, help="another tree than the shipped one")
    options = parser.parse_args()
    clock = Clock()

    def on_verdict(_packet: Received, verdict: Verdict) -> None:
        if verdict.frame is not None and isinstance(verdict.frame.message, Event):
            frame = verdict.frame
            clock.note("committed", (frame.source, frame.session, frame.seq), time.monotonic())

    with tempfile.TemporaryDirectory() as name, Lane() as lane:
        folder = Path(name)
        make_world(folder / "world", True, options.boards)
        world = World.load(folder / "world", options.firmware)
        world.new_database(folder / "events.sqlite")
        kind = "mosquitto" if mosquitto_path() is not None else "amqtt"
        broker = Broker(kind, lane.nursery, world.folder, folder, tls=True, persistence=False)
        broker.start()
        service = MonitorService(
            f"mqtts://127.0.0.1:{broker.port}",
            folder / "events.sqlite",
            tls=TlsFolder.load(world.folder / MONITOR_FOLDER),
            on_verdict=on_verdict,
        )
        service.start()
        service.wait_subscribed(_END_S)
        watching = observer(broker.port, world.folder / STRANGER_FOLDER, clock)
        lives = [new_life(world, number, broker.port, folder, clock) for number in range(options.boards)]
        pause = threading.Event()
        began_s = time.monotonic()
        for life in lives:
            life.do(lambda own: own.board.power_on())
            life.start()
        pause.wait(_READY_S)
        pressed, chance = 0, random.Random(1)
        while pressed < options.events and time.monotonic() - began_s < _PREHEAT_S:
            for life in lives:
                # At random: out of step with each other and with the looks of the firmware.
                pause.wait(_EVERY_S / len(lives) * chance.uniform(0.6, 1.4))
                life.do(lambda own: own.board.press_button(400))
                pressed += 1
        deadline = time.monotonic() + _END_S
        while len(clock.moments["acknowledged"]) < pressed and time.monotonic() < deadline:
            pause.wait(0.1)
        for life in lives:
            life.end()
        watching.disconnect()
        watching.loop_stop()
        service.stop()
        broker.kill()
    whole, decided = clock.between("decided", "acknowledged"), len(clock.moments["decided"])
    print(f"{pressed} presses on {options.boards} boards in real time, {kind}, TLS, loopback")
    print(f"{decided} events decided, {len(whole)} of them committed and acknowledged")
    say("decided -> committed", clock.between("decided", "committed"))
    say("decided -> acknowledged", whole)
    say("  decided -> journalled (a look each 500 ms)", clock.between("decided", "journalled"))
    say("  journalled -> committed (a look each 200 ms)", clock.between("journalled", "committed"))
    say("  committed -> acknowledged", clock.between("committed", "acknowledged"))


if __name__ == "__main__":
    main()

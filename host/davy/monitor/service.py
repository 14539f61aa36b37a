"""The monitor: subscribes, decodes, stores, and only then acknowledges, to the broker and to the device.

Two threads: the MQTT client's, which only puts packets into a queue, and the one that stores. A broker that is away and a
database that takes nothing are waited out with bounded back-off and said once; meanwhile nothing is acknowledged, so
devices and broker keep what they have.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from davy.codec import Ack, Event, Hello, Result, encode_frame
from davy.errors import InputError
from davy.monitor.store import Received, Store, StoreUnavailable, Verdict

TOPIC_UP = "davy/1/+/up"
_SOURCE = b"monitor\x00"
_BATCH = 200
_FIRST_RETRY_S, _MOST_RETRY_S = 0.1, 5.0
_POLL_S = 0.2
_STOP_TIMEOUT_S = 10.0
#: Packets held between the two threads; past it the client stops reading, and the broker keeps them.
_QUEUE_LIMIT = 5_000

Say = Callable[[str], None]
OnVerdict = Callable[[Received, Verdict], None]


@dataclass(frozen=True)
class _Packet:
    received: Received
    mid: int
    qos: int


def parse_broker(url: str) -> tuple[str, int]:
    """(host, port) of `mqtt://host:port`. Raises InputError."""
    try:
        parts = urlsplit(url)
        port = parts.port or 1883
    except ValueError:
        parts, port = urlsplit(""), 0
    if parts.scheme != "mqtt" or not parts.hostname or parts.path not in ("", "/"):
        raise InputError("--broker", f"{url!r} is no broker's address", "write mqtt://host:port")
    return parts.hostname, port


class MonitorService:
    """Runs from start() to stop(). `say` hears what a person should know, `on_verdict` every packet and its fate."""

    def __init__(
        self,
        broker_url: str,
        db_path: Path,
        *,
        say: Say = lambda text: None,
        on_verdict: OnVerdict = lambda packet, verdict: None,
    ) -> None:
        """Raises InputError for a broker's address or a database file that cannot be used."""
        self._host, self._port = parse_broker(broker_url)
        self.store = Store(db_path)
        self._say = say
        self._on_verdict = on_verdict
        self._packets: queue.Queue[_Packet] = queue.Queue(_QUEUE_LIMIT)
        self._stopping = threading.Event()
        self._subscribed = threading.Event()
        self._away = ""
        self._seq = 0
        self._session = int(time.time()) & 0xFFFFFFFF
        self._began = time.monotonic()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"davy-monitor-{time.time_ns():x}", manual_ack=True
        )
        self._client.reconnect_delay_set(1, 10)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._connect_failed
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._arrived
        self._storing = threading.Thread(target=self._store, name="davy-monitor", daemon=True)

    def start(self) -> None:
        """Begin; a broker that is not there yet is tried again until stop()."""
        self._storing.start()
        self._client.connect_async(self._host, self._port, keepalive=30)
        self._client.loop_start()

    def wait_subscribed(self, timeout_s: float) -> bool:
        """True once the broker has taken the subscription."""
        return self._subscribed.wait(timeout_s)

    def stop(self) -> None:
        """End cleanly: what is queued is stored if the database takes it, the rest stays with the broker."""
        self._stopping.set()
        if self._storing.is_alive():
            self._storing.join(_STOP_TIMEOUT_S)
        self._client.disconnect()
        self._client.loop_stop()
        self.store.close()

    # The client's thread

    def _connected(self, client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _p: object) -> None:
        if code.is_failure:
            self._broker_away(f"refuses: {code}")
            return
        if self._away:
            self._say("broker is back")
        self._away = ""
        client.subscribe(TOPIC_UP, qos=1)

    def _connect_failed(self, _client: mqtt.Client, _data: object) -> None:
        self._broker_away("does not answer")

    def _disconnected(self, _client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _p: object) -> None:
        self._subscribed.clear()
        if not self._stopping.is_set():
            self._broker_away(f"gone: {code}")

    def _broker_away(self, why: str) -> None:
        if not self._away:
            self._say(f"broker {self._host}:{self._port} {why}; trying again")
        self._away = why

    def _arrived(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        source = message.topic.split("/")[2]
        packet = _Packet(
            Received(source, bytes(message.payload), time.time_ns() // 1_000_000), message.mid, message.qos
        )
        while not self._stopping.is_set():
            try:
                self._packets.put(packet, timeout=_POLL_S)
                return
            except queue.Full:
                continue

    # The storing thread

    def _store(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                if self._stopping.is_set():
                    return
                continue
            verdicts = self._ingest([packet.received for packet in batch])
            if verdicts is None:
                return
            for packet, verdict in zip(batch, verdicts, strict=True):
                # Before anybody else can know that it is stored: so what follows from that comes after.
                self._on_verdict(packet.received, verdict)
                self._acknowledge(packet, verdict)

    def _next_batch(self) -> list[_Packet]:
        batch: list[_Packet] = []
        try:
            batch.append(self._packets.get(timeout=_POLL_S))
            while len(batch) < _BATCH:
                batch.append(self._packets.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _ingest(self, batch: list[Received]) -> list[Verdict] | None:
        wait_s = _FIRST_RETRY_S
        said = False
        while True:
            try:
                verdicts = self.store.ingest(batch)
            except StoreUnavailable as error:
                if not said:
                    self._say(f"database takes nothing ({error}); nothing is acknowledged, trying again")
                    said = True
                if self._stopping.wait(wait_s):
                    return None
                wait_s = min(_MOST_RETRY_S, wait_s * 2)
                continue
            if said:
                self._say("database is back")
            return verdicts

    def _acknowledge(self, packet: _Packet, verdict: Verdict) -> None:
        frame = verdict.frame
        if frame is not None and verdict.result is not Result.REFUSED and isinstance(frame.message, (Event, Hello)):
            ack = Ack(frame.source, frame.session, frame.seq, verdict.result)
            uptime_ms = int((time.monotonic() - self._began) * 1000)
            self._client.publish(
                f"davy/1/{frame.source.hex()}/down",
                encode_frame(_SOURCE, self._session, self._seq & 0xFFFFFFFF, uptime_ms, ack),
                qos=1,
            )
            self._seq += 1
        self._client.ack(packet.mid, packet.qos)

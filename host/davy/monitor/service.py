"""The monitor: subscribes, decodes, stores, and only then acknowledges, to the broker and to the device.

Two threads: the MQTT client's, which only puts packets into a queue, and the one that stores, answers and keeps house. A
broker that is away and a database that takes nothing are waited out with bounded back-off and said once; meanwhile nothing is
acknowledged, so devices and broker keep what they have.
"""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

from davy.codec import Ack, Challenge, Event, Hello, Proof, Result, State
from davy.errors import InputError
from davy.monitor.broker_address import failure_words, parse_broker
from davy.monitor.housekeeping import Housekeeping
from davy.monitor.outgoing import Outgoing
from davy.monitor.packets import Received, Verdict, named_source
from davy.monitor.peers import Admit
from davy.monitor.silence import DEFAULT_SILENT_AFTER_S
from davy.monitor.store import Store, StoreUnavailable
from davy.monitor.tls import TlsFolder

TOPIC_UP = "davy/1/+/up"
_BATCH = 200
_FIRST_RETRY_S, _MOST_RETRY_S = 0.1, 5.0
_POLL_S = 0.2
_STOP_TIMEOUT_S = 10.0
#: Packets held between the two threads; past it the client stops reading, and the broker keeps them.
_QUEUE_LIMIT = 5_000
#: Answers held for a broker that is away; devices ask again.
_ANSWERS_LIMIT = 10_000

Say = Callable[[str], None]
OnVerdict = Callable[[Received, Verdict], None]


@dataclass(frozen=True)
class _Packet:
    received: Received
    mid: int
    qos: int


class MonitorService:
    """Runs from start() to stop(). `say` hears what a person should know, `on_verdict` every packet and its fate."""

    def __init__(
        self,
        broker_url: str,
        db_path: Path,
        *,
        tls: TlsFolder | None = None,
        own_broker: bool = False,
        admit: Admit | None = None,
        silent_after_s: float = DEFAULT_SILENT_AFTER_S,
        say: Say = lambda text: None,
        on_verdict: OnVerdict = lambda packet, verdict: None,
    ) -> None:
        """`own_broker`: it is in this process, under any name. `admit` None: registered units if by TLS or if there are any.

        Raises InputError for a broker's address or a database file that cannot be used.
        """
        self._host, self._port, by_tls = parse_broker(broker_url)
        if by_tls and tls is None:
            raise InputError("--broker", "mqtts:// needs a certificate", "add --tls DIR, made by davy ca issue")
        if tls is not None and not by_tls:
            raise InputError("--tls", "is of no use with mqtt://", "write mqtts://host:port")
        self.store = Store(db_path, admit or (Admit.REGISTERED if by_tls else None))
        self.failure: BaseException | None = None
        self._say = say
        self._on_verdict = on_verdict
        self._packets: queue.Queue[_Packet] = queue.Queue(_QUEUE_LIMIT)
        self._stopping = threading.Event()
        self._subscribed = threading.Event()
        self._away = ""
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id=f"davy-monitor-{time.time_ns():x}", manual_ack=True
        )
        if tls is not None:
            self._client.tls_set_context(tls.client_context(own_broker=own_broker))
        self._client.max_queued_messages_set(_ANSWERS_LIMIT)
        self._client.reconnect_delay_set(1, 10)
        self._client.on_connect = self._connected
        self._client.on_connect_fail = self._connect_failed
        self._client.on_disconnect = self._disconnected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._arrived
        self._outgoing = Outgoing(self._client)
        self._housekeeping = Housekeeping(self.store, self._outgoing, silent_after_s, say)
        self._storing = threading.Thread(target=self._store, name="davy-monitor", daemon=True)

    def start(self) -> None:
        """Begin; a broker that is not there yet is tried again until stop()."""
        self._housekeeping.begin(time.monotonic())
        self._storing.start()
        self._client.connect_async(self._host, self._port, keepalive=30)
        self._client.loop_start()

    def wait_subscribed(self, timeout_s: float) -> bool:
        """True once the broker has taken the subscription."""
        return self._subscribed.wait(timeout_s)

    @property
    def subscribed(self) -> bool:
        """Whether the broker has the subscription, as far as has been noticed."""
        return self._subscribed.is_set()

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
        # paho calls this where it has caught the error, and does not hand it on.
        self._broker_away(failure_words(sys.exc_info()[1]))

    def _disconnected(self, _client: mqtt.Client, _data: object, _flags: object, code: ReasonCode, _p: object) -> None:
        self._subscribed.clear()
        if not self._stopping.is_set():
            self._broker_away(f"gone: {code}")

    def _broker_away(self, why: str) -> None:
        if not self._away or (("TLS" in why or "certificate" in why) and why != self._away):
            self._say(f"broker {self._host}:{self._port} {why}; trying again")
        self._away = why

    def _arrived(self, client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        source = named_source(message.topic.split("/")[2])
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
        try:
            while self._store_next():
                pass
        except BaseException as error:
            # A monitor that stores no more must not look alive.
            self.failure = error

    def _store_next(self) -> bool:
        batch = self._next_batch()
        if not batch and self._stopping.is_set():
            return False
        if batch:
            verdicts = self._ingest([packet.received for packet in batch])
            if verdicts is None:
                return False
            for packet, verdict in zip(batch, verdicts, strict=True):
                # Before anybody else can know that it is stored: so what follows from that comes after.
                self._on_verdict(packet.received, verdict)
                self._answer(verdict)
                self._client.ack(packet.mid, packet.qos)
        self._housekeeping.look(time.monotonic(), connected=self._subscribed.is_set())
        return True

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

    def _answer(self, verdict: Verdict) -> None:
        frame = verdict.frame
        if frame is None or verdict.result is Result.REFUSED:
            return  # nothing to learn for a stranger
        # A sealed HELLO or event that is sent again may be anybody's recording: a unit is there when it says something new.
        fresh = isinstance(frame.message, (State, Proof)) or (
            isinstance(frame.message, Event) and verdict.result is Result.STORED
        )
        if fresh or verdict.unit is None:
            self._housekeeping.heard(frame.source.hex(), time.monotonic())
        if isinstance(frame.message, (Event, Hello)):
            ack = Ack(frame.source, frame.session, frame.seq, verdict.result)
            self._outgoing.send(frame.source, ack, verdict.unit)
        if verdict.challenge:
            nonce = self.store.proofs.challenge(frame.source)
            self._outgoing.send(frame.source, Challenge(frame.source, nonce), verdict.unit)

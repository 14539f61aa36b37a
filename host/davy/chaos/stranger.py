"""A stranger at the broker: a client with a valid certificate, or none where none is asked for, that is no unit and no monitor.

The broker of a run keeps nobody from any topic: what a stranger may not do is for units and monitor to refuse. It hears
everything, remembers some of it, and plays its pranks with it. None of them may have an effect.
"""

from __future__ import annotations

import random
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from davy.chaos import forgeries
from davy.chaos.world import STRANGER_FOLDER

_MOST_HEARD = 400
#: Packets to a topic at one go: more would show how much a unit can take, and not whom it believes.
_MOST_AT_ONCE = 12
#: As many bytes as a nonsense packet has at most: above what a unit takes in one.
_MOST_NONSENSE = 1_300
_CONNECT_S = 3.0

Packet = tuple[str, bytes]


def up(source: str) -> str:
    return f"davy/1/{source}/up"


def down(source: str) -> str:
    return f"davy/1/{source}/down"


class Stranger:
    """`sources` and `identifiers` are of the units it may pretend to be. Nothing it does raises: it is no part of the system."""

    def __init__(
        self, port: int, world: Path, tls: bool, seed: int, sources: Sequence[str], identifiers: Sequence[str]
    ) -> None:
        self.sent = 0
        self._port = port
        self._context = _context(world / STRANGER_FOLDER) if tls else None
        self._chance = random.Random(seed)
        self._sources = list(sources)
        self._identifiers = list(identifiers)
        self._heard: deque[Packet] = deque(maxlen=_MOST_HEARD)
        self._own: set[bytes] = set()
        self._retained: set[str] = set()
        self._client = self._connected(f"stranger-{seed}", self._arrived)

    def play(self, prank: str) -> None:
        """One of the pranks in davy.chaos.hurts."""
        pranks: dict[str, Callable[[], None]] = {
            "replay": self._replay,
            "cross": self._cross,
            "spoil": self._spoil,
            "forge_events": self._forge_events,
            "forge_hello": self._forge_hello,
            "forge_acks": self._forge_acks,
            "replay_down": self._replay_down,
            "forge_commands": self._forge_commands,
            "harvest": self._harvest,
            "garbage": self._garbage,
            "retained": self._retain,
            "take_over": self._take_over,
        }
        pranks[prank]()

    def leave(self) -> None:
        """Take back what the broker keeps for it, and go."""
        for topic in self._retained:
            self._client.publish(topic, b"", qos=1, retain=True)
        deadline = time.monotonic() + _CONNECT_S
        while self._retained and self._client.want_write() and time.monotonic() < deadline:
            threading.Event().wait(0.01)
        self._client.disconnect()
        self._client.loop_stop()

    # Pranks

    def _replay(self) -> None:
        found = self._captured("up")
        self._chance.shuffle(found)
        self._send(found[:_MOST_AT_ONCE])

    def _cross(self) -> None:
        self._send((up(self._chance.choice(self._sources)), data) for _, data in self._captured("up")[:_MOST_AT_ONCE])

    def _spoil(self) -> None:
        found = self._captured("up") + self._captured("down")
        self._chance.shuffle(found)
        for topic, data in found[:_MOST_AT_ONCE]:
            other = self._chance.choice(found)[1]
            self._send([(topic, forgeries.spoilt(self._chance, data, other))])

    def _forge_events(self) -> None:
        for source in self._sources:
            self._some(up(source), forgeries.events(self._chance, bytes.fromhex(source)))

    def _forge_hello(self) -> None:
        for source in self._sources:
            claimed = self._chance.choice(self._identifiers)
            own = f"{self._chance.getrandbits(64):016x}"
            for told in (source, own):
                self._some(up(told), forgeries.hellos(self._chance, bytes.fromhex(told), claimed))

    def _forge_acks(self) -> None:
        heard = self._captured("up")
        for source in self._sources:
            self._some(down(source), forgeries.acks(self._chance, bytes.fromhex(source), heard))

    def _replay_down(self) -> None:
        found = self._captured("down")
        self._chance.shuffle(found)
        self._send(found[:_MOST_AT_ONCE])
        self._send((down(self._chance.choice(self._sources)), data) for _, data in found[:_MOST_AT_ONCE])

    def _forge_commands(self) -> None:
        for source in self._sources:
            self._some(down(source), forgeries.commands(self._chance, bytes.fromhex(source)))

    def _harvest(self) -> None:
        for source in self._sources:
            self._send([(down(source), forgeries.challenge(self._chance, bytes.fromhex(source)))])

    def _garbage(self) -> None:
        for source in self._sources:
            for topic in (up(source), down(source), "davy/1/x/up", "davy/1//up", "davy/2/" + source + "/up"):
                length = self._chance.choice((0, 1, 28, 29, 33, 60, 300, _MOST_NONSENSE))
                self._send([(topic, self._chance.randbytes(length))])

    def _retain(self) -> None:
        for source in self._sources:
            forged = forgeries.commands(self._chance, bytes.fromhex(source))
            old = [data for topic, data in self._captured("up") if topic == up(source)]
            self._send([(down(source), self._chance.choice(forged))], retain=True)
            self._send([(up(source), self._chance.choice(old or forged))], retain=True)

    def _take_over(self) -> None:
        # Two clients of one name: a broker throws the first one out (MQTT 3.1.1, 3.1.4).
        for source in self._sources:
            client = self._connected(f"davy-{source}", self._arrived)
            client.disconnect()
            client.loop_stop()

    # Its hands and ears

    def _captured(self, way: str) -> list[Packet]:
        return [packet for packet in list(self._heard) if packet[0].endswith("/" + way)]

    def _some(self, topic: str, made: list[bytes]) -> None:
        self._send((topic, data) for data in self._chance.sample(made, min(len(made), _MOST_AT_ONCE)))

    def _send(self, packets: Iterable[Packet], retain: bool = False) -> None:
        for topic, data in packets:
            self._own.add(data)
            if retain:
                self._retained.add(topic)
            self._client.publish(topic, data, qos=1, retain=retain)
            self.sent += 1

    def _arrived(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        data = bytes(message.payload)
        if data not in self._own:
            self._heard.append((message.topic, data))

    def _connected(self, name: str, arrived: Callable[[mqtt.Client, object, mqtt.MQTTMessage], None]) -> mqtt.Client:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, reconnect_on_failure=True)
        client.reconnect_delay_set(1, 1)
        if self._context is not None:
            client.tls_set_context(self._context)
        client.on_message = arrived
        client.on_connect = _hear_everything
        client.connect_async("127.0.0.1", self._port, keepalive=30)
        client.loop_start()
        deadline = time.monotonic() + _CONNECT_S
        while not client.is_connected() and time.monotonic() < deadline:
            threading.Event().wait(0.005)
        return client


def _hear_everything(client: mqtt.Client, *_: object) -> None:
    client.subscribe("#", qos=0)


def _context(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(folder / "ca.cert.pem"))
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context

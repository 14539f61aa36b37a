"""What the monitor says to devices: frames of its own, sealed for the unit they are for."""

from __future__ import annotations

import time

import paho.mqtt.client as mqtt

from davy.codec import Ack, Challenge, Command, encode_frame, seal_frame
from davy.monitor.registry import KnownUnit

_SOURCE = b"monitor\x00"


class Outgoing:
    """Publishes through a client. A unit hears what bears its seal; a chip that is bound to none gets it unsealed."""

    def __init__(self, client: mqtt.Client) -> None:
        self._client = client
        self._seq = 0
        self._session = int(time.time()) & 0xFFFFFFFF
        self._began = time.monotonic()

    def send(self, source: bytes, message: Ack | Challenge | Command, unit: KnownUnit | None) -> None:
        """To this chip. What the broker does not get now is not kept for long: who needs it asks again."""
        uptime_ms = int((time.monotonic() - self._began) * 1000)
        frame = encode_frame(_SOURCE, self._session, self._seq & 0xFFFFFFFF, uptime_ms, message)
        self._seq += 1
        data = frame if unit is None else seal_frame(unit.key, frame)
        self._client.publish(f"davy/1/{source.hex()}/down", data, qos=1)

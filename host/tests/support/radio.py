"""A speaker at a broker: publishes what its unit says, and keeps what it is told, checked as the unit would check it."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from davy.codec import Decoded, Message, check_seal, decode_frame, split_seal
from support.speaker import Speaker

WAIT_S = 30.0
_AGAIN_S = 0.3
_M = TypeVar("_M")


class Radio:
    """Connected from the construction on; a context manager."""

    def __init__(self, speaker: Speaker, port: int, tls: ssl.SSLContext | None = None) -> None:
        self.speaker = speaker
        #: What came, in its order; `bad` what the unit would refuse.
        self.told: list[Message] = []
        self.bad: list[bytes] = []
        self._changed = threading.Condition()
        subscribed = threading.Event()
        self.client = mqtt.Client(CallbackAPIVersion.VERSION2)
        if tls is not None:
            self.client.tls_set_context(tls)
        self.client.on_connect = lambda client, *_: client.subscribe(f"davy/1/{speaker.name}/down", qos=1)
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.on_message = self._came
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert subscribed.wait(WAIT_S), "the broker took no subscription"

    def __enter__(self) -> Radio:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def send(self, data: bytes) -> None:
        self.client.publish(f"davy/1/{self.speaker.name}/up", data, qos=1).wait_for_publish(WAIT_S)

    def say(self, message: Message) -> bytes:
        """Send it; gives the packet, to send it again."""
        packet = self.speaker.packet(message)
        self.send(packet)
        return packet

    def publish(self, data: bytes) -> None:
        """Send it without waiting for the broker."""
        self.client.publish(f"davy/1/{self.speaker.name}/up", data, qos=1)

    def say_until(self, message: Message, answer: type[Message]) -> None:
        """Say it anew, as a unit does that hears nothing, until there is such an answer; then forget what was told."""
        deadline = time.monotonic() + WAIT_S
        with self._changed:
            while not any(isinstance(each, answer) for each in self.told):
                assert time.monotonic() < deadline, f"no {answer.__name__}"
                self.publish(self.speaker.packet(message))
                self._changed.wait(_AGAIN_S)
            self.told.clear()

    def wait_for(self, kind: type[_M], which: Callable[[_M], bool] = lambda _: True) -> _M:
        """The first of this kind that was not waited for yet; the others stay."""

        def found() -> Message | None:
            return next((each for each in self.told if isinstance(each, kind) and which(each)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, WAIT_S), f"no {kind.__name__}; told {self.told}"
            message = found()
            assert isinstance(message, kind)
            self.told.remove(message)  # type: ignore[arg-type]
            return message

    def _came(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        data, seal = split_seal(bytes(message.payload))
        frame = decode_frame(data)
        key = self.speaker.key
        with self._changed:
            if isinstance(frame, Decoded) and (not seal if key is None else not check_seal(key, data, seal)):
                self.told.append(frame.message)
            else:
                self.bad.append(bytes(message.payload))
            self._changed.notify_all()

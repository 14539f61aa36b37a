# One connection to the broker after another: HELLO first, then every event until the monitor has stored it, and the
# newest state each period.
import asyncio
import binascii

from protocol.counters import Counters
from report.backoff import Backoff
from report.mqtt import MqttClient, MqttError
from report.wifi import Wifi, WifiError

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST_WAIT_MS = 1_000
_MOST_WAIT_MS = 60_000
_LOOK_MS = 200  # how soon a new event is noticed
_RESEND_MS = 20_000  # without the monitor's acknowledgement
_PING_MS = 30_000


class Link:
    # settings: /settings.json; reporter: makes the frames and holds the outbox.
    def __init__(self, settings: dict, reporter: "Any") -> None:
        wifi, broker = settings["wifi"], settings["broker"]
        self._host, self._port = broker["host"], broker["port"]
        self._state_ms = settings.get("mqtt_state_ms", 0)
        self._wifi = Wifi(wifi["ssid"], wifi["key"])
        self._owner = reporter
        source = reporter.frames.source
        name = binascii.hexlify(source).decode()
        self._up = "davy/1/%s/up" % name
        self._down = "davy/1/%s/down" % name
        self._client = MqttClient("davy-" + name, self._arrived)
        self.counters = Counters()
        self.connects = 0

    async def run(self) -> None:
        # Never ends by itself: every failure is told once, waited out, and tried again.
        backoff = Backoff(_FIRST_WAIT_MS, _MOST_WAIT_MS)
        said = ""
        while True:
            try:
                await self._wifi.join()
                await self._session(backoff)
                reason = "ended"
            except (MqttError, WifiError) as error:
                reason = str(error)
            except (OSError, EOFError) as error:
                reason = repr(error)
            await self._client.close()
            if reason != said:
                print("davy: no link: %s" % reason)
                said = reason
            await asyncio.sleep_ms(backoff.next_ms())

    async def _session(self, backoff: Backoff) -> None:
        reader = await self._client.connect(self._host, self._port)
        receiving = asyncio.create_task(self._client.receive(reader))
        try:
            await self._client.subscribe(self._down)
            reporter = self._owner
            await self._client.publish(self._up, reporter.hello(), 1)
            self.connects += 1
            backoff.reset()
            reporter.outbox.forget_sent()
            await self._serve(receiving)
        finally:
            receiving.cancel()

    async def _serve(self, receiving: "Any") -> None:
        outbox = self._owner.outbox
        state_ms = ping_ms = unacknowledged_ms = 0
        while True:
            if receiving.done() or not self._wifi.joined():
                raise MqttError(self._client.error or "network lost")
            entry = outbox.next_unsent()
            if entry is not None:
                entry.sent = True
                await self._client.publish(self._up, entry.frame, 1)
                ping_ms = unacknowledged_ms = 0
                continue
            if self._state_ms and state_ms >= self._state_ms:
                state_ms = 0
                await self._client.publish(self._up, self._owner.state(), 0)
            if ping_ms >= _PING_MS:
                ping_ms = 0
                await self._client.ping()
            if unacknowledged_ms >= _RESEND_MS:
                unacknowledged_ms = 0
                outbox.forget_sent()
            await asyncio.sleep_ms(_LOOK_MS)
            state_ms += _LOOK_MS
            ping_ms += _LOOK_MS
            unacknowledged_ms = unacknowledged_ms + _LOOK_MS if len(outbox) else 0

    def _arrived(self, topic: bytes, payload: bytes) -> None:
        self.counters.count(self._owner.incoming.take(payload))

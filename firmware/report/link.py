# One connection to the broker after another: HELLO first, then every event until the monitor has stored it, and the
# newest state each period.
import asyncio
import binascii
import gc

from report import datagram, stream
from report.backoff import Backoff
from report.dns import DnsError
from report.mqtt import MqttClient, MqttError
from report.timekeeper import Timekeeper
from report.wifi import Wifi, WifiError

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FIRST_WAIT_MS = 1_000
_MOST_WAIT_MS = 60_000
_LOOK_MS = 200  # how soon a new event is noticed
_RESEND_MS = 20_000  # without the monitor's acknowledgement
_MOST_UNANSWERED = 6
_PING_MS = 30_000  # a broker that went silent is noticed within this and an answer's time: 40 s
# A handshake keeps the processor busy, so it waits while an alarm is expressed and the valve still open; an alarm that nobody
# hears of is worse than a late step, so it does not wait for ever.
_CALM_MS = 60_000


class Link:
    # settings: /settings.json; reporter: makes the frames, holds the journal, knows the time; credentials() gives
    # (certificate, key, CA), each DER, or None for a unit that has none.
    def __init__(self, settings: dict, reporter: "Any", credentials: "Any" = None) -> None:
        wifi, broker = settings["wifi"], settings["broker"]
        self._host, self._port = broker["host"], broker["port"]
        self._secure = bool(broker.get("tls"))
        self._credentials = credentials
        self._context: Any = None  # of TLS
        self._channel: Any = None  # the socket below everything else
        self._settings = settings
        self._wifi = Wifi(wifi["ssid"], wifi["key"])
        self._owner = reporter
        source = reporter.frames.source
        name = binascii.hexlify(source).decode()
        self._up = "davy/1/%s/up" % name
        self._down = "davy/1/%s/down" % name
        self._client = MqttClient("davy-" + name, self._arrived)
        self._time = Timekeeper(settings.get("ntp", ""), reporter.clock, self._wifi.name_server)
        self.connects = 0

    async def run(self) -> None:
        # Never ends by itself: every failure is told once, waited out, and tried again.
        backoff = Backoff(_FIRST_WAIT_MS, _MOST_WAIT_MS)
        said = ""
        while True:
            connects = self.connects
            try:
                if self._secure and self._context is None:
                    self._prepare()
                await self._wifi.join()
                await self._session(backoff)
                reason = "ended"
            except (MqttError, WifiError, DnsError) as error:
                reason = str(error)
            except (OSError, EOFError) as error:
                reason = repr(error)
            except ValueError as error:
                reason = "TLS: %s" % "; ".join(str(error).split("\n")).strip("; ")
            except MemoryError:
                reason = "no memory for it"
            await self._client.close()
            if self._channel is not None:
                # TLS that failed in the handshake has forgotten what it stood on, and closes nothing.
                self._channel.close()
                self._channel = None
            gc.collect()  # what TLS holds outside of our heap goes with the last reference
            if reason != said or self.connects != connects:
                print("davy: no link: %s" % reason)
                said = reason
            await asyncio.sleep_ms(backoff.next_ms())

    async def _session(self, backoff: Backoff) -> None:
        await self._time.first()
        await self._open()
        tasks = [asyncio.create_task(self._client.receive()), asyncio.create_task(self._time.run())]
        try:
            await self._client.subscribe(self._down)
            reporter = self._owner
            await self._client.publish(self._up, reporter.hello(), 1)
            self.connects += 1
            backoff.reset()
            reporter.journal.forget_sent()
            await self._serve(tasks[0])
        finally:
            for task in tasks:
                task.cancel()

    def _prepare(self) -> None:
        credentials = self._credentials() if self._credentials is not None else None
        if credentials is None:
            raise MqttError("the broker wants TLS, and this unit has no certificate")
        self._context = stream.trusting(credentials)

    async def _open(self) -> None:
        # The address is asked for each time: it may be another after a broker has moved.
        address = await datagram.look_up(self._host, self._wifi.name_server())
        self._channel = channel = await stream.connected(address, self._port)
        if not self._secure:
            await self._client.connect(stream.plain(channel))
            return
        await self._calm()
        await self._client.connect(stream.secured(channel, self._host, self._context), stream.HANDSHAKE_MS)

    async def _calm(self) -> None:
        waited_ms = 0
        while not self._owner.calm() and waited_ms < _CALM_MS:
            await asyncio.sleep_ms(_LOOK_MS)
            waited_ms += _LOOK_MS

    async def _serve(self, receiving: "Any") -> None:
        owner, journal = self._owner, self._owner.journal
        state_ms = ping_ms = unacknowledged_ms = unanswered = 0
        while True:
            if receiving.done() or not self._wifi.joined():
                raise MqttError(self._client.error or "network lost")
            packet = owner.proof()
            if packet:
                await self._client.publish(self._up, packet, 1)
                continue
            key = journal.next_unsent()
            if key is not None:
                journal.mark_sent(key)
                packet = owner.event(key)
                if packet:
                    await self._client.publish(self._up, packet, 1)
                ping_ms = unacknowledged_ms = 0
                continue
            if owner.heard:
                owner.heard, unanswered = False, 0
            period_ms = self._settings.get("mqtt_state_ms", 0)
            if period_ms and state_ms >= period_ms:
                state_ms = 0
                await self._client.publish(self._up, owner.state(), 0)
            if ping_ms >= _PING_MS:
                ping_ms = 0
                await self._client.ping()
            if unacknowledged_ms >= _RESEND_MS:
                unacknowledged_ms = 0
                # The way back may be dead though the broker takes what comes.
                unanswered += 1
                if unanswered >= _MOST_UNANSWERED:
                    raise MqttError("nothing is acknowledged")
                # Who stores may not have heard of us, or no longer knows us: all it can do is refuse.
                await self._client.publish(self._up, owner.hello(), 1)
                journal.forget_sent()
            await asyncio.sleep_ms(_LOOK_MS)
            state_ms += _LOOK_MS
            ping_ms += _LOOK_MS
            unacknowledged_ms = unacknowledged_ms + _LOOK_MS if len(journal) or not owner.welcome else 0

    def _arrived(self, topic: bytes, payload: bytes) -> None:
        self._owner.arrived(payload)

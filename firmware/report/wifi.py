# The station: joins, and joins again. Losing the network never restarts anything.
import asyncio

import network

_JOIN_MS = 15_000
_LOOK_MS = 200


class WifiError(Exception):
    pass


class Wifi:
    def __init__(self, ssid: str, key: str) -> None:
        self._ssid = ssid
        self._key = key
        self._station = network.WLAN(network.STA_IF)

    def joined(self) -> bool:
        return self._station.isconnected()

    def name_server(self) -> str:
        # As the network told it.
        return str(self._station.ifconfig()[3])

    async def join(self) -> None:
        # Raises WifiError when it does not come about within 15 s; the caller waits and tries again.
        if self._station.isconnected():
            return
        self._station.active(True)
        try:
            self._station.disconnect()
            self._station.connect(self._ssid, self._key)
        except OSError as error:
            raise WifiError("cannot join: %r" % (error,)) from error
        waited_ms = 0
        while not self._station.isconnected():
            status = self._station.status()
            if status in (network.STAT_WRONG_PASSWORD, network.STAT_NO_AP_FOUND):
                raise WifiError("wrong password" if status == network.STAT_WRONG_PASSWORD else "no such access point")
            if waited_ms >= _JOIN_MS:
                raise WifiError("no answer, status %d" % status)
            await asyncio.sleep_ms(_LOOK_MS)
            waited_ms += _LOOK_MS

"""What a unit is told at its commissioning: who it is, and where it reports. Becomes /settings.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

SCHEMA = 1


@dataclass(frozen=True)
class Wifi:
    """The access point to join. The key is a secret: it is in the image and nowhere else."""

    ssid: str = "davy"
    key: str = "davy-virtual"


@dataclass(frozen=True)
class Broker:
    """The MQTT broker: a host name or address, a TCP port, and whether TLS with the unit's certificate is spoken there."""

    host: str = "broker.davy.lan"
    port: int = 1883
    tls: bool = False


@dataclass(frozen=True)
class Settings:
    """Fields as in /settings.json; a period of 0 ms turns that report off.

    `ntp`: the host that is asked for the time of day; "" for none: then certificates are checked by the day of the firmware.
    """

    identifier: str = "88.118.8/GA26000001"
    wifi: Wifi | None = Wifi()
    broker: Broker | None = Broker()
    mqtt_state_ms: int = 10_000
    serial_state_ms: int = 1_000
    ntp: str = "ntp.davy.lan"

    @classmethod
    def reporting_off(cls) -> Settings:
        """No Wi-Fi, no broker, nothing on the serial line: the safety core alone."""
        return cls(wifi=None, broker=None, mqtt_state_ms=0, serial_state_ms=0)

    @classmethod
    def wired_only(cls, serial_state_ms: int = 1_000) -> Settings:
        """Reports on the serial line, without a network."""
        return cls(wifi=None, broker=None, mqtt_state_ms=0, serial_state_ms=serial_state_ms)

    def to_json_bytes(self) -> bytes:
        """The file's bytes; the same settings give the same bytes."""
        return json.dumps({"schema": SCHEMA, **asdict(self)}, sort_keys=True, ensure_ascii=False).encode()

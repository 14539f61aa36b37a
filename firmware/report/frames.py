# What the device says, as frames: one count over all frames of a session.
from protocol import codec, frame, messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TIERS = messages.ENUMS["tier"]
_INVALID_TEXT_BYTES = 64
_MEMORY = 1  # slot of the memory of alarms


class FrameMaker:
    # source: eight bytes; snapshot: the safety loop, whose attributes are read and never written.
    def __init__(self, source: bytes, session: int, uptime: "Any") -> None:
        self.source = source
        self.session = session
        self._uptime = uptime
        self._seq = 0

    def make(self, message_type: int, fields: dict) -> tuple:
        # (seq, frame bytes)
        seq = self._seq
        self._seq = seq + 1 & 0xFFFFFFFF
        payload = codec.encode(message_type, fields)
        return seq, frame.encode(message_type, self.source, self.session, seq, self._uptime.now_ms(), payload)

    # (seq, frame bytes)
    def hello(self, identifier: str, tier: str, cause: int, version: tuple, image_sha256: str) -> tuple:
        fields = {
            "firmware_major": version[0],
            "firmware_minor": version[1],
            "firmware_patch": version[2],
            "protocol_version": messages.PROTOCOL_VERSION,
            "schema_checksum": messages.schema_checksum(),
            "tier": _TIERS.index(tier) if tier in _TIERS else 0,
            "reset_cause": cause,
            "image_hash": bytes.fromhex(image_sha256[:16]) if len(image_sha256) >= 16 else bytes(8),
            "identifier": identifier if len(identifier.encode()) <= _INVALID_TEXT_BYTES else "",
        }
        return self.make(messages.HELLO, fields)

    def state(self, snapshot: "Any") -> bytes:
        methane, co = snapshot.methane_status, snapshot.co_status
        fields = {
            "run_state": snapshot.run_state,
            "methane_status": methane,
            "methane_ppm": None if methane else snapshot.methane_ppm,
            "methane_lel_permille": None if methane else snapshot.methane_lel_permille,
            "methane_level": snapshot.methane_level,
            "co_status": co,
            "co_ppm": None if co else snapshot.co_ppm,
            "co_level": snapshot.co_level,
            "valve_state": snapshot.valve_state,
            "valve_commanded": snapshot.valve_commanded,
            "latched": snapshot.latched,
            "faults": snapshot.faults,
            "lost_events": snapshot.lost_events,
        }
        self._add_condition(fields, snapshot)
        return bytes(self.make(messages.STATE, fields)[1])

    def _add_condition(self, fields: dict, snapshot: "Any") -> None:
        test, supervision = snapshot.operation.test, snapshot.supervision
        climate = supervision.climate
        fields["muted_s"] = (snapshot.operation.mute.left_ms + 999) // 1000
        fields["test"] = test.result
        fields["test_failed"] = test.failed_items
        fields["tampered"] = 1 if supervision.tampered else 0
        fields["service_days"] = supervision.service.left_days
        fields["alarm_memory"] = snapshot.kept.wanted[_MEMORY] & 3
        fields["climate_status"] = climate.status
        fields["temperature_cdegc"] = None if climate.status else climate.cdegc
        fields["humidity_permille"] = None if climate.status else climate.rh_permille

    def event(self, kind: int, gas: int, detail: int, value: int, happened_ms: int) -> tuple:
        # (seq, frame bytes)
        fields = {"kind": kind, "gas": gas, "detail": detail, "value": value, "event_uptime_ms": happened_ms}
        return self.make(messages.EVENT, fields)

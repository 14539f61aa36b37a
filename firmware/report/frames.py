# What the device says, as frames: one count over all frames of a session.
from protocol import codec, frame, messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_DAY_S = 86_400
_MEMORY = 1  # slot of the memory of alarms


class FrameMaker:
    # source: eight bytes; snapshot: the safety loop, whose attributes are read and never written.
    def __init__(self, source: bytes, session: int, uptime: "Any") -> None:
        self.source = source
        self.session = session
        self._uptime = uptime
        self._seq = 0
        self._number = 0  # of the next event

    def make(self, message_type: int, fields: dict) -> tuple:
        # (seq, frame bytes)
        seq = self._seq
        self._seq = seq + 1 & 0xFFFFFFFF
        payload = codec.encode(message_type, fields)
        return seq, frame.encode(message_type, self.source, self.session, seq, self._uptime.now_ms(), payload)

    def hello(self, about: dict, clock: "Any") -> tuple:
        # (seq, frame bytes). about: what does not change in a session, as fields of HELLO.
        fields = about.copy()
        now_s = clock.now_s()
        made_day = fields.pop("calibration_day")
        age_days = None if made_day is None or now_s is None else now_s // _DAY_S - made_day
        fields["calibration_days"] = age_days if age_days is not None and 0 <= age_days < 0xFFFF else None
        fields["clock"] = clock.source
        fields["time_s"] = now_s
        return self.make(messages.HELLO, fields)

    def state(self, snapshot: "Any", journal: "Any", refused: int) -> bytes:
        # journal: None where nothing waits for a monitor; refused: frames since the boot.
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
            "lost_events": snapshot.lost_events + (journal.lost_total if journal else 0),
            "waiting_events": len(journal) if journal else 0,
            "torn_events": min(0xFFFF, journal.torn) if journal else 0,
            "refused_frames": refused,
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

    def event(
        self,
        kind: int,
        gas: int,
        detail: int,
        value: int,
        happened_ms: int,
        time_s: "int | None",
        command_id: "int | None",
    ) -> tuple:
        # (seq, frame bytes)
        fields = {
            "kind": kind,
            "gas": gas,
            "detail": detail,
            "value": value,
            "event_uptime_ms": happened_ms,
            "number": self._number,
            "time_s": time_s,
            "command_id": command_id,
        }
        return self.make(messages.EVENT, fields)

    def told(self) -> None:
        # The event that was made last is one of the session's now: the next one gets the next number.
        self._number += 1

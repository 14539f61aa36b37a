"""What the protocol's messages and fields mean, in words: for PROTOCOL.md and the host's docstrings. None of it is on the board."""

from __future__ import annotations

from protocol.messages import ACK, CHALLENGE, COMMAND, EVENT, HELLO, PROOF, QUERY, STATE

MEANINGS = {
    HELLO: "Who speaks: sent after each connect, and at the start on a serial line.",
    STATE: "How the device is now. Only the newest matters; it is never repeated.",
    EVENT: "Something happened. Repeated, byte for byte, until an ACK names it.",
    ACK: "To the device: its frame (source, session, seq) is stored for good, was stored before, or is refused.",
    COMMAND: "To the device: do something. What became of it is an EVENT of kind `command`. None opens a valve.",
    QUERY: "To the device, on the wired line: say that now.",
    CHALLENGE: "To the device, on the wired line: prove who you are. The answer is a PROOF, or nothing.",
    PROOF: "The answer to a CHALLENGE: only the unit with this identifier's secret can give it.",
}

FIELDS: dict[int, dict[str, str]] = {
    HELLO: {
        "firmware_major": "version of the firmware",
        "firmware_minor": "version of the firmware",
        "firmware_patch": "version of the firmware",
        "protocol_version": "highest version that the device speaks",
        "schema_checksum": "CRC-32 of the device's message definition",
        "tier": "product tier",
        "reset_cause": "machine.reset_cause() of this session's boot",
        "image_hash": "first eight bytes of the image's SHA-256; zeros if unknown",
        "identifier": "industrial-internet identifier, such as 88.118.8/GA26000001",
    },
    STATE: {
        "run_state": "expressed state, the most urgent of those that hold",
        "methane_status": "of the methane reading",
        "methane_ppm": "methane by volume; invalid unless the status is ok",
        "methane_lel_permille": "the same as part of the LEL",
        "methane_level": "alarm level of methane",
        "co_status": "of the CO reading",
        "co_ppm": "CO by volume; invalid unless the status is ok",
        "co_level": "alarm level of CO",
        "valve_state": "as read back, not as commanded",
        "valve_commanded": "whether the valve is commanded open",
        "latched": "whether an alarm is latched",
        "faults": "fault bits that are set",
        "lost_events": "events that had no room since the boot",
        "muted_s": "how long the sounder stays silent",
        "test": "the newest self-test",
        "test_failed": "its items that failed",
        "tampered": "whether the case is open",
        "service_days": "left until the end of service",
        "alarm_memory": "gases that were critical: 1 methane, 2 CO",
        "climate_status": "of temperature and humidity",
        "temperature_cdegc": "invalid unless the climate status is ok",
        "humidity_permille": "relative; invalid unless the climate status is ok",
    },
    EVENT: {
        "kind": "what happened",
        "gas": "which gas, if it concerns one",
        "detail": "by kind: see the table of events",
        "value": "by kind: see the table of events",
        "event_uptime_ms": "when it happened, since the boot",
    },
    ACK: {
        "acked_source": "source id of the frame that is acknowledged",
        "acked_session": "its session",
        "acked_seq": "its sequence number",
        "result": "what became of it",
    },
    COMMAND: {
        "target": "source id of the device that is meant",
        "command": "what to do",
    },
    QUERY: {
        "target": "source id of the device that is meant; zeros: whoever is on this line",
        "what": "what to say",
    },
    CHALLENGE: {
        "target": "source id of the device that is meant; zeros: whoever is on this line",
        "nonce": "drawn at random by the asker, for this question only",
    },
    PROOF: {
        "nonce": "the challenge's",
        "proof": "HMAC-SHA256 of the unit's secret over the label, the source and the nonce",
        "certificate": "first eight bytes of the SHA-256 of the unit's certificate (DER); zeros if it has none",
    },
}

#: (kind, what detail holds, what value holds) of an EVENT.
EVENT_FIELDS = (
    ("boot", "reset cause", "0"),
    ("alarm", "level (1 warning, 2 critical)", "ppm at that moment"),
    ("clear", "level left", "ppm at that moment"),
    ("fault", "fault bit, by position", "status of the reading, for a sensor"),
    ("fault_cleared", "fault bit, by position", "0"),
    ("valve", "valve state", "0"),
    ("latched", "0", "0"),
    ("released", "0", "0"),
    ("preheat_done", "0", "0"),
    ("button", "hold class (0 short, 1 long)", "0"),
    ("loss", "0", "events dropped"),
    ("muted", "0", "0"),
    ("mute_ended", "0", "0"),
    ("self_test", "items that failed, by bit", "items that were tested, by bit"),
    ("command", "the command", "what became of it"),
    ("tamper", "1 case opened, 0 closed", "0"),
    ("end_of_service", "0", "hours of service"),
)

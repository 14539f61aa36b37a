# The one definition of the wire protocol's messages. PROTOCOL.md is generated from it, both codecs read it.
#
# A field: (name, type, unit, low, high, invalid, since, enum, meaning)
#   type     struct letter of a big-endian integer (B H I Q b h i), "8s" for eight bytes, "text" for a UTF-8
#            text with its length in one byte before it (as the last field only); low and high are then lengths
#   invalid  the value on the wire that means "no reading"; None in the decoded message
#   since    protocol version that brought the field
#   enum     name of the table in ENUMS that gives the values their names, or ""
import binascii

PROTOCOL_VERSION = 1

HELLO = 1
STATE = 2
EVENT = 3
ACK = 4

U8 = 0xFF
U16 = 0xFFFF
U32 = 0xFFFFFFFF
U64 = 0xFFFFFFFFFFFFFFFF
I32 = 0x7FFFFFFF

ENUMS: dict = {
    "status": (
        "ok", "warming", "open", "short", "saturated", "stuck", "jump", "heater", "silent", "uncalibrated", "absent",
    ),
    "level": ("normal", "warning", "critical"),
    "gas": ("none", "methane", "co"),
    "valve": ("closed", "open", "opening", "closing", "checking", "not_connected", "failure", "unknown"),
    "run_state": ("starting", "preheat", "normal", "warning", "critical", "latched", "fault"),
    "event": (
        "none", "boot", "alarm", "clear", "fault", "fault_cleared", "valve", "latched", "released", "preheat_done",
        "button", "loss",
    ),
    "tier": ("low", "mid", "high"),
    "result": ("stored", "stored_before", "refused"),
    "flag": ("no", "yes"),
}  # fmt: skip

# Bits of the field `faults`, by position.
FAULT_BITS = (
    "methane_sensor",
    "co_sensor",
    "valve_feedback",
    "loop_deadline",
    "settings",
    "internal",
    "latch_store",
    "event_overflow",
)

NAMES = {HELLO: "HELLO", STATE: "STATE", EVENT: "EVENT", ACK: "ACK"}

MEANINGS = {
    HELLO: "Who speaks: sent after each connect, and at the start on a serial line.",
    STATE: "How the device is now. Only the newest matters; it is never repeated.",
    EVENT: "Something happened. Repeated, byte for byte, until an ACK names it.",
    ACK: "To the device: its frame (source, session, seq) is stored for good, was stored before, or is refused.",
}

FIELDS: dict = {
    HELLO: (
        ("firmware_major", "B", "", 0, U8, None, 1, "", "version of the firmware"),
        ("firmware_minor", "B", "", 0, U8, None, 1, "", "version of the firmware"),
        ("firmware_patch", "B", "", 0, U8, None, 1, "", "version of the firmware"),
        ("protocol_version", "B", "", 1, U8, None, 1, "", "highest version that the device speaks"),
        ("schema_checksum", "I", "", 0, U32, None, 1, "", "CRC-32 of the device's message definition"),
        ("tier", "B", "", 0, 2, None, 1, "tier", "product tier"),
        ("reset_cause", "B", "", 0, U8, None, 1, "", "machine.reset_cause() of this session's boot"),
        ("image_hash", "8s", "", 8, 8, None, 1, "", "first eight bytes of the image's SHA-256; zeros if unknown"),
        ("identifier", "text", "", 0, 64, None, 1, "", "industrial-internet identifier, such as 88.118.8/GA26000001"),
    ),
    STATE: (
        ("run_state", "B", "", 0, 6, None, 1, "run_state", "expressed state, the most urgent of those that hold"),
        ("methane_status", "B", "", 0, 10, None, 1, "status", "of the methane reading"),
        ("methane_ppm", "I", "ppm", 0, 1000000, U32, 1, "", "methane by volume; invalid unless the status is ok"),
        ("methane_lel_permille", "H", "1/1000 LEL", 0, 20000, U16, 1, "", "the same as part of the LEL"),
        ("methane_level", "B", "", 0, 2, None, 1, "level", "alarm level of methane"),
        ("co_status", "B", "", 0, 10, None, 1, "status", "of the CO reading"),
        ("co_ppm", "H", "ppm", 0, 65534, U16, 1, "", "CO by volume; invalid unless the status is ok"),
        ("co_level", "B", "", 0, 2, None, 1, "level", "alarm level of CO"),
        ("valve_state", "B", "", 0, 7, None, 1, "valve", "as read back, not as commanded"),
        ("valve_commanded", "B", "", 0, 1, None, 1, "flag", "whether the valve is commanded open"),
        ("latched", "B", "", 0, 1, None, 1, "flag", "whether an alarm is latched"),
        ("faults", "I", "bits", 0, U32, None, 1, "", "fault bits that are set"),
        ("lost_events", "I", "", 0, U32, None, 1, "", "events that had no room since the boot"),
    ),
    EVENT: (
        ("kind", "B", "", 1, 11, None, 1, "event", "what happened"),
        ("gas", "B", "", 0, 2, None, 1, "gas", "which gas, if it concerns one"),
        ("detail", "i", "", -I32 - 1, I32, None, 1, "", "by kind: see the table of events"),
        ("value", "i", "", -I32 - 1, I32, None, 1, "", "by kind: see the table of events"),
        ("event_uptime_ms", "Q", "ms", 0, U64, None, 1, "", "when it happened, since the boot"),
    ),
    ACK: (
        ("acked_source", "8s", "", 8, 8, None, 1, "", "source id of the frame that is acknowledged"),
        ("acked_session", "I", "", 0, U32, None, 1, "", "its session"),
        ("acked_seq", "I", "", 0, U32, None, 1, "", "its sequence number"),
        ("result", "B", "", 0, 2, None, 1, "result", "what became of it"),
    ),
}

# What detail and value of an EVENT hold, by kind.
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
)

# A reading and its status must agree: (status field, fields that are valid only while it is 0).
READINGS: dict = {STATE: (("methane_status", ("methane_ppm", "methane_lel_permille")), ("co_status", ("co_ppm",)))}


def canonical() -> str:
    # The text that the schema checksum covers: everything that changes what bytes mean.
    lines = []
    for message_type in sorted(FIELDS):
        lines.append("%d %s" % (message_type, NAMES[message_type]))
        for field in FIELDS[message_type]:
            lines.append(" ".join([str(part) for part in field[:8]]))
        for status, readings in READINGS.get(message_type, ()):
            lines.append(status + " " + " ".join(readings))
    for name in sorted(ENUMS):
        lines.append(name + " " + " ".join(ENUMS[name]))
    lines.append("faults " + " ".join(FAULT_BITS))
    return "\n".join(lines)


def schema_checksum() -> int:
    checksum: int = binascii.crc32(canonical().encode()) & U32
    return checksum

# The one definition of the wire protocol's messages. PROTOCOL.md is generated from it, both codecs read it.
#
# A field: (name, type, unit, low, high, invalid, since, enum)
#   type     struct letter of a big-endian integer (B H I Q b h i), one of BYTES for that many bytes, "text" for a
#            UTF-8 text with its length in one byte before it (as the last field only); low and high are then lengths
#   invalid  the value on the wire that means "no reading"; None in the decoded message
#   since    protocol version that brought the field
#   enum     name of the table in ENUMS that gives the values their names, or ""
import binascii

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOCOL_VERSION = 1

HELLO = 1
STATE = 2
EVENT = 3
ACK = 4
COMMAND = 5
QUERY = 6
CHALLENGE = 7
PROOF = 8
MEASURED = 9

# Types of fields that are so many bytes as they are.
BYTES = ("8s", "16s", "32s")
# As a target: whoever is on this line. Only what changes nothing takes it.
ANYONE = bytes(8)

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
    "run_state": (
        "starting", "preheat", "normal", "warning", "critical", "latched", "fault", "testing", "end_of_service", "tamper",
    ),
    "event": (
        "none", "boot", "alarm", "clear", "fault", "fault_cleared", "valve", "latched", "released", "preheat_done",
        "button", "loss", "muted", "mute_ended", "self_test", "command", "tamper", "end_of_service", "settings",
    ),
    "command": ("none", "close_valve", "mute", "self_test", "identify", "set", "time"),
    "setting": (
        "none", "mqtt_state_ms", "serial_state_ms", "calibration_day", "methane_r0_ohm", "co_r0_ohm", "co_sensitivity_pa_per_ppm",
    ),
    "query": ("hello", "state", "readings"),
    "outcome": (
        "done", "refused_alarm", "refused_busy", "nothing_to_do", "unknown", "refused_value", "refused_store", "refused_network",
    ),
    "product": ("gas_alarm_ch4", "gas_alarm_ch4_co"),
    "clock": ("unknown", "sntp", "command"),
    "test": ("none", "running", "passed", "failed"),
    "tier": ("low", "mid", "high"),
    "result": ("stored", "stored_before", "refused"),
    "flag": ("no", "yes"),
}  # fmt: skip

# Settings from here on are what the sensors measure by: a wrong one makes an alarm deaf, so they are taken on the wired line and
# the console alone, whoever has sealed them.
FIRST_WIRED_SETTING: int = ENUMS["setting"].index("calibration_day")

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
    "climate",
    "adc_reference",
    "relay",
    "valve_coil",
    "valve_current",
    "valve_leaking",
    "image",
    "ram",
    "clock",
)

# Bits of the field `capabilities`, by position: what this board is fitted with and this unit was given.
CAPABILITIES = (
    "co", "valve_feedback", "valve_coil", "climate", "adc_reference", "tamper", "wired_line", "network", "tls", "secret",
)  # fmt: skip

# Bits of the items of a self-test, by position.
TEST_ITEMS = ("methane", "co", "valve", "relay", "store", "reference", "climate", "memory", "valve_moves")

NAMES = {
    HELLO: "HELLO", STATE: "STATE", EVENT: "EVENT", ACK: "ACK", COMMAND: "COMMAND", QUERY: "QUERY",
    CHALLENGE: "CHALLENGE", PROOF: "PROOF", MEASURED: "READINGS",
}  # fmt: skip

FIELDS: dict = {
    HELLO: (
        ("firmware_major", "B", "", 0, U8, None, 1, ""),
        ("firmware_minor", "B", "", 0, U8, None, 1, ""),
        ("firmware_patch", "B", "", 0, U8, None, 1, ""),
        ("protocol_version", "B", "", 1, U8, None, 1, ""),
        ("schema_checksum", "I", "", 0, U32, None, 1, ""),
        ("tier", "B", "", 0, 2, None, 1, "tier"),
        ("reset_cause", "B", "", 0, U8, None, 1, ""),
        ("image_hash", "8s", "", 8, 8, None, 1, ""),
        ("board", "16s", "", 16, 16, None, 1, ""),
        ("product", "B", "", 0, 1, None, 1, "product"),
        ("capabilities", "H", "bits", 0, U16, None, 1, ""),
        ("calibration_days", "H", "d", 0, 65534, U16, 1, ""),
        ("clock", "B", "", 0, 2, None, 1, "clock"),
        ("time_s", "I", "s", 0, 4294967294, U32, 1, ""),
        ("identifier", "text", "", 0, 64, None, 1, ""),
    ),
    STATE: (
        ("run_state", "B", "", 0, 9, None, 1, "run_state"),
        ("methane_status", "B", "", 0, 10, None, 1, "status"),
        ("methane_ppm", "I", "ppm", 0, 1000000, U32, 1, ""),
        ("methane_lel_permille", "H", "1/1000 LEL", 0, 20000, U16, 1, ""),
        ("methane_level", "B", "", 0, 2, None, 1, "level"),
        ("co_status", "B", "", 0, 10, None, 1, "status"),
        ("co_ppm", "H", "ppm", 0, 65534, U16, 1, ""),
        ("co_level", "B", "", 0, 2, None, 1, "level"),
        ("valve_state", "B", "", 0, 7, None, 1, "valve"),
        ("valve_commanded", "B", "", 0, 1, None, 1, "flag"),
        ("latched", "B", "", 0, 1, None, 1, "flag"),
        ("faults", "I", "bits", 0, U32, None, 1, ""),
        ("lost_events", "I", "", 0, U32, None, 1, ""),
        ("muted_s", "H", "s", 0, 3600, None, 1, ""),
        ("test", "B", "", 0, 3, None, 1, "test"),
        ("test_failed", "H", "bits", 0, 511, None, 1, ""),
        ("tampered", "B", "", 0, 1, None, 1, "flag"),
        ("service_days", "H", "d", 0, 36500, None, 1, ""),
        ("alarm_memory", "B", "bits", 0, 3, None, 1, ""),
        ("climate_status", "B", "", 0, 10, None, 1, "status"),
        ("temperature_cdegc", "h", "0.01 degC", -4000, 12500, -32768, 1, ""),
        ("humidity_permille", "H", "1/1000", 0, 1000, U16, 1, ""),
        ("waiting_events", "H", "", 0, U16, None, 1, ""),
        ("torn_events", "H", "", 0, U16, None, 1, ""),
        ("refused_frames", "I", "", 0, U32, None, 1, ""),
    ),
    EVENT: (
        ("kind", "B", "", 1, 18, None, 1, "event"),
        ("gas", "B", "", 0, 2, None, 1, "gas"),
        ("detail", "i", "", -I32 - 1, I32, None, 1, ""),
        ("value", "i", "", -I32 - 1, I32, None, 1, ""),
        ("event_uptime_ms", "Q", "ms", 0, U64, None, 1, ""),
        ("number", "I", "", 0, U32, None, 1, ""),
        ("time_s", "I", "s", 0, 4294967294, U32, 1, ""),
        ("command_id", "I", "", 0, 4294967294, U32, 1, ""),
    ),
    ACK: (
        ("acked_source", "8s", "", 8, 8, None, 1, ""),
        ("acked_session", "I", "", 0, U32, None, 1, ""),
        ("acked_seq", "I", "", 0, U32, None, 1, ""),
        ("result", "B", "", 0, 2, None, 1, "result"),
    ),
    COMMAND: (
        ("target", "8s", "", 8, 8, None, 1, ""),
        ("session", "I", "", 0, U32, None, 1, ""),
        ("command_id", "I", "", 0, 4294967294, None, 1, ""),
        ("command", "B", "", 1, 6, None, 1, "command"),
        ("setting", "B", "", 0, 6, None, 1, "setting"),
        ("argument", "I", "", 0, U32, None, 1, ""),
    ),
    QUERY: (
        ("target", "8s", "", 8, 8, None, 1, ""),
        ("what", "B", "", 0, 2, None, 1, "query"),
    ),
    CHALLENGE: (
        ("target", "8s", "", 8, 8, None, 1, ""),
        ("nonce", "16s", "", 16, 16, None, 1, ""),
    ),
    PROOF: (
        ("nonce", "16s", "", 16, 16, None, 1, ""),
        ("proof", "32s", "", 32, 32, None, 1, ""),
        ("certificate", "8s", "", 8, 8, None, 1, ""),
    ),
    MEASURED: (
        ("methane_status", "B", "", 0, 10, None, 1, "status"),
        ("methane_uv", "I", "uV", 0, 10000000, U32, 1, ""),
        ("methane_factor_permille", "H", "1/1000", 1, 65534, U16, 1, ""),
        ("methane_r0_ohm", "I", "ohm", 1, 1000000, U32, 1, ""),
        ("co_status", "B", "", 0, 10, None, 1, "status"),
        ("co_uv", "I", "uV", 0, 10000000, U32, 1, ""),
        ("co_factor_permille", "H", "1/1000", 1, 65534, U16, 1, ""),
        ("co_r0_ohm", "I", "ohm", 1, 1000000, U32, 1, ""),
        ("co_sensitivity_pa_per_ppm", "H", "pA/ppm", 1, 65534, U16, 1, ""),
        ("climate_status", "B", "", 0, 10, None, 1, "status"),
        ("temperature_cdegc", "h", "0.01 degC", -4000, 12500, None, 1, ""),
        ("humidity_permille", "H", "1/1000", 0, 1000, None, 1, ""),
        ("calibration_day", "H", "d", 0, 65534, U16, 1, ""),
    ),
}

# A reading and its status must agree: (status field, fields that are valid only while it is 0).
READINGS: dict = {
    STATE: (
        ("methane_status", ("methane_ppm", "methane_lel_permille")),
        ("co_status", ("co_ppm",)),
        ("climate_status", ("temperature_cdegc", "humidity_permille")),
    )
}


def canonical() -> "Iterator[str]":
    # The lines that the schema checksum covers: everything that changes what bytes mean.
    for message_type in sorted(FIELDS):
        yield "%d %s" % (message_type, NAMES[message_type])
        for field in FIELDS[message_type]:
            yield " ".join([str(part) for part in field])
        for status, readings in READINGS.get(message_type, ()):
            yield status + " " + " ".join(readings)
    for name in sorted(ENUMS):
        yield name + " " + " ".join(ENUMS[name])
    yield "faults " + " ".join(FAULT_BITS)
    yield "test items " + " ".join(TEST_ITEMS)
    yield "capabilities " + " ".join(CAPABILITIES)


_checksum: list = []  # of one, once it was needed


def schema_checksum() -> int:
    # Line by line: on the board the whole text would need a piece of heap that may not be there any more.
    if not _checksum:
        checksum = 0
        for line in canonical():
            checksum = binascii.crc32((line + "\n").encode(), checksum)
        _checksum.append(checksum & U32)
    found: int = _checksum[0]
    return found

# The one definition of what a bench and its rig say to each other, in frames of protocol/frame.py. The tables have the form
# of protocol/messages.py; types begin where no message of the device will ever be.
#
# Host to rig: SET, POINTS, REST, ASK, each with an id. Rig to host: DONE, ABOUT, LEVELS, VALUES, EDGES with the id of what they
# answer, and REFUSED to a frame that is none. The link may lose either, so the host asks again under the same id: what acts
# is done once, and answered as it was the first time.
import binascii

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

SET = 64
POINTS = 65
REST = 66
ASK = 67
DONE = 72
ABOUT = 73
LEVELS = 74
VALUES = 75
EDGES = 76
REFUSED = 77

BYTES = ("8s",)

U8 = 0xFF
U16 = 0xFFFF
U32 = 0xFFFFFFFF
U64 = 0xFFFFFFFFFFFFFFFF
I32 = 0x7FFFFFFF
NO_VALUE = -I32 - 1

# An output that is let go.
RELEASED = -1
# The rig goes to rest when the host was silent for so long; 0 never.
WATCH = "watch_ms"
# Longest time that an output is held, or a piece of a waveform lasts.
LONGEST_MS = 3_600_000
MOST_POINTS = 1_000
# In one frame, so that it fits the port's receive buffer of 260 bytes as text.
POINTS_A_FRAME = 30
POINT_BYTES = 4  # a signed big-endian integer
EDGES_A_FRAME = 46
FRAMES_A_QUESTION = 4  # of edges
# Milliseconds after base_ms (4 bytes, big-endian), then the line shifted left by one, and its level.
EDGE_BYTES = 5
# The line of an edge that stands for some which were not kept: as many as came at once for the interrupt's room.
LOST_LINE = 7

OUTPUTS = (
    "power", "methane_uv", "co_uv", "methane_heater_uv", "co_heater_uv", "co_mode", "co_tenths_ppm", "button", "tamper",
    "contact", "coil_broken", "reset", "boot",
)  # fmt: skip
# Of each output: lowest, highest, where it stands idle, whether it can be let go.
RANGES: dict = {
    "power": (0, 1, 1, False),
    "methane_uv": (0, 3_300_000, RELEASED, True),
    "co_uv": (0, 3_300_000, RELEASED, True),
    "methane_heater_uv": (0, 3_300_000, 150_000, True),
    "co_heater_uv": (0, 3_300_000, 150_000, True),
    "co_mode": (0, 3, 1, False),
    "co_tenths_ppm": (0, U16, 0, False),
    "button": (0, 1, 0, False),
    "tamper": (0, 1, 0, False),
    "contact": (0, 2, 0, False),
    "coil_broken": (0, 1, 0, False),
    "reset": (0, 1, 0, False),
    "boot": (0, 1, 0, False),
    WATCH: (0, 86_400_000, 60_000, False),
}
CONTACT_FOLLOWS, CONTACT_STUCK, CONTACT_OFF = 0, 1, 2
CO_SILENT, CO_UPLOADS, CO_GARBLED, CO_ONLY_ASKED = 0, 1, 2, 3
INPUTS = ("power", "coil", "contact", "siren", "green", "yellow", "red")
VALUE_NAMES = ("supply_uv", "coil_ua", "coil_bus_uv", "methane_loop_uv", "co_loop_uv")

_SETTINGS = (WATCH,)

ENUMS: dict = {
    "output": OUTPUTS + _SETTINGS,
    "input": INPUTS,
    "ask": ("about", "levels", "values", "edges"),
    "outcome": ("done", "no_such_output", "bad_value", "part_silent", "part_wrong", "busy", "pieces_missing"),
    "part": ("ok", "absent", "silent", "overflow", "not_ready", "restarted"),
}

NAMES = {
    SET: "SET", POINTS: "POINTS", REST: "REST", ASK: "ASK",
    DONE: "DONE", ABOUT: "ABOUT", LEVELS: "LEVELS", VALUES: "VALUES", EDGES: "EDGES", REFUSED: "REFUSED",
}  # fmt: skip

_OUTPUT = ("output", "B", "", 0, len(OUTPUTS), None, 1, "output")
_ID = ("id", "I", "", 0, U32, None, 1, "")
_WHEN = (_ID, ("t_ms", "Q", "ms", 0, U64, None, 1, ""))


def _value(name: str) -> tuple:
    # Two fields: the part's state, and what it says.
    status = (name + "_part", "B", "", 0, 5, None, 1, "part")
    return status, (name, "i", "", NO_VALUE, I32, NO_VALUE, 1, "")


FIELDS: dict = {
    SET: (
        _ID,
        _OUTPUT,
        ("value", "i", "", -I32, I32, None, 1, ""),
        ("hold_ms", "I", "ms", 0, LONGEST_MS, None, 1, ""),
    ),
    # `first` counts from 0; the piece that makes `total` full starts the waveform.
    POINTS: (
        _ID,
        _OUTPUT,
        ("period_ms", "I", "ms", 1, LONGEST_MS, None, 1, ""),
        ("total", "H", "", 1, MOST_POINTS, None, 1, ""),
        ("first", "H", "", 0, MOST_POINTS - 1, None, 1, ""),
        ("points", "data", "", POINT_BYTES, POINTS_A_FRAME * POINT_BYTES, None, 1, ""),
    ),
    REST: (_ID,),
    # `since`: index of the first edge that is wanted.
    ASK: (_ID, ("what", "B", "", 0, 3, None, 1, "ask"), ("since", "I", "", 0, U32, None, 1, "")),
    # `t_ms`: when it took effect. `rests`: how often the rig went to rest by itself; `failures`: how often a part did not take
    # what came later, as a hold's end or a waveform's next value.
    DONE: (
        _ID,
        ("outcome", "B", "", 0, 6, None, 1, "outcome"),
        ("t_ms", "Q", "ms", 0, U64, None, 1, ""),
        ("rests", "I", "", 0, U32, None, 1, ""),
        ("failures", "I", "", 0, U32, None, 1, ""),
    ),
    ABOUT: (
        _ID,
        ("schema_checksum", "I", "", 0, U32, None, 1, ""),
        ("firmware_major", "B", "", 0, U8, None, 1, ""),
        ("firmware_minor", "B", "", 0, U8, None, 1, ""),
        ("firmware_patch", "B", "", 0, U8, None, 1, ""),
        ("outputs", "H", "bits", 0, U16, None, 1, ""),
        ("inputs", "B", "bits", 0, U8, None, 1, ""),
        ("values", "B", "bits", 0, U8, None, 1, ""),
        ("calibrated_day", "H", "d", 0, U16 - 1, U16, 1, ""),
        ("edges", "I", "", 0, U32, None, 1, ""),
        ("refused_frames", "I", "", 0, U32, None, 1, ""),
        ("rests", "I", "", 0, U32, None, 1, ""),
        ("failures", "I", "", 0, U32, None, 1, ""),
        ("wiring", "text", "", 0, 64, None, 1, ""),
    ),
    LEVELS: (
        _ID,
        ("t_ms", "Q", "ms", 0, U64, None, 1, ""),
        ("inputs", "B", "bits", 0, U8, None, 1, ""),
        ("levels", "B", "bits", 0, U8, None, 1, ""),
    ),
    VALUES: _WHEN
    + _value("supply_uv")
    + _value("coil_ua")
    + _value("coil_bus_uv")
    + _value("methane_loop_uv")
    + _value("co_loop_uv"),
    # `first` is the index of the first one here: more than was asked for when older ones are lost. `total`: seen since the boot.
    EDGES: (
        _ID,
        ("first", "I", "", 0, U32, None, 1, ""),
        ("total", "I", "", 0, U32, None, 1, ""),
        ("base_ms", "Q", "ms", 0, U64, None, 1, ""),
        ("edges", "data", "", 0, EDGES_A_FRAME * EDGE_BYTES, None, 1, ""),
    ),
    # `reason` as in protocol/frame.py.
    REFUSED: (("reason", "B", "", 1, U8, None, 1, ""), ("refused_frames", "I", "", 0, U32, None, 1, "")),
}

READINGS: dict = {VALUES: tuple([(name + "_part", (name,)) for name in VALUE_NAMES])}


def canonical() -> "Iterator[str]":
    # The lines that the schema checksum covers: everything that changes what bytes mean.
    for message_type in sorted(FIELDS):
        yield "%d %s" % (message_type, NAMES[message_type])
        for field in FIELDS[message_type]:
            yield " ".join([str(part) for part in field])
    for name in sorted(ENUMS):
        yield name + " " + " ".join(ENUMS[name])
    for name in sorted(RANGES):
        yield name + " " + " ".join([str(part) for part in RANGES[name]])
    yield "%d %d" % (POINT_BYTES, EDGE_BYTES)


def schema_checksum() -> int:
    checksum = 0
    for line in canonical():
        checksum = binascii.crc32((line + "\n").encode(), checksum)
    return checksum & U32

"""The messages as typed tuples. Generated from firmware/protocol/messages.py by tools/generate_protocol.py: do not edit."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Status(IntEnum):
    """Values of the enum `status`."""

    OK = 0
    WARMING = 1
    OPEN = 2
    SHORT = 3
    SATURATED = 4
    STUCK = 5
    JUMP = 6
    HEATER = 7
    SILENT = 8
    UNCALIBRATED = 9
    ABSENT = 10


class Level(IntEnum):
    """Values of the enum `level`."""

    NORMAL = 0
    WARNING = 1
    CRITICAL = 2


class Gas(IntEnum):
    """Values of the enum `gas`."""

    NONE = 0
    METHANE = 1
    CO = 2


class ValveState(IntEnum):
    """Values of the enum `valve`."""

    CLOSED = 0
    OPEN = 1
    OPENING = 2
    CLOSING = 3
    CHECKING = 4
    NOT_CONNECTED = 5
    FAILURE = 6
    UNKNOWN = 7


class RunState(IntEnum):
    """Values of the enum `run_state`."""

    STARTING = 0
    PREHEAT = 1
    NORMAL = 2
    WARNING = 3
    CRITICAL = 4
    LATCHED = 5
    FAULT = 6
    TESTING = 7
    END_OF_SERVICE = 8
    TAMPER = 9


class EventKind(IntEnum):
    """Values of the enum `event`."""

    NONE = 0
    BOOT = 1
    ALARM = 2
    CLEAR = 3
    FAULT = 4
    FAULT_CLEARED = 5
    VALVE = 6
    LATCHED = 7
    RELEASED = 8
    PREHEAT_DONE = 9
    BUTTON = 10
    LOSS = 11
    MUTED = 12
    MUTE_ENDED = 13
    SELF_TEST = 14
    COMMAND = 15
    TAMPER = 16
    END_OF_SERVICE = 17
    SETTINGS = 18


class Tier(IntEnum):
    """Values of the enum `tier`."""

    LOW = 0
    MID = 1
    HIGH = 2


class Result(IntEnum):
    """Values of the enum `result`."""

    STORED = 0
    STORED_BEFORE = 1
    REFUSED = 2


class CommandKind(IntEnum):
    """Values of the enum `command`."""

    NONE = 0
    CLOSE_VALVE = 1
    MUTE = 2
    SELF_TEST = 3
    IDENTIFY = 4
    SET = 5
    TIME = 6


class QueryKind(IntEnum):
    """Values of the enum `query`."""

    HELLO = 0
    STATE = 1
    READINGS = 2


class Outcome(IntEnum):
    """Values of the enum `outcome`."""

    DONE = 0
    REFUSED_ALARM = 1
    REFUSED_BUSY = 2
    NOTHING_TO_DO = 3
    UNKNOWN = 4
    REFUSED_VALUE = 5
    REFUSED_STORE = 6
    REFUSED_NETWORK = 7


class SelfTest(IntEnum):
    """Values of the enum `test`."""

    NONE = 0
    RUNNING = 1
    PASSED = 2
    FAILED = 3


class Product(IntEnum):
    """Values of the enum `product`."""

    GAS_ALARM_CH4 = 0
    GAS_ALARM_CH4_CO = 1


class Clock(IntEnum):
    """Values of the enum `clock`."""

    UNKNOWN = 0
    SNTP = 1
    COMMAND = 2


class Setting(IntEnum):
    """Values of the enum `setting`."""

    NONE = 0
    MQTT_STATE_MS = 1
    SERIAL_STATE_MS = 2
    CALIBRATION_DAY = 3
    METHANE_R0_OHM = 4
    CO_R0_OHM = 5
    CO_SENSITIVITY_PA_PER_PPM = 6


class Fault(IntEnum):
    """Positions of the bits in the field `faults`."""

    METHANE_SENSOR = 0
    CO_SENSOR = 1
    VALVE_FEEDBACK = 2
    LOOP_DEADLINE = 3
    SETTINGS = 4
    INTERNAL = 5
    LATCH_STORE = 6
    EVENT_OVERFLOW = 7
    CLIMATE = 8
    ADC_REFERENCE = 9
    RELAY = 10
    VALVE_COIL = 11
    VALVE_CURRENT = 12
    VALVE_LEAKING = 13
    IMAGE = 14
    RAM = 15
    CLOCK = 16


class Capability(IntEnum):
    """Positions of the bits in the field `capabilities`."""

    CO = 0
    VALVE_FEEDBACK = 1
    VALVE_COIL = 2
    CLIMATE = 3
    ADC_REFERENCE = 4
    TAMPER = 5
    WIRED_LINE = 6
    NETWORK = 7
    TLS = 8
    SECRET = 9


class SelfTestItem(IntEnum):
    """Positions of the bits in the field `test_failed`."""

    METHANE = 0
    CO = 1
    VALVE = 2
    RELAY = 3
    STORE = 4
    REFERENCE = 5
    CLIMATE = 6
    MEMORY = 7
    VALVE_MOVES = 8


class Hello(NamedTuple):
    """Who speaks, and what it is: sent after each connect, and at the start on a serial line."""

    firmware_major: int
    """version of the firmware"""
    firmware_minor: int
    """version of the firmware"""
    firmware_patch: int
    """version of the firmware"""
    protocol_version: int
    """highest version that the device speaks"""
    schema_checksum: int
    """CRC-32 of the device's message definition"""
    tier: int
    """product tier"""
    reset_cause: int
    """machine.reset_cause() of this session's boot"""
    image_hash: bytes
    """first eight bytes of the image's SHA-256; zeros if unknown"""
    board: bytes
    """name of the board, filled up with zeros"""
    product: int
    """what it is sold as"""
    capabilities: int
    """what it is fitted with and was given (bits)"""
    calibration_days: int | None
    """since its calibration; invalid when it has none, or the time is not known (d)"""
    clock: int
    """where its time comes from"""
    time_s: int | None
    """its clock, since 1970; invalid while it has none (s)"""
    identifier: str
    """industrial-internet identifier, such as 88.118.8/GA26000001"""


class State(NamedTuple):
    """How the device is now. Only the newest matters; it is never repeated."""

    run_state: int
    """expressed state, the most urgent of those that hold"""
    methane_status: int
    """of the methane reading"""
    methane_ppm: int | None
    """methane by volume; invalid unless the status is ok (ppm)"""
    methane_lel_permille: int | None
    """the same as part of the LEL (1/1000 LEL)"""
    methane_level: int
    """alarm level of methane"""
    co_status: int
    """of the CO reading"""
    co_ppm: int | None
    """CO by volume; invalid unless the status is ok (ppm)"""
    co_level: int
    """alarm level of CO"""
    valve_state: int
    """as read back, not as commanded"""
    valve_commanded: int
    """whether the valve is commanded open"""
    latched: int
    """whether an alarm is latched"""
    faults: int
    """fault bits that are set (bits)"""
    lost_events: int
    """events that had no room since the boot"""
    muted_s: int
    """how long the sounder stays silent (s)"""
    test: int
    """the newest self-test"""
    test_failed: int
    """its items that failed (bits)"""
    tampered: int
    """whether the case is open"""
    service_days: int
    """left until the end of service (d)"""
    alarm_memory: int
    """gases that were critical: 1 methane, 2 CO (bits)"""
    climate_status: int
    """of temperature and humidity"""
    temperature_cdegc: int | None
    """invalid unless the climate status is ok (0.01 degC)"""
    humidity_permille: int | None
    """relative; invalid unless the climate status is ok (1/1000)"""
    waiting_events: int
    """events that no ACK has named yet"""
    torn_events: int
    """records of the journal that a power cut left half written"""
    refused_frames: int
    """frames that it refused since the boot"""


class Event(NamedTuple):
    """Something happened. Repeated, byte for byte, until an ACK names it."""

    kind: int
    """what happened"""
    gas: int
    """which gas, if it concerns one"""
    detail: int
    """by kind: see the table of events"""
    value: int
    """by kind: see the table of events"""
    event_uptime_ms: int
    """when it happened, since the boot (ms)"""
    number: int
    """counts the events of this session from 0: a number that never comes is an event that is lost"""
    time_s: int | None
    """when it happened, since 1970; invalid while the device had no clock (s)"""
    command_id: int | None
    """of the command that this answers; invalid for every other event"""


class Ack(NamedTuple):
    """To the device: its frame (source, session, seq) is stored for good, was stored before, or is refused."""

    acked_source: bytes
    """source id of the frame that is acknowledged"""
    acked_session: int
    """its session"""
    acked_seq: int
    """its sequence number"""
    result: int
    """what became of it"""


class Command(NamedTuple):
    """To the device: do something, once. What became of it is an EVENT of kind `command`. None opens a valve."""

    target: bytes
    """source id of the device that is meant"""
    session: int
    """the device's present session; 0 from a person at its wired line"""
    command_id: int
    """grows with each command to this device; one that was seen is not done again"""
    command: int
    """what to do"""
    setting: int
    """of `set`: which one"""
    argument: int
    """of `set`: its value, see the table of settings; of `time`: seconds since 1970; else 0"""


class Query(NamedTuple):
    """To the device, on the wired line: say that now."""

    target: bytes
    """source id of the device that is meant; zeros: whoever is on this line"""
    what: int
    """what to say"""


class Challenge(NamedTuple):
    """To the device: prove who you are. The answer is a PROOF, or nothing."""

    target: bytes
    """source id of the device that is meant; zeros: whoever is on this line"""
    nonce: bytes
    """drawn at random by the asker, for this question only"""


class Proof(NamedTuple):
    """The answer to a CHALLENGE: only the unit with this identifier's secret can give it."""

    nonce: bytes
    """the challenge's"""
    proof: bytes
    """HMAC-SHA256 of the unit's secret over the label, the source and the nonce"""
    certificate: bytes
    """first eight bytes of the SHA-256 of the unit's certificate (DER); zeros if it has none"""


class Readings(NamedTuple):
    """The answer to a QUERY of `readings`: what the sensors measure, and by what. For who calibrates them."""

    methane_status: int
    """of the methane reading"""
    methane_uv: int | None
    """at the ADC pin, as the safety loop filtered it last; invalid while it has none. Also of a faulty sensor (uV)"""
    methane_factor_permille: int | None
    """Rs against the curve's conditions, as it is reckoned with now: climate and slow drift (1/1000)"""
    methane_r0_ohm: int | None
    """R0 that is measured by; invalid without a calibration (ohm)"""
    co_status: int
    """of the CO reading"""
    co_uv: int | None
    """at the ADC pin; of a cycled sensor at the end of its newest cycle; invalid while there is none (uV)"""
    co_factor_permille: int | None
    """Rs, or a cell's current, against the curve's conditions; invalid where nothing is reckoned (1/1000)"""
    co_r0_ohm: int | None
    """R0 that is measured by; invalid without one (ohm)"""
    co_sensitivity_pa_per_ppm: int | None
    """of a cell, that is measured by; invalid without one (pA/ppm)"""
    climate_status: int
    """of temperature and humidity; the worst case is reckoned with unless it is ok"""
    temperature_cdegc: int
    """that is reckoned with (0.01 degC)"""
    humidity_permille: int
    """relative, that is reckoned with (1/1000)"""
    calibration_day: int | None
    """day of the calibration that is in force, since 1970; of several sensors the oldest; invalid without one (d)"""


Message = Hello | State | Event | Ack | Command | Query | Challenge | Proof | Readings
CLASSES: dict[int, type[Message]] = {
    1: Hello,
    2: State,
    3: Event,
    4: Ack,
    5: Command,
    6: Query,
    7: Challenge,
    8: Proof,
    9: Readings,
}

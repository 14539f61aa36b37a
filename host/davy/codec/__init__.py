"""Frames and messages on the host: typed, range-checked, fast. The contract itself is firmware/protocol.

`decode_frame(bytes)` gives a `Decoded` or a `Rejected`, never an exception; `encode_frame` gives bytes, or ValueError for
a field out of range. `SerialReader` cuts a serial line into them, `describe` says one in a line.
"""

from davy.codec.commands import plain_command
from davy.codec.decoded import Decoded, Rejected
from davy.codec.describe import describe
from davy.codec.frames import decode_frame, encode_frame
from davy.codec.generated import (
    Ack,
    Capability,
    Challenge,
    Clock,
    Command,
    CommandKind,
    Event,
    EventKind,
    Fault,
    Gas,
    Hello,
    Level,
    Message,
    Outcome,
    Product,
    Proof,
    Query,
    QueryKind,
    Readings,
    Result,
    RunState,
    SelfTest,
    SelfTestItem,
    Setting,
    State,
    Status,
    Tier,
    ValveState,
)
from davy.codec.seals import check_seal, seal_frame, seal_key, split_seal
from davy.codec.serial import SerialReader, encode_serial

__all__ = [
    "Ack",
    "Capability",
    "Challenge",
    "Clock",
    "Command",
    "CommandKind",
    "Decoded",
    "Event",
    "EventKind",
    "Fault",
    "Gas",
    "Hello",
    "Level",
    "Message",
    "Outcome",
    "Product",
    "Proof",
    "Query",
    "QueryKind",
    "Readings",
    "Rejected",
    "Result",
    "RunState",
    "SelfTest",
    "SelfTestItem",
    "SerialReader",
    "Setting",
    "State",
    "Status",
    "Tier",
    "ValveState",
    "check_seal",
    "decode_frame",
    "describe",
    "encode_frame",
    "encode_serial",
    "plain_command",
    "seal_frame",
    "seal_key",
    "split_seal",
]

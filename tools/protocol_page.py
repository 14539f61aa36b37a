"""PROTOCOL.md as text, out of firmware/protocol: the access specification that others implement."""

from __future__ import annotations

import protocol_words

from protocol import cobs, frame, messages, seal

_SIZES = {
    "B": ("u8", 1), "H": ("u16", 2), "I": ("u32", 4), "Q": ("u64", 8), "h": ("i16", 2), "i": ("i32", 4), "8s": ("8 bytes", 8),
    "16s": ("16 bytes", 16), "32s": ("32 bytes", 32),
}  # fmt: skip
_EXAMPLE_FIELDS = {
    "kind": 2, "gas": 1, "detail": 1, "value": 5210, "event_uptime_ms": 512_300, "number": 3, "time_s": 1_796_083_200,
    "command_id": None,
}  # fmt: skip


def render() -> str:
    """The page's text."""
    return "".join(
        [
            _intro(),
            _frame(),
            _seal(),
            _serial(),
            _mqtt(),
            _messages(),
            _commands(),
            _proof(),
            _enums(),
            _reasons(),
            _example(),
            _versions(),
        ]
    )


def _intro() -> str:
    return f"""# davy wire protocol, version {messages.PROTOCOL_VERSION}
Generated from `firmware/protocol/messages.py` by `python tools/generate_protocol.py`: change that, not this page.
Schema checksum of this version: `0x{messages.schema_checksum():08X}`. Numbers are big-endian.

A device sends HELLO, STATE, EVENT, PROOF and READINGS frames; a monitor or a test station sends ACK, COMMAND, QUERY and CHALLENGE frames.
No message opens a valve.
"""


def _frame() -> str:
    return f"""
## Frame
| offset | bytes | field | meaning |
|---|---|---|---|
| 0 | 1 | version | {messages.PROTOCOL_VERSION} |
| 1 | 1 | flags | 0; any other value is refused |
| 2 | 1 | type | message type |
| 3 | 8 | source | who sends: six bytes of its MAC and two zeros, or a name of the monitor |
| 11 | 4 | session | changes with each boot of the sender |
| 15 | 4 | seq | counts the frames of a session from 0; a repeated frame keeps its number |
| 19 | 8 | uptime_ms | milliseconds since the sender's boot |
| 27 | 2 | length | bytes of payload, 0 to {frame.MAX_PAYLOAD_BYTES} |
| 29 | length | payload | the message |
| 29 + length | 4 | crc | CRC-32 over everything before it |

CRC-32: polynomial 0x04C11DB7, reflected, start 0xFFFFFFFF, final XOR 0xFFFFFFFF (IEEE 802.3; of the text `123456789` it is
0xCBF43926). A receiver checks it before it believes the version or the type. A CRC is no authentication.
"""


def _seal() -> str:
    return f"""
## The seal
A unit that holds a secret seals what it sends to a monitor, and believes only what is sealed: {seal.SEAL_BYTES} bytes behind the CRC,

    key  = HMAC-SHA256(secret, "davy seal 1")
    seal = first {seal.SEAL_BYTES} bytes of HMAC-SHA256(key, header || payload || crc)

The length in the header tells whether one is there. A monitor uses the same key towards that unit; a frame with the unit's own source
is none of a monitor's. So neither a broker nor whoever may publish at it can make up an event, an acknowledgement or a command, and
the frame stays what it is on any way. What a seal does not give is freshness: an event that comes again is known by its
(source, session, seq), a state older than the newest is dropped, a command is bound to its session and id.
"""


def _serial() -> str:
    return f"""
## On a serial line
Each frame is COBS-encoded and ended by one 0x00, at most {cobs.MAX_ENCODED_BYTES} bytes before it. A receiver drops what is longer
or no COBS, counts it, and is in step again after the next 0x00. 8 data bits, no parity, 1 stop bit; baud rate by board.
"""


def _mqtt() -> str:
    return """
## Over MQTT 3.1.1
| topic | direction | payload | QoS |
|---|---|---|---|
| `davy/1/<source>/up` | device to monitor | one frame, sealed, without COBS | 1 for HELLO, EVENT and PROOF, 0 for STATE |
| `davy/1/<source>/down` | monitor to device | one frame, sealed, without COBS | 1 |

`<source>` is the frame's source in 16 hexadecimal digits, lower case; a frame whose source differs from its topic is refused.
A PUBACK says that a broker has it. Only an ACK frame, sent after the monitor's database has committed, says that it is
stored: until then the device repeats an EVENT, byte for byte. `(source, session, seq)` names an event for ever.
"""


def _messages() -> str:
    parts = ["\n## Messages\n"]
    for message_type, fields in messages.FIELDS.items():
        parts.append(
            f"\n### {messages.NAMES[message_type]} ({message_type})\n{protocol_words.MEANINGS[message_type]}\n\n"
        )
        parts.append(
            "| offset | type | field | unit | range | invalid | since | meaning |\n|---|---|---|---|---|---|---|---|\n"
        )
        offset = 0
        for name, kind, unit, low, high, invalid, since, enum in fields:
            meaning = protocol_words.FIELDS[message_type][name]
            if kind == "text":
                shown, size, limits = "u8 length, UTF-8", 0, f"{low}..{high} bytes"
            else:
                (shown, size), limits = _SIZES[kind], f"{low}..{high}"
            if kind in messages.BYTES:
                limits = ""
            said = f"{meaning}; see `{enum}`" if enum else meaning
            bad = "" if invalid is None else str(invalid) if invalid < 0 else f"0x{invalid:X}"
            parts.append(f"| {offset} | {shown} | `{name}` | {unit} | {limits} | {bad} | {since} | {said} |\n")
            offset += size
        for status, readings in messages.READINGS.get(message_type, ()):
            names = " and ".join(f"`{name}`" for name in readings)
            parts.append(f"\n{names} must be invalid exactly when `{status}` is not ok: a fault is never a number.\n")
    parts.append("\n### What an EVENT's detail and value hold\n| kind | detail | value |\n|---|---|---|\n")
    parts += [f"| {kind} | {detail} | {value} |\n" for kind, detail, value in protocol_words.EVENT_FIELDS]
    return "".join(parts)


def _commands() -> str:
    rows = "".join(
        f"| `{name}` | {values} | {what} | {when} |\n" for name, values, what, when in protocol_words.SETTINGS
    )
    return f"""
## Commands
Over a network a unit takes a COMMAND only when it is sealed, meant for it, of its present session, and of an id above every one that
it has taken in that session. What became of it is told in one EVENT of kind `command` with that id. The same id again is not done
again and not answered again: its EVENT is on its way until it is acknowledged. What is not sealed, foreign, of another session or
of a lower id is refused and counted. A unit without a secret takes no command over a network.

On its wired line and its console, where a person could as well press its button, a unit also takes `close_valve`, `mute`, `self_test` and
`identify` unsealed, with session 0 and id 0; their EVENT carries no id. `set` and `time` need the seal there too, if the unit has a secret.

### What can be set
| setting | value | what it is | lived by |
|---|---|---|---|
{rows}
From `calibration_day` on a setting is taken on the wired line and the console alone, and answered with `refused_network` otherwise: a
wrong one would make the alarm deaf. A number without a day before it, in the same session, is refused; both are kept in one write.
"""


def _proof() -> str:
    return """
## Who is there
QUERY and CHALLENGE may be sent on a wired line to a target of eight zero bytes: whoever is on this line. COMMAND may not. Their
answers go back the way that the question came. Over MQTT a QUERY is refused, and a CHALLENGE is taken as it is meant for the unit.

A label can be copied, so an identifier alone proves nothing. Each unit holds a secret of 32 bytes that only its maker can
derive. The asker draws a nonce at random, and the unit answers with

    proof = HMAC-SHA256(secret, "davy proof 1" || source || nonce)

where `source` is the eight bytes in the header of the unit's own frames. A unit without a secret does not answer. The maker derives
secret = HMAC-SHA256(proof.key, identifier) and compares. An old proof is worth nothing to the next nonce; a proof that is
relayed at once from the real unit is not told apart.
"""


def _enums() -> str:
    parts = ["\n## Values\n| table | values |\n|---|---|\n"]
    for table, names in messages.ENUMS.items():
        parts.append(f"| `{table}` | {', '.join(f'{value} {name}' for value, name in enumerate(names))} |\n")
    bits = ", ".join(f"{bit} {name}" for bit, name in enumerate(messages.FAULT_BITS))
    parts.append(f"| bits of `faults` | {bits} |\n")
    fitted = ", ".join(f"{bit} {name}" for bit, name in enumerate(messages.CAPABILITIES))
    parts.append(f"| bits of `capabilities` | {fitted} |\n")
    items = ", ".join(f"{bit} {name}" for bit, name in enumerate(messages.TEST_ITEMS))
    parts.append(f"| bits of a self-test | {items} |\n")
    return "".join(parts)


def _reasons() -> str:
    parts = [
        "\n## Why bytes are refused\nEach refusal is counted under its reason; none ends a connection or a loop.\n\n"
    ]
    parts.append("| number | reason |\n|---|---|\n")
    parts += [f"| {number} | {reason} |\n" for number, reason in enumerate(frame.REASONS) if number]
    return "".join(parts)


def _example() -> str:
    from protocol import codec

    payload = codec.encode(messages.EVENT, _EXAMPLE_FIELDS)
    whole = frame.encode(messages.EVENT, bytes.fromhex("02da9f0c11220000"), 7, 41, 512_345, payload)
    cuts: list[tuple[int, int, str]] = []
    cuts += ((0, 1, "version"), (1, 2, "flags"), (2, 3, "type EVENT"), (3, 11, "source"), (11, 15, "session 7"))
    cuts += ((15, 19, "seq 41"), (19, 27, "uptime 512345 ms"), (27, 29, "length 30"), (29, 30, "kind alarm"))
    cuts += ((30, 31, "gas methane"), (31, 35, "detail: level warning"), (35, 39, "value: 5210 ppm"))
    cuts += ((39, 47, "happened at 512300 ms"), (47, 51, "the session's event number 3"))
    cuts += ((51, 55, "2026-12-01T00:00:00Z"), (55, 59, "no command's answer"), (59, 63, "CRC-32"))
    lines = "\n".join(f"    {whole[a:b].hex(' '):<24} {text}" for a, b, text in cuts)
    return f"\n## A frame, byte by byte\n{lines}\n\nOn a serial line: `{cobs.encode(whole).hex()}00`\n"


def _versions() -> str:
    return """
## Versions
A frame of another version is refused as such, never guessed at; so is an unknown type. HELLO carries the schema checksum:
two sides whose checksums differ know it before they misread each other. A new field or message comes with a new
version, named in the column *since*. Golden frames, good and bad, bare and sealed, are in `vectors.json`.
"""

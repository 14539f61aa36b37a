"""The control port of an emulated bench: what a client may ask of it besides its lines. One JSON object a line, answered by one.

    {"do": "run", "ms": 500, "sent": {"rig": 34}}  ->  {"ok": true, "now_ms": 1500, "came": {"rig": 61, "wired": 0, "console": 0}}

`sent` and `came` count the bytes of each line since the client connected to it: the bench first takes in all that was sent, then
runs, and the client reads all that came. So a client in lock-step sees the same run every time. docs/bench-emulator.md has the table
of requests. An answer to what cannot be done is {"error": "..."}; the connection stays.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from davy.bench.emulation.emulated import LINES, EmulatedBench
from davy.bench.wiring import Wiring
from davy.board.climate_chips import CLIMATE_FAULTS
from davy.image.partitions import NVS, VFS

VERSION = 1
#: Longest stretch of one run, virtual ms: a day.
LONGEST_RUN_MS = 86_400_000
#: A request is no longer than this: a whole flash, which deflates to a part of it.
MOST_BYTES = 8_000_000

Request = dict[str, Any]


class Refused(Exception):
    """What a client asked cannot be done; the words are for it."""


def pack(data: bytes) -> str:
    """Bytes as they stand in a request: deflated, base64."""
    return base64.b64encode(zlib.compress(data, 1)).decode()


def unpack(text: object, most_bytes: int) -> bytes:
    """The bytes of such a field. Raises Refused for what is none, or longer than most_bytes."""
    try:
        inflate = zlib.decompressobj()
        data = inflate.decompress(base64.b64decode(str(text), validate=True), most_bytes)
    except (binascii.Error, zlib.error) as error:
        raise Refused(f"no deflated base64: {error}") from error
    if inflate.unconsumed_tail:
        raise Refused(f"more than {most_bytes} bytes")
    return data


def parse(line: bytes) -> Request:
    """A request. Raises Refused."""
    try:
        request = json.loads(line)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise Refused(f"no JSON: {error}") from error
    if not isinstance(request, dict) or not isinstance(request.get("do"), str):
        raise Refused('a request is an object with "do"')
    return request


def described(wiring: Wiring) -> dict[str, Any]:
    """A wiring as `hello` tells it."""
    day = "" if wiring.calibrated is None else wiring.calibrated.isoformat()
    return {**asdict(wiring), "calibrated": day}


def wiring_of(told: dict[str, Any]) -> Wiring:
    """That wiring again."""
    day = datetime.date.fromisoformat(told["calibrated"]) if told["calibrated"] else None
    return Wiring(**{**told, "calibrated": day})


def run_ms(request: Request) -> tuple[int, dict[str, int]]:
    """How long to run, and how many bytes the client has sent on each line. Raises Refused."""
    sent = request.get("sent", {})
    if not isinstance(sent, dict) or not set(sent) <= set(LINES):
        raise Refused(f'"sent" counts bytes of {", ".join(LINES)}')
    return _int(request, "ms", 0, LONGEST_RUN_MS), {line: _int(sent, line, 0, 1 << 62) for line in sent}


def act(bench: EmulatedBench, request: Request) -> dict[str, Any]:
    """Do what takes no time. Gives what the answer holds besides `ok`. Raises Refused."""
    do = _ACTS.get(request["do"])
    if do is None:
        raise Refused(
            f"unknown request {request['do']!r}: {', '.join(sorted((*_ACTS, 'hello', 'run', 'unplug', 'plug')))}"
        )
    try:
        return do(bench, request) or {}
    except ValueError as error:
        raise Refused(str(error)) from error


def line_of(request: Request) -> str:
    """The line that a request names under `what`. Raises Refused."""
    return _word(request, "what", LINES)


def _flash(bench: EmulatedBench, request: Request) -> dict[str, Any]:
    littlefs = unpack(request.get("image"), VFS.length)
    nvs = request.get("nvs")
    record = None if nvs is None else unpack(nvs, NVS.length)
    if len(littlefs) != VFS.length or (record is not None and len(record) != NVS.length):
        raise Refused(f"a file system has {VFS.length} bytes and a record {NVS.length}")
    if record is None and not request.get("keep_nvs", True):
        record = b"\xff" * NVS.length
    bench.write_flash(littlefs, record)
    return {}


def _fill(bench: EmulatedBench, _: Request) -> dict[str, Any]:
    return {"bytes": bench.fill_flash()}


def _empty(bench: EmulatedBench, _: Request) -> None:
    bench.empty_flash()


def _wifi(bench: EmulatedBench, request: Request) -> None:
    bench.set_wifi(_bool(request, "up"))


def _hosts(bench: EmulatedBench, request: Request) -> None:
    hosts = request.get("hosts")
    if not isinstance(hosts, dict):
        raise Refused('"hosts" maps names to [address, port]')
    found = {}
    for name, place in hosts.items():
        if not (
            isinstance(place, list) and len(place) == 2 and isinstance(place[0], str) and _is_int(place[1], 1, 65_535)
        ):
            raise Refused(f'"hosts" maps names to [address, port], not {name!r} to {place!r}')
        found[name] = (place[0], place[1])
    bench.set_hosts(found, _bool(request, "monitored") if "monitored" in request else True)


def _clock_jump(bench: EmulatedBench, request: Request) -> None:
    bench.jump_clock(_int(request, "seconds", -(1 << 31), 1 << 31))


def _climate(bench: EmulatedBench, request: Request) -> None:
    if "fault" in request:
        fault = request["fault"]
        if fault is not None and fault not in CLIMATE_FAULTS:
            raise Refused(f'"fault" is null, {", ".join(CLIMATE_FAULTS)}')
        bench.set_climate_fault(fault)
    else:
        bench.set_climate(_int(request, "cdegc", -4_000, 12_500) / 100, _int(request, "permille", 0, 1_000) / 10)


def _kill(bench: EmulatedBench, request: Request) -> None:
    bench.kill(_word(request, "what", ("rig", "device")), dead=True)


def _revive(bench: EmulatedBench, request: Request) -> None:
    bench.kill(_word(request, "what", ("rig", "device")), dead=False)


def _restart(bench: EmulatedBench, _: Request) -> None:
    bench.restart_rig()


def _part(bench: EmulatedBench, request: Request) -> None:
    # A part of the rig that is silent, or a DAC whose reference is off: what a self-check has to find.
    rig = bench.world.rig
    part = rig.dac if _word(request, "what", ("dac", "sense")) == "dac" else rig.sense
    if "silent" in request:
        part.silent = _bool(request, "silent")
    if "reference_uv" in request:
        rig.dac.reference_uv = _int(request, "reference_uv", 1_000_000, 3_300_000)


def _wrong(bench: EmulatedBench, request: Request) -> None:
    # Of the fixture: its supply, a relay that never opens again, a stimulus wire that is off.
    harness = bench.world.harness
    what = _word(request, "what", ("supply", "relay", "wire"))
    if what == "supply":
        harness.fixture_uv = _int(request, "uv", 0, 10_000_000)
    elif what == "relay":
        harness.relay_sticks = _bool(request, "sticks")
    else:
        wires = {_word(request, "name", tuple(bench.world.rig.pins.stimuli))}
        harness.wires_off = harness.wires_off | wires if _bool(request, "off") else harness.wires_off - wires


_ACTS: dict[str, Callable[[EmulatedBench, Request], dict[str, Any] | None]] = {
    "flash": _flash,
    "fill_flash": _fill,
    "empty_flash": _empty,
    "wifi": _wifi,
    "hosts": _hosts,
    "clock_jump": _clock_jump,
    "climate": _climate,
    "kill": _kill,
    "revive": _revive,
    "restart": _restart,
    "part": _part,
    "wrong": _wrong,
}


def _is_int(value: object, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _int(request: Request, key: str, low: int, high: int) -> int:
    value = request.get(key)
    if isinstance(value, int) and _is_int(value, low, high):
        return value
    raise Refused(f"{key!r} is {low}..{high}, not {value!r}")


def _bool(request: Request, key: str) -> bool:
    value = request.get(key)
    if not isinstance(value, bool):
        raise Refused(f"{key!r} is true or false, not {value!r}")
    return value


def _word(request: Request, key: str, words: tuple[str, ...]) -> str:
    value = request.get(key)
    if value not in words:
        raise Refused(f"{key!r} is one of {', '.join(words)}, not {value!r}")
    return str(value)

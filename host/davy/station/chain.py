"""The records of a log, chained by hash: how a line is made, and what proves one.

A line is JSON: `seq` (from 1), `time` (UTC), `kind`, the kind's own fields, `prev` (SHA-256 of the line before, without its
line feed; zeros for the first) and, last, `hash`: SHA-256 of this line's bytes up to where `,"hash"` begins. Changing,
dropping, adding or swapping a line shows at the first one that is wrong. Cutting whole lines off the end does not show in
the chain: for that, keep a hash elsewhere (`davy station verify --holds`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NoReturn

FIRST_PREV = "0" * 64
_MARK = b',"hash":"'
_TAIL_BYTES = len(_MARK) + 64 + len(b'"}')


@dataclass(frozen=True)
class Head:
    """Where a chain ends: number of records, and SHA-256 of the newest line (zeros before the first)."""

    seq: int = 0
    line_sha256: str = FIRST_PREV


@dataclass(frozen=True)
class Record:
    """One sound record; `fields` are the kind's own."""

    seq: int
    time: str
    kind: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Broken:
    """The first bad record: its line in the file, from 1, and what is wrong with it."""

    line: int
    what: str


def make_line(head: Head, time: str, kind: str, fields: dict[str, Any]) -> tuple[bytes, Head]:
    """The next line and the head after it. Raises ValueError for what is no JSON, such as NaN: a bug of the caller."""
    record = {"seq": head.seq + 1, "time": time, "kind": kind, **fields, "prev": head.line_sha256}
    body = json.dumps(record, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()[:-1]
    line = body + _MARK + hashlib.sha256(body).hexdigest().encode() + b'"}'
    return line, Head(head.seq + 1, hashlib.sha256(line).hexdigest())


def check_line(head: Head, line: bytes) -> Record | str:
    """The record that follows `head`, or what is wrong with the line, in words."""
    if not line:
        return "JSON: the line is empty"
    try:
        found = json.loads(line, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"JSON: {error}"
    if not isinstance(found, dict):
        return "JSON: it is no object"
    if not all(isinstance(found.get(key), str) for key in ("time", "kind", "prev", "hash")):
        return "JSON: time, kind, prev or hash is missing"
    body, tail = line[:-_TAIL_BYTES], line[-_TAIL_BYTES:]
    if tail != _MARK + hashlib.sha256(body).hexdigest().encode() + b'"}':
        return "hash: the line is not what its own hash says"
    seq = found.get("seq")
    if seq != head.seq + 1 or isinstance(seq, bool):
        return f"seq: it is record {seq!r} where {head.seq + 1} belongs"
    if found["prev"] != head.line_sha256:
        return "order: it does not follow the line before"
    own = {key: value for key, value in found.items() if key not in ("seq", "time", "kind", "prev", "hash")}
    return Record(seq, found["time"], found["kind"], own)


def walk(lines: Iterable[bytes], torn: bytes = b"") -> tuple[list[Record], Head, Broken | None]:
    """Every sound record up to the first bad one, where the sound part ends, and what is bad."""
    records: list[Record] = []
    head = Head()
    number = 0
    for number, line in enumerate(lines, 1):
        checked = check_line(head, line)
        if isinstance(checked, str):
            return records, head, Broken(number, checked)
        records.append(checked)
        head = Head(head.seq + 1, hashlib.sha256(line).hexdigest())
    if torn:
        return records, head, Broken(number + 1, f"torn: {len(torn)} bytes without a line end")
    return records, head, None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

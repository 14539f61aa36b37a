"""A unit's label, resolved: the answer of the Handle proxy's JSON API (hdl.handle.net/api/handles/), from the registry.

Response codes are those of RFC 3652: 1 found, 2 error, 100 no such handle, 102 no handle; 200 (no such value) as the proxy
gives it, with status 200. What anybody who holds the label may know is told to anybody; how the unit is now is not.
"""

from __future__ import annotations

import datetime
import sqlite3
from typing import Final

from davy.errors import InputError
from davy.identity import checked_identifier
from davy.monitor.web.models import HandleData, HandleRecord, HandleValue
from davy.monitor.web.queries import device_detail

FOUND: Final = 1
ERROR: Final = 2
NOT_FOUND: Final = 100
INVALID: Final = 102
NO_VALUES: Final = 200
_SELDOM_TTL_S, _STATUS_TTL_S, _STATE_TTL_S = 86_400, 300, 10


def checked_handle(text: str) -> str | None:
    """The identifier that a handle names, or None when it is none. Handles do not tell upper from lower case."""
    try:
        return checked_identifier(text.upper(), "handle") if text.isascii() else None
    except InputError:
        return None


def resolve(
    db: sqlite3.Connection, handle: str, types: list[str], indexes: list[int], *, private: bool
) -> HandleRecord | None:
    """The record of an enrolled unit, or None. With types or indexes: the values that match any of them.

    `private` adds the newest run state, for those who may see devices.
    """
    identifier = checked_handle(handle)
    row = db.execute(
        "SELECT product, board, serial, certificate_sha256, enrolled_ms, revoked_ms FROM units WHERE identifier = ?",
        (identifier,),
    ).fetchone()
    if row is None or identifier is None:
        return None
    product, board, serial, certificate, enrolled_ms, revoked_ms = row
    status, status_ms = ("active", enrolled_ms) if revoked_ms is None else ("revoked", revoked_ms)
    values = [
        _value(1, "PRODUCT", product, _SELDOM_TTL_S, enrolled_ms),
        _value(2, "BOARD", board, _SELDOM_TTL_S, enrolled_ms),
        _value(3, "SERIAL", serial, _SELDOM_TTL_S, enrolled_ms),
        _value(4, "CERTIFICATE_SHA256", certificate, _SELDOM_TTL_S, enrolled_ms),
        _value(5, "STATUS", status, _STATUS_TTL_S, status_ms),
    ]
    device = device_detail(db, identifier) if private else None
    if device is not None and device.state is not None and device.proven:
        values.append(_value(6, "RUN_STATE", device.state.run_state, _STATE_TTL_S, device.state.received_ms))
    present = [value for value in values if value.data.value]
    if types or indexes:
        present = [value for value in present if value.type in types or value.index in indexes]
    return HandleRecord(responseCode=FOUND if present else NO_VALUES, handle=handle, values=present)


def _value(index: int, kind: str, text: str | None, ttl_s: int, at_ms: int) -> HandleValue:
    at = datetime.datetime.fromtimestamp(at_ms // 1000, datetime.timezone.utc)
    data = HandleData(format="string", value=text or "")
    return HandleValue(index=index, type=kind, data=data, ttl=ttl_s, timestamp=f"{at:%Y-%m-%dT%H:%M:%SZ}")

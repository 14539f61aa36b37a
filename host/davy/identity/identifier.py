"""The industrial-internet identifier of a unit, in Handle form: 88.118.8/GA26000001."""

from __future__ import annotations

import re

from davy.errors import InputError

DEFAULT_PREFIX = "88.118.8"
#: As long as HELLO's field, and as a certificate's common name.
MOST_BYTES = 64
_PREFIX = re.compile(r"88(\.[0-9]+){2,}")
_SERIAL = re.compile(r"[A-Z0-9-]{1,32}")


def make_identifier(prefix: str, serial: str, where: str = "") -> str:
    """PREFIX/SERIAL. Raises InputError when one of them will not do; `where` names a file, options are named without it."""
    if not _PREFIX.fullmatch(prefix):
        raise InputError(where or "--prefix", f"{prefix!r} will not do", "digits and dots, such as 88.118.8")
    if not _SERIAL.fullmatch(serial):
        raise InputError(where or "--serial", f"{serial!r} will not do", "1 to 32 of A-Z, 0-9 and -")
    identifier = f"{prefix}/{serial}"
    if len(identifier) > MOST_BYTES:
        raise InputError(
            where or "--prefix",
            f"{identifier} is {len(identifier)} bytes long",
            f"at most {MOST_BYTES} with the serial",
        )
    return identifier


def checked_identifier(text: str, where: str) -> str:
    """The identifier itself. Raises InputError when it is none."""
    prefix, slash, serial = text.partition("/")
    if not slash:
        raise InputError(where, f"{text!r} will not do", "PREFIX/SERIAL, such as 88.118.8/GA26000001")
    return make_identifier(prefix, serial, where)

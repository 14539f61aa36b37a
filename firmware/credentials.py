# What TLS needs of the unit's record, read when it is needed: three kilobytes that nobody else has to hold.
import sys

from drivers.unit_store import UnitStore

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEYS = ("cert", "key", "ca")


def credentials() -> "Any":
    # (certificate, private key, CA), each DER; None for a unit without a record. What the store has lost is in the copy.
    found = UnitStore(_KEYS).read()[0]
    if len(found) != len(_KEYS):
        import unit

        found = unit.unpacked(unit.read_copy())
        del sys.modules["unit"]
    return tuple([found[key] for key in _KEYS]) if found else None

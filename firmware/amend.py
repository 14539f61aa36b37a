# Changes one setting of the unit's record, in the store and in its copy. Loaded when it is needed, which is seldom.
import binascii
import json

import unit
from drivers.unit_store import UnitStore
from protocol import messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# What may be set over a link, and from where to where. What could shut a unit out of its network is set where it is made.
LIMITS = {"mqtt_state_ms": (1_000, 3_600_000), "serial_state_ms": (200, 3_600_000)}
_OUTCOMES = messages.ENUMS["outcome"]


def amend(settings: dict, name: str, value: int, expected: dict) -> int:
    # An outcome. settings: as they are lived by, changed at once; expected: CRC-32 of the files that are checked.
    return int(_OUTCOMES.index(_amend(settings, name, value, expected)))


def _amend(settings: dict, name: str, value: int, expected: dict) -> str:
    if messages.ENUMS["setting"].index(name) >= messages.FIRST_WIRED_SETTING:
        import recalibrate

        return recalibrate.recalibrate(settings, name, value, lambda key, change: _keep(key, change, expected))
    low, high = LIMITS.get(name, (1, 0))
    if not low <= value <= high:
        return "refused_value"
    if settings.get(name) == value:
        return "nothing_to_do"

    def changed(kept: dict) -> None:
        kept[name] = value

    outcome = _keep("settings", changed, expected)
    if outcome == "done":
        settings[name] = value
    return outcome


def _keep(key: str, change: "Any", expected: dict) -> str:
    # An outcome. change(what the blob holds) changes it. A blob is in the store as it was or as it is to be, whenever the power goes.
    store = UnitStore(unit.KEYS)
    blobs, damaged = store.read()
    if damaged or not unit.whole(blobs) or unit.better(blobs, unit.unpacked(unit.read_copy())) != blobs:
        return "refused_store"  # of an image without a record, or a record that the next start mends
    kept: Any = json.loads(blobs.get(key, b"{}"))
    change(kept)
    blobs[key] = json.dumps(kept).encode()
    try:
        store.put(key, blobs[key])
    except OSError as error:
        print("davy: a setting cannot be kept: %r" % error)
        return "refused_store"
    content = unit.packed(blobs)
    unit.write_copy(content)
    expected[unit.COPY] = binascii.crc32(content) & 0xFFFFFFFF
    return "done"

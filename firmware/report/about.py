# What a device is, as its HELLO tells it: what does not change in a session.
from protocol import messages

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TIERS = messages.ENUMS["tier"]
_MOST_TEXT_BYTES = 64
_BOARD_BYTES = 16


def day_of(text: "Any") -> "int | None":
    # Days from 1970-01-01 to a date as YYYY-MM-DD; None for what is none. After Howard Hinnant's days_from_civil.
    if not isinstance(text, str) or len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
    except ValueError:
        return None
    if not (1970 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31):
        return None
    if month <= 2:
        year -= 1
    day_of_year = (153 * (month - 3 if month > 2 else month + 9) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + day_of_year - 719_468


def _capabilities(board: dict, settings: dict, has_secret: bool) -> int:
    valve = board.get("valve") or {}
    network = bool(settings.get("wifi") and settings.get("broker"))
    fitted = {
        "co": board.get("co"),
        "valve_feedback": valve.get("feedback_pin") is not None,
        "valve_coil": valve.get("coil_pin") is not None,
        "climate": board.get("climate"),
        "adc_reference": board.get("reference"),
        "tamper": board.get("tamper"),
        "wired_line": board.get("serial"),
        "network": network,
        "tls": network and settings["broker"].get("tls"),
        "secret": has_secret,
    }
    bits = 0
    for at, name in enumerate(messages.CAPABILITIES):
        if fitted[name]:
            bits |= 1 << at
    return bits


def about(
    board: dict, settings: dict, calibration: dict, has_secret: bool, cause: int, version: tuple, image_sha256: str
) -> dict:
    # Fields of HELLO, and `calibration_day`: days from 1970 to the calibration, None when that is not known.
    identifier, tier = settings.get("identifier", ""), board.get("tier")
    return {
        "firmware_major": version[0],
        "firmware_minor": version[1],
        "firmware_patch": version[2],
        "protocol_version": messages.PROTOCOL_VERSION,
        "schema_checksum": messages.schema_checksum(),
        "tier": _TIERS.index(tier) if tier in _TIERS else 0,
        "reset_cause": cause,
        "image_hash": bytes.fromhex(image_sha256[:16]) if len(image_sha256) >= 16 else bytes(8),
        "board": (str(board.get("name", "")).encode() + bytes(_BOARD_BYTES))[:_BOARD_BYTES],
        "product": 1 if board.get("co") else 0,
        "capabilities": _capabilities(board, settings, has_secret),
        "calibration_day": day_of(calibration.get("made")),
        "identifier": identifier if len(identifier.encode()) <= _MOST_TEXT_BYTES else "",
    }

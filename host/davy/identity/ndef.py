"""An NDEF message with one text record, for an NFC tag. Source: NFC Forum, NDEF 1.0 and Text Record Type Definition 1.0."""

from __future__ import annotations

_MESSAGE_BEGIN, _MESSAGE_END, _SHORT_RECORD, _WELL_KNOWN = 0x80, 0x40, 0x10, 0x01
_TEXT_TYPE = b"T"
_LANGUAGE = b"en"
_MOST_PAYLOAD = 255


def text_message(text: str) -> bytes:
    """The message's bytes. Raises ValueError when the text is too long for a short record."""
    payload = bytes((len(_LANGUAGE),)) + _LANGUAGE + text.encode()  # the first byte's high bit is 0: UTF-8
    if len(payload) > _MOST_PAYLOAD:
        raise ValueError(f"a text of {len(payload)} bytes with its language, at most {_MOST_PAYLOAD}")
    flags = _MESSAGE_BEGIN | _MESSAGE_END | _SHORT_RECORD | _WELL_KNOWN
    return bytes((flags, len(_TEXT_TYPE), len(payload))) + _TEXT_TYPE + payload

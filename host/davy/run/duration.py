"""Times in scenarios: seconds as a number, or `1h2m3s`, `8m30s`, `250ms`."""

from __future__ import annotations

import math
import re

_UNITS_MS = {"h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
RIGHT = "seconds, or such as '8m30s', '2h', '250ms'"


def parse_ms(value: object) -> int | None:
    """Milliseconds, or None when it is no time."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _whole_ms(value * 1000)
    if not isinstance(value, str) or not value or _PART.sub("", value):
        return None
    return _whole_ms(sum(float(number) * _UNITS_MS[unit] for number, unit in _PART.findall(value)))


def _whole_ms(ms: float) -> int | None:
    # TOML knows inf and nan.
    return round(ms) if math.isfinite(ms) and ms >= 0 else None


def show_ms(t_ms: int) -> str:
    """`1:02:03.4`, as timelines have it."""
    tenths = (t_ms + 50) // 100
    seconds, tenth = divmod(tenths, 10)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}.{tenth}"

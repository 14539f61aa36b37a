"""Names and times as the station's page writes them; outcomes, numbers and limits are as in reports (davy.bench.words)."""

from __future__ import annotations

from datetime import datetime, timezone


def name_words(name: str) -> str:
    """A test or a measurement as a sentence: `test_power.py::test_the_valve_closes[12 V]` is `the valve closes [12 V]`."""
    path, bracket, parameters = name.partition("[")
    words = path.rpartition("::")[2].removeprefix("test_").replace("_", " ").strip()
    return f"{words} {bracket}{parameters}".strip() if words or parameters else name


def clock_words(unix_ms: int, now_ms: int) -> str:
    """This computer's local time; with the day unless it is today. Empty for no time (0) and for what no calendar has."""
    try:
        at, now = (datetime.fromtimestamp(each / 1000) for each in (unix_ms, now_ms))
    except (OverflowError, ValueError, OSError):
        return ""
    return "" if unix_ms <= 0 else f"{at:%H:%M:%S}" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M}"


def iso_words(unix_ms: int) -> str:
    """For machines, in UTC."""
    try:
        return datetime.fromtimestamp(unix_ms / 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return ""

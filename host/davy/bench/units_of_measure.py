"""Units as OpenHTF's records hold them: name and code of UN/ECE Recommendation 20, and the suffix that is shown."""

from __future__ import annotations

#: Suffix -> (name, code); from UN/ECE Recommendation 20, the list that openhtf/util/units.py is generated from.
_UNECE = {
    "s": ("second [unit of time]", "SEC"),
    "ms": ("millisecond", "C26"),
    "us": ("microsecond", "B98"),
    "min": ("minute [unit of time]", "MIN"),
    "h": ("hour", "HUR"),
    "V": ("volt", "VLT"),
    "mV": ("millivolt", "2Z"),
    "uV": ("microvolt", "D82"),
    "A": ("ampere", "AMP"),
    "mA": ("milliampere", "4K"),
    "uA": ("microampere", "B84"),
    "ohm": ("ohm", "OHM"),
    "ppm": ("part per million", "59"),
    "%": ("percent", "P1"),
    "°C": ("degree Celsius", "CEL"),
    "Hz": ("hertz", "HTZ"),
}
#: OpenHTF's NO_DIMENSION.
_BARE = ("No dimension", "NDL", None)


def descriptor(unit: str) -> dict[str, str | None]:
    """{name, code, suffix}. A unit that is not in the list (as %LEL) has its own text for a name, and no code."""
    if unit == "1":
        name, code, suffix = _BARE
        return {"name": name, "code": code, "suffix": suffix}
    known = _UNECE.get(unit)
    return {"name": known[0] if known else unit, "code": known[1] if known else None, "suffix": unit}


def unit_of(found: dict[str, str | None]) -> str:
    """The unit of a descriptor."""
    return found["suffix"] or "1"

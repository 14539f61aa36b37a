# What the sensors measure and by what, for who calibrates them: voltages, climate, and the unit's own numbers. Loaded when it is
# asked for, which is seldom.

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def readings(snapshot: "Any", calibration_day: "int | None") -> dict:
    # Fields of READINGS. snapshot: the safety loop, whose attributes are read and never written; calibration_day: of this start's
    # calibration, days since 1970.
    methane, co, climate = snapshot.methane, snapshot.co, snapshot.supervision.climate
    # An MQ-7 gives a voltage at the end of its cycle, a cell always, and a module that speaks none at all.
    cycled = getattr(co, "reading", None)
    part = co if cycled is None and hasattr(co, "circuit") else cycled
    circuit = None if part is None else part.circuit
    co_uv = None if part is None else part.filter.uv if cycled is None else co.uv
    return {
        "methane_status": snapshot.methane_status,
        "methane_uv": _known(methane.filter.uv),
        "methane_factor_permille": methane.permille,
        "methane_r0_ohm": methane.circuit.r0_ohm or None,
        "co_status": snapshot.co_status,
        "co_uv": _known(co_uv),
        "co_factor_permille": None if part is None else part.permille,
        "co_r0_ohm": getattr(circuit, "r0_ohm", 0) or None,
        "co_sensitivity_pa_per_ppm": getattr(circuit, "sensitivity_pa_per_ppm", 0) or None,
        "climate_status": climate.status,
        "temperature_cdegc": climate.cdegc,
        "humidity_permille": climate.rh_permille,
        "calibration_day": calibration_day,
    }


def _known(uv: "int | None") -> "int | None":
    return None if uv is None or uv < 0 else uv

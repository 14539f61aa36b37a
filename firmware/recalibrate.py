# A new calibration of one sensor, in the unit's record: see amend.py. It is in force from the next start on, so that the safety loop
# never measures by two numbers in one life.
#
# A day comes first and waits; the number that follows it is kept together with it, in one write. So a unit has the old calibration
# or the new one, and never the number of one with the day of the other.
import json

from safety.co_cell import HIGH_PA, LOW_PA
from safety.concentration import Circuit

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Setting -> (gas, key of its number). The day waits in the settings that are lived by, which are not kept.
_NUMBERS = {
    "methane_r0_ohm": ("methane", "r0_ohm"),
    "co_r0_ohm": ("co", "r0_ohm"),
    "co_sensitivity_pa_per_ppm": ("co", "sensitivity_pa_per_ppm"),
}
_DAY = "calibration_day"
_LAST_DAY = 47_481  # 2099-12-31
_MOST_FOLD = 4  # as assembly.py takes it
_GASES = ("methane", "co")


def recalibrate(settings: dict, name: str, value: int, keep: "Any") -> str:
    # An outcome. value: a day since 1970, 0 for none that is known; or a number, 0 to take the sensor's calibration away, which leaves
    # it with a fault. keep(blob, change) keeps.
    if name == _DAY:
        if value > _LAST_DAY:
            return "refused_value"
        settings[_DAY] = value
        return "done"
    day = settings.pop(_DAY, None)
    gas, key = _NUMBERS[name]
    sensor = _sensor(gas)
    if day is None or key not in sensor or (value and not _plausible(sensor, key, value)):
        return "refused_value"

    def change(kept: dict) -> None:
        kept["schema"] = 1
        made = kept.pop("made", None)
        for other in _GASES:
            if made and other in kept and "made" not in kept[other]:
                kept[other]["made"] = made
        kept.pop(gas, None)
        if value:
            kept[gas] = {"part": sensor["part"], key: value}
            if day:
                kept[gas]["made"] = date_of(day)
        # The oldest that is known is the unit's.
        days = [kept[each]["made"] for each in _GASES if each in kept and "made" in kept[each]]
        if days:
            kept["made"] = min(days)

    return str(keep("calibration", change))


def date_of(day: int) -> str:
    # YYYY-MM-DD of days since 1970. After Howard Hinnant's civil_from_days.
    day += 719_468
    era = day // 146_097
    of_era = day % 146_097
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * of_year + 2) // 153
    year = year_of_era + era * 400 + (1 if month >= 10 else 0)
    return "%04d-%02d-%02d" % (year, month + 3 if month < 10 else month - 9, of_year - (153 * month + 2) // 5 + 1)


def _sensor(gas: str) -> dict:
    # As board.json has it; {} when there is none.
    try:
        with open("/board.json") as file:
            found = json.load(file).get(gas)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _plausible(sensor: dict, key: str, value: int) -> bool:
    # Whether the next start would measure by it.
    nominal = sensor[key]
    if not nominal // _MOST_FOLD <= value <= nominal * _MOST_FOLD:
        return False
    if key == "r0_ohm":
        circuit = Circuit(
            sensor["supply_uv"], sensor["load_ohm"], value, sensor["divider_top_ohm"], sensor["divider_bottom_ohm"]
        )
        return circuit.plausible()
    return LOW_PA <= value <= HIGH_PA

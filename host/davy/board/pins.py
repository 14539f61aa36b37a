"""What the levels at a board's output pins mean: relay, siren, lamp, heater."""

from __future__ import annotations

from davy.image.boardparts import BoardSpec


class OutputPins:
    """Levels as last driven; a pin that nothing drives is at its inactive level (held down outside the chip)."""

    def __init__(self, spec: BoardSpec) -> None:
        self._spec = spec
        self._levels: dict[int, int] = {}

    def release_all(self) -> None:
        """No power, or in reset: every pin is an input."""
        self._levels.clear()

    def drive(self, pin: int, level: int) -> None:
        self._levels[pin] = level

    def _active(self, pin: int, active: int) -> bool:
        return self._levels.get(pin, 1 - active) == active

    @property
    def relay_on(self) -> bool:
        valve = self._spec.valve
        return self._active(valve.relay_pin, valve.relay_active)

    @property
    def siren_on(self) -> bool:
        return self._active(self._spec.siren.pin, self._spec.siren.active)

    @property
    def lamp(self) -> str:
        """Colours that are lit, joined by `+`; `off` when none is."""
        lamp = self._spec.lamp
        pins = {"green": lamp.green_pin, "yellow": lamp.yellow_pin, "red": lamp.red_pin}
        lit = [colour for colour, pin in pins.items() if self._active(pin, lamp.active)]
        return "+".join(lit) or "off"

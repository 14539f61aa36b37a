"""The fixture `measure`, as tests call it."""

from __future__ import annotations

from typing import Protocol

from davy.bench.results import Measurement


class Measure(Protocol):
    """A number, its unit, and its limits (both allowed, either may be missing); it fails its test when it is out of them."""

    def __call__(
        self,
        name: str,
        value: float | None,
        unit: str,
        low: float | None = None,
        high: float | None = None,
        marginal: float | None = None,
    ) -> Measurement: ...

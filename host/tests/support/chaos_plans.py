"""Short plans of chaos that a test writes by hand."""

from __future__ import annotations

from davy.chaos import Plan, Step
from davy.chaos.plan import UNIT

#: A broken part is found at once as a rule, but processes run as they like.
TRIES = 4
DRAIN_S = 6.0


def plan_of(*steps: Step, cast: tuple[str, ...] = (UNIT, UNIT), lasts_ms: int = 1_000) -> Plan:
    """On amqtt, without TLS, at 40 virtual seconds a second; the steps in the order of their times."""
    ordered = tuple(sorted(steps, key=lambda step: step.at_ms))
    return Plan(1, "amqtt", False, False, False, 40.0, cast, lasts_ms, ordered)

"""Boards, broker and monitor as processes, hurt by a seeded plan, and then reconciled: nothing lost, nothing twice, nobody else.

`draw_plan(seed)` says what happens when, `run_plan(plan, world, folder)` makes it happen to real processes and gives an
Outcome, `reconcile(records, database)` judges what each board said itself against what the monitor stored.
"""

from davy.chaos.lanes import Report, run_here, run_many
from davy.chaos.plan import BROKERS, Plan, Step, draw_plan
from davy.chaos.reconcile import Counts, Violation, reconcile
from davy.chaos.run import Outcome, run_plan
from davy.chaos.world import World, make_world

__all__ = [
    "BROKERS",
    "Counts",
    "Outcome",
    "Plan",
    "Report",
    "Step",
    "Violation",
    "World",
    "draw_plan",
    "make_world",
    "reconcile",
    "run_here",
    "run_many",
    "run_plan",
]

"""davy's resource, driver and strategy for labgrid: `imports: [davy.bench.lab.classes]` in an environment of labgrid's."""

from __future__ import annotations

from davy.bench.lab.driver import DavyBenchDriver
from davy.bench.lab.resource import DavyBench
from davy.bench.lab.strategy import DavyStrategy

__all__ = ["DavyBench", "DavyBenchDriver", "DavyStrategy"]

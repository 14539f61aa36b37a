"""labgrid's own view of a place that davy holds: a Target with driver and strategy, for tests that are written for labgrid."""

from __future__ import annotations

from typing import Any

from davy.bench.lab.need import labgrid
from davy.bench.lab.opened import DEFAULT_SERIAL
from davy.bench.lab.place import Held


def target_of(held: Held, serial: str = DEFAULT_SERIAL) -> Any:
    """A labgrid Target with the place's resources, a DavyBenchDriver and a DavyStrategy; `held` has to outlive it.

    labgrid keeps one connection to a coordinator in a process: there is one such target at a time.
    """
    remote = labgrid("resource.remote")
    target_class = labgrid("target").Target
    factory = labgrid("factory").target_factory
    from davy.bench.lab import classes  # they make themselves known to the factory

    manager = remote.RemotePlaceManager.get()
    # Ours, by whose name the place is held; labgrid would open another.
    manager.session, manager.loop, manager.env = held.session.client, held.session.loop, None
    target = target_class(held.name)
    remote.RemotePlace(target, name=held.name)
    factory.make_driver(target, classes.DavyBenchDriver.__name__, None, {})
    factory.make_driver(target, classes.DavyStrategy.__name__, None, {"serial": serial})
    return target

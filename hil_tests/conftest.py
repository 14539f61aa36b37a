"""What several files of the suite ask of the bench."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from davy.bench.bench import Bench


@pytest.fixture
def quiet_radio(bench: Bench, in_state: None) -> Iterator[None]:
    """The device's own transmissions, which pull its readings down now and then, stay away where the bench can see to it.

    For what is timed in tenths of a second, and for dips that the rig makes: two radios at once make longer ones than any has.
    """
    network = bench.network if bench.network is not None and bench.network.has_access_point else None
    if network is not None:
        network.set_access_point(False)
        bench.clock.wait(2)
    yield
    if network is not None:
        network.set_access_point(True)

"""Faults of a lab: the run has no verdict on the device, and the next run finds the place free."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.bench.errors import BenchError
from davy.bench.lab.place import hold
from davy.bench.lab.places import list_places
from davy.bench.lab.wanted import Wanted
from support.lab import Lab, client, lab, two_benches
from support.waiting import until


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Lab]:
    with lab(tmp_path / "lab", {"bench1": {}, "bench2": {}}, two_benches()) as found:
        found.await_offers(2)
        yield found


def test_an_exporter_that_is_killed_in_the_middle_ends_the_run_without_a_verdict(desk: Lab) -> None:
    with hold(Wanted(desk.address, "bench1")) as held:
        held.check()
        desk.exporter.kill()
        until(lambda: not held.session.resources(), "the news have come")
        with pytest.raises(BenchError, match="its exporter desk no longer offers DavyBench bench1/DavyBench") as caught:
            held.check()
        assert caught.value.cause == "place"
    assert desk.state("bench1") == "free, but no exporter offers its bench"
    with (
        pytest.raises(BenchError, match="nothing of it is there; is labgrid-exporter running at the bench"),
        hold(Wanted(desk.address, "bench1")),
    ):
        pass
    assert desk.state("bench1") == "free, but no exporter offers its bench"
    desk.start_exporter()
    desk.await_offers(2)
    with hold(Wanted(desk.address, "bench1")) as again:
        again.check()


def test_a_coordinator_that_is_restarted_in_the_middle_ends_the_run_and_the_place_is_free_afterwards(desk: Lab) -> None:
    run = client(desk.address, "bench1")
    run.wait_for("HAS")
    with hold(Wanted(desk.address, "bench2")) as held:
        desk.coordinator.kill()
        until(lambda: held.session.lost, "the loss is known")
        with pytest.raises(BenchError, match="its coordinator has gone") as caught:
            held.check()
        assert caught.value.cause == "place"
        desk.start_coordinator()
        with pytest.raises(BenchError, match="its coordinator has gone"):
            held.check()  # it knows nothing of who held what: somebody else may have the bench by now
    run.tell("done")
    assert "REFUSED BenchError place" in run.wait_for("REFUSED")
    desk.exporter.process.wait(30)  # it ends when its coordinator goes; its service starts it again
    desk.start_exporter()
    desk.await_offers(2)
    assert [each.said() for each in list_places(desk.address)] == ["free", "free"]
    with hold(Wanted(desk.address, "bench1")) as again:
        again.check()


def test_a_client_that_is_killed_while_the_coordinator_is_away_has_its_place_back_later(desk: Lab) -> None:
    """The coordinator is only stopped for a while: it comes back with what it knew."""
    run = client(desk.address, "bench1")
    run.wait_for("HAS")
    os.kill(desk.coordinator.process.pid, signal.SIGSTOP)
    run.kill()
    os.kill(desk.coordinator.process.pid, signal.SIGCONT)
    until(lambda: desk.state("bench1") == "free", "the guard gave it back")

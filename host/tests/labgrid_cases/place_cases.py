"""Places: taken in turn, and always given back. The benches behind them are only addresses here."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
import typer
from typer.testing import CliRunner

from davy.bench.errors import BenchError
from davy.bench.lab.guard import give_back
from davy.bench.lab.holder import Holder
from davy.bench.lab.place import hold
from davy.bench.lab.places import list_places, take_back
from davy.bench.lab.wanted import Wanted
from davy.cli.lab_command import places
from davy.errors import InputError
from support.lab import Lab, client, lab, two_benches
from support.waiting import until

PLACES = {"bench1": {"board": "devkit_mq"}, "bench2": {"board": "devkit_mq", "floor": "two"}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab"), PLACES, two_benches()) as found:
        found.await_offers(2)
        yield found


@pytest.fixture
def desk(shared: Lab) -> Lab:
    """Nothing of an earlier test is held."""
    until(lambda: [shared.state(each) for each in PLACES] == ["free", "free"], "the places are free")
    return shared


def test_two_clients_work_at_once_each_on_its_place(desk: Lab) -> None:
    one, two = client(desk.address, "bench1"), client(desk.address, "bench2")
    assert one.wait_for("HAS") == "HAS bench1 desk 1 socket://127.0.0.1:5001"
    assert two.wait_for("HAS") == "HAS bench2 desk 2 socket://127.0.0.1:5002"
    assert "its process runs" in desk.state("bench1") and "its process runs" in desk.state("bench2")
    for each in (one, two):
        each.tell("done")
        each.wait_for("GAVE BACK")


def test_a_second_client_is_told_who_has_the_place(desk: Lab) -> None:
    first = client(desk.address, "bench1")
    first.wait_for("HAS")
    said = client(desk.address, "bench1").wait_for("REFUSED")
    assert "BenchError place place bench1: held by " in said and f"process {first.process.pid}" in said, said
    first.tell("done")
    first.wait_for("GAVE BACK")


def test_those_who_wait_are_told_why_and_get_the_place_in_their_turn(desk: Lab) -> None:
    first = client(desk.address, "bench1")
    first.wait_for("HAS")
    second = client(desk.address, "bench1", wait_s=30)
    assert f"process {first.process.pid}" in second.wait_for("TOLD waiting for place bench1: held by")
    third = client(desk.address, "bench1", wait_s=30)
    third.wait_for("TOLD")
    first.tell("done")
    second.wait_for("HAS bench1")
    assert "HAS" not in " ".join(third.said)
    second.tell("done")
    third.wait_for("HAS bench1")
    third.tell("done")
    third.wait_for("GAVE BACK")


def test_tags_find_a_place_that_is_free(desk: Lab) -> None:
    with hold(Wanted(desk.address, tags={"floor": "two"})) as held:
        assert held.name == "bench2"
        with hold(Wanted(desk.address, tags={"board": "devkit_mq"})) as other:
            assert other.name == "bench1"
            said = client(desk.address, tags="board=devkit_mq").wait_for("REFUSED")
            assert "bench1 held by" in said and "bench2 held by" in said


def test_a_place_or_tag_that_is_not_there_is_bad_input(desk: Lab) -> None:
    with (
        pytest.raises(InputError, match="place bench9: the coordinator has none of that name; it has: bench1, bench2"),
        hold(Wanted(desk.address, "bench9")),
    ):
        pass
    with (
        pytest.raises(InputError, match="a place with floor=nine: the coordinator has none"),
        hold(Wanted(desk.address, tags={"floor": "nine"})),
    ):
        pass


@pytest.mark.parametrize("how", ["exception", "SIGINT", "SIGTERM", "SIGKILL"])
def test_a_place_is_given_back_however_its_run_ends(desk: Lab, how: str) -> None:
    run = client(desk.address, "bench1")
    run.wait_for("HAS")
    run.tell("fail") if how == "exception" else run.signal(signal.Signals[how])
    assert run.process.wait(30) != 0
    until(lambda: desk.state("bench1") == "free", f"bench1 is free after {how}")


def test_a_place_whose_client_and_guard_are_dead_is_known_and_taken_back_from_that_client_only(desk: Lab) -> None:
    run = client(desk.address, "bench1")
    run.wait_for("HAS")
    with pytest.raises(BenchError, match="its process runs; end that run; or"):
        take_back(desk.address, "bench1")
    (guard,) = psutil.Process(run.process.pid).children()
    guard.kill()
    run.kill()
    assert "its process is dead: --release takes the place back" in desk.state("bench1")
    said = client(desk.address, "bench1").wait_for("REFUSED")
    assert "which is dead; davy bench places --release bench1 takes it back" in said
    assert f"process {run.process.pid}" in take_back(desk.address, "bench1")
    with hold(Wanted(desk.address, "bench1")), pytest.raises(BenchError, match="its process runs"):
        take_back(desk.address, "bench1")
    with pytest.raises(InputError, match="nobody holds it"):
        take_back(desk.address, "bench1")


def test_a_run_whose_guard_died_still_gives_its_place_back(desk: Lab) -> None:
    run = client(desk.address, "bench1")
    run.wait_for("HAS")
    (guard,) = psutil.Process(run.process.pid).children()
    guard.kill()
    run.tell("done")
    run.wait_for("GAVE BACK")
    assert desk.state("bench1") == "free"


def test_a_late_release_takes_nothing_from_who_came_since(desk: Lab) -> None:
    with hold(Wanted(desk.address, "bench1")):
        give_back(desk.address, Holder("benchpc", "alice", 1, 1, "00000000"), "bench1")
        assert "its process runs" in desk.state("bench1")


def test_a_place_that_labgrid_client_holds_is_left_to_that_person_unless_forced(desk: Lab) -> None:
    def labgrid_client(*words: str) -> str:
        start = "from labgrid.remote.client import main; main()"
        command = [sys.executable, "-c", start, "-x", desk.address, "-p", "bench1", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    labgrid_client("acquire")
    assert "by labgrid-client" in desk.state("bench1")
    assert "held by" in client(desk.address, "bench1").wait_for("REFUSED")
    with pytest.raises(BenchError, match="by labgrid-client"):
        take_back(desk.address, "bench1")
    take_back(desk.address, "bench1", force=True)
    assert desk.state("bench1") == "free"


def test_a_place_that_was_taken_away_in_the_middle_is_a_bench_error(desk: Lab) -> None:
    with hold(Wanted(desk.address, "bench1")) as held:
        held.check()
        take_back(desk.address, "bench1", force=True)
        until(lambda: held.session.place("bench1").acquired is None, "the news have come")
        with pytest.raises(BenchError, match="place bench1: was taken away, and is free") as caught:
            held.check()
        assert caught.value.cause == "place"


def test_no_turn_is_left_in_the_queue_when_a_place_was_taken_or_refused(desk: Lab) -> None:
    with hold(Wanted(desk.address, "bench1")):
        client(desk.address, "bench1").wait_for("REFUSED")
    assert not any(each.reserved for each in list_places(desk.address))


def test_the_command_lists_places_and_takes_one_back_when_told_twice(desk: Lab) -> None:
    app = typer.Typer()
    app.command()(places)

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["--coordinator", desk.address, *words])
        return done.stdout if done.exception is None else f"{type(done.exception).__name__}: {done.exception}"

    run = client(desk.address, "bench2")
    run.wait_for("HAS")
    first, second = said().splitlines()
    assert first.split() == ["bench1", "free", "[board=devkit_mq]"]
    assert f"process {run.process.pid}" in second and "[board=devkit_mq floor=two]" in second
    assert [each["life"] for each in json.loads(said("--json"))] == [None, "alive"]
    assert said("--force") == "InputError: --force: without --release; name the place with --release"
    assert "BenchError: place bench2: held by" in said("--release", "bench2")
    assert said("--release", "bench2", "--force").startswith("bench2: taken back from ")
    assert desk.state("bench2") == "free"


def test_a_coordinator_that_is_not_there_is_said_in_one_line_at_once() -> None:
    with (
        pytest.raises(BenchError, match=r"coordinator 127\.0\.0\.1:1: cannot be reached") as caught,
        hold(Wanted("127.0.0.1:1", "bench1")),
    ):
        pass
    assert caught.value.cause == "place"

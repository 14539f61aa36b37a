"""Whole benches through a lab: the rig's real firmware and a virtual board behind each place."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from labgrid import Environment

from davy.bench.emulation.emulated import EmulatedSpec
from davy.bench.emulator_process import EmulatorProcess
from davy.bench.errors import BenchError
from davy.bench.lab.export import exporter_yaml, offered_emulated
from davy.bench.lab.opened import open_at
from davy.bench.lab.place import hold
from davy.bench.lab.target import target_of
from davy.bench.lab.wanted import Wanted
from davy.bench.lab.watched import lab_bench
from davy.bench.lab.wires import open_wires
from davy.bench.states import States
from support.lab import Lab, Program, lab
from support.waiting import until

NAMES = ("bench1", "bench2")
#: A client of its own process, that brings the device of its place to its duty and says who and where it is.
_CLIENT = """
import sys
from davy.bench.lab.opened import open_at
from davy.bench.lab.wanted import Wanted
from davy.bench.lab.watched import lab_bench
from davy.bench.states import States
coordinator, place, serial = sys.argv[1:]
bench = lab_bench(Wanted(coordinator, place), lambda address: open_at(address, serial))
try:
    print("HAS", bench.name, flush=True)
    sys.stdin.readline()
    States(bench).bring_to("armed")
    print("ARMED", bench.device.hello().identifier, flush=True)
finally:
    bench.close()
"""


class Benches:
    """Two emulated benches, which a test may kill, and the lab that offers them."""

    def __init__(self, folder: Path, stack: contextlib.ExitStack) -> None:
        self.running = {
            name: stack.enter_context(EmulatorProcess(EmulatedSpec(name=name, seed=at)))
            for at, name in enumerate(NAMES, 1)
        }
        self.offered = {
            name: replace(offered_emulated(each.addresses, "virtual"), bench=f"desk {name}", calibrated="2026-01-31")
            for name, each in self.running.items()
        }
        self.lab: Lab = stack.enter_context(
            lab(folder / "lab", {name: {} for name in NAMES}, exporter_yaml(self.offered))
        )
        self.lab.await_offers(len(NAMES))

    def wanted(self, name: str) -> Wanted:
        return Wanted(self.lab.address, name)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Benches]:
    with contextlib.ExitStack() as stack:
        yield Benches(tmp_path_factory.mktemp("benches"), stack)


@pytest.fixture
def benches(shared: Benches) -> Benches:
    """Nothing of an earlier test is held."""
    until(lambda: [shared.lab.state(name) for name in NAMES] == ["free", "free"], "the places are free")
    return shared


def test_two_clients_test_two_devices_at_once(benches: Benches) -> None:
    clients = {
        name: Program(sys.executable, "-c", _CLIENT, benches.lab.address, name, f"UNIT{at}")
        for at, name in enumerate(NAMES)
    }
    for name, each in clients.items():
        assert each.wait_for("HAS") == f"HAS desk {name}"
    for each in clients.values():  # both have their places before either begins
        each.tell("go")
    said = [each.wait_for("ARMED") for each in clients.values()]
    assert said == ["ARMED 88.118.8/UNIT0", "ARMED 88.118.8/UNIT1"]


def test_gas_at_the_rig_reaches_the_device_of_a_place_and_its_valve_is_seen_to_close(benches: Benches) -> None:
    bench = lab_bench(benches.wanted("bench1"), open_at)
    try:
        assert (bench.kind, bench.name, bench.calibrated, bench.about["place"]) == (
            "labgrid", "desk bench1", "2026-01-31", "bench1",
        )  # fmt: skip
        States(bench).bring_to("armed")
        began_ms = bench.rig.set("methane_uv", 2_000_000)
        bench.clock.wait(30)
        assert [(each.line, each.level) for each in bench.rig.edges(began_ms) if each.line == "coil"] == [("coil", 0)]
    finally:
        bench.close()
    assert benches.lab.state("bench1") == "free"


def test_labgrids_own_tests_get_driver_and_strategy(benches: Benches) -> None:
    with hold(benches.wanted("bench1")) as held:
        target = target_of(held, "LG1")
        strategy, driver = target.get_driver("DavyStrategy", activate=False), target.get_driver("DavyBenchDriver")
        strategy.transition("armed")
        assert strategy.opened.device.hello().identifier == "88.118.8/LG1"
        assert driver.rig.about().kind == "serial" and driver.rig.level("power") == 1
        strategy.transition("off")
        assert driver.rig.level("power") == 0
        with pytest.raises(Exception, match="'ready' is no state: off, flashed, provisioned, armed"):
            strategy.transition("ready")
        target.cleanup()


def test_an_environment_of_labgrids_works_without_a_coordinator(benches: Benches, tmp_path: Path) -> None:
    offered = {key: value for key, value in benches.offered["bench2"].__dict__.items() if value}
    told = {
        "imports": ["davy.bench.lab.classes"],
        "targets": {
            "main": {"resources": {"DavyBench": offered}, "drivers": {"DavyBenchDriver": {}, "DavyStrategy": {}}}
        },
    }
    (tmp_path / "env.yaml").write_text(json.dumps(told))
    target = Environment(str(tmp_path / "env.yaml")).get_target("main")
    strategy = target.get_driver("DavyStrategy", activate=False)
    strategy.transition("flashed")
    assert strategy.opened.programmer.program() == strategy.opened.image.sha256
    strategy.transition("off")
    assert target.get_driver("DavyBenchDriver").rig.level("power") == 0
    target.cleanup()


def test_a_bench_of_serial_ports_is_reached_through_what_its_exporter_says_of_them(tmp_path: Path) -> None:
    """As a real one: nobody grants it time. Its board has a place for every part of the rig's own wiring."""
    with EmulatorProcess(EmulatedSpec(board="devkit_ze07", name="serial"), speed=1.0) as running:
        rig = {
            "cls": "NetworkSerialPort",
            "host": "127.0.0.1",
            "port": running.addresses.rig,
            "speed": 115_200,
            "protocol": "raw",
        }
        exports = {"bench3": {"DavyBench": {"host": "127.0.0.1", "wiring": "rig_esp32"}, "rig": rig}}
        with lab(tmp_path / "lab", {"bench3": {}}, json.dumps(exports)) as found:
            found.await_offers(1)
            with hold(Wanted(found.address, "bench3")) as held:
                wires = open_wires(held.address)
                try:
                    assert wires.rig.about().wiring == "rig_esp32" and not wires.clock.virtual
                    before_ms = wires.rig.set("power", 0)
                    wires.rig.set("power", 1)
                    assert [each.level for each in wires.rig.edges(before_ms) if each.line == "power"] in ([0, 1], [1])
                finally:
                    wires.close()


def test_an_exporter_that_is_killed_makes_the_next_use_of_the_rig_a_bench_error(benches: Benches) -> None:
    bench = lab_bench(benches.wanted("bench2"), open_at)
    try:
        before = bench.rig.now_ms()
        benches.lab.exporter.kill()

        def lost() -> bool:
            try:
                return bench.rig.now_ms() < before
            except BenchError as error:
                assert error.cause == "place" and "no longer offers" in str(error)
                return True

        until(lost, "the exporter's end is known")
    finally:
        bench.close()
        benches.lab.start_exporter()
        benches.lab.await_offers(2)
    assert benches.lab.state("bench2") == "free"


def test_a_run_whose_coordinator_is_restarted_ends_with_3_and_its_record_has_no_verdict(
    benches: Benches, tmp_path: Path
) -> None:
    """Killed when the first test has passed; what was measured on the device by then is no verdict on it."""
    file, records = tmp_path / "lab.yaml", tmp_path / "records"
    file.write_text(f"schema: 1\nname: any\nlabgrid: {{coordinator: '{benches.lab.address}', place: bench1}}\n")
    run = Program(
        sys.executable, "-m", "davy", "bench", "run", "--bench", file, "--serial", "LOST", "--records", records
    )
    run.wait_for("ok ")
    benches.lab.coordinator.kill()
    benches.lab.start_coordinator()
    said = run.wait_for("BENCH ERROR")
    assert run.process.wait(30) == 3, said
    (record,) = (records / "LOST").glob("*.json")
    told = json.loads(record.read_text())
    assert told["outcome"] == "ERROR" and "place" in json.dumps(told["outcome_details"]), told["outcome_details"]
    benches.lab.exporter.process.wait(30)
    benches.lab.start_exporter()
    benches.lab.await_offers(2)
    assert benches.lab.state("bench1") == "free"


def test_a_run_that_waits_for_its_turn_says_who_has_the_place(benches: Benches, tmp_path: Path) -> None:
    file = tmp_path / "lab.yaml"
    file.write_text(
        f"schema: 1\nname: any\nlabgrid: {{coordinator: '{benches.lab.address}', place: bench1, wait_s: 30}}\n"
    )
    words = ["--bench", file, "--records", tmp_path / "records", "-k", "valve_that_does_not_close"]
    with hold(benches.wanted("bench1")):
        run = Program(sys.executable, "-m", "davy", "bench", "run", *words)
        run.wait_for("waiting for place bench1: held by")
    run.wait_for("PASS")
    assert run.process.wait(30) == 0


def test_a_bench_that_is_switched_off_is_a_bench_error_and_its_place_is_given_back(benches: Benches) -> None:
    bench = lab_bench(benches.wanted("bench2"), open_at)
    benches.running["bench2"].stop()
    with pytest.raises(BenchError) as caught:
        bench.rig.now_ms()
    assert caught.value.cause == "rig"
    bench.close()
    with pytest.raises(BenchError, match="cannot be reached"):
        lab_bench(benches.wanted("bench2"), open_at)
    assert benches.lab.state("bench2") == "free"

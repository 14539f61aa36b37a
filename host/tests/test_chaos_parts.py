"""The parts of chaos by themselves: plans that repeat, forgeries that prove nothing, a network and processes that do as told."""

from __future__ import annotations

import random
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from davy.chaos import forgeries
from davy.chaos.hurts import ACTS, BOARD, HURTS, KINDS
from davy.chaos.nursery import Nursery
from davy.chaos.plan import BROKERS, IMPOSTOR, REVOKED, TWIN, UNIT, UNKNOWN, draw_plan
from davy.chaos.proxy import Loop, Proxy, Weather
from davy.chaos.striker import Striker
from davy.codec import Rejected, check_seal, decode_frame, split_seal
from support.waiting import until

WAIT_S = 20.0
SEEDS = range(400)

# Plans


def test_the_same_seed_gives_the_same_plan_and_another_one_another() -> None:
    plans = [draw_plan(seed, "amqtt", True) for seed in SEEDS]
    assert plans == [draw_plan(seed, "amqtt", True) for seed in SEEDS]
    assert len({str(plan.to_json()) for plan in plans}) == len(plans)


def test_broker_and_transport_do_not_change_what_happens() -> None:
    for seed in SEEDS[:20]:
        steps = {draw_plan(seed, broker, tls).steps for broker in BROKERS for tls in (True, False)}
        assert len(steps) == 1, seed


def test_plans_bring_every_hurt_and_every_act_and_every_part() -> None:
    plans = [draw_plan(seed, "amqtt", True) for seed in SEEDS]
    assert {step.what for plan in plans for step in plan.steps} == set(KINDS)
    assert {part for plan in plans for part in plan.cast} == {UNIT, REVOKED, UNKNOWN, TWIN, IMPOSTOR}
    assert {plan.persistence for plan in plans} == {plan.program for plan in plans} == {True, False}


def test_every_step_is_within_its_run_and_within_its_kind() -> None:
    for plan in (draw_plan(seed, "amqtt", True) for seed in SEEDS):
        assert list(plan.steps) == sorted(plan.steps, key=lambda step: step.at_ms), plan.seed
        for step in plan.steps:
            kind = KINDS[step.what]
            assert 0 <= step.at_ms < plan.lasts_ms, (plan.seed, step)
            assert (step.board is not None) == (kind.where == BOARD), (plan.seed, step)
            assert step.board is None or step.board < len(plan.cast), (plan.seed, step)
            assert kind.words.format(number=step.number) in step.words(), (plan.seed, step)


def test_only_restricts_what_hurts_and_nothing_else() -> None:
    plan = draw_plan(3, "amqtt", True, only=("kill_monitor",))
    assert {step.what for step in plan.steps if step.what in {kind.name for kind in HURTS}} == {"kill_monitor"}
    assert {step.what for step in plan.steps} & {kind.name for kind in ACTS}


def test_every_kind_of_step_can_be_done() -> None:
    for name, kind in KINDS.items():
        told = name.startswith(("boards_", "monitor_", "command_")) or kind.where == "stranger"
        assert told or hasattr(Striker, f"_{name}"), name


# What a stranger makes

SOURCE, IDENTIFIER = "02da000000010000", "88.118.8/GA26000001"


def test_no_forgery_bears_a_seal_that_a_unit_or_a_monitor_would_believe() -> None:
    chance, source, key = random.Random(7), bytes.fromhex(SOURCE), bytes(range(32))
    made = [
        *forgeries.events(chance, source),
        *forgeries.hellos(chance, source, IDENTIFIER),
        *forgeries.acks(chance, source, []),
        *forgeries.commands(chance, source),
    ]
    assert len(made) > 80
    for data in made:
        frame, seal = split_seal(data)
        assert not isinstance(decode_frame(frame), Rejected), "everything else about it is right"
        assert check_seal(key, frame, seal) != 0


def test_what_is_spoilt_differs_from_what_was_captured() -> None:
    chance = random.Random(8)
    captured = forgeries.events(chance, bytes.fromhex(SOURCE))[1]
    other = forgeries.commands(chance, bytes.fromhex(SOURCE))[4]
    spoilt = {forgeries.spoilt(chance, captured, other) for _ in range(200)}
    assert len(spoilt) > 100
    assert any(isinstance(decode_frame(split_seal(data)[0]), Rejected) for data in spoilt)


# The network


class Echo:
    """A server that says back what it hears."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self.heard = bytearray()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                peer = self._server.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._talk, args=(peer,), daemon=True).start()

    def _talk(self, peer: socket.socket) -> None:
        with peer:
            try:
                while data := peer.recv(4096):
                    self.heard += data
                    peer.sendall(data)
            except OSError:
                return

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def network() -> Iterator[tuple[Proxy, Echo]]:
    loop, echo = Loop(), Echo()
    proxy = Proxy(loop, echo.port, 1)
    yield proxy, echo
    proxy.close()
    loop.close()
    echo.close()


def _connect(proxy: Proxy) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", proxy.port), WAIT_S)
    made.settimeout(WAIT_S)
    return made


def _ask(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    heard = b""
    while len(heard) < len(data):
        piece = connection.recv(4096)
        if not piece:
            break
        heard += piece
    return heard


def test_a_fair_network_passes_every_byte(network: tuple[Proxy, Echo]) -> None:
    data = random.Random(1).randbytes(20_000)
    with _connect(network[0]) as connection:
        assert _ask(connection, data) == data


def test_a_reset_reaches_both_ends_and_the_next_connection_is_fair(network: tuple[Proxy, Echo]) -> None:
    proxy, _ = network
    with _connect(proxy) as connection:
        assert _ask(connection, b"before") == b"before"
        proxy.drop()
        with pytest.raises(ConnectionResetError):
            connection.recv(1)
    with _connect(proxy) as connection:
        assert _ask(connection, b"after") == b"after"


def test_a_silent_network_takes_bytes_and_gives_none_until_it_is_healed(network: tuple[Proxy, Echo]) -> None:
    proxy, echo = network
    with _connect(proxy) as connection:
        assert _ask(connection, b"before") == b"before"
        proxy.tell(Weather(silent=True))
        connection.sendall(b"during")
        with _connect(proxy) as late:
            late.sendall(b"too")
            proxy.tell(Weather(silent=True))  # everything that was on its way before is through by now
            assert b"during" not in echo.heard
            proxy.heal()
            assert connection.recv(16) == b"during"
            assert late.recv(16) == b"too"


def test_a_network_that_refuses_does_so_and_is_on_its_old_port_afterwards(network: tuple[Proxy, Echo]) -> None:
    proxy, _ = network
    port = proxy.port
    proxy.tell(Weather(refuse=True))
    with pytest.raises(ConnectionRefusedError):
        _connect(proxy)
    proxy.heal()
    assert proxy.port == port
    with _connect(proxy) as connection:
        assert _ask(connection, b"back") == b"back"


def test_bytes_are_corrupted_one_bit_at_a_time_and_counted(network: tuple[Proxy, Echo]) -> None:
    proxy, _ = network
    proxy.tell(Weather(corrupt_every=50))
    data = bytes(5_000)
    with _connect(proxy) as connection:
        heard = _ask(connection, data)
    wrong = [byte for byte in heard if byte]
    assert 50 < len(wrong) <= proxy.corrupted
    assert all(byte.bit_count() <= 2 for byte in wrong), "on both ways, a byte may be hit twice"


def test_a_connection_is_cut_in_the_middle_of_a_packet(network: tuple[Proxy, Echo]) -> None:
    proxy, echo = network
    proxy.tell(Weather(cut_after=100))
    with _connect(proxy) as connection:
        connection.sendall(bytes(80))
        assert len(connection.recv(80)) == 80
        connection.sendall(bytes(60))
        with pytest.raises(ConnectionResetError):
            while connection.recv(100):
                pass
    until(lambda: len(echo.heard) > 80, "the half that left before the cut")  # the client may know of the cut first
    assert len(echo.heard) < 140


# The nursery


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


def test_a_child_is_killed_reaped_and_told_of_by_its_signal(nursery: Nursery, tmp_path: Path) -> None:
    child = nursery.start("execute", ["/bin/cat", "/dev/zero"], tmp_path / "log")
    assert child.poll() is None
    child.kill()
    assert child.poll() == -signal.SIGKILL
    child.kill()  # as often as one likes


def test_a_child_that_fails_leaves_its_traceback_in_its_log(nursery: Nursery, tmp_path: Path) -> None:
    child = nursery.start("lock", ["/no/such/folder/file.sqlite", "1"], tmp_path / "log")
    assert child.wait(WAIT_S) == 1
    assert "sqlite3.OperationalError" in (tmp_path / "log").read_text()


def test_the_command_line_runs_in_a_child_as_it_does_by_itself(nursery: Nursery, tmp_path: Path) -> None:
    for role in ("davy", "program"):
        log = tmp_path / role
        child = nursery.start(role, ["monitor", "--broker", "nonsense", "--db", str(tmp_path / "db")], log)
        assert child.wait(WAIT_S) == 2
        assert log.read_text().startswith("davy: --broker: ")


def test_a_lock_holds_writers_off_and_ends(nursery: Nursery, tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite"
    db = sqlite3.connect(path, timeout=0, isolation_level=None)
    db.execute("CREATE TABLE things (name TEXT)")
    child = nursery.start("lock", [str(path), "60"], tmp_path / "log")
    deadline, pause = time.monotonic() + WAIT_S, threading.Event()
    while time.monotonic() < deadline:
        try:
            db.execute("INSERT INTO things VALUES ('early')")
            pause.wait(0.02)  # so that the other may have its turn
        except sqlite3.OperationalError as error:
            assert "locked" in str(error)
            break
    else:
        pytest.fail("it was never locked")
    child.kill()
    db.execute("INSERT INTO things VALUES ('late')")
    db.close()


def test_nothing_of_a_nursery_outlives_it(tmp_path: Path) -> None:
    with Nursery() as nursery:
        pid = nursery.start("execute", ["/bin/cat", "/dev/zero"], tmp_path / "log").pid
        grandchild = psutil.Process(pid)
    assert not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE

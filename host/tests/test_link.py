"""The way to the broker: TLS both ways, every wait bounded, and back again after whatever a peer does.

Each bad peer is a real one, at the far end of a TCP connection; the good one is mosquitto.
"""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from davy.board.network import AccessPoint
from davy.identity import Ca, create_ca
from support import switch
from support.link_world import IDENTIFIER, World
from support.net_board import net_board
from support.secured import HOST, SecureMosquitto, now, revocations, server_pem
from support.switch import Behaviour, Switch


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("link"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return create_ca(tmp_path_factory.mktemp("stranger") / "ca")


def test_a_unit_is_known_to_its_broker_by_its_certificate_and_no_step_is_late(world: World) -> None:
    world.until(lambda: world.sessions() > 0)
    (line,) = [line for line in world.good.log.read_text().splitlines() if "New client connected" in line]
    assert f"u'{IDENTIFIER}'" in line
    assert "k60" in line, "so the broker notices when the unit is gone"
    assert world.told() == []
    assert world.late_steps() == []


def tls(
    host: str = HOST, days: tuple[float, float] = (-1, 10), foreign: bool = False
) -> Callable[[World, Ca], Behaviour]:
    def make(world: World, stranger: Ca) -> Behaviour:
        first, last = now() + timedelta(days=days[0]), now() + timedelta(days=days[1])
        pem = server_pem(stranger if foreign else world.ca, world.folder / "bad.pem", host, first, last)
        return switch.serve_tls(pem)

    return make


def revoked(world: World, stranger: Ca) -> Behaviour:
    """A second broker, which has the list."""
    crl = revocations(world.ca, world.folder / "crl.pem", world.certificate)
    world.other = SecureMosquitto(world.folder, world.ca_pem, server_pem(world.ca, world.folder / "second.pem"), crl)
    return switch.forward(world.other.port)


#: Peer -> (how it is made, what is told of it).
BAD: dict[str, tuple[Callable[[World, Ca], Behaviour], str]] = {
    "another name": (tls(host="other.davy.lan"), "TLS: The certificate Common Name (CN) does not match"),
    "expired": (tls(days=(-9, -2)), "TLS: The certificate validity has expired"),
    "not yet valid": (tls(days=(2, 9)), "TLS: The certificate validity starts in the future"),
    "unknown CA": (tls(foreign=True), "TLS: The certificate is not correctly signed by the trusted CA"),
    "garbage": (lambda *_: switch.says(b"\xff" * 64), "MBEDTLS_ERR_SSL_INVALID_RECORD"),
    "no TLS": (lambda *_: switch.says(b"\x20\x02\x00\x00\x00"), "MBEDTLS_ERR_SSL_INVALID_RECORD"),
    "revoked": (revoked, "MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE"),
    "reset at the hello": (lambda *_: switch.reset_after(20), "OSError(104,)"),
    "reset in the handshake": (lambda world, _: switch.forward(world.good.port, 600), "OSError(104,)"),
    "silent": (lambda *_: switch.silent, "nothing could be sent within 20000 ms"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_peer_is_told_in_one_line_delays_no_step_and_a_good_one_is_found_again(
    name: str, world: World, stranger: Ca, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, words = BAD[name]
    world.until(lambda: world.sessions() > 0)
    behaviour = make(world, stranger)
    if name == "silent":
        monkeypatch.setattr("davy.board.network.PATIENCE_S", 0.2)
    told, lines = len(world.told()), len(world.console())
    world.switch.behaviour = behaviour
    world.switch.hang_up()
    world.until(lambda: any(words in line for line in world.told()[told:]))
    monkeypatch.undo()
    world.connect()
    own = [line for line in world.told()[told:] if words in line]
    assert len(own) == 1, own
    assert all("no link: " in line for line in world.console()[lines:]), "one line each, and no traceback"
    assert world.late_steps() == []


def test_a_peer_that_fails_over_and_over_costs_no_socket(world: World, stranger: Ca) -> None:
    # The port has ten sockets in all, and what a failed handshake holds comes back to nobody by itself.
    world.until(lambda: world.sessions() > 0)
    tries = 0
    behave = BAD["unknown CA"][0](world, stranger)

    def counted(connection: socket.socket) -> None:
        nonlocal tries
        tries += 1
        behave(connection)

    world.switch.behaviour = counted
    world.switch.hang_up()
    world.until(lambda: tries > 25, within_s=3_600)
    world.connect()
    assert not any("memory" in line or "OSError(23,)" in line for line in world.told()), world.told()  # 23: ENFILE


def test_a_broker_that_goes_silent_in_a_session_is_noticed_within_41_s_and_taken_again_when_it_speaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("davy.board.network.PATIENCE_S", 1.0)  # wall seconds that a silent peer costs
    world = World(tmp_path)
    try:
        world.until(lambda: world.sessions() > 0)
        world.board.run_for(5)
        began_ms = world.board.now_ms
        os.kill(world.good.process.pid, signal.SIGSTOP)
        world.until(lambda: bool(world.told()))
        os.kill(world.good.process.pid, signal.SIGCONT)
        assert world.told() in (["no PUBACK within 10000 ms"], ["no PINGRESP within 10000 ms"])
        assert world.board.now_ms - began_ms <= 41_000
        world.connect()
        assert world.late_steps() == []
    finally:
        world.close()


def test_the_address_is_asked_for_again_at_each_connection(world: World) -> None:
    world.until(lambda: world.sessions() > 0)
    before, told = world.sessions(), len(world.told())
    # The names count the addresses: another name before it moves the broker to another address.
    world.access_point.hosts = {"a.davy.lan": ("127.0.0.1", 9), **world.access_point.hosts}
    world.switch.hang_up()
    world.until(lambda: world.sessions() > before)
    assert "198.51.100.2" in [event.data["what"] for event in world.events if event.kind == "net"][-1]
    assert len(world.told()) == told + 1


def test_no_handshake_begins_while_a_warning_lasts_and_the_valve_is_open_for_a_minute_at_most(tmp_path: Path) -> None:
    world = World(tmp_path)
    try:
        board = world.board
        board.set_wifi(False)
        board.run_for(200)
        board.press_button()
        board.run_for(10)
        assert board.valve_open
        world.plant.force_ppm("co", 80)
        board.run_for(1_500)
        state = [e.data["frame"].message for e in world.events if e.kind == "frame"][-1]
        assert (state.co_level, state.valve_commanded) == (1, 1), state
        board.set_wifi(True)
        world.until(lambda: bool(board.radio.flows), 180)
        board.run_for(55)
        assert board.radio.flows
        assert not any(flow.encrypted for flow in board.radio.flows.values())
        world.until(lambda: world.sessions() > 0, 30)
        assert world.late_steps() == []
    finally:
        world.close()


STUFFS = """
from report import stream
from report.mqtt import MqttClient
async def main():
    client = MqttClient("c", None)
    try:
        await client.connect(stream.plain(await stream.connected("198.51.100.1", 1883)))
        for _ in range(4000):
            await client.publish("t", bytes(900), 0)
        print("all sent")
    except Exception as error:
        print(repr(error), worst[0])
    await client.close()
    try:
        await client.connect(stream.plain(await stream.connected("198.51.100.1", 1883)))
        asyncio.create_task(client.receive())
        await client.ping()
    except Exception as error:
        print(repr(error), worst[0])
    await client.close()
    try:
        await stream.connected("198.51.100.99", 1883)
    except OSError as error:
        print("nobody", error.args[0], worst[0])
asyncio.run(main())
"""


def test_a_peer_that_reads_no_more_answers_no_more_or_is_not_there_is_left_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("davy.board.network.PATIENCE_S", 0.2)
    peer = Switch(switch.says(b"\x20\x02\x00\x00"), receive_bytes=4_096)
    bench = net_board(tmp_path, STUFFS, AccessPoint({HOST: ("127.0.0.1", peer.port)}, monitored=False))
    with bench.board as board:
        while len(bench.console()) < 3 and board.now_ms < 120_000:
            board.run_for(1)
    peer.close()
    assert bench.console() == [
        "MqttError('nothing could be sent within 10000 ms',) 100",
        "MqttError('no PINGRESP within 10000 ms',) 100",
        "nobody 116 100",
    ]

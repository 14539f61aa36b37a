"""The built-in broker's port: its own while nobody listens on it."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from davy.errors import InputError
from davy.monitor import EmbeddedBroker
from davy.monitor.held_port import HeldPort


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    made = EmbeddedBroker()
    yield made
    made.stop()


def _listening(port: int, *, shared: bool = False) -> socket.socket:
    made = socket.socket()
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
        made.listen()
    except OSError:
        made.close()
        raise
    return made


def test_a_paused_broker_refuses_clients_and_answers_them_again_at_its_port(broker: EmbeddedBroker) -> None:
    socket.create_connection((broker.host, broker.port)).close()
    broker.pause()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((broker.host, broker.port))
    broker.resume()
    socket.create_connection((broker.host, broker.port)).close()


def test_no_connection_outlives_a_pause_however_far_it_has_come(broker: EmbeddedBroker) -> None:
    for _ in range(20):
        clients = [socket.create_connection((broker.host, broker.port)) for _ in range(5)]
        broker.pause()
        for client in clients:
            with client:
                client.settimeout(10)
                with contextlib.suppress(ConnectionResetError):
                    assert client.recv(1) == b"", "closed, and not silent"
        broker.resume()


def test_the_port_of_a_paused_broker_is_given_to_nobody(broker: EmbeddedBroker) -> None:
    broker.pause()
    with pytest.raises(OSError, match="in use"):
        _listening(broker.port)
    with socket.socket() as client, pytest.raises(OSError, match="in use"):
        client.bind(("127.0.0.1", broker.port))
    broker.resume()


def test_a_stopped_broker_lets_its_port_go(broker: EmbeddedBroker) -> None:
    broker.stop()
    _listening(broker.port).close()


def test_a_held_port_is_one_on_which_a_server_may_listen() -> None:
    with HeldPort() as held, _listening(held.port, shared=True):
        socket.create_connection(("127.0.0.1", held.port)).close()
        with pytest.raises(OSError, match="in use"):
            HeldPort(port=held.port)


def test_a_port_on_which_somebody_listens_is_one_clear_line() -> None:
    with _listening(0) as other:
        port = other.getsockname()[1]
        with pytest.raises(InputError, match=f"127.0.0.1:{port}: cannot be listened on: Address already in use"):
            EmbeddedBroker(port=port)

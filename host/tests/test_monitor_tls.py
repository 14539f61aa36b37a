"""TLS of the monitor and of brokers: certificates both ways, and what is wrong with them said in a line."""

from __future__ import annotations

import datetime
import re
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from davy.codec import Ack, Challenge
from davy.errors import InputError
from davy.identity import Ca, create_ca, issue_peer
from davy.monitor import Admit, EmbeddedBroker, MonitorService, TlsFolder, registry
from davy.monitor.broker_address import is_loopback
from davy.monitor.held_port import HeldPort
from davy.monitor.schema import open_database
from davy.paths import ROOT
from support.brokers import BrokerProcess
from support.monitor_program import MonitorProgram
from support.radio import WAIT_S, Radio
from support.speaker import NOW_MS, Speaker, enrolment

CHIP = bytes.fromhex("02da9f0c11220000")
UNIT = enrolment("GA1", b"1" * 32)
YEAR = datetime.timedelta(days=365)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ca/, both/ of 127.0.0.1, server/, elsewhere/ (a server of another name), monitor/, and stranger/ of another CA."""
    folder = tmp_path_factory.mktemp("tls")
    ca, other = create_ca(folder / "ca"), create_ca(folder / "other")
    issue_peer(ca, folder / "both", server=["127.0.0.1", "localhost"], monitor="site")
    issue_peer(ca, folder / "server", server=["127.0.0.1"])
    issue_peer(ca, folder / "elsewhere", server=["broker.example"])
    issue_peer(ca, folder / "monitor", monitor="site")
    issue_peer(other, folder / "stranger", monitor="stranger")
    return folder


@pytest.fixture
def folder(certificates: Path, tmp_path: Path) -> Path:
    """A monitor's and server's folder, to be spoilt."""
    return Path(shutil.copytree(certificates / "both", tmp_path / "tls"))


def client(certificates: Path, own: str | None) -> ssl.SSLContext:
    """A unit's side: trusts the CA, shows the certificate of that folder."""
    context = ssl.create_default_context(cafile=certificates / "ca" / "ca.cert.pem")
    if own is not None:
        context.load_cert_chain(certificates / own / "cert.pem", certificates / own / "key.pem")
    return context


def refused_by(port: int, context: ssl.SSLContext) -> str:
    """Why a connection ends before an MQTT CONNECT is answered, "" when it does not. By TLS 1.3 a client learns it late."""
    connect = bytes.fromhex("100c00044d5154540402003c0000")
    try:
        with (
            socket.create_connection(("127.0.0.1", port), WAIT_S) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(connect)
            return "" if secure.recv(4) == bytes.fromhex("20020000") else "closed"
    except (ssl.SSLError, ConnectionError) as error:
        return str(error)


def enrolled(path: Path) -> Path:
    db = open_database(path)
    registry.enrol(db, [UNIT], NOW_MS)
    db.close()
    return path


@pytest.fixture
def embedded(certificates: Path) -> Iterator[EmbeddedBroker]:
    broker = EmbeddedBroker("127.0.0.1", 0, TlsFolder.load(certificates / "both", server=True))
    yield broker
    broker.stop()


def test_the_built_in_broker_lets_in_certificates_of_its_ca_and_nobody_else(
    embedded: EmbeddedBroker, certificates: Path
) -> None:
    assert refused_by(embedded.port, client(certificates, "monitor")) == ""
    assert refused_by(embedded.port, client(certificates, None)) != ""
    assert refused_by(embedded.port, client(certificates, "stranger")) != ""
    with socket.create_connection(("127.0.0.1", embedded.port), WAIT_S) as plain:
        plain.sendall(bytes.fromhex("100c00044d5154540402003c0000"))
        assert plain.recv(4)[:1] != b"\x20", "no CONNACK without TLS"


def test_a_monitor_with_its_built_in_broker_serves_a_unit_over_tls(
    embedded: EmbeddedBroker, certificates: Path, tmp_path: Path
) -> None:
    tls = TlsFolder.load(certificates / "both", server=True)
    monitor = MonitorService(embedded.url, enrolled(tmp_path / "m.sqlite"), tls=tls, own_broker=True)
    assert monitor.store.admit is Admit.REGISTERED
    monitor.start()
    try:
        assert monitor.wait_subscribed(WAIT_S)
        with Radio(Speaker(CHIP, UNIT), embedded.port, client(certificates, "monitor")) as unit:
            unit.say(unit.speaker.hello())
            unit.wait_for(Ack)
    finally:
        monitor.stop()


def test_davy_monitor_with_a_tls_folder_serves_units_and_says_whom_it_believes(
    certificates: Path, tmp_path: Path
) -> None:
    held, db = HeldPort(), enrolled(tmp_path / "m.sqlite")
    port = held.port
    monitor = MonitorProgram(db, "--tls", str(certificates / "both"), "--listen", f"127.0.0.1:{port}")
    try:
        monitor.wait_for(
            f"broker mqtts://127.0.0.1:{port} (built in, client certificates); only enrolled units are believed"
        )
        with Radio(Speaker(CHIP, UNIT), port, client(certificates, "monitor")) as unit:
            unit.say(unit.speaker.hello())
            unit.wait_for(Ack)
            unit.say(unit.speaker.proof(unit.wait_for(Challenge).nonce))
            monitor.wait_for(f"{CHIP.hex()}  proved that it is {UNIT.identifier}")
        assert monitor.end() == 0
    finally:
        monitor.process.kill()
        held.close()


def test_by_tls_only_registered_units_are_believed_even_if_none_is(certificates: Path, tmp_path: Path) -> None:
    monitor = MonitorService("mqtts://127.0.0.1:1", tmp_path / "m.sqlite", tls=TlsFolder.load(certificates / "monitor"))
    demo = Speaker(CHIP, None)
    assert demo.say(monitor.store, demo.event()).reason == "unknown identity"
    monitor.store.close()


class Mosquitto(BrokerProcess):
    """As docs/monitor.md has it, with the certificate of a folder."""

    def __init__(self, tls: Path, folder: Path) -> None:
        self._tls = tls
        super().__init__("mosquitto", folder)

    def configuration(self, folder: Path) -> str:
        (shown,) = re.findall(r"```\n(listener 8883\n.*?)```", (ROOT / "docs" / "monitor.md").read_text(), re.DOTALL)
        here = {
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "/etc/mosquitto/tls": str(self._tls),
            "/var/lib/mosquitto/": f"{folder}/",
        }
        for there, replaced in here.items():
            assert there in shown
            shown = shown.replace(there, replaced)
        return f"{shown}user root\n"  # else it would give up the rights to read its key; ignored unless root starts it


def test_a_monitor_at_a_mosquitto_that_demands_certificates(certificates: Path, tmp_path: Path) -> None:
    broker = Mosquitto(certificates / "server", tmp_path)
    monitor = MonitorService(
        f"mqtts://127.0.0.1:{broker.port}",
        enrolled(tmp_path / "m.sqlite"),
        tls=TlsFolder.load(certificates / "monitor"),
    )
    monitor.start()
    try:
        assert monitor.wait_subscribed(WAIT_S)
        assert refused_by(broker.port, client(certificates, None)) != ""
        with Radio(Speaker(CHIP, UNIT), broker.port, client(certificates, "monitor")) as unit:
            unit.say(unit.speaker.hello())
            unit.wait_for(Ack)
    finally:
        monitor.stop()
        broker.kill()


@pytest.mark.parametrize(
    ("server", "own", "said"),
    [
        (
            "elsewhere",
            "monitor",
            "shows a certificate that does not hold: IP address mismatch, certificate is not valid for",
        ),
        ("server", "stranger", "shows a certificate that does not hold: "),
    ],
)
def test_a_broker_that_is_not_who_it_should_be_is_said_once_and_gets_nothing(
    server: str, own: str, said: str, certificates: Path, tmp_path: Path
) -> None:
    broker, heard, changed = Mosquitto(certificates / server, tmp_path), list[str](), threading.Condition()

    def say(text: str) -> None:
        with changed:
            heard.append(text)
            changed.notify_all()

    monitor = MonitorService(
        f"mqtts://127.0.0.1:{broker.port}", tmp_path / "m.sqlite", tls=TlsFolder.load(certificates / own), say=say
    )
    monitor.start()
    try:
        with changed:
            assert changed.wait_for(lambda: bool(heard), WAIT_S)
        assert heard[0].startswith(f"broker 127.0.0.1:{broker.port} {said}"), heard
        assert "\n" not in heard[0]
        assert not monitor.wait_subscribed(0)
    finally:
        monitor.stop()
        broker.kill()


def swap(name: str, other: str) -> Callable[[Path, Path], object]:
    return lambda folder, certificates: shutil.copy(certificates / other / name, folder / name)


def expire(folder: Path, certificates: Path) -> None:
    shutil.rmtree(folder)
    then = datetime.datetime.now(datetime.timezone.utc) - 2 * YEAR
    issue_peer(Ca.load(certificates / "ca"), folder, server=["127.0.0.1"], monitor="x", years=1, now=then)


def of_the_future(folder: Path, certificates: Path) -> None:
    shutil.rmtree(folder)
    then = datetime.datetime.now(datetime.timezone.utc) + YEAR
    issue_peer(Ca.load(certificates / "ca"), folder, server=["127.0.0.1"], monitor="x", years=1, now=then)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (
            lambda folder, _: shutil.rmtree(folder),
            "ca.cert.pem: there is no such file; a folder that davy ca issue made",
        ),
        (lambda folder, _: (folder / "key.pem").unlink(), "key.pem: there is no such file"),
        (lambda folder, _: (folder / "key.pem").chmod(0o644), "key.pem: others can read it; chmod 600"),
        (lambda folder, _: (folder / "key.pem").write_text("secret words"), "key.pem: is no private key"),
        (lambda folder, _: (folder / "cert.pem").write_text("x"), "cert.pem: is no certificate"),
        (swap("key.pem", "monitor"), "key.pem: is not the key of cert.pem; keep the files together"),
        (swap("ca.cert.pem", "stranger"), "cert.pem: was not issued by ca.cert.pem"),
        (expire, "cert.pem: expired on"),
        (of_the_future, "cert.pem: holds only from"),
    ],
)
def test_a_tls_folder_that_would_not_work_is_refused_before_anything_is_connected(
    spoil: Callable[[Path, Path], object], said: str, folder: Path, certificates: Path
) -> None:
    TlsFolder.load(folder, server=True)
    spoil(folder, certificates)
    with pytest.raises(InputError) as refused:
        TlsFolder.load(folder, server=True)
    assert said in str(refused.value)
    assert "secret words" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_certificate_is_for_its_own_use(certificates: Path) -> None:
    with pytest.raises(InputError, match="is not a monitor's certificate; davy ca issue --monitor NAME"):
        TlsFolder.load(certificates / "server")
    with pytest.raises(InputError, match="is not a server's certificate; davy ca issue --server HOST --monitor NAME"):
        TlsFolder.load(certificates / "monitor", server=True)


def test_mqtt_and_mqtts_are_not_mixed_up(certificates: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="mqtts:// needs a certificate; add --tls DIR"):
        MonitorService("mqtts://x", tmp_path / "m.sqlite")
    with pytest.raises(InputError, match="is of no use with mqtt://"):
        MonitorService("mqtt://x", tmp_path / "m.sqlite", tls=TlsFolder.load(certificates / "monitor"))
    assert not (tmp_path / "m.sqlite").exists()


def test_without_tls_the_built_in_broker_is_for_this_machine_only() -> None:
    for host in ("0.0.0.0", "::", "192.0.2.7", "broker.example"):
        assert not is_loopback(host)
        with pytest.raises(InputError, match=r"without TLS .* would let in anybody; add --tls DIR"):
            EmbeddedBroker(host, 1883)
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"))

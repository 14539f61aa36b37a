"""A maker's CA and the units that it makes: what is in a unit, what it proves, and what is refused."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from davy.board.nvs import NOT_FOUND, NvsError, NvsPartition
from davy.errors import InputError
from davy.identity import Ca, Unit, create_ca, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.calibration import nominal
from davy.image.partitions import FLASH_BYTES, NVS
from davy.image.settings import Broker, Settings, Wifi
from davy.paths import FIRMWARE, ROOT
from support import interpreters

PORTABLE = ROOT / "host" / "tests" / "portable"
IDENTIFIER = "88.118.8/GA26000001"
NOW = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.timezone.utc)
WIFI_KEY = "not-to-be-told"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Ca:
    return create_ca(tmp_path_factory.mktemp("maker") / "ca", now=NOW)


def make(ca: Ca, identifier: str = IDENTIFIER, settings: Settings | None = None, **arguments: Any) -> Unit:
    spec = load_board("virtual")
    return provision(ca, identifier, spec, settings or Settings.wired_only(), nominal(spec), now=NOW, **arguments)


def store_of(unit: Unit, folder: Path) -> NvsPartition:
    flash = bytearray(b"\xff" * FLASH_BYTES)
    flash[NVS.offset : NVS.end] = unit.nvs
    (folder / "flash.bin").write_bytes(flash)
    return NvsPartition(folder / "flash.bin")


def blob(store: NvsPartition, key: str) -> bytes:
    """The data, once their CRC-32 has been found right."""
    import binascii

    found = store.get_blob("unit", key)
    assert int.from_bytes(found[-4:], "little") == binascii.crc32(found[:-4])
    return found[:-4]


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_record_proof_and_answers_are_the_same_on(interpreter: str) -> None:
    assert len(interpreters.run_portable(interpreter, "identity_cases", [FIRMWARE, PORTABLE])) == 12
    assert len(interpreters.run_portable(interpreter, "command_cases", [FIRMWARE, PORTABLE])) == 13


def test_a_ca_is_what_was_written_and_signs_as_one(tmp_path: Path) -> None:
    made = create_ca(tmp_path / "ca", "a maker", years=20, now=NOW)
    found = Ca.load(tmp_path / "ca")
    assert found.der == made.der
    assert found.proof_secret(IDENTIFIER) == made.proof_secret(IDENTIFIER)
    certificate = found.certificate
    certificate.verify_directly_issued_by(certificate)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert certificate.not_valid_after_utc.year == 2046
    for name in ("ca.key.pem", "proof.key"):
        assert stat.S_IMODE((tmp_path / "ca" / name).stat().st_mode) == 0o600


def test_a_ca_is_never_made_over_another(tmp_path: Path) -> None:
    create_ca(tmp_path / "ca")
    before = (tmp_path / "ca" / "ca.key.pem").read_bytes()
    with pytest.raises(InputError, match="is there already"):
        create_ca(tmp_path / "ca")
    assert (tmp_path / "ca" / "ca.key.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("file", "content", "mode", "said"),
    [
        ("ca.key.pem", None, 0o600, "there is no ca.key.pem; make a CA with davy ca init DIR"),
        ("ca.key.pem", b"x", 0o600, "ca.key.pem: is no private key"),
        ("ca.cert.pem", b"x", 0o644, "ca.cert.pem: is no certificate"),
        ("proof.key", b"x", 0o600, "proof.key: has 1 bytes"),
        ("proof.key", bytes(32), 0o640, "proof.key: others can read it; chmod 600"),
    ],
)
def test_a_broken_ca_says_which_file(tmp_path: Path, file: str, content: bytes | None, mode: int, said: str) -> None:
    create_ca(tmp_path / "ca")
    path = tmp_path / "ca" / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
        path.chmod(mode)
    with pytest.raises(InputError) as refused:
        Ca.load(tmp_path / "ca")
    assert said in str(refused.value)


def test_the_key_of_another_ca_is_refused(tmp_path: Path) -> None:
    create_ca(tmp_path / "one")
    create_ca(tmp_path / "two")
    (tmp_path / "two" / "ca.key.pem").replace(tmp_path / "one" / "ca.key.pem")
    with pytest.raises(InputError, match=r"is not the key of ca\.cert\.pem"):
        Ca.load(tmp_path / "one")


def test_a_units_certificate_names_it_and_lets_it_be_a_client_for_ten_years(ca: Ca) -> None:
    certificate = x509.load_der_x509_certificate(make(ca).certificate)
    certificate.verify_directly_issued_by(ca.certificate)
    assert [name.value for name in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [IDENTIFIER]
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert certificate.not_valid_before_utc == NOW - datetime.timedelta(days=1)
    assert (certificate.not_valid_after_utc - NOW).days == 3652


def test_a_certificate_never_outlives_its_ca(tmp_path: Path) -> None:
    short = create_ca(tmp_path / "ca", years=5, now=NOW)
    assert make(short, years=5)
    with pytest.raises(InputError, match="--years: 6 years are longer than the CA's own"):
        make(short, years=6)


def test_the_partition_holds_everything_that_the_unit_needs_and_the_boards_store_reads_it(
    ca: Ca, tmp_path: Path
) -> None:
    settings = Settings(wifi=Wifi("kitchen", WIFI_KEY), broker=Broker("broker.example", 8883))
    unit = make(ca, "88.118.8/GA-7", settings)
    assert len(unit.nvs) == NVS.length
    store = store_of(unit, tmp_path)
    told = json.loads(blob(store, "settings"))
    assert (told["identifier"], told["wifi"]["key"], told["broker"]["port"]) == ("88.118.8/GA-7", WIFI_KEY, 8883)
    assert blob(store, "calibration") == nominal(load_board("virtual")).to_json_bytes()
    assert blob(store, "cert") == unit.certificate
    assert blob(store, "ca") == ca.der
    assert blob(store, "secret") == ca.proof_secret("88.118.8/GA-7")
    key = serialization.load_der_private_key(blob(store, "key"), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.public_key() == x509.load_der_x509_certificate(unit.certificate).public_key()


def test_a_unit_that_nobody_calibrated_has_no_calibration(ca: Ca, tmp_path: Path) -> None:
    unit = provision(ca, IDENTIFIER, load_board("virtual"), Settings.wired_only(), None, now=NOW)
    assert unit.public["calibrated"] is False
    with pytest.raises(NvsError) as refused:
        store_of(unit, tmp_path).get_blob("unit", "calibration")
    assert refused.value.code == NOT_FOUND


def test_the_same_unit_made_twice_differs_in_nothing_but_key_and_certificate(ca: Ca, tmp_path: Path) -> None:
    one, two = make(ca), make(ca)
    stores = []
    for name, unit in (("one", one), ("two", two)):
        (tmp_path / name).mkdir()
        stores.append(store_of(unit, tmp_path / name))
    for key in ("settings", "calibration", "ca", "secret"):
        assert stores[0].get_blob("unit", key) == stores[1].get_blob("unit", key)
    for key in ("cert", "key"):
        assert stores[0].get_blob("unit", key) != stores[1].get_blob("unit", key)
    assert {name: value for name, value in one.public.items() if name != "certificate"} == {
        name: value for name, value in two.public.items() if name != "certificate"
    }


def test_each_unit_has_a_secret_of_its_own_and_each_maker_has_others(ca: Ca, tmp_path: Path) -> None:
    secrets = {ca.proof_secret(f"88.118.8/GA{number}") for number in range(100)}
    assert len(secrets) == 100
    assert create_ca(tmp_path / "ca").proof_secret(IDENTIFIER) != ca.proof_secret(IDENTIFIER)


def test_neither_key_nor_secret_is_shown_or_lies_outside_the_partition(ca: Ca, tmp_path: Path) -> None:
    unit = make(ca, settings=Settings(wifi=Wifi("kitchen", WIFI_KEY)))
    store = store_of(unit, tmp_path)
    folder = write_unit(unit, tmp_path / "units")
    hidden = [blob(store, "key"), blob(store, "secret"), WIFI_KEY.encode()]
    shown = [path.read_bytes() for path in folder.iterdir() if path.name != "nvs.bin"]
    assert len(shown) == 6
    shown += [text.encode() for text in (repr(unit), repr(ca), str(unit), json.dumps(unit.public))]
    assert repr(ca._master) not in repr(ca)
    for secret in hidden:
        assert secret in (folder / "nvs.bin").read_bytes()
        for data in shown:
            assert secret not in data
            assert secret.hex().encode() not in data
            assert repr(secret).encode() not in data
    assert stat.S_IMODE((folder / "nvs.bin").stat().st_mode) == 0o600


def test_a_unit_is_never_made_over_another_and_nothing_half_made_stays(ca: Ca, tmp_path: Path) -> None:
    units = tmp_path / "units"
    folder = write_unit(make(ca), units)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match="is there already"):
        write_unit(make(ca), units)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in units.iterdir()] == ["GA26000001"]


def test_micropythons_tls_is_let_in_by_a_server_that_asks_for_the_units_certificate(ca: Ca, tmp_path: Path) -> None:
    store = store_of(make(ca), tmp_path)
    for key in ("cert", "key"):
        (tmp_path / f"{key}.der").write_bytes(blob(store, key))
    server_key = ec.generate_private_key(ec.SECP256R1())
    server = ca.issue("server", server_key.public_key(), 1, datetime.datetime.now(datetime.timezone.utc))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    both = server_key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + server.public_bytes(pem)
    (tmp_path / "server.pem").write_bytes(both)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=ca.der)
    context.verify_mode = ssl.CERT_REQUIRED
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(30)
    known: list[Any] = []

    def serve() -> None:
        connection, _ = listening.accept()
        with context.wrap_socket(connection, server_side=True) as secured:
            known.append(secured.getpeercert())
            secured.sendall(b"welcome")

    thread = threading.Thread(target=serve)
    thread.start()
    code = f"""
import socket, tls
context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
context.verify_mode = tls.CERT_NONE
read = lambda name: open({str(tmp_path)!r} + "/" + name, "rb").read()
context.load_cert_chain(read("cert.der"), read("key.der"))
plain = socket.socket()
plain.connect(socket.getaddrinfo("127.0.0.1", {listening.getsockname()[1]})[0][-1])
print(context.wrap_socket(plain).read(7))
"""
    said = interpreters.run("unix", code, [])
    thread.join(30)
    listening.close()
    assert "welcome" in said
    assert known[0]["subject"] == ((("commonName", IDENTIFIER),),)

"""`davy ca issue`: certificates of brokers and monitors."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

from davy.cli import main as cli
from davy.identity import create_ca


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("maker") / "ca"
    create_ca(folder)
    return folder


def davy_ca_issue(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["davy", "ca", "issue", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_an_issued_certificate_holds_what_was_asked_for(
    ca: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = tmp_path / "issued"
    assert davy_ca_issue(monkeypatch, "--ca", ca, "--server", "broker.example, 10.0.0.5,::1", "-o", made) == 0
    certificate = x509.load_pem_x509_certificate((made / "cert.pem").read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["broker.example", "10.0.0.5", "::1"]
    uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(uses) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert (made / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (made / "ca.cert.pem").read_bytes() == (ca / "ca.cert.pem").read_bytes()
    key = certificate.public_key()
    assert isinstance(key, EllipticCurvePublicKey) and key.curve.name == "secp256r1"
    assert "PRIVATE" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "davy: davy ca issue: nobody is named; --server HOST[,HOST..] or --monitor NAME, or both"),
        (["--server", "a b"], "davy: --server: 'a b' is no host"),
        (["--server", "a,,b"], "davy: --server: '' is no host"),
        (["--monitor", ""], "davy: --monitor: '' will not do"),
        (["--monitor", "x", "--years", "40"], "davy: --years: 40 years are longer than the CA's own"),
    ],
)
def test_what_cannot_be_issued_is_refused_and_leaves_nothing(
    arguments: list[str],
    said: str,
    ca: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = tmp_path / "issued"
    assert davy_ca_issue(monkeypatch, "--ca", ca, "-o", made, *arguments) == 2
    assert capsys.readouterr().err.startswith(said)
    assert not made.exists()
    made.mkdir()
    (made / "mine").touch()
    assert davy_ca_issue(monkeypatch, "--ca", ca, "-o", made, "--monitor", "x") == 2
    assert [path.name for path in made.iterdir()] == ["mine"]

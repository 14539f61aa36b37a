"""The register of units, from the folders that davy unit new made: enrolled, revoked, bound anew."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from davy.cli import main as cli
from davy.identity import Ca, create_ca, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.settings import Settings
from davy.monitor import Store
from davy.monitor import registry as register
from davy.monitor.schema import open_database
from support.speaker import Speaker

Davy = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CA, and the folders of two units."""
    folder = tmp_path_factory.mktemp("maker")
    ca, spec = create_ca(folder / "ca"), load_board("virtual")
    for serial in ("GA1", "GA2"):
        write_unit(provision(ca, f"88.118.8/{serial}", spec, Settings.wired_only()), folder / "units")
    return folder


@pytest.fixture
def davy(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Davy:
    """The command, in this process: (exit status, what it printed, what it said is wrong)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["davy", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run


def enrol(davy: Davy, made: Path, db: Path, *serials: str, ca: Path | None = None) -> tuple[int, str, str]:
    folders = [made / "units" / serial for serial in serials]
    return davy("devices", "enrol", "--db", db, "--ca", ca or made / "ca", *folders)


def copy_of(made: Path, folder: Path) -> Path:
    """Of the first unit's folder, to be spoilt."""
    return Path(shutil.copytree(made / "units" / "GA1", folder / "GA1"))


def units(db: Path) -> list[tuple[str, bytes, str]]:
    return open_database(db).execute("SELECT identifier, secret, certificate_sha256 FROM units").fetchall()


def test_a_unit_is_enrolled_with_its_secret_and_its_certificate(davy: Davy, made: Path, tmp_path: Path) -> None:
    db = tmp_path / "m.sqlite"
    status, said, wrong = enrol(davy, made, db, "GA1", "GA2")
    assert (status, said, wrong) == (0, "88.118.8/GA1: enrolled\n88.118.8/GA2: enrolled\n", "")
    public = json.loads((made / "units" / "GA1" / "unit.json").read_text())
    secret = Ca.load(made / "ca").proof_secret("88.118.8/GA1")
    assert units(db)[0] == ("88.118.8/GA1", secret, public["certificate"]["sha256"])
    assert db.stat().st_mode & 0o777 == 0o600
    assert secret.hex() not in said


def test_enrolling_again_is_nothing_to_do_and_said(davy: Davy, made: Path, tmp_path: Path) -> None:
    db = tmp_path / "m.sqlite"
    enrol(davy, made, db, "GA1")
    before = units(db)
    status, said, _ = enrol(davy, made, db, "GA1", "GA2")
    assert (status, said) == (0, "88.118.8/GA1: is enrolled already, nothing to do\n88.118.8/GA2: enrolled\n")
    assert units(db)[:1] == before


def test_a_unit_that_was_made_anew_under_the_same_name_is_refused_with_all_that_came_along(
    davy: Davy, made: Path, tmp_path: Path
) -> None:
    db = tmp_path / "m.sqlite"
    enrol(davy, made, db, "GA1")
    again = provision(Ca.load(made / "ca"), "88.118.8/GA1", load_board("virtual"), Settings.wired_only())
    folder = write_unit(again, tmp_path / "again")
    ca = made / "ca"
    status, said, wrong = davy("devices", "enrol", "--db", db, "--ca", ca, made / "units" / "GA2", folder)
    assert (status, said) == (2, "")
    assert wrong == (
        "davy: 88.118.8/GA1: is enrolled with another certificate; revoke it, and make it under a new serial\n"
    )
    assert [row[0] for row in units(db)] == ["88.118.8/GA1"], "none of them was taken"


def test_a_unit_of_another_ca_is_refused(davy: Davy, made: Path, tmp_path: Path) -> None:
    create_ca(tmp_path / "other")
    status, _, wrong = enrol(davy, made, tmp_path / "m.sqlite", "GA1", ca=tmp_path / "other")
    assert status == 2
    assert "cert.pem: was not issued by this CA" in wrong
    assert not (tmp_path / "m.sqlite").exists()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "unit.json").unlink(), "there is no unit.json"),
        (lambda folder: (folder / "unit.json").write_text("{"), "cannot be read as JSON"),
        (lambda folder: (folder / "cert.pem").unlink(), "cert.pem: cannot be read: No such file"),
        (lambda folder: (folder / "cert.pem").write_text("no"), "cert.pem: is no certificate of this CA"),
        (
            lambda folder: (folder / "unit.json").write_text(
                (folder / "unit.json").read_text().replace('"sha256": "', '"sha256": "0')
            ),
            "cert.pem: is not the certificate that unit.json names",
        ),
    ],
)
def test_a_folder_that_is_no_units_is_refused_in_one_line(
    spoil: Callable[[Path], object], said: str, davy: Davy, made: Path, tmp_path: Path
) -> None:
    folder = copy_of(made, tmp_path)
    spoil(folder)
    status, _, wrong = davy("devices", "enrol", "--db", tmp_path / "m.sqlite", "--ca", made / "ca", folder)
    assert status == 2
    assert said in wrong
    assert wrong.count("\n") == 1
    assert not (tmp_path / "m.sqlite").exists()


def test_a_revoked_unit_stays_revoked_and_why_is_kept(davy: Davy, made: Path, tmp_path: Path) -> None:
    db = tmp_path / "m.sqlite"
    enrol(davy, made, db, "GA1")
    assert davy("devices", "revoke", "--db", db, "88.118.8/GA1", "--why", "stolen")[:2] == (
        0,
        "88.118.8/GA1: revoked\n",
    )
    again = davy("devices", "revoke", "--db", db, "88.118.8/GA1", "--why", "other")
    assert again[:2] == (0, "88.118.8/GA1: is revoked already, nothing to do\n")
    assert open_database(db).execute("SELECT revoked_why FROM units").fetchall() == [("stolen",)]
    assert enrol(davy, made, db, "GA1")[0::2] == (
        2,
        "davy: 88.118.8/GA1: is revoked; a revoked unit gets a new identity: davy unit new\n",
    )
    assert "REVOKED" in davy("devices", "--db", db)[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ("devices", "revoke", "88.118.8/NOBODY", "--why", "x"),
        ("devices", "rebind", "88.118.8/NOBODY"),
        ("command", "88.118.8/NOBODY", "mute"),
    ],
)
def test_an_unknown_identifier_is_said_in_one_line(
    arguments: tuple[str, ...], davy: Davy, made: Path, tmp_path: Path
) -> None:
    db = tmp_path / "m.sqlite"
    enrol(davy, made, db, "GA1")
    status, _, wrong = davy(*arguments, "--db", db)
    assert (status, wrong) == (
        2,
        "davy: 88.118.8/NOBODY: no unit of this identifier is enrolled; davy devices lists them\n",
    )


def test_a_rebound_unit_takes_the_next_chip_that_shows_its_seal(davy: Davy, made: Path, tmp_path: Path) -> None:
    db, first, second = tmp_path / "m.sqlite", bytes(8), bytes((1,) * 8)
    unit = register.read_enrolment(made / "units" / "GA1", Ca.load(made / "ca"))
    enrol(davy, made, db, "GA1")
    assert davy("devices", "rebind", "--db", db, unit.identifier)[1].endswith("is bound to no chip, nothing to do\n")
    store = Store(db)
    Speaker(first, unit).bind(store)
    assert f"chip {first.hex()} is forgotten" in davy("devices", "rebind", "--db", db, unit.identifier)[1]
    Speaker(second, unit).bind(store)
    found = register.by_identifier(store._db, unit.identifier)
    assert found is not None
    assert found.source == second.hex()
    store.close()

"""What makes a unit, given by a person: identifiers, site files, the commands; and what is refused of it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.identity import load_unit_settings, make_identifier
from davy.image.boardfile import load_board
from davy.image.calibration import nominal
from davy.image.settings import Broker, Settings, Wifi

DAVY = str(Path(sys.executable).with_name("davy"))
IDENTIFIER = "88.118.8/GA26000001"
WIFI_KEY = "not-to-be-told"
SITE = f"""
serial_state_ms = 2000
[wifi]
ssid = "kitchen"
key = "{WIFI_KEY}"
[broker]
host = "broker.example"
port = 8883
"""


@pytest.mark.parametrize(
    ("prefix", "serial", "option"),
    [
        ("89.118.8", "GA1", "--prefix"),
        ("88", "GA1", "--prefix"),
        ("88.118.", "GA1", "--prefix"),
        ("88.118.8/x", "GA1", "--prefix"),
        ("88.118.8\n", "GA1", "--prefix"),
        ("88.118.٨", "GA1", "--prefix"),
        ("88.118.8", "", "--serial"),
        ("88.118.8", "ga1", "--serial"),
        ("88.118.8", "GA/1", "--serial"),
        ("88.118.8", "..", "--serial"),
        ("88.118.8", "GA1\n", "--serial"),
        ("88.118.8", "G" * 33, "--serial"),
        ("88.118." + "8" * 30, "G" * 32, "--prefix"),
    ],
)
def test_what_is_no_identifier_is_refused(prefix: str, serial: str, option: str) -> None:
    with pytest.raises(InputError) as refused:
        make_identifier(prefix, serial)
    assert refused.value.where == option


def test_the_longest_identifier_is_64_bytes() -> None:
    assert len(make_identifier("88.118." + "8" * 24, "G" * 32)) == 64


def test_a_site_file_becomes_settings_and_without_one_the_unit_reports_on_its_line(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    found = load_unit_settings(tmp_path / "site.toml", IDENTIFIER)
    assert found == Settings(
        IDENTIFIER, Wifi("kitchen", WIFI_KEY), Broker("broker.example", 8883), 10_000, 2_000, ntp=""
    )
    bare = load_unit_settings(None, IDENTIFIER)
    assert (bare.wifi, bare.broker) == (None, None)
    assert bare.serial_state_ms > 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (f'key = "{WIFI_KEY}"', 'key = "short"', "wifi.key: will not do; a text of 8 to 63 bytes"),
        (f'key = "{WIFI_KEY}"', "", "wifi.key: is missing"),
        (f'key = "{WIFI_KEY}"', f'key = "{WIFI_KEY}', "is not TOML"),
        ('ssid = "kitchen"', 'ssid = ""', "wifi.ssid: will not do"),
        ("port = 8883", "port = 0", "broker.port: will not do; a whole number from 1 to 65535"),
        ("port = 8883", "port = true", "broker.port: will not do"),
        ('host = "broker.example"', 'host = "a b"', "broker.host: will not do"),
        ("serial_state_ms = 2000", "serial_state_ms = 5", "serial_state_ms: will not do; 0 for never, or 200 to"),
        ("serial_state_ms = 2000", "serial_ms = 5", "'serial_ms' is not a key here; known are wifi"),
        ("[broker]", "[brokr]", "'brokr' is not a key here"),
        ("[wifi]", "[wifi]\nname = 1", "[wifi]: 'name' is not a key here"),
        (f'[wifi]\nssid = "kitchen"\nkey = "{WIFI_KEY}"', "", "[broker]: there is no way to it"),
    ],
)
def test_a_mistake_in_a_site_file_is_named_and_no_value_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in SITE
    (tmp_path / "site.toml").write_text(SITE.replace(old, new))
    with pytest.raises(InputError) as refused:
        load_unit_settings(tmp_path / "site.toml", IDENTIFIER)
    assert said in str(refused.value)
    assert WIFI_KEY not in str(refused.value)


def davy(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([DAVY, *arguments], capture_output=True, text=True, check=False, cwd=cwd, timeout=100)


NEW = ("unit", "new", "--ca", "ca", "--serial", "GA26000001", "--board", "virtual", "-o", "units")


def test_the_commands_make_a_ca_a_unit_and_its_label(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(SITE)
    (tmp_path / "own.json").write_bytes(nominal(load_board("virtual")).to_json_bytes())
    done = davy("ca", "init", "ca", "--name", "a maker", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    more = ("--settings", "site.toml", "--calibration", "own.json", "--batch", "2026-W30")
    done = davy(*NEW, *more, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "units" / "GA26000001"
    files = {"unit.json", "nvs.bin", "cert.pem", "label.svg", "label.png", "label.zpl", "ndef.bin"}
    assert {path.name for path in folder.iterdir()} == files
    public = json.loads((folder / "unit.json").read_text())
    assert (public["identifier"], public["board"], public["batch"]) == (IDENTIFIER, "virtual", "2026-W30")
    assert public["certificate"]["sha256"] in done.stdout
    (tmp_path / "again").mkdir()
    done = davy("unit", "label", str(folder), "-o", "again", cwd=tmp_path)
    assert done.returncode == 0
    for path in (tmp_path / "again").iterdir():
        assert path.read_bytes() == (folder / path.name).read_bytes()


def test_what_the_commands_cannot_use_exits_2_in_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    assert davy("ca", "init", "ca", cwd=tmp_path).returncode == 0
    (tmp_path / "file").write_text("x")
    for arguments, said in (
        (("ca", "init", "ca"), "davy: DIR: ca is there already"),
        (("ca", "init", "file"), "davy: DIR: file is there already"),
        (("ca", "init", "file/ca"), "davy: DIR: file/ca cannot be"),
        (("ca", "init", "new", "--name", ""), "davy: --name: '' will not do"),
        ((*NEW, "--ca", "nowhere"), "davy: nowhere: there is no ca.key.pem"),
        ((*NEW, "--board", "nothing"), "davy: nothing: there is no such board"),
        ((*NEW, "--prefix", "77.1.2"), "davy: --prefix: '77.1.2' will not do"),
        ((*NEW, "--serial", "../GA1"), "davy: --serial: '../GA1' will not do"),
        ((*NEW, "--batch", "标"), "davy: --batch: '标' will not do"),
        ((*NEW, "--settings", "nowhere.toml"), "davy: nowhere.toml: there is no such settings file"),
        ((*NEW, "--calibration", "nowhere.json"), "davy: nowhere.json: there is no such calibration file"),
        ((*NEW, "-o", "file"), "davy: --out: file/GA26000001 cannot be"),
        (("unit", "label", "nowhere"), "davy: nowhere: there is no unit.json"),
        (("unit", "new"), "davy: Missing option"),
    ):
        done = davy(*arguments, cwd=tmp_path)
        assert done.returncode == 2, (arguments, done.stdout, done.stderr)
        assert done.stderr.startswith(said), (arguments, done.stderr)
        assert done.stderr.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"ca", "file"}

"""STATION.toml and what it names: sound, or one line that says which key and what is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from davy.errors import DeskError, InputError
from davy.paths import ROOT
from davy.station.config import Fixture, load_config
from davy.station.inputs import check_inputs
from davy.station.outcome import Limit
from davy.station.ports import Plugged, resolve
from support.station_bench import Bench

GOOD = """
schema = 1
name = "line 1"
board = "devkit_mq"
prefix = "88.118.8"
image = "release"
ca = "ca"
units = "units"
work_order = "work.csv"
serials = "serials.jsonl"
log = "station.log"
baud = 921600
attempts = 4
[[fixture]]
name = "left"
port = "/dev/ttyUSB0"
lower_baud = 57600
[[fixture]]
usb = "1-1.4"
baud = 230400
[limits]
methane_ppm = [0, 500]
temperature_cdegc = [-500, 4500]
[label]
print = "lp -d 'my zebra' {zpl}"
"""


def test_a_station_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(GOOD)
    config = load_config(tmp_path / "s.toml")
    assert config.fixtures == (
        Fixture(1, "left", "/dev/ttyUSB0", "", (921_600, 921_600, 57_600, 57_600)),
        Fixture(2, "2", "", "1-1.4", (230_400, 230_400, 115_200, 115_200)),
    )
    assert [str(fixture) for fixture in config.fixtures] == ["fixture 1 (left)", "fixture 2"]
    assert config.limits == (Limit("methane_ppm", 0, 500), Limit("temperature_cdegc", -500, 4500))
    assert config.label_command == ("lp", "-d", "my zebra", "{zpl}")
    assert (config.log, config.settings, config.silence_s) == (tmp_path / "station.log", None, 180)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("schema = 1", "schema = 2"), r"s\.toml: schema: 2 will not do; 1"),
        (("schema = 1", "schema ="), r"s\.toml: is not TOML: .*line 2"),
        (('name = "line 1"\n', ""), r"s\.toml: name: is missing; a text"),
        (('ca = "ca"', "ca = 7"), r"s\.toml: ca: 7 will not do; a text"),
        (('work_order = "work.csv"', 'workorder = "work.csv"'), r"s\.toml: workorder: means nothing .* 'work_order'\?"),
        (("attempts = 4", "attempts = 0"), r"s\.toml: attempts: 0 will not do; a whole number from 1 to 9"),
        (("attempts = 4", "attempts = true"), r"s\.toml: attempts: True will not do"),
        (("attempts = 4", "silence_s = 0"), r"s\.toml: silence_s: 0 will not do; a number from 0\.1 to 3600"),
        (("baud = 921600", "baud = 50"), r"s\.toml: \[\[fixture\]\] 1: |s\.toml: baud: 50 will not do; .* 9600 to 3000000"),
        (("lower_baud = 57600", "lower_baud = 1000000"), r"\[\[fixture\]\] 1: lower_baud: 1000000 is above baud; at most 921600"),
        (('usb = "1-1.4"\n', ""), r"\[\[fixture\]\] 2: port: is missing; port = a device, or usb = a place"),
        (('usb = "1-1.4"', 'usb = "1-1.4"\nport = "x"'), r"\[\[fixture\]\] 2: port: and usb are both there"),
        (('usb = "1-1.4"', 'port = "/dev/ttyUSB0"'), r"\[\[fixture\]\] 2: port: '/dev/ttyUSB0' is that of fixture 1; each"),
        (('usb = "1-1.4"', 'usb = "1"\nname = "left"'), r"\[\[fixture\]\] 2: name: 'left' is that of fixture 1"),
        (('name = "left"', 'name = "l\\u001b[2J"'), r"\[\[fixture\]\] 1: name: 'l\\x1b\[2J' will not do"),
        (('usb = "1-1.4"', 'usb = "1"\n' + '[[fixture]]\nport="q"\n' * 8), r"\[\[fixture\]\]: 10 are too many; 1\.\.9; two stations"),
        (("methane_ppm", "methan_ppm"), r"s\.toml: \[limits\] methan_ppm: means nothing here; did you mean 'methane_ppm'\?"),
        (("[0, 500]", "[500, 0]"), r"\[limits\] methane_ppm: \[500, 0\] is upside down; \[low, high\]"),
        (("[0, 500]", "[0, 500.5]"), r"\[limits\] methane_ppm: \[0, 500\.5\] will not do; \[low, high\] in whole numbers"),
        (("[0, 500]", "500"), r"\[limits\] methane_ppm: 500 will not do"),
        (("{zpl}", "{pdf}"), r"\[label\] print: \{pdf\} means nothing here; one of \{zpl\}, \{png\}, \{svg\}, \{serial\}, \{id"),
        (("'my zebra'", "'my"), r"\[label\] print: is no command line: No closing quotation"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_the_key_and_what_is_right(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    assert change[0] in GOOD
    (tmp_path / "s.toml").write_text(GOOD.replace(change[0], change[1], 1))
    with pytest.raises(InputError) as refused:
        load_config(tmp_path / "s.toml")
    assert re.search(said, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


def test_a_station_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file or directory; name a station's TOML file"):
        load_config(tmp_path / "s.toml")
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="cannot be read: it is not UTF-8 text"):
        load_config(tmp_path / "s.toml")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('board = "devkit_mq"', 'board = "devkit_cell"'), r"image: is a release for board devkit_mq; one for devkit_cell"),
        (('board = "devkit_mq"', 'board = "devkit"'), r"devkit: there is no such board"),
        (('image = "release"', 'image = "units"'), r"holds no manifest\.json"),
        (('ca = "ca"', 'ca = "release"'), r"there is no ca\.key\.pem; make a CA with davy ca init DIR"),
        (('prefix = "88.118.8"', 'prefix = "99.1"'), r"prefix: '99\.1' will not do; digits and dots, such as 88\.118\.8"),
        (('work_order = "work.csv"', 'work_order = "none.csv"'), r"none\.csv: cannot be read: No such file"),
        (('log = "station.log"', 'log = "serials.jsonl"'), r"log: is the same file as serials; a file of its own"),
        (('log = "station.log"', 'log = "no/station.log"'), r"log: there is no folder \S+/no; make it first"),
        (('units = "units"', 'units = "no/units"'), r"units: \S+/no/units cannot be made: No such file or directory"),
        (('units = "units"', 'units = "units"\nsettings = "no.toml"'), r"no\.toml: there is no such settings file"),
        (('units = "units"', 'units = "units"\ncalibrations = "no"'), r"calibrations: there is no folder \S+/no; make it"),
    ],
)  # fmt: skip
def test_what_a_station_names_is_looked_at_before_the_first_unit(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    bench = Bench(tmp_path, [["pass"]])
    assert check_inputs(load_config(bench.toml)).firmware
    text = bench.toml.read_text()
    assert change[0] in text
    bench.toml.write_text(text.replace(change[0], change[1], 1))
    with pytest.raises(InputError) as refused:
        check_inputs(load_config(bench.toml))
    assert re.search(said, str(refused.value)), refused.value
    assert not (tmp_path / "station.log").exists()


LISTED = (
    Plugged("/dev/ttyS0", ""),
    Plugged("/dev/ttyUSB3", "1-1.4"),
    Plugged("/dev/ttyUSB4", "1-1.40"),
    Plugged("/dev/ttyACM0", "1-2:1.0"),
    Plugged("/dev/ttyUSB8", "1-3:1.1"),
    Plugged("/dev/ttyUSB7", "1-3:1.0"),
)


def at(usb: str) -> Fixture:
    return Fixture(1, "1", "", usb, (115_200,))


@pytest.mark.parametrize(
    ("usb", "device"),
    [("1-1.4", "/dev/ttyUSB3"), ("1-1.40", "/dev/ttyUSB4"), ("1-2", "/dev/ttyACM0"), ("1-3:1.1", "/dev/ttyUSB8")],
)
def test_a_fixture_is_found_by_its_place_whatever_the_device_is_called_today(usb: str, device: str) -> None:
    assert resolve(at(usb), LISTED) == device


def test_a_place_with_nothing_or_with_two_ports_is_told() -> None:
    with pytest.raises(
        DeskError, match=r"usb 1-9: nothing is plugged in there \(taken places: 1-1\.4, .*\); plug it in"
    ):
        resolve(at("1-9"), LISTED)
    with pytest.raises(
        DeskError, match=r"usb 1-3: 2 ports are there: /dev/ttyUSB7, /dev/ttyUSB8; name one with its :inter"
    ):
        resolve(at("1-3"), LISTED)
    assert resolve(Fixture(1, "1", "/dev/x", "", (9_600,)), ()) == "/dev/x"


def test_the_example_of_the_page_is_sound_and_shows_every_key(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "station.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "s.toml").write_text(example)
    config = load_config(tmp_path / "s.toml")
    assert all(value not in (None, (), "") for value in vars(config).values()), "every key is shown"
    assert {bool(fixture.usb) for fixture in config.fixtures} == {True, False}

"""Scenario files: what the page shows works, and every mistake is one line with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.paths import ROOT, SCENARIOS
from davy.run.duration import parse_ms, show_ms
from davy.run.expect import _KINDS
from davy.run.scenario import _ACTIONS, load_scenario

PAGE = ROOT / "docs" / "scenario.md"
GOOD = """title = "t"
duration = "10m"

[[event]]
at = "5s"
do = "leak"
gas = "methane"
l_per_min = 12

[[expect]]
what = "alarm"
by = "9m"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "s.toml"
    path.write_text(text)
    return path


def test_the_pages_example_is_a_scenario(tmp_path: Path) -> None:
    blocks = re.findall(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) == 1
    scenario = load_scenario(write(tmp_path, blocks[0]))
    assert (len(scenario.actions), len(scenario.expectations), scenario.seed) == (2, 2, 7)


def test_the_page_names_every_action_and_every_expectation() -> None:
    named = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`[^|]*)\|", PAGE.read_text(), re.MULTILINE))))
    assert set(_ACTIONS) | set(_KINDS) <= named


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_is_sound(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.duration_ms > 0
    assert scenario.expectations or path.stem == "replay"


@pytest.mark.parametrize(
    ("change", "place", "right"),
    [
        (("do = \"leak\"", "do = \"leek\""), r"s\.toml:6: \[event\] do", "did you mean 'leak'"),
        (("l_per_min = 12", "l_per_min = -1"), r"s\.toml:8: \[event\] l_per_min", "a number from 0"),
        (("l_per_min = 12", "l_per_min = true"), r"s\.toml:8: \[event\] l_per_min", "a number from 0"),
        (("l_per_min = 12", "litres = 12"), r"s\.toml:8: \[event\] litres", "known here are"),
        (("at = \"5s\"", "at = \"5 parsec\""), r"s\.toml:5: \[event\] at", "8m30s"),
        (("at = \"5s\"", "at = \"11m\""), r"s\.toml:5: \[event\] at", "at most the duration"),
        (("at = \"5s\"\n", ""), r"s\.toml:4: \[event\] at", "8m30s"),
        (("by = \"9m\"", "by = \"99m\""), r"s\.toml:12: \[expect\] by", "at most the duration"),
        (("what = \"alarm\"", "what = \"alarms\""), r"s\.toml:11: \[expect\] what", "did you mean 'alarm'"),
        (("duration = \"10m\"", "duration = 0"), r"s\.toml:2: duration", "more than 0"),
        (("duration = \"10m\"", "durration = 1"), r"s\.toml:2: durration", "did you mean 'duration'"),
        (("title = \"t\"", "title = \"\""), r"s\.toml:1: title", "a text"),
        (("title = \"t\"", "title = "), r"s\.toml", "line 1"),
        (("[[event]]", "[event]"), r"s\.toml:1: event", r"\[\[event\]\]"),
        (("gas = \"methane\"", "gas = \"argon\""), r"s\.toml:7: \[event\] gas", "methane, co"),
        (("duration = \"10m\"", "duration = inf"), r"s\.toml:2: duration", "8m30s"),
        (("duration = \"10m\"", "duration = nan"), r"s\.toml:2: duration", "8m30s"),
        (("duration = \"10m\"", "duration = \"10m\"\nseed = 1.5"), r"s\.toml:3: seed", "a whole number"),
        (("duration = \"10m\"", "duration = \"10m\"\nroom = {volume_m3 = 0}"), r"s\.toml:3: \[room\] vol", "from 0.1"),
        (("duration = \"10m\"", "duration = \"10m\"\nroom.volume_m3 = 0"), r"s\.toml:3: \[room\] vol", "from 0.1"),
        (("by = \"9m\"", "after = \"9m\"\nby = \"8m\""), r"s\.toml:13: \[expect\] by", "at or after"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, change: tuple[str, str], place: str, right: str) -> None:
    assert change[0] in GOOD
    with pytest.raises(InputError, match=place) as refused:
        load_scenario(write(tmp_path, GOOD.replace(*change)))
    assert re.search(right, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("what", ["alarm", "no_alarm", "no_fault", "stored"])
def test_what_the_wired_line_must_tell_cannot_be_expected_of_a_silent_one(tmp_path: Path, what: str) -> None:
    silent = GOOD.replace("[[event]]", "[report]\nserial_state = 0\n\n[[event]]", 1)
    silent = silent.replace('what = "alarm"\nby = "9m"', f'what = "{what}"')
    with pytest.raises(InputError, match=r"s\.toml:14: \[expect\] what: .* wired line.* serial_state"):
        load_scenario(write(tmp_path, silent))


@pytest.mark.parametrize("off", ["wifi", "broker"])
def test_nothing_can_be_stored_without_wifi_and_broker(tmp_path: Path, off: str) -> None:
    alone = GOOD.replace("[[event]]", f"[report]\n{off} = false\n\n[[event]]", 1)
    alone = alone.replace('what = "alarm"\nby = "9m"', 'what = "stored"')
    with pytest.raises(InputError, match=r"\[expect\] what: nothing stores .* wifi and broker true"):
        load_scenario(write(tmp_path, alone))


def test_what_happens_is_told_with_its_units() -> None:
    words = [action.words() for action in load_scenario(SCENARIOS / "kitchen_leak.toml").actions]
    assert words == ["button 200 ms", "leak methane 12 L/min", "ventilation 4 changes an hour"]


def test_a_missing_file_and_a_binary_one_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load_scenario(tmp_path / "no.toml")
    (tmp_path / "b.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load_scenario(tmp_path / "b.toml")


@pytest.mark.parametrize(
    ("text", "ms"),
    [(90, 90_000), (1.5, 1_500), ("8m30s", 510_000), ("250ms", 250), ("1h2m3s", 3_723_000), ("1.5h", 5_400_000)],
)
def test_times_are_read(text: object, ms: int) -> None:
    assert parse_ms(text) == ms


@pytest.mark.parametrize(
    "text", ["", "5 s", "s", "-1s", -1, True, None, "1d", "5m garbage", float("inf"), float("nan"), "9" * 400 + "s"]
)
def test_what_is_no_time_is_not_read(text: object) -> None:
    assert parse_ms(text) is None


def test_times_are_shown() -> None:
    assert show_ms(3_723_449) == "1:02:03.4"

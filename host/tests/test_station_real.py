"""The station with nothing stood in for: real davy flash, real esptool, two boards of a desk."""

from __future__ import annotations

import json
from pathlib import Path

from support.desks import board_process, davy
from support.makers import BOARD, make_shop, station_file


def test_two_bare_chips_become_units_and_the_same_boards_again_are_rework(tmp_path: Path) -> None:
    shop = make_shop(tmp_path)
    own = tmp_path / "station"
    own.mkdir()
    with board_process(tmp_path / "b.flash", "--board", BOARD, "--speed", 60, "--count", "2") as boards:
        path = station_file(own, boards, shop.release, shop.folder / "ca", 460_800)
        first = davy("station", path, "--auto")
        assert first.returncode == 0, first.stdout
        assert "2 passed, 0 failed, 0 not judged, 0 of them rework" in first.stdout
        again = davy("station", path, "--auto")
        assert again.returncode == 0 and "2 of them rework" in again.stdout, again.stdout
    given = [json.loads(line) for line in (own / "serials.jsonl").read_text().splitlines()]
    assert {entry["mac"] for entry in given} == {ports.mac for ports in boards}
    assert {entry["serial"] for entry in given} == {"GB0001", "GB0002"}
    records = [json.loads(line) for line in (own / "station.log").read_text().splitlines()]
    ends = [record for record in records if record["kind"] == "attempt-end"]
    assert [end["verdict"] for end in ends] == ["pass"] * 4
    for end in ends:
        assert end["record"]["identifier"] == f"88.118.8/{end['serial']}"
        assert end["record"]["self_test"] == {"result": "passed", "failed": []}
    assert all(end["record"]["written_bytes"] == 0 for end in ends[2:])
    for serial in ("GB0001", "GB0002"):
        assert (own / "units" / serial / "label.png").stat().st_size > 1_000
    assert davy("station", "verify", own / "station.log").returncode == 0
    assert no_secret_in(own)


def no_secret_in(folder: Path) -> bool:
    """Neither log nor serial file nor any unit's public file holds what only the chip may know."""
    public = [
        folder / "station.log",
        folder / "serials.jsonl",
        *folder.glob("units/*/unit.json"),
        *folder.glob("units/*/label.*"),
    ]
    secrets = [path.read_bytes() for path in folder.glob("units/*/nvs.bin")]
    # A SEC 1 key of P-256 begins so; 32 bytes of it are the private number.
    keys = [nvs[at + 7 : at + 39] for nvs in secrets if (at := nvs.find(bytes.fromhex("30770201010420"))) >= 0]
    assert len(keys) == 2
    text = b"".join(path.read_bytes() for path in public)
    return not any(key in text or key.hex().encode() in text.lower() for key in keys)

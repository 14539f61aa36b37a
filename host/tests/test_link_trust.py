"""What the link trusts: dates by the board's own clock, a certificate of its own, and settings that ask for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.errors import InputError
from davy.identity import load_unit_settings
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Broker
from support import switch
from support.link_world import IDENTIFIER, QUIET, World
from support.secured import HOST
from support.switch import Switch


@pytest.mark.parametrize(
    ("ahead_s", "words"),
    [(20 * 86_400, "TLS: The certificate validity has expired"), (None, "validity starts in the future")],
    ids=["expired", "not yet valid"],
)
def test_dates_are_looked_at_by_the_boards_own_clock_and_a_wrong_one_is_no_reboot(
    ahead_s: int | None, words: str, tmp_path: Path
) -> None:
    # The good certificate is valid for this machine, from an hour ago for ten days; the board lives at another time.
    epoch_s = 1_795_564_860 if ahead_s is None else int(time.time()) + ahead_s
    world = World(tmp_path, epoch_s)
    try:
        world.until(lambda: bool(world.told()))
        assert words in world.told()[0]
        world.access_point.epoch_s = int(time.time())
        # The clock is asked again each six hours, or after a new start.
        world.board.power_cut()
        world.board.power_on()
        world.until(lambda: world.sessions() > 0)
        assert world.board.boots == 2
        assert [event for event in world.events if event.kind == "reset"] == []
    finally:
        world.close()


def test_a_unit_without_a_certificate_says_so_and_never_tries(tmp_path: Path) -> None:
    waiting = Switch(switch.silent)
    spec, events = load_board("virtual"), list[BoardEvent]()
    board = VirtualBoard(
        spec,
        build_image(spec, QUIET),
        Plant(spec, RoomConfig(), 1),
        flash=tmp_path / "flash.bin",
        access_point=AccessPoint({HOST: ("127.0.0.1", waiting.port)}),
        on_event=events.append,
    )
    with board:
        board.power_on()
        board.run_for(120)
    waiting.close()
    lines = [event.data["text"] for event in events if event.kind == "console" and "davy: no" in event.data["text"]]
    assert lines == ["davy: no link: the broker wants TLS, and this unit has no certificate"]
    assert waiting.connections == 0


@pytest.mark.parametrize(
    ("words", "tls", "ntp"),
    [("", False, ""), ("tls = true", True, ""), ("tls = false", False, ""), ('ntp = "ntp.lan"', False, "ntp.lan")],
)
def test_a_settings_file_may_ask_for_tls_and_name_a_time_server(
    words: str, tls: bool, ntp: str, tmp_path: Path
) -> None:
    top, table = (words, "") if words.startswith("ntp") else ("", words)
    path = tmp_path / "settings.toml"
    path.write_text(f'{top}\n[wifi]\nssid = "a"\nkey = "12345678"\n[broker]\nhost = "b.lan"\nport = 8883\n{table}\n')
    settings = load_unit_settings(path, IDENTIFIER)
    assert settings.broker == Broker("b.lan", 8883, tls)
    assert settings.ntp == ntp


@pytest.mark.parametrize("words", ['[broker]\nhost = "b"\nport = 1\ntls = "yes"', "ntp = 5", 'ntp = "a b"'])
def test_a_settings_file_that_asks_for_it_wrongly_is_refused(words: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f'{words}\n[wifi]\nssid = "a"\nkey = "12345678"\n')
    with pytest.raises(InputError, match="will not do"):
        load_unit_settings(path, IDENTIFIER)

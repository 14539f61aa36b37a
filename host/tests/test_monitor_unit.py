"""A unit that was provisioned, as its firmware speaks: bound, proven, commanded, revoked, over a real broker."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.codec import CommandKind, Outcome
from davy.identity import create_ca, provision, write_unit
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.calibration import nominal
from davy.image.settings import Settings
from davy.monitor import MonitorService, commands, registry, views
from davy.monitor.commands import Order
from davy.monitor.schema import open_database, open_readonly
from support.brokers import NAMES, BrokerProcess

WAIT_S = 60.0
IDENTIFIER = "88.118.8/GA26000001"


class Site:
    """An enrolled unit in its room, a broker, and the monitor."""

    def __init__(self, broker: str, folder: Path) -> None:
        spec = load_board("virtual")
        ca = create_ca(folder / "ca")
        unit = provision(ca, IDENTIFIER, spec, Settings(), nominal(spec))
        self.db = folder / "m.sqlite"
        writing = open_database(self.db)
        registry.enrol(writing, [registry.read_enrolment(write_unit(unit, folder / "units"), ca)], 0)
        writing.close()
        self.broker = BrokerProcess(broker, folder)
        self.plant = Plant(spec, RoomConfig(), 1)
        self.board = VirtualBoard(
            spec,
            build_image(spec, Settings()),
            self.plant,
            flash=folder / "flash.bin",
            nvs=unit.nvs,
            access_point=AccessPoint({"broker.davy.lan": ("127.0.0.1", self.broker.port)}),
        )
        self.said: list[str] = []
        self.monitor = MonitorService(self.broker.url, self.db, say=self.said.append)
        self.monitor.start()
        assert self.monitor.wait_subscribed(WAIT_S)

    def run_until(self, holds: Callable[[], bool], what: str) -> None:
        """Let the board's time run until the monitor's has brought it about."""
        deadline = time.monotonic() + WAIT_S
        while not holds():
            assert time.monotonic() < deadline, f"{what}: {self.device()}, {self.monitor.store.refused()}, {self.said}"
            self.board.run_for(2)

    def device(self) -> views.DeviceView | None:
        reading = open_readonly(self.db)
        try:
            return next((each for each in views.devices(reading) if each.source is not None), None)
        finally:
            reading.close()

    def is_proven(self) -> bool:
        device = self.device()
        return device is not None and device.proven_ms is not None

    def close(self) -> None:
        self.board.close()
        self.monitor.stop()
        self.broker.kill()


@pytest.fixture(params=NAMES)
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setattr("davy.board.network.PATIENCE_S", 1.0)
    made = Site(request.param, tmp_path)
    yield made
    made.close()


def test_an_enrolled_unit_is_bound_proves_itself_does_what_it_is_told_and_is_heard_no_more_when_revoked(
    site: Site,
) -> None:
    site.board.power_on()
    site.run_until(site.is_proven, "the unit proves itself")
    device = site.device()
    assert device is not None
    assert (device.identifier, device.enrolled, device.board) == (IDENTIFIER, True, "virtual")
    writing = open_database(site.db)
    order = Order(CommandKind.IDENTIFY)
    command_id = commands.add(writing, IDENTIFIER, order, time.time_ns() // 1_000_000)

    def answered() -> bool:
        row = views.command(writing, command_id)
        return row is not None and row.closed is not None

    site.run_until(answered, "the command is answered")
    row = views.command(writing, command_id)
    assert row is not None
    assert (row.closed, row.outcome, row.session) == ("answered", Outcome.DONE, device.session)
    site.run_until(lambda: (found := site.device()) is not None and found.state is not None, "a state comes")
    assert site.monitor.store.refused() == {}, "nothing that it sent was refused"
    registry.revoke(writing, IDENTIFIER, "sold", 1)
    writing.close()
    site.run_until(lambda: "revoked identity" in site.monitor.store.refused(), "the unit is refused")

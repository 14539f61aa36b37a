"""From the board to the database over a real broker: every event once, whatever is away for a while."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from davy.board.events import BoardEvent
from davy.board.network import AccessPoint
from davy.board.plant import Plant
from davy.board.room import RoomConfig
from davy.board.virtual import VirtualBoard
from davy.codec import Ack, Decoded, Event, Result, State, encode_frame
from davy.errors import InputError
from davy.image.boardfile import load_board
from davy.image.build import build_image
from davy.image.settings import Settings
from davy.monitor import MonitorService, Received, Store, StoreUnavailable, Verdict
from support.brokers import NAMES, BrokerProcess

WAIT_S = 60.0


class Site:
    """A broker, a board whose alarms the test causes, and monitors on one database."""

    def __init__(self, broker: str, folder: Path) -> None:
        self.broker = BrokerProcess(broker, folder)
        self.db = folder / "events.sqlite"
        self.said: list[str] = []
        self.told: list[tuple[str, int, int]] = []
        self.consoles: list[str] = []
        self._happened = threading.Condition()
        spec = load_board("virtual")
        self.access_point = AccessPoint({"broker.davy.lan": ("127.0.0.1", self.broker.port)})
        self.plant = Plant(spec, RoomConfig(), 1)
        self.board = VirtualBoard(
            spec,
            build_image(spec, Settings()),
            self.plant,
            flash=folder / "flash.bin",
            access_point=self.access_point,
            on_event=self._heard,
        )
        self.monitor: MonitorService | None = None

    def start_monitor(self) -> MonitorService:
        self.monitor = MonitorService(self.broker.url, self.db, say=self._say, on_verdict=self._verdict)
        self.monitor.start()
        assert self.monitor.wait_subscribed(WAIT_S)
        return self.monitor

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until the monitor's threads have made it true."""
        with self._happened:
            assert self._happened.wait_for(condition, WAIT_S), f"not within {WAIT_S:g} s: {what}; said {self.said}"

    def _say(self, text: str) -> None:
        with self._happened:
            self.said.append(text)
            self._happened.notify_all()

    def _verdict(self, _packet: Received, _verdict: Verdict) -> None:
        with self._happened:
            self._happened.notify_all()

    def _heard(self, event: BoardEvent) -> None:
        frame = event.data.get("frame")
        if isinstance(frame, Decoded) and isinstance(frame.message, Event):
            self.told.append((frame.source.hex(), frame.session, frame.seq))
        if event.kind == "console":
            self.consoles.append(event.data["text"])

    def stored(self) -> list[tuple[str, int, int]]:
        store = Store(self.db)
        try:
            return [(event.source, event.session, event.seq) for event in store.events()]
        finally:
            store.close()

    def assert_nothing_lost_nothing_twice(self, at_least: int) -> None:
        # What the broker has may still be on its way: virtual time does not wait for a slow machine.
        self.wait_for(lambda: set(self.stored()) >= set(self.told), "stores what was told")
        stored = self.stored()
        assert len(self.told) >= at_least
        assert sorted(stored) == sorted(set(stored)), "stored twice"
        assert set(stored) == set(self.told), "lost"

    def close(self) -> None:
        self.board.close()
        if self.monitor is not None:
            self.monitor.stop()
        self.broker.kill()


@pytest.fixture(params=NAMES)
def site(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    # Where an answer stays away on purpose, virtual time should not wait long for it.
    monkeypatch.setattr("davy.board.network.PATIENCE_S", 1.0)
    made = Site(request.param, tmp_path)
    yield made
    made.close()


def alarm(site: Site) -> None:
    site.plant.force_ppm("methane", 15_000)
    site.board.run_for(60)
    site.plant.force_ppm("methane", 2)
    site.board.run_for(120)


def test_every_event_is_stored_and_acknowledged_once(site: Site) -> None:
    monitor = site.start_monitor()
    site.board.power_on()
    site.board.run_for(185)
    alarm(site)
    site.board.run_for(60)
    site.assert_nothing_lost_nothing_twice(at_least=6)
    source = site.told[0][0]
    assert monitor.store.repeated(source) == 0, "acknowledged at once, so never sent again"
    assert monitor.store.identifiers() == {source: "88.118.8/GA26000001"}
    state = monitor.store.latest_state(source)
    assert state is not None
    assert state.latched == 1


def test_a_broker_killed_in_the_middle_costs_nothing(site: Site) -> None:
    site.start_monitor()
    site.board.power_on()
    site.board.run_for(100)
    site.broker.kill()
    site.board.run_for(100)
    alarm(site)
    site.broker.start()
    assert site.monitor is not None
    assert site.monitor.wait_subscribed(WAIT_S)
    site.board.run_for(300)
    site.assert_nothing_lost_nothing_twice(at_least=6)
    assert any("broker" in text and "trying again" in text for text in site.said)
    assert "broker is back" in site.said


def test_a_monitor_that_comes_late_gets_everything(site: Site) -> None:
    site.board.power_on()
    site.board.run_for(185)
    alarm(site)
    site.start_monitor()
    site.board.run_for(120)
    site.assert_nothing_lost_nothing_twice(at_least=6)


def test_a_locked_database_acknowledges_nothing_and_then_everything(site: Site) -> None:
    monitor = site.start_monitor()
    site.board.power_on()
    site.board.run_for(10)
    before = len(site.stored())
    locker = sqlite3.connect(site.db, isolation_level=None, check_same_thread=False)
    locker.execute("BEGIN EXCLUSIVE")
    site.board.run_for(175)
    alarm(site)
    site.wait_for(lambda: any("database takes nothing" in text for text in site.said), "says that it is locked")
    assert locker.execute("SELECT count(*) FROM events").fetchone()[0] == before
    locker.execute("ROLLBACK")
    locker.close()
    site.wait_for(lambda: "database is back" in site.said, "says that it is back")
    site.board.run_for(120)
    site.wait_for(lambda: set(site.stored()) == set(site.told), "stores the rest")
    site.assert_nothing_lost_nothing_twice(at_least=6)
    assert monitor.store.repeated(site.told[0][0]) > 0, "the board had to repeat, so nothing was acknowledged"


def test_bad_packets_are_counted_by_reason_and_nothing_dies(site: Site) -> None:
    monitor = site.start_monitor()
    source = bytes.fromhex("aa00000000000001")
    state = State(2, 0, 5, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1_825, 0, 10, None, None, 0, 0, 0)
    good = encode_frame(source, 1, 1, 1, state)
    bad = {
        "wrong CRC": good[:-1] + bytes([good[-1] ^ 1]),
        "too short": b"x",
        "too long": good + bytes(500),
        "not for a monitor": encode_frame(source, 1, 1, 1, Ack(source, 1, 1, Result.STORED)),
        "source differs from topic": encode_frame(bytes(8), 1, 1, 1, state),
    }
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", site.broker.port)
    client.loop_start()
    for payload in bad.values():
        client.publish(f"davy/1/{source.hex()}/up", payload, qos=1).wait_for_publish(WAIT_S)
    client.publish(f"davy/1/{source.hex()}/up", good, qos=1).wait_for_publish(WAIT_S)
    site.wait_for(lambda: monitor.store.latest_state(source.hex()) == state, "the good one is stored")
    client.disconnect()
    client.loop_stop()
    assert monitor.store.refused() == dict.fromkeys(sorted(bad), 1)


def test_commits_are_full_and_a_frame_is_one_event_for_ever(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.sqlite")
    assert store._db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert store._db.execute("PRAGMA synchronous").fetchone()[0] == 2
    frame = encode_frame(bytes(8), 1, 5, 9, Event(2, 1, 2, 9_000, 8, 0, None, None))
    results = [store.ingest([Received("00" * 8, frame, at)])[0].result for at in (1, 2)]
    assert results == [Result.STORED, Result.STORED_BEFORE]
    assert [event.received_ms for event in store.events()] == [1]
    other_session = encode_frame(bytes(8), 2, 5, 9, Event(2, 1, 2, 9_000, 8, 0, None, None))
    assert store.ingest([Received("00" * 8, other_session, 3)])[0].result is Result.STORED
    store.close()


def test_a_batch_is_stored_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("davy.monitor.schema.BUSY_TIMEOUT_S", 0.05)
    store = Store(tmp_path / "a.sqlite")
    locker = sqlite3.connect(tmp_path / "a.sqlite", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    batch = [
        Received("00" * 8, encode_frame(bytes(8), 1, seq, 9, Event(2, 1, 2, 9, 8, seq, None, None)), 1)
        for seq in range(5)
    ]
    with pytest.raises(StoreUnavailable):
        store.ingest(batch)
    locker.execute("ROLLBACK")
    assert store.events() == []
    store.ingest(batch)
    assert len(store.events()) == 5


def test_a_file_that_is_no_database_of_ours_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 20)
    with pytest.raises(InputError, match="cannot be used as a database"):
        Store(tmp_path / "text")
    newer = sqlite3.connect(tmp_path / "newer.sqlite")
    newer.execute("PRAGMA user_version=99")
    newer.commit()
    newer.close()
    with pytest.raises(InputError, match="schema version 99"):
        Store(tmp_path / "newer.sqlite")

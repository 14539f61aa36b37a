"""Links: silence is noticed after its time and not before, and so is its end."""

from __future__ import annotations

import random
import time
from pathlib import Path

from davy.monitor import Store, views
from davy.monitor.housekeeping import Housekeeping
from davy.monitor.outgoing import Outgoing
from davy.monitor.silence import Silence
from support.speaker import Speaker, enrolment


def test_a_device_is_lost_after_its_time_and_back_when_it_speaks() -> None:
    silence = Silence(60)
    silence.begin([("a", "up"), ("b", "lost")], 1_000)
    assert silence.changes(1_059.9) == []
    assert silence.changes(1_060) == [("a", "lost")]
    assert silence.changes(1_061) == [("a", "lost")], "not noted yet, as with a database that takes nothing"
    silence.noted([("a", "lost")])
    assert silence.changes(2_000) == []
    silence.heard("a", 2_000)
    silence.heard("b", 2_001)
    assert sorted(silence.changes(2_001)) == [("a", "up"), ("b", "up")]


def test_one_that_speaks_just_before_its_loss_is_written_down_is_not_lost_for_ever() -> None:
    silence = Silence(60)
    silence.begin([("a", "up")], 0)
    assert silence.changes(60) == [("a", "lost")]
    silence.heard("a", 60)
    assert silence.changes(61) == []


def test_after_any_history_a_link_is_up_exactly_if_it_was_heard_in_time() -> None:
    seed = time.time_ns()
    dice = random.Random(seed)
    silence, names = Silence(10), [f"{at}" for at in range(6)]
    links: dict[str, str] = {}
    silence.begin([], 0)
    heard: dict[str, float] = {}
    now_s = 0.0
    for _ in range(3_000):
        now_s += dice.random() * 4
        if dice.random() < 0.5:
            name = dice.choice(names)
            silence.heard(name, now_s)
            heard[name] = now_s
            links.setdefault(name, "up")
        changes = silence.changes(now_s)
        assert all(links[name] != link for name, link in changes), f"seed {seed}: no change"
        silence.noted(changes)
        links.update(changes)
        right = {name: "lost" if now_s - at_s >= 10 else "up" for name, at_s in heard.items()}
        assert links == right, f"seed {seed}"


class Quiet(Outgoing):
    """No broker here: nothing may be sent."""

    def __init__(self) -> None:
        pass

    def send(self, *_: object) -> None:
        raise AssertionError("nothing is to be sent")


def test_each_change_is_a_line_an_incident_and_a_word_in_the_database(tmp_path: Path) -> None:
    store, said = Store(tmp_path / "m.sqlite"), list[str]()
    units = [Speaker(bytes.fromhex(f"{at:016x}"), None) for at in range(1, 10)]
    for at, unit in enumerate(units):
        unit.say(store, unit.hello(f"88.118.8/GA{at}"))
    house = Housekeeping(store, Quiet(), 60, said.append)
    house.begin(0)
    house.look(59, connected=True)
    assert said == []
    for unit in units[1:]:
        house.heard(unit.name, 59)
    house.look(60, connected=True)
    assert said == ["88.118.8/GA0 (0000000000000001): silent for 60 s"]
    house.heard(units[0].name, 70)
    house.look(71, connected=True)
    assert said[1:] == ["88.118.8/GA0 (0000000000000001): heard again"]
    house.look(500, connected=True)
    assert said[2:] == [
        "9 devices: silent for 60 s: "
        + ", ".join(f"88.118.8/GA{at} ({at + 1:016x})" for at in (1, 2, 3, 4, 5))
        + ", and others"
    ]
    with store.reading() as db:
        assert {each.link for each in views.devices(db)} == {"lost"}
        kinds = [(each.kind, each.count) for each in views.incidents(db) if each.source == units[0].name]
    assert kinds == [("link_lost", 2), ("link_back", 1)]
    store.close()


def test_a_monitor_that_was_away_gives_everybody_one_period(tmp_path: Path) -> None:
    store, said = Store(tmp_path / "m.sqlite"), list[str]()
    unit = Speaker(bytes(8), None)
    unit.say(store, unit.hello("88.118.8/GA1"), at_ms=0)
    house = Housekeeping(store, Quiet(), 60, said.append)
    house.begin(1_000)
    house.look(1_000, connected=True)
    house.look(1_059, connected=True)
    assert said == []
    house.look(1_061, connected=True)
    assert len(said) == 1
    store.close()


def test_a_locked_database_is_told_of_the_loss_later_and_nothing_is_said_twice(tmp_path: Path) -> None:
    import sqlite3

    store, said = Store(tmp_path / "m.sqlite"), list[str]()
    store._db.execute("PRAGMA busy_timeout=20")
    unit = Speaker(bytes(8), None)
    unit.say(store, unit.hello("88.118.8/GA1"))
    house = Housekeeping(store, Quiet(), 60, said.append)
    house.begin(0)
    locker = sqlite3.connect(store.path, isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")
    house.look(61, connected=True)
    assert said == []
    locker.execute("ROLLBACK")
    locker.close()
    house.look(62, connected=True)
    house.look(63, connected=True)
    assert said == ["88.118.8/GA1 (0000000000000000): silent for 60 s"]
    store.close()


def test_the_first_unit_that_is_enrolled_while_it_runs_is_said(tmp_path: Path) -> None:
    from davy.monitor import registry
    from davy.monitor.schema import open_database

    store, said = Store(tmp_path / "m.sqlite"), list[str]()
    house = Housekeeping(store, Quiet(), 60, said.append)
    house.begin(0)
    house.look(1, connected=True)
    db = open_database(store.path)
    registry.enrol(db, [enrolment()], 0)
    db.close()
    stranger = Speaker(bytes(8), None)
    stranger.say(store, stranger.event())
    house.look(2, connected=True)
    house.look(3, connected=True)
    assert said == ["only enrolled units are believed"]
    store.close()

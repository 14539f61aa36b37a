"""`davy monitor` as a program on a disk that fills up and is freed again: nothing acknowledged that is not stored, said once."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from davy.codec import Ack
from davy.monitor import Store, registry
from davy.monitor.schema import open_database
from support.brokers import NAMES, BrokerProcess
from support.monitor_program import MonitorProgram
from support.radio import Radio
from support.speaker import NOW_MS, Speaker, enrolment

CHIP = bytes.fromhex("02da9f0c11220000")
UNIT = enrolment("GA1", b"1" * 32)
EVENTS = 400


@pytest.mark.parametrize("name", NAMES)
def test_a_disk_that_fills_up_costs_nothing_but_time(name: str, tmp_path: Path) -> None:
    db, broker = tmp_path / "m.sqlite", BrokerProcess(name, tmp_path)
    made = open_database(db)
    registry.enrol(made, [UNIT], NOW_MS)
    made.close()
    monitor = MonitorProgram(db, "--broker", broker.url)
    try:
        monitor.wait_for("storing in")
        with Radio(Speaker(CHIP, UNIT), broker.port) as unit:
            unit.speaker.seq = 1
            unit.say_until(unit.speaker.hello(), Ack)  # the monitor may not have subscribed yet
            monitor.limit_files(max(path.stat().st_size for path in tmp_path.glob("m.sqlite*")) + 8_000)
            first = unit.speaker.seq
            packets = [unit.speaker.packet(unit.speaker.event()) for _ in range(EVENTS)]
            for packet in packets:
                unit.publish(packet)
            monitor.wait_for("database takes nothing")
            # Each that was acknowledged by now is on the disk already.
            acked = {each.acked_seq for each in list(unit.told) if isinstance(each, Ack)}
            store = open_database(db, make=False)
            stored = {row[0] for row in store.execute("SELECT seq FROM events")}
            store.close()
            assert acked <= stored
            assert len(stored) < EVENTS
            monitor.limit_files(resource.RLIM_INFINITY)
            monitor.wait_for("database is back")
            unit.wait_for(Ack, lambda ack: ack.acked_seq == first + EVENTS - 1)
        assert monitor.end() == 0, monitor.lines
        assert sum("database takes nothing" in line for line in monitor.lines) == 1
        reader = Store(db)
        assert sorted(each.seq for each in reader.events()) == list(range(first, first + EVENTS))
        assert reader.repeated(CHIP.hex()) == 0
        reader.close()
    finally:
        monitor.process.kill()
        broker.kill()

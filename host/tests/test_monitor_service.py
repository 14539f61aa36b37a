"""The monitor at a real broker: what units are told, and that strangers are told nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from davy.cli import main as cli
from davy.codec import Ack, Challenge, Command, CommandKind, Outcome, Result
from davy.errors import DeskError, InputError
from davy.monitor import MonitorService, Received, Verdict, registry, views
from davy.monitor.schema import open_database, open_readonly
from support.brokers import NAMES, BrokerProcess
from support.radio import WAIT_S, Radio
from support.speaker import NOW_MS, Speaker, enrolment, state

CHIP, OTHER_CHIP = bytes.fromhex("02da9f0c11220000"), bytes.fromhex("02da9f0c11220001")
UNIT = enrolment("GA1", b"1" * 32)


class Site:
    """A broker, and a monitor in whose register UNIT is."""

    def __init__(self, broker: BrokerProcess, folder: Path) -> None:
        self.broker, self.db = broker, folder / "m.sqlite"
        self.said: list[str] = []
        self.verdicts: list[Verdict] = []
        self._changed = threading.Condition()
        db = open_database(self.db)
        registry.enrol(db, [UNIT], NOW_MS)
        db.close()
        self.monitor = self.start()

    def start(self) -> MonitorService:
        self.monitor = MonitorService(self.broker.url, self.db, say=self._say, on_verdict=self._verdict)
        self.monitor.start()
        assert self.monitor.wait_subscribed(WAIT_S)
        return self.monitor

    def wait_for_refusal(self, reason: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: any(each.reason == reason for each in self.verdicts), WAIT_S), reason

    def wait_for_words(self, words: str) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: any(words in each for each in self.said), WAIT_S), self.said

    def device(self) -> views.DeviceView:
        db = open_readonly(self.db)
        try:
            return next(each for each in views.devices(db) if each.source == CHIP.hex())
        finally:
            db.close()

    def _say(self, text: str) -> None:
        with self._changed:
            self.said.append(text)
            self._changed.notify_all()

    def _verdict(self, _packet: Received, verdict: Verdict) -> None:
        with self._changed:
            self.verdicts.append(verdict)
            self._changed.notify_all()


@pytest.fixture(params=NAMES)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    made = Site(BrokerProcess(request.param, tmp_path), tmp_path)
    yield made
    made.monitor.stop()
    made.broker.kill()


def test_a_unit_says_hello_is_challenged_proves_itself_and_its_events_are_acknowledged_under_seal(site: Site) -> None:
    with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit:
        unit.say(unit.speaker.hello())
        assert unit.wait_for(Ack) == Ack(CHIP, 7, 0, Result.STORED)
        challenge = unit.wait_for(Challenge)
        assert challenge.target == CHIP
        unit.say(unit.speaker.proof(challenge.nonce))
        event = unit.say(unit.speaker.event())
        assert unit.wait_for(Ack) == Ack(CHIP, 7, 2, Result.STORED)
        assert site.device().proven_ms is not None, "the proof came before the event"
        unit.send(event)
        assert unit.wait_for(Ack) == Ack(CHIP, 7, 2, Result.STORED_BEFORE)
        unit.say(unit.speaker.hello())
        assert unit.wait_for(Challenge).nonce != challenge.nonce
        assert unit.bad == [], "everything bore the unit's seal"


def test_strangers_and_forgers_are_told_nothing_at_all(site: Site) -> None:
    stranger, forger = Speaker(OTHER_CHIP, enrolment("GA9", b"9" * 32)), Speaker(CHIP, None)
    with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit, Radio(stranger, site.broker.port) as other:
        unit.say(unit.speaker.hello())
        unit.wait_for(Ack)
        other.say(stranger.hello())
        other.say(stranger.event())
        site.wait_for_refusal("unknown identity")
        forger.seq = 50
        unit.send(forger.packet(forger.event()))
        site.wait_for_refusal("no seal")
        unit.say(unit.speaker.event())
        assert unit.wait_for(Ack) == Ack(CHIP, 7, 1, Result.STORED)
        assert (other.told, other.bad, unit.bad) == ([], [], [])
        assert len(site.monitor.store.events()) == 1


def test_a_recording_keeps_no_link_up(site: Site) -> None:
    with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit:
        recorded = [unit.say(unit.speaker.hello()), unit.say(unit.speaker.event())]
        unit.wait_for(Ack, lambda ack: ack.acked_seq == 1)
        site.monitor.stop()
        site.start()
        heard_s = site.monitor._housekeeping._silence._heard_s
        since_the_start = dict(heard_s)
        for packet in recorded:
            unit.send(packet)
        assert unit.wait_for(Ack, lambda ack: ack.result == Result.STORED_BEFORE)
        assert heard_s == since_the_start
        unit.say(unit.speaker.event())
        unit.wait_for(Ack, lambda ack: ack.acked_seq == 2)
        assert heard_s[CHIP.hex()] > since_the_start[CHIP.hex()]


def command(site: Site, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["davy", "command", UNIT.identifier, *arguments, "--db", str(site.db)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_command_reaches_the_unit_and_its_answer_the_person(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    statuses: list[int] = []
    with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit:
        unit.say(unit.speaker.hello())
        unit.wait_for(Ack)
        for word, outcome in (("self_test", Outcome.DONE), ("mute", Outcome.REFUSED_ALARM)):
            asked = threading.Thread(target=lambda word=word: statuses.append(command(site, monkeypatch, word)))
            asked.start()
            told = unit.wait_for(Command)
            assert told == Command(CHIP, 7, told.command_id, CommandKind[word.upper()], 0, 0)
            unit.say(unit.speaker.answer(told.command_id, outcome, told.command))
            asked.join(WAIT_S)
    assert statuses == [0, 1]
    assert capsys.readouterr().out.splitlines() == [
        "88.118.8/GA1: command 1 (self_test): done",
        "88.118.8/GA1: command 2 (mute): refused alarm",
    ]


def test_a_command_waits_for_a_unit_that_is_away_and_dies_with_the_session_it_was_sent_to(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit:
        unit.say(unit.speaker.hello())
        unit.wait_for(Ack)
    site.monitor.stop()
    assert command(site, monkeypatch, "set", "mqtt_state_ms=5000", "--wait", "0") == 0
    with Radio(Speaker(CHIP, UNIT, session=8), site.broker.port) as unit:
        site.start()
        told = unit.wait_for(Command)
        assert (told.session, told.setting, told.argument) == (7, 1, 5_000), "nobody knows yet that it started again"
        unit.say(state())
        site.wait_for_words("closed: other session, no answer")
    assert "command 1 (set): handed over" in capsys.readouterr().out


def test_a_database_that_breaks_ends_the_monitor_instead_of_letting_it_look_alive(tmp_path: Path) -> None:
    site = Site(BrokerProcess("amqtt", tmp_path), tmp_path)
    try:
        with Radio(Speaker(CHIP, UNIT), site.broker.port) as unit:
            unit.say(unit.speaker.hello())
            unit.wait_for(Ack)
            site.monitor.store.path.write_bytes(b"\xa5" * site.monitor.store.path.stat().st_size)
            unit.say(unit.speaker.event())
            deadline = time.monotonic() + WAIT_S
            while site.monitor.failure is None and time.monotonic() < deadline:
                site.monitor._storing.join(0.05)
            assert isinstance(site.monitor.failure, DeskError), site.said
            assert not any(isinstance(each, Ack) for each in unit.told)
    finally:
        site.monitor.stop()
        site.broker.kill()


@pytest.mark.parametrize(
    "url", ["10.0.0.5", "http://x:1", "mqtt://", "mqtt://x:99999", "mqtt://x/y", "mqtt://me:secret@x"]
)
def test_what_is_no_brokers_address_is_refused_without_telling_a_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="is no broker's address; write mqtt://host:port or mqtts://host:port"
    ) as refused:
        MonitorService(url, tmp_path / "m.sqlite")
    assert "secret" not in str(refused.value)

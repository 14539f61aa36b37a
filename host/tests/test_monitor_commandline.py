"""davy devices, davy events and davy command: what they print, and what they refuse."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from davy.cli import main as cli
from davy.codec import EventKind
from davy.monitor import Admit, Received, Store, Verdict, registry
from davy.monitor.schema import open_database
from davy.paths import ROOT
from support.speaker import NOW_MS, Speaker, enrolment, state

CHIP, DEMO = bytes.fromhex("02da9f0c11220000"), bytes.fromhex("02da9f0c11220001")
UNIT, SILENT = enrolment("GA1", b"1" * 32), enrolment("GA2", b"2" * 32)
DAVY = str(Path(sys.executable).with_name("davy"))


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A unit in alarm with a gap in its events, one that was never heard, and a stranger from before the register."""
    store = Store(tmp_path / "m.sqlite", Admit.ANYONE)
    registry.enrol(store._db, [UNIT, SILENT], NOW_MS)
    unit, demo = Speaker(CHIP, UNIT), Speaker(DEMO, None)
    unit.bind(store)
    unit.prove(store)
    unit.say(store, unit.event(), NOW_MS)
    unit.event()  # lost
    repeated = unit.heard(unit.event(kind=EventKind.FAULT, gas=0, detail=1, value=8), NOW_MS + 60_000)
    store.ingest([repeated, repeated])
    unit.say(store, state(run_state=5, methane_ppm=9_000, latched=1, faults=2, valve_state=0, waiting_events=4))
    demo.say(store, demo.hello("88.118.8/DEMO\x1b[2J"))
    demo.say(store, demo.event(), NOW_MS + 120_000)
    Speaker(CHIP, None).say(store, state())
    store.close()
    return tmp_path / "m.sqlite"


def davy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: object
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["davy", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    printed = capsys.readouterr()
    return int(ended.value.code or 0), printed.out, printed.err


def test_devices_are_a_line_each_with_what_matters(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = davy(monkeypatch, capsys, "devices", "--db", db)
    assert status == 0
    line = next(line for line in said.splitlines() if line.startswith("88.118.8/GA1"))
    for part in (CHIP.hex(), "up", "latched", "9000 ppm", "0 ppm", "closed", "co sensor", "4", "1"):
        assert part in line, f"{part} in {line}"
    never = next(line for line in said.splitlines() if line.startswith("88.118.8/GA2"))
    assert "never" in never
    assert "not yet" in never
    assert "not enrolled" in said
    assert "\x1b" not in said, "a stranger's name is no order to a terminal"


def test_devices_as_json_hold_what_the_database_holds(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = json.loads(davy(monkeypatch, capsys, "devices", "--db", db, "--json")[1])
    unit = next(each for each in found if each["identifier"] == "88.118.8/GA1")
    assert (unit["events"], unit["gaps"], unit["repeated"], unit["refused"]) == (2, 1, 1, 1)
    assert (unit["state"]["methane_ppm"], unit["state"]["fault_names"]) == (9_000, ["co_sensor"])
    assert (unit["proven_ms"], unit["enrolled"], unit["firmware"]) == (NOW_MS, True, "0.1.0")
    assert "secret" not in json.dumps(found)


def test_events_can_be_chosen_by_device_kind_and_number(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def lines(*arguments: object) -> list[str]:
        status, said, wrong = davy(monkeypatch, capsys, "events", "--db", db, *arguments)
        assert status == 0, wrong
        return said.splitlines()

    assert len(lines()) == 3
    assert [line.split("  ")[-1] for line in lines("--device", "88.118.8/GA1")] == [
        "ALARM methane critical at 9000 ppm",
        "FAULT co sensor (silent)",
    ]
    assert len(lines("--device", DEMO.hex())) == 1
    assert len(lines("--kind", "alarm")) == 2
    assert lines("--limit", "1") == lines()[-1:]
    assert lines("--device", "88.118.8/GA2") == []
    assert lines("--since", "1h") == [], "they are of another year"
    (as_json,) = lines("--kind", "fault", "--json")
    found = json.loads(as_json)
    assert (found["kind_word"], found["number"], found["source"]) == ("fault", 2, CHIP.hex())


def test_events_follow_what_is_committed_and_end_with_ctrl_c(db: Path) -> None:
    running = subprocess.Popen(
        [DAVY, "events", "--db", str(db), "--follow", "--json", "--limit", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert running.stdout is not None
    assert json.loads(running.stdout.readline())["source"] == DEMO.hex()
    store = Store(db)
    unit = Speaker(CHIP, UNIT, session=8)
    for value in (1, 2, 3):
        unit.say(store, unit.event(value=value))
    assert [json.loads(running.stdout.readline())["value"] for _ in range(3)] == [1, 2, 3]
    running.send_signal(signal.SIGINT)
    rest, wrong = running.communicate(timeout=30)
    assert (running.returncode, rest, wrong) == (0, "", "")
    store.close()


def test_incidents_name_who_and_what(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = davy(monkeypatch, capsys, "devices", "incidents", "--db", db)
    assert status == 0
    assert said.rstrip().endswith(f"88.118.8/GA1 {CHIP.hex()}  wrong seal: no seal")
    (as_json,) = json.loads(davy(monkeypatch, capsys, "devices", "incidents", "--db", db, "--json")[1])
    assert (as_json["kind"], as_json["count"]) == ("wrong_seal", 1)


def test_a_command_without_a_monitor_says_so_and_stays_open(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, _ = davy(monkeypatch, capsys, "command", "--db", db, "88.118.8/GA1", "mute", "--wait", "200ms")
    assert (status, said) == (
        1,
        "88.118.8/GA1: command 1 (mute): no answer yet, not sent: is a monitor running, and the unit up?; "
        "it stays open until it is ten minutes old\n",
    )


def test_a_command_that_ends_without_an_answer_is_a_failure(
    db: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def expire() -> None:
        monitor = open_database(db)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if monitor.execute("UPDATE commands SET closed = 'expired' WHERE closed IS NULL").rowcount:
                break
        monitor.close()

    expiring = threading.Thread(target=expire)
    expiring.start()
    status, said, _ = davy(monkeypatch, capsys, "command", "--db", db, "88.118.8/GA1", "identify", "--wait", "1m")
    expiring.join()
    assert (status, said) == (1, "88.118.8/GA1: command 1 (identify): expired, no answer\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("devices", "--db", "{missing}"), "{missing}: there is no such database"),
        (("devices", "incidents", "--db", "{missing}"), "{missing}: there is no such database"),
        (("devices", "revoke", "--db", "{missing}", "x", "--why", "y"), "{missing}: there is no such database"),
        (("events", "--db", "{missing}"), "{missing}: there is no such database"),
        (("events", "--db", "{missing}", "--follow"), "{missing}: there is no such database"),
        (("command", "--db", "{missing}", "x", "mute"), "{missing}: there is no such database"),
        (("events", "--db", "{db}", "--kind", "explosion"), "--kind: 'explosion' is none; boot, alarm"),
        (("events", "--db", "{db}", "--since", "soon"), "--since: 'soon' will not do; such as 90s, 30m or 12h"),
        (("events", "--db", "{db}", "--device", "nobody"), "--device: 'nobody' is none that is known"),
        (("command", "--db", "{db}", "88.118.8/GA1", "open_valve"), "COMMAND: 'open_valve' is none"),
        (("command", "--db", "{db}", "88.118.8/GA2", "mute"), "88.118.8/GA2: has not been heard of yet"),
        (("devices", "revoke", "--db", "{db}", "88.118.8/GA1", "--why", ""), "--why: will not do"),
        (("monitor", "--db", "/nowhere/m.sqlite"), "--db: there is no folder /nowhere"),
        (("monitor", "--db", "{db}", "--listen", "0.0.0.0:1883"), "--listen: without TLS 0.0.0.0 would let in anybody"),
        (("monitor", "--db", "{db}", "--listen", "1883"), "--listen: '1883' will not do"),
        (("monitor", "--db", "{db}", "--silent-after", "0s"), "--silent-after: '0s' will not do"),
        (("monitor", "--db", "{db}", "--admit", "friends"), "--admit: 'friends' will not do"),
        (("monitor", "--db", "{db}", "--broker", "mqtts://x"), "--broker: mqtts:// needs a certificate"),
        (("monitor", "--db", "{db}", "--tls", "{missing}"), "{missing}/ca.cert.pem: there is no such file"),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    arguments: tuple[str, ...],
    said: str,
    db: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = {"db": str(db), "missing": str(db.parent / "missing")}
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        status, _, wrong = davy(monkeypatch, capsys, *(part.format(**names) for part in arguments))
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    assert status == 2
    assert wrong.startswith(f"davy: {said.format(**names)}"), wrong
    assert wrong.count("\n") == 1
    assert not os.path.lexists(names["missing"])


def test_refusals_are_told_once_a_minute_however_many_come() -> None:
    from davy.cli.heard import Heard
    from davy.codec import Result

    said, clock = list[str](), [0.0]
    heard = Heard(said.append, lambda: clock[0])
    bad = (Received(CHIP.hex(), b"", 0), Verdict(Result.REFUSED, None, "wrong seal"))
    for clock[0] in (0.0, 1.0, 59.0, 60.0):
        heard(*bad)
    heard(Received("", b"", 0), Verdict(Result.REFUSED, None, "too short"))
    assert said == [
        f"{CHIP.hex()}  refused: wrong seal",
        f"{CHIP.hex()}  refused: wrong seal (and 2 times since it was said)",
        "a topic that names no source  refused: too short",
    ]

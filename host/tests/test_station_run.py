"""A whole station as a process, without keys: what it writes, says and answers for each thing that a board can do."""

from __future__ import annotations

import json
import re
import signal
import sys
from pathlib import Path

import pytest

from support.station_bench import Bench, gone, mac, read_until

KEEPS = "check fixture and cable, then start it again (it keeps its serial)"


def test_three_units_pass_with_serials_of_their_own_and_the_log_holds_each_step(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"], ["retry", "pass"], ["retry", "retry", "pass"]])
    done = bench.run()
    assert done.status == 0, done
    assert done.errors == ""
    serials = bench.serials()
    assert set(serials) == {mac(1), mac(2), mac(3)}
    assert sorted(serials.values()) == ["GA26000001", "GA26000002", "GA26000003"]
    for number in (1, 2, 3):
        serial = serials[mac(number)]
        own = [record for record in bench.records() if record.fields.get("fixture") == str(number)]
        tries = [(r.fields["try"], r.fields["baud"]) for r in own if r.kind == "attempt-start"]
        assert tries == [(1, 460_800), (2, 460_800), (3, 115_200)][:number]
        assert [record.kind for record in own] == [
            "unit-start", *["attempt-start", "attempt-end"] * number, "label", "unit-end"]  # fmt: skip
        assert {(record.fields["mac"], record.fields["serial"]) for record in own} == {(mac(number), serial)}
        end = next(record for record in own[::-1] if record.kind == "attempt-end").fields
        assert end["record"]["identifier"] == f"88.118.8/{serial}"
        assert end["record"]["state"]["methane_ppm"] == 12
        assert own[-1].fields["verdict"] == "passed"
        unit = tmp_path / "units" / serial
        assert json.loads((unit / "unit.json").read_text())["batch"] == "2026-07"
        last = bench.calls(number)[-1]["arguments"]
        assert last == [
            "--port", f"p{number}", "--expect-mac", mac(number), "--baud", str(tries[-1][1]),
            "--image", str(tmp_path / "release"), "--unit", str(unit), "--events",
        ]  # fmt: skip
    assert "3 passed, 0 failed, 0 not judged, 0 of them rework; 17 serials left" in done.out
    assert [record.kind for record in bench.records()][:1] == ["station-start"]
    assert bench.records()[-1].fields == {"passed": 3, "failed": 0, "not_judged": 0}


@pytest.mark.parametrize(
    ("tries", "status", "said", "tried"),
    [
        (["fail"], 1, "failed GA26000001: self-test: valve", 1),
        (["warm"], 1, "failed GA26000001: temperature_cdegc: 5000 is not in 500..4500", 1),
        (["input"], 2, "not judged GA26000001: the image is for another chip; make one for esp32", 1),
        (["die"], 3, f"failed GA26000001: the flash process was ended by signal 9 at step write, 3 tries; {KEEPS}", 3),
        (["stray"], 3, f"failed GA26000001: the flash process was ended by signal 9 at step write, 3 tries; {KEEPS}", 3),
        (["garbage"], 3, r"failed GA26000001: the flash process gave no result and exited with 0; it printed what is no "
         rf"event: '[2J�� not an event', 3 tries; {KEEPS}", 3),
        (["traceback"], 3, "failed GA26000001: the flash process gave no result and exited with 1: RuntimeError: the loader "
         f"fell over, 3 tries; {KEEPS}", 3),
        (["liar"], 3, f"failed GA26000001: the flash process said 'pass' and exited with 1, 3 tries; {KEEPS}", 3),
        (["other"], 3, "not judged GA26000001: unit 24:0a:c4:99:99:99 is there, not 24:0a:c4:00:00:01 that was probed; "
         "start it again", 1),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_one_line_with_its_exit_status_and_a_second_run_heals_it(
    tmp_path: Path, tries: list[str], status: int, said: str, tried: int
) -> None:
    bench = Bench(tmp_path, [tries])
    done = bench.run()
    assert done.status == status, done
    assert done.lines(said) == [f"fixture 1: {said}"], done.out
    assert len(bench.records("attempt-start")) == len(bench.records("attempt-end")) == tried
    assert bench.records("unit-end")[-1].fields["verdict"] != "passed"
    bench.script(1, {"mac": mac(1)})
    again = bench.run()
    assert again.status == 0, again
    assert again.out.startswith(f"fixture 1: GA26000001 ({mac(1)}) {said.split(' GA')[0]} at 20"), "it knows"
    assert bench.serials() == {mac(1): "GA26000001"}
    assert bench.records("unit-end")[-1].fields["rework"] is True
    assert "1 passed, 0 failed, 0 not judged, 1 of them rework; 19 serials left" in again.out


def test_a_fixture_without_a_board_gives_no_serial_away(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]])
    bench.script(1, {"mac": None})
    done = bench.run()
    assert done.status == 3
    assert done.lines("not judged:") == [
        "fixture 1: not judged: p1: no board answers; put a board on its pins and start it again"
    ]
    assert len(bench.calls(1)) == 2, "it is probed once more"
    assert not (tmp_path / "serials.jsonl").exists()


@pytest.mark.parametrize("odd", ["ff:ff:ff:ff:ff:ff", "what\x1b[2J"])
def test_an_odd_mac_gets_no_serial(tmp_path: Path, odd: str) -> None:
    bench = Bench(tmp_path, [["pass"]])
    bench.script(1, {"mac": odd})
    done = bench.run()
    assert done.status == 3
    assert "is no unit's MAC; start it again" in done.lines("not judged:")[0]
    assert "\x1b" not in done.out
    assert not (tmp_path / "serials.jsonl").exists()


def test_a_used_up_work_order_refuses_new_units_and_still_takes_rework(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]])
    (tmp_path / "work.csv").write_text("order,batch,serial_from,quantity\nWO-1,b,GA1,1\n")
    assert bench.run().status == 0
    bench.script(1, {"mac": mac(7)})
    done = bench.run()
    assert done.status == 2
    said = "fixture 1: not judged 24:0a:c4:00:00:07: work_order: all 1 serials are given; add a row to the work order"
    assert done.lines("not judged 24") == [said]
    bench.script(1, {"mac": mac(1)})
    assert bench.run().status == 0
    assert bench.serials() == {mac(1): "GA1"}


def test_one_unit_on_two_fixtures_is_flashed_by_one_of_them(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang"], ["hang"]])
    bench.script(2, {"mac": mac(1), "tries": ["hang"]})
    running = bench.start()
    heard = read_until(running, "not judged")
    assert re.search(
        r"fixture (1|2): not judged 24:0a:c4:00:00:01: 24:0a:c4:00:00:01 is on fixture (2|1) already; check", heard
    )
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=30)
    assert (running.returncode, errors) == (130, "")
    assert bench.serials() == {mac(1): "GA26000001"}


def test_a_reworked_unit_keeps_its_keys_and_gets_no_second_identity(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["fail"]])
    bench.run()
    before = (tmp_path / "units" / "GA26000001" / "nvs.bin").read_bytes()
    bench.script(1, {"mac": mac(1)})
    assert bench.run().status == 0
    assert (tmp_path / "units" / "GA26000001" / "nvs.bin").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "units").iterdir()) == ["GA26000001"]


def test_no_key_or_secret_comes_into_the_log_the_serial_file_or_what_is_said(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]], more='settings = "site.toml"')
    (tmp_path / "site.toml").write_text('[wifi]\nssid = "works"\nkey = "hunter2hunter2"\n')
    done = bench.run()
    assert done.status == 0, done
    told = done.out + done.errors + (tmp_path / "station.log").read_text() + (tmp_path / "serials.jsonl").read_text()
    nvs = (tmp_path / "units" / "GA26000001" / "nvs.bin").read_bytes()
    assert b"hunter2hunter2" in nvs, "the unit has it"
    assert "hunter2" not in told
    assert "PRIVATE" not in told


def test_the_label_is_printed_last_with_the_units_own_files(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]])
    printed = tmp_path / "printed"
    bench.toml.write_text(
        bench.toml.read_text()
        + f"""[label]\nprint = '''{sys.executable} -c "import sys; open(sys.argv[1], 'w').write(repr(sys.argv[2:]))" '''\n"""
        .replace("\" '''", f"\" {printed} {{zpl}} {{identifier}} x{{serial}}y'''")
    )  # fmt: skip
    done = bench.run()
    assert done.status == 0, done
    zpl = str(tmp_path / "units" / "GA26000001" / "label.zpl")
    assert printed.read_text() == repr([zpl, "88.118.8/GA26000001", "xGA26000001y"])
    assert bench.records("label")[0].fields["verdict"] == "printed"


def test_a_unit_whose_label_did_not_come_out_has_not_passed_and_does_with_a_mended_printer(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["pass"]], tables="[label]\nprint = \"sh -c 'echo out of paper >&2; exit 4' {zpl}\"")
    done = bench.run()
    assert done.status == 3
    assert done.lines("not judged GA") == [
        "fixture 1: not judged GA26000001: the label was not printed: sh exited with 4: out of paper; "
        "mend the printer and start the unit again (it keeps its serial)"
    ]
    bench.toml.write_text(bench.toml.read_text().replace("exit 4", "exit 0"))
    assert bench.run().status == 0


def test_ctrl_c_ends_the_children_and_records_that_nothing_was_judged(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang"], ["hang"]])
    running = bench.start()
    heard = read_until(running, "flashing")
    read_until(running, "flashing")
    while not (len(bench.calls(1)) == len(bench.calls(2)) == 2):
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, errors = running.communicate(timeout=30)
    assert running.returncode == 130, heard + out + errors
    assert all(gone(call["pid"]) for number in (1, 2) for call in bench.calls(number))
    assert [record.fields["verdict"] for record in bench.records("attempt-end")] == ["stopped"] * 2
    assert [record.fields["cause"] for record in bench.records("unit-end")] == ["stopped"] * 2
    assert bench.records()[-1].kind == "station-stop"


def test_a_flash_process_that_says_nothing_is_ended_and_the_unit_tried_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, [["hang", "pass"]])
    bench.toml.write_text(bench.toml.read_text().replace("silence_s = 60", "silence_s = 2"))
    done = bench.run()
    assert done.status == 0, done
    assert bench.records("attempt-end")[0].fields["text"] == (
        "the flash process said nothing for 2 s at step write and was ended"
    )
    assert gone(bench.calls(1)[1]["pid"])

"""Serials: given once, kept for ever, whatever dies when and however many stations ask at once."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.station.lines import Torn
from davy.station.serials import NoSerialLeft, SerialFile, is_unit_mac
from davy.station.workorder import Order, load_work_order

HEADER = "order,batch,serial_from,quantity\n"
ORDERS = (Order("WO-1", "2026-07", "GA26", 1, 6, 3), Order("WO-2", "2026-08", "GB", 98, 3, 500))

#: A station's part of the work: allocates the MACs PREFIX:00:00, PREFIX:00:01, ... and tells each serial once it has it.
ASKS = """
import sys
from datetime import datetime, timezone
from pathlib import Path
from davy.station.serials import SerialFile
from davy.station.workorder import load_work_order
serials = SerialFile(Path(sys.argv[1]), load_work_order(Path(sys.argv[2])), lambda: datetime.now(timezone.utc))
for n in range(int(sys.argv[4])):
    mac = f"{sys.argv[3]}:{n >> 8:02x}:{n & 255:02x}"
    print(mac, serials.allocate(mac).serial, flush=True)
"""

#: A station on a disk that is full after so many bytes.
FULL = """
import resource, sys
from datetime import datetime, timezone
from pathlib import Path
from davy.station.serials import SerialFile
from davy.station.workorder import Order
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
SerialFile(Path(sys.argv[1]), [Order("WO-1", "b", "GA26", 1, 6, 3)], lambda: datetime.now(timezone.utc)).allocate(sys.argv[3])
"""


def now() -> datetime:
    return datetime(2026, 7, 1, 8, 0, tzinfo=timezone.utc)


def mac(n: int) -> str:
    return f"24:0a:c4:00:{n >> 8:02x}:{n & 255:02x}"


def serials_at(path: Path, on_torn: Callable[[Torn], None] = lambda torn: None) -> SerialFile:
    return SerialFile(path, ORDERS, now, on_torn)


def asking(folder: Path, prefix: str, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", ASKS, str(folder / "s.jsonl"), str(folder / "work.csv"), prefix, str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def pairs_of(told: str) -> list[tuple[str, str]]:
    return [(found[1], found[2]) for found in re.finditer(r"^(\S+) (\S+)\n", told, re.MULTILINE)]


def test_serials_are_given_in_the_order_of_the_work_order_and_a_known_mac_keeps_its_own(tmp_path: Path) -> None:
    serials = serials_at(tmp_path / "s.jsonl")
    assert [serials.allocate(mac(n)).serial for n in range(5)] == [
        "GA26000001",
        "GA26000002",
        "GA26000003",
        "GB098",
        "GB099",
    ]
    again = serials_at(tmp_path / "s.jsonl").allocate(mac(1))
    assert (again.serial, again.order, again.batch, again.known) == ("GA26000002", "WO-1", "2026-07", True)
    assert serials.free() == 498


def test_what_another_station_appends_is_seen_before_the_next_serial_is_given(tmp_path: Path) -> None:
    one, two = serials_at(tmp_path / "s.jsonl"), serials_at(tmp_path / "s.jsonl")
    given = [(one if n % 2 else two).allocate(mac(n)).serial for n in range(6)]
    assert len(set(given)) == 6
    assert one.allocate(mac(0)).serial == given[0]


def test_an_empty_work_order_says_so_and_gives_nothing(tmp_path: Path) -> None:
    serials = SerialFile(tmp_path / "s.jsonl", ORDERS[:1], now)
    for n in range(3):
        serials.allocate(mac(n))
    before = (tmp_path / "s.jsonl").read_bytes()
    with pytest.raises(NoSerialLeft, match="work_order: all 3 serials are given; add a row"):
        serials.allocate(mac(3))
    assert serials.allocate(mac(2)).known, "rework goes on"
    assert (tmp_path / "s.jsonl").read_bytes() == before


def test_a_file_cut_at_any_byte_gives_no_serial_twice_and_keeps_what_was_told(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    serials = serials_at(path)
    given = [serials.allocate(mac(n)).serial for n in range(4)]
    whole = path.read_bytes()
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        told: list[Torn] = []
        healed = serials_at(path, told.append)
        kept = whole[:cut].count(b"\n")
        assert healed.allocate(mac(9)).serial == ([*given, "GB099"])[kept]
        assert [healed.allocate(mac(n)).serial for n in range(kept)] == given[:kept]
        torn_bytes = cut - (whole[:cut].rfind(b"\n") + 1)
        assert [torn.bytes for torn in told] == ([torn_bytes] if torn_bytes else [])
        for torn in told:
            assert (tmp_path / torn.moved_to).read_bytes() == whole[cut - torn_bytes : cut]


def test_five_stations_at_once_never_share_a_serial(tmp_path: Path) -> None:
    (tmp_path / "work.csv").write_text(HEADER + "WO-1,b,GA26000001,200\n")
    # Two of them have the same units on their fixtures: the same MACs.
    running = [asking(tmp_path, f"24:0a:c4:{prefix}", 40) for prefix in ("00", "01", "02", "03", "03")]
    told = [pairs_of(process.communicate(timeout=90)[0]) for process in running]
    assert [len(pairs) for pairs in told] == [40] * 5
    assert told[3] == told[4], "a MAC has one serial, whoever asks"
    owner = dict(pair[::-1] for pairs in told for pair in pairs)
    assert len(owner) == 160
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    assert {line["serial"]: line["mac"] for line in lines} == owner
    assert len(lines) == 160


def test_stations_killed_at_any_moment_lose_and_double_nothing(tmp_path: Path) -> None:
    chance = random.Random(7)
    (tmp_path / "work.csv").write_text(HEADER + "WO-1,b,GA26000001,9000\n")
    told: dict[str, str] = {}
    for turn in range(8):
        running = asking(tmp_path, f"24:0a:c4:{turn:02x}", 500)
        assert running.stdout is not None
        heard = "".join(running.stdout.readline() for _ in range(chance.randrange(1, 30)))
        running.send_signal(signal.SIGKILL)
        heard += running.stdout.read()
        running.wait()
        running.stdout.close()
        told.update(pairs_of(heard))
    (tmp_path / "s.jsonl").open("ab").write(b'{"mac": "24:0a')  # and the power went at the last one
    healed = SerialFile(tmp_path / "s.jsonl", load_work_order(tmp_path / "work.csv"), now)
    fresh = healed.allocate("24:0a:c4:ff:00:00").serial
    known = {each.mac: each.serial for each in healed.known().values()}
    assert told.items() <= known.items()
    assert len(set(known.values())) == len(known)
    assert fresh not in told.values()


def test_a_full_disk_gives_no_serial_and_with_room_again_the_next_one_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    first = serials_at(path).allocate(mac(0)).serial
    size = path.stat().st_size
    # In a process of its own: a limit, once lowered, stays for everything that follows.
    tried = subprocess.run(
        [sys.executable, "-c", FULL, str(path), str(size + 20), mac(1)], capture_output=True, text=True, check=False
    )
    assert re.search(r"DeskError: .*s\.jsonl: the disk is full \(.*\); free some space and start again", tried.stderr)
    assert path.stat().st_size == size, "no half line is left"
    healed = serials_at(path)
    assert healed.allocate(mac(1)).serial == "GA26000002"
    assert healed.allocate(mac(0)).serial == first


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{}", r"s\.jsonl:3: is no line of a serial file; put the file back"),
        ("nonsense", r"s\.jsonl:3: is no line of a serial file"),
        (
            json.dumps({"mac": mac(0), "serial": "X1", "order": "o", "batch": "b", "time": "t"}),
            r":3: 24:0a\S+ has a line",
        ),
        (
            json.dumps({"mac": mac(7), "serial": "GA26000001", "order": "o", "batch": "b", "time": "t"}),
            r":3: GA26000001 has",
        ),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_with_the_line_and_gives_nothing(
    tmp_path: Path, line: str, said: str
) -> None:
    path = tmp_path / "s.jsonl"
    for n in range(2):
        serials_at(path).allocate(mac(n))
    path.open("a").write(line + "\n")
    before = path.read_bytes()
    serials = serials_at(path)
    for _ in range(2):
        with pytest.raises(InputError, match=said):
            serials.allocate(mac(1))
    assert path.read_bytes() == before


def test_a_serial_file_put_back_from_a_copy_is_read_anew(tmp_path: Path) -> None:
    path = tmp_path / "s.jsonl"
    serials = serials_at(path)
    serials.allocate(mac(0))
    copy = path.read_bytes()
    serials.allocate(mac(1))
    assert len(serials.known()) == 2
    path.write_bytes(copy)
    assert serials.allocate(mac(2)).serial == "GA26000002"


@pytest.mark.parametrize(
    "odd", ["ff:ff:ff:ff:ff:ff", "00:00:00:00:00:00", "01:0a:c4:00:00:01", "24:0A:C4:00:00:01", "24:0a:c4", ""]
)
def test_what_cannot_be_a_chips_own_mac_gets_no_serial(tmp_path: Path, odd: str) -> None:
    assert not is_unit_mac(odd)
    assert is_unit_mac(mac(1))
    with pytest.raises(ValueError, match="not a unit's MAC"):
        serials_at(tmp_path / "s.jsonl").allocate(odd)
    assert not (tmp_path / "s.jsonl").exists()


def test_a_work_order_is_read_as_it_stands(tmp_path: Path) -> None:
    (tmp_path / "w.csv").write_text(
        "\ufeff" + HEADER + "WO-1,2026-07,GA26000099,3\n\n WO-2 , b.2 ,X-7,3\n", encoding="utf-8"
    )
    orders = load_work_order(tmp_path / "w.csv")
    assert [list(order.serials()) for order in orders] == [
        ["GA26000099", "GA26000100", "GA26000101"],
        ["X-7", "X-8", "X-9"],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"w\.csv:1: the columns are missing; order,batch,serial_from,quantity"),
        ("order,batch\n", r"w\.csv:1: the columns are order,batch;"),
        (HEADER, r"w\.csv: holds no order; a row such as"),
        (HEADER + "a,b,GA1\n", r"w\.csv:2: has 3 cells"),
        (HEADER + "a b,b,GA1,1\n", r"w\.csv:2: order: 'a b' will not do"),
        (HEADER + "a,,GA1,1\n", r"w\.csv:2: batch: '' will not do"),
        (HEADER + "a,b,GA,1\n", r"w\.csv:2: serial_from: 'GA' will not do; .* digits at the end"),
        (HEADER + "a,b,ga1,1\n", r"w\.csv:2: serial_from: 'ga1' will not do"),
        (HEADER + "a,b,-A1,1\n", r"w\.csv:2: serial_from: '-A1' will not do"),
        (HEADER + f"a,b,{'A' * 32}1,1\n", r"w\.csv:2: serial_from: 'A+1' will not do"),
        (HEADER + "a,b,GA1,0\n", r"w\.csv:2: quantity: '0' will not do; a whole number from 1 to 1000000"),
        (HEADER + "a,b,GA1,ten\n", r"w\.csv:2: quantity: 'ten' will not do"),
        (HEADER + "a,b,GA8,3\n", r"w\.csv:2: quantity: 3 serials need more digits than GA8 has; 1\.\.2"),
        (HEADER + "a,b,GA10,5\n\nc,d,GA08,3\n", r"w\.csv:4: serial_from: GA10 stands in order a too; start after GA14"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_work_order_is_one_line_with_file_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(InputError) as refused:
        load_work_order(tmp_path / "w.csv")
    assert re.search(said, str(refused.value)), refused.value
    assert "\n" not in str(refused.value)

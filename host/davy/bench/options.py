"""What a run of the suite was told, on its way from `davy bench run` to the process that runs the tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from davy.bench.bench import Bench
from davy.errors import InputError
from davy.paths import FIRMWARE

_PATHS = ("records", "summaries", "firmware")


@dataclass(frozen=True)
class BenchOptions:
    """One process has one bench: the `number`-th serial, on the `number`-th bench file where there are several."""

    records: Path
    summaries: Path
    board: str = "virtual"
    firmware: Path = FIRMWARE
    seed: int = 1
    serials: tuple[str, ...] = ()
    bench_files: tuple[str, ...] = ()
    operator: str = ""
    long: bool = False
    checking: bool = False  # the bench alone: no device is needed
    number: int = field(default=0)

    @property
    def serial(self) -> str:
        """Of the device on this bench; empty when none was named."""
        return self.serials[self.number] if self.number < len(self.serials) else ""

    @property
    def made_serial(self) -> str:
        """The same; where a unit is made for the run, it has one also when none was named."""
        return self.serial or f"VIRTUAL-{self.number + 1}"

    def to_json(self) -> str:
        told = asdict(self)
        return json.dumps({key: str(value) if isinstance(value, Path) else value for key, value in told.items()})

    @classmethod
    def from_json(cls, text: str, number: int = 0) -> BenchOptions:
        told: dict[str, Any] = json.loads(text)
        for key in _PATHS:
            told[key] = Path(told[key])
        told["serials"], told["bench_files"] = tuple(told["serials"]), tuple(told["bench_files"])
        return cls(**{**told, "number": number})


def bench_name(options: BenchOptions) -> str:
    """Of this process's bench, also where it cannot be opened. Raises InputError."""
    if options.number < len(options.bench_files):
        from davy.bench.benchfile import load_bench_file

        return load_bench_file(Path(options.bench_files[options.number])).name
    return f"virtual-{options.number + 1}"


def open_bench(options: BenchOptions, say: Callable[[str], None]) -> Bench:
    """The bench of this process; `say` hears what is waited for. Raises InputError or BenchError."""
    from davy.bench.virtual import virtual_bench

    number, serial = options.number, options.made_serial
    if number < len(options.bench_files):
        return _from_file(Path(options.bench_files[number]), options, serial, say)
    return virtual_bench(
        serial, board=options.board, firmware=options.firmware, seed=options.seed + number, name=bench_name(options)
    )


def _from_file(path: Path, options: BenchOptions, serial: str, say: Callable[[str], None]) -> Bench:
    from davy.bench.benchfile import load_bench_file

    told = load_bench_file(path)
    if told.emulated:
        from davy.bench.emulated_bench import open_emulated

        calibrated = told.calibrated.isoformat() if told.calibrated else ""
        return open_emulated(told.emulated, told.name, serial, options.firmware, calibrated, told.board)
    if told.labgrid is not None:
        from davy.bench.lab.run import open_place

        return open_place(told, str(path), serial, options.firmware, say)
    from davy.bench.ports_bench import open_ports

    if not options.serial and not options.checking:
        raise InputError("--serial", f"bench {told.name} needs the device's", "davy bench run --bench FILE --serial SN")
    return open_ports(told, options.serial)

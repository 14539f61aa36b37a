"""What a run of the suite was told, on its way from `davy bench run` to the process that runs the tests."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from davy.bench.bench import Bench
from davy.paths import FIRMWARE

_PATHS = ("records", "summaries", "firmware", "bench_file")


@dataclass(frozen=True)
class BenchOptions:
    """One process has one bench: the `number`-th serial, on the `number`-th bench file where there are several."""

    records: Path
    summaries: Path
    bench_file: Path | None = None
    board: str = "virtual"
    firmware: Path = FIRMWARE
    seed: int = 1
    serials: tuple[str, ...] = ()
    bench_files: tuple[str, ...] = ()
    operator: str = ""
    long: bool = False
    number: int = field(default=0)

    @property
    def serial(self) -> str:
        """Of the device on this bench; empty when none was named."""
        return self.serials[self.number] if self.number < len(self.serials) else ""

    def to_json(self) -> str:
        told = asdict(self)
        return json.dumps({key: str(value) if isinstance(value, Path) else value for key, value in told.items()})

    @classmethod
    def from_json(cls, text: str, number: int = 0) -> BenchOptions:
        told: dict[str, Any] = json.loads(text)
        for key in _PATHS:
            told[key] = Path(told[key]) if told[key] is not None else None
        told["serials"], told["bench_files"] = tuple(told["serials"]), tuple(told["bench_files"])
        return cls(**{**told, "number": number})


def open_bench(options: BenchOptions) -> Bench:
    """The bench of this process. Raises InputError or BenchError."""
    from davy.bench.virtual import DEFAULT_SERIAL, virtual_bench

    number = options.number
    return virtual_bench(
        options.serial or f"{DEFAULT_SERIAL}{number + 1}",
        board=options.board,
        firmware=options.firmware,
        seed=options.seed + number,
        name=f"virtual-{number + 1}",
    )

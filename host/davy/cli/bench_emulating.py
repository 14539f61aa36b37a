"""Emulated benches for a person: started, told, ended together."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

import yaml

from davy.errors import EXIT_OK, InputError
from davy.files import check_writable, write_whole


def emulate_benches(output: Path, count: int, board: str, seed: int, speed: float | None, exporter: Path | None) -> int:
    """Until Ctrl-C. The bench files go away with the benches. Raises InputError and BenchError."""
    from davy.bench.emulation.emulated import EmulatedSpec
    from davy.bench.emulator import HOST
    from davy.bench.emulator_process import EmulatorProcess
    from davy.image.boardfile import load_board

    load_board(board)  # refused before anything is started
    for path in (output, *([exporter] if exporter is not None else ())):
        check_writable(path, "-o")
    if speed is not None and exporter is not None:
        raise InputError("--speed", "is of no use with --exporter", "a place of labgrid has its time granted")
    stop = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: stop.set())
    with contextlib.ExitStack() as stack:
        offered = {}
        for number in range(1, count + 1):
            name = f"emulated-{number}"
            process = EmulatorProcess(EmulatedSpec(board=board, seed=seed + number - 1, name=name), speed=speed)
            stack.callback(process.stop)
            where = output if count == 1 else output.with_name(f"{output.stem}-{number}{output.suffix}")
            told = {"schema": 1, "name": name, "board": board, "emulated": f"{HOST}:{process.addresses.control}"}
            write_whole(where, yaml.safe_dump(told, sort_keys=False))
            stack.callback(where.unlink, missing_ok=True)
            print(f"{name}: {where} (control port {process.addresses.control})", flush=True)
            if exporter is not None:
                from davy.bench.lab.export import offered_emulated

                offered[name] = offered_emulated(process.addresses, board)
        if exporter is not None:
            from davy.bench.lab.export import exporter_yaml

            write_whole(exporter, exporter_yaml(offered))
            stack.callback(exporter.unlink, missing_ok=True)
            print(f"for labgrid-exporter: {exporter}", flush=True)
        print("ends with Ctrl-C", flush=True)
        stop.wait()
    return EXIT_OK

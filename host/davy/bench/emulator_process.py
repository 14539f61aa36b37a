"""Emulated benches as child processes, for a command that starts several and for tests.

`python -m davy.bench.emulator_process` is the child's side: what to make comes in on its standard input, the ports go out on its standard
output, and when the input closes, however its parent ended, so does the bench.
"""

from __future__ import annotations

import contextlib
import json
import pickle
import select
import subprocess
import sys
from dataclasses import asdict
from typing import IO, Any

from davy.bench.emulation.emulated import EmulatedSpec
from davy.bench.emulator import Addresses, serve_emulator
from davy.bench.errors import BenchError
from davy.errors import DeskError, InputError

_UP_WITHIN_S = 60.0
_DOWN_WITHIN_S = 10.0
_LENGTH_BYTES = 4


class EmulatorProcess:
    """One bench; `addresses` are its ports. It ends with `stop`, and with the process that made it. Raises BenchError (rig)."""

    def __init__(self, made_of: EmulatedSpec, *, speed: float | None = None, control_port: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "davy.bench.emulator_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # a Ctrl-C is for whoever started it, who ends it in good order
        )
        told = self._begin(pickle.dumps((made_of, speed, control_port)))
        if "control" not in told:
            self.stop()
            raise BenchError(
                "rig", f"emulated bench {made_of.name}", f"does not start: {told['problem']}", "mend that first"
            )
        self.addresses = Addresses(**told)

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait(self, timeout_s: float | None = None) -> bool:
        """Whether it ended within that time."""
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End it and everything of it."""
        stdin, stdout = self._streams
        with contextlib.suppress(BrokenPipeError):  # it has ended already
            stdin.close()
        if not self.wait(_DOWN_WITHIN_S):
            self._process.kill()
            self._process.wait()
        stdout.close()

    def __enter__(self) -> EmulatorProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def _streams(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        return self._process.stdin, self._process.stdout

    def _begin(self, request: bytes) -> dict[str, Any]:
        stdin, stdout = self._streams
        try:
            stdin.write(len(request).to_bytes(_LENGTH_BYTES, "big") + request)
            stdin.flush()
        except BrokenPipeError:
            return {"problem": "it ended at once"}
        if not select.select([stdout], [], [], _UP_WITHIN_S)[0]:
            return {"problem": f"no sign of life within {_UP_WITHIN_S:g} s"}
        line = stdout.readline()
        told: dict[str, Any] = json.loads(line) if line else {"problem": "it ended at once"}
        return told


def _serve() -> None:
    leash = sys.stdin.buffer
    made_of, speed, control_port = pickle.loads(leash.read(int.from_bytes(leash.read(_LENGTH_BYTES), "big")))

    def tell(told: dict[str, Any]) -> None:
        print(json.dumps(told), flush=True)

    try:
        serve_emulator(
            made_of,
            speed=speed,
            control_port=control_port,
            on_ready=lambda addresses: tell(asdict(addresses)),
            leash=leash,
        )
    except (InputError, DeskError, OSError) as error:
        tell({"problem": str(error)})


if __name__ == "__main__":
    _serve()

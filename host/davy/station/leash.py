"""A process on a leash: it ends when the station that started it ends, however that ends.

Run as a program, as the leader of a session of its own: `leash.py COMMAND...`. Standard input is a pipe that the station
holds open and never writes to; when it closes, the command and what it started are told to end and, after a grace, made
to. The exit status is the command's, or 128 and the number of the signal that ended it. It imports nothing of ours, so
that it is there at once.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading

GRACE_S = 3.0
EXIT_NO_COMMAND = 127


def _end_when_let_go(child: "subprocess.Popen[bytes]") -> None:
    while os.read(0, 64):
        pass
    os.killpg(0, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(GRACE_S)
    os.killpg(0, signal.SIGKILL)  # this process too: nobody is left who would ask how it ended


def main(command: list[str]) -> int:
    """The exit status to end with."""
    # A handler, not SIG_IGN: that one the command would inherit.
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    except OSError as error:
        print(f"{command[0]}: {error.strerror}", file=sys.stderr, flush=True)
        return EXIT_NO_COMMAND
    threading.Thread(target=_end_when_let_go, args=(child,), daemon=True).start()
    status = child.wait()
    os.killpg(0, signal.SIGTERM)  # what the command left running holds the port
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))

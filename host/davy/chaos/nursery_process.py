"""The nursery itself: `python -m davy.chaos.nursery_process FD`, with the line to the harness at FD. See nursery.py."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import runpy
import signal
import socket
import sqlite3
import sys
import threading
import traceback
from collections.abc import Callable

#: What the roles need. Imported by name: the command line stands above this room, and is used here as a program.
_PRELOADED = (
    "amqtt.broker",
    "cryptography.x509",
    "davy.cli.main",
    "davy.cli.monitor_command",
    "davy.codec",
    "davy.monitor",
    "paho.mqtt.client",
    "rich.console",
)


def _davy(arguments: list[str]) -> None:
    """The command `davy`, as `python -m davy` runs it."""
    sys.argv = ["davy", *arguments]
    runpy.run_module("davy", run_name="__main__", alter_sys=True)


def _program(arguments: list[str]) -> None:
    """The same in a new interpreter: nothing of the nursery is left in it."""
    os.execv(sys.executable, [sys.executable, "-m", "davy", *arguments])


def _execute(arguments: list[str]) -> None:
    """Any program, by its path."""
    os.execv(arguments[0], arguments)


def _broker(arguments: list[str]) -> None:
    """amqtt: PORT, and with TLS the folder of the server's certificate."""
    from davy.chaos.amqtt_broker import serve

    serve(int(arguments[0]), arguments[1] if len(arguments) > 1 else "")


def _lock(arguments: list[str]) -> None:
    """Holds the write lock of the database FILE for so many SECONDS, as a backup or a careless person would."""
    database = sqlite3.connect(arguments[0], timeout=10, isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    threading.Event().wait(float(arguments[1]))
    database.execute("ROLLBACK")


_ROLES: dict[str, Callable[[list[str]], None]] = {
    "davy": _davy,
    "program": _program,
    "execute": _execute,
    "broker": _broker,
    "lock": _lock,
}


def _live(request: dict[str, object], line: socket.socket) -> None:
    """In the child: never returns."""
    status = 1
    try:
        os.setsid()
        line.close()
        log = os.open(str(request["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        arguments = request["arguments"]
        assert isinstance(arguments, list)
        if request["sabotage"]:
            module, _, function = str(request["sabotage"]).partition(":")
            getattr(importlib.import_module(module), function)()
        _ROLES[str(request["start"])](arguments)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0 if ended.code is None else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    line = socket.socket(fileno=int(sys.argv[1]))
    children: set[int] = set()
    with line.makefile("rw", encoding="utf-8", newline="\n") as words:
        for text in iter(words.readline, ""):
            request = json.loads(text)
            if "start" in request:
                pid = os.fork()
                if pid == 0:
                    _live(request, line)
                children.add(pid)
                answer: dict[str, int | None] = {"pid": pid}
            else:
                pid, status = os.waitpid(request["status"], os.WNOHANG)
                children.discard(pid)
                answer = {"status": os.waitstatus_to_exitcode(status) if pid else None}
            words.write(json.dumps(answer) + "\n")
            words.flush()
    for pid in children:  # the harness is gone, and nothing of it stays behind
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()

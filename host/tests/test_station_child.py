"""A process of a fixture: heard to its end, and ended for certain, with all that it started."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from davy.errors import DeskError
from davy.station.child import Child, Ended
from support.station_bench import gone

PIDS = "import os, sys, signal, subprocess; print(os.getpid(), flush=True); "
GRANDCHILD = (
    PIDS
    + "subprocess.Popen([sys.executable, '-c', 'import os, signal; print(os.getpid(), flush=True); signal.pause()']); "
)


def python(code: str) -> Child:
    return Child([sys.executable, "-c", code])


def stops_after(lines: int, child: Child, heard: list[int]) -> Callable[[bytes], None]:
    def hear(line: bytes) -> None:
        heard.append(int(line))
        if len(heard) == lines:
            threading.Thread(target=child.stop).start()

    return hear


def test_lines_are_given_as_they_come_and_the_exit_status_is_the_commands(capfd: pytest.CaptureFixture[str]) -> None:
    heard: list[bytes] = []
    ended = python("import sys; print('a\\nb', end=''); sys.stderr.write('x\\nlast words\\n'); sys.exit(7)").run(
        heard.append, 30
    )
    assert heard == [b"a", b"b"]
    assert ended == Ended(7, 0, "last words")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("number", [9, 11, 15])
def test_a_command_that_a_signal_ended_says_which(number: int) -> None:
    assert python(f"import os; os.kill(os.getpid(), {number})").run(lambda line: None, 30) == Ended(
        128 + number, number, ""
    )


def test_a_command_that_is_not_there_is_told_by_name() -> None:
    ended = Child(["/nowhere/flash"]).run(lambda line: None, 30)
    assert (ended.exit, ended.error) == (127, "/nowhere/flash: No such file or directory")


def test_a_line_without_an_end_is_cut_and_not_kept_in_memory_for_ever() -> None:
    heard: list[int] = []
    python("import sys; sys.stdout.write('x' * 1_000_000)").run(lambda line: heard.append(len(line)), 30)
    assert sum(heard) == 1_000_000
    assert max(heard) <= 2 * 65_536


def test_stopped_from_another_thread_it_ends_with_what_it_started() -> None:
    child = python(GRANDCHILD + "signal.pause()")
    heard: list[int] = []
    child.run(stops_after(2, child, heard), 60)
    assert [gone(pid) for pid in heard] == [True, True]


def test_what_ignores_being_told_is_made_to_end() -> None:
    child = python(
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + PIDS + "\nwhile True: signal.pause()"
    )
    heard: list[int] = []
    child.run(stops_after(1, child, heard), 60)
    assert gone(heard[0])


def test_what_a_command_left_running_does_not_outlive_it() -> None:
    heard: list[int] = []
    # It ends only after its child has told its own number.
    code = GRANDCHILD.replace("; signal.pause()'])", "; os.kill(os.getppid(), signal.SIGUSR1); signal.pause()'])")
    code = (
        code.replace("subprocess.Popen(", "signal.pthread_sigmask(0, [10]); subprocess.Popen(") + "signal.sigwait([10])"
    )
    ended = python(code).run(lambda line: heard.append(int(line)), 60)
    assert ended.exit == 0
    assert [gone(pid) for pid in heard] == [True, True]


def test_a_listener_that_raises_ends_the_process_and_is_not_hidden() -> None:
    heard: list[int] = []

    def hear(line: bytes) -> None:
        heard.append(int(line))
        raise KeyError("a bug")

    with pytest.raises(KeyError, match="a bug"):
        python(PIDS + "signal.pause()").run(hear, 60)
    assert gone(heard[0])


def test_a_command_dies_with_the_one_who_holds_the_leash() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import sys\nfrom davy.station.child import Child\n"
         f"Child([sys.executable, '-c', {PIDS + 'signal.pause()'!r}]).run(lambda l: print(l.decode(), flush=True), 60)"],
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert holder.stdout is not None
    pid = int(holder.stdout.readline())
    holder.kill()
    holder.communicate()
    assert gone(pid)


def test_what_cannot_even_be_tried_is_the_desks_fault() -> None:
    with pytest.raises(DeskError, match="cannot be started: Argument list too long; mend that and start again"):
        Child(["x" * 10_000_000])

"""What is wrong with a desk: programs, permissions, ports, who holds one, and what is at its other end. Nothing is written.

Each check gives a finding: fine, a hint, or trouble with the next step.
"""

from __future__ import annotations

import contextlib
import grp
import importlib.metadata
import importlib.util
import os
import stat
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import serial
from serial.tools import list_ports

from davy.errors import DeskError, InputError
from davy.flash.check import ask_hello
from davy.flash.esptool import run_esptool
from davy.flash.resetting import Resetting, has_reset_lines
from davy.flash.unit_line import UnitLine
from davy.image.chips import CHIPS
from davy.image.micropython import download_hint, read_micropython

FINE, HINT, TROUBLE = "fine", "hint", "trouble"
_CONSOLE_BAUD = 115_200
#: Rates that adapters are left at by other work; the ROM of a chip with a 26 MHz crystal speaks at 74880.
_OTHER_BAUDS = (9_600, 57_600, 74_880, 230_400, 460_800, 921_600)
_LISTEN_S = 1.2
_PRESENT_WITHIN_S = 1.5


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    level: str
    what: str
    text: str
    next_step: str = ""


def look_at_programs() -> list[Finding]:
    """esptool and mpremote."""
    found = []
    for name, needed in (("esptool", "5.6"), ("mpremote", "1.29")):
        if importlib.util.find_spec(name) is None:
            found.append(Finding(TROUBLE, name, "is not installed", f"pip install '{name}>={needed}'"))
        else:
            found.append(Finding(FINE, name, importlib.metadata.version(name)))
    return found


def look_at_micropython(path: Path | None, mcu: str) -> Finding:
    """The file for a bare chip."""
    if path is None:
        hint = download_hint(mcu)
        return Finding(
            HINT, "MicroPython file", "none was named (--micropython)", f"a bare {CHIPS[mcu].name} needs {hint}"
        )
    try:
        found, _parts = read_micropython(path, mcu)
    except InputError as error:
        return Finding(TROUBLE, "MicroPython file", f"{error.where}: {error.problem}", error.hint)
    return Finding(FINE, "MicroPython file", f"{found.version} for the {CHIPS[mcu].name}")


def list_serial_ports() -> list[Finding]:
    """Every port of this machine that is a USB adapter or a built-in UART with one."""
    found = []
    for port in sorted(list_ports.comports()):
        if port.vid is not None:
            place = f", at USB {port.location}" if port.location else ""
            found.append(Finding(FINE, port.device, f"{port.description}{place}"))
    if not found:
        found.append(Finding(HINT, "ports", "no USB serial adapter is plugged in", "check the cable: some only charge"))
    return found


def look_at_port(port: str, baud: int, reset_port: str | None = None) -> list[Finding]:
    """Whether it can be opened, and what is at its other end. Stops at the first trouble."""
    if port.startswith("/"):
        problem = _permission(port) or _holder(port)
        if problem is not None:
            return [problem]
    try:
        return _what_answers(port, baud, reset_port)
    except DeskError as trouble:
        return [Finding(TROUBLE, trouble.where, trouble.problem, trouble.hint)]


def _permission(port: str) -> Finding | None:
    try:
        about = os.stat(port)
    except OSError:
        known = [each.device for each in list_ports.comports() if each.vid is not None]
        hint = f"there is {', '.join(known)}" if known else "plug the board in, with a cable that carries data"
        return Finding(TROUBLE, port, "there is no such port", hint)
    if not stat.S_ISCHR(about.st_mode):
        return _no_port(port)
    if os.access(port, os.R_OK | os.W_OK):
        return None if _is_terminal(port) else _no_port(port)
    group = str(about.st_gid)
    with contextlib.suppress(KeyError):
        group = grp.getgrgid(about.st_gid).gr_name
    return Finding(
        TROUBLE,
        port,
        f"no permission: it belongs to the group {group}",
        f"sudo usermod -aG {group} $USER, and log in again",
    )


def _no_port(port: str) -> Finding:
    return Finding(TROUBLE, port, "is no serial port", "name a device such as /dev/ttyUSB0")


def _is_terminal(port: str) -> bool:
    try:
        descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return True  # another program may have it for itself: that is told next
    try:
        return os.isatty(descriptor)
    finally:
        os.close(descriptor)


def _holder(port: str) -> Finding | None:
    """Another program that has it open."""
    device = os.stat(port).st_rdev
    mine = os.getpid()
    for process in psutil.process_iter(["pid", "name"]):
        if process.pid == mine:
            continue
        with contextlib.suppress(OSError, psutil.Error):
            for entry in os.scandir(f"/proc/{process.pid}/fd"):
                about = entry.stat()
                if stat.S_ISCHR(about.st_mode) and about.st_rdev == device and not _is_far_end(process.pid, port):
                    name = " ".join(" ".join(process.cmdline()).split())[:60] or process.name()
                    return Finding(
                        TROUBLE,
                        port,
                        f"is held by another program: {name} (process {process.pid})",
                        "close it, then try again",
                    )
    return None


def _is_far_end(pid: int, port: str) -> bool:
    """Whether the process holds the other side of a pseudo-terminal too: then it is the board, not a rival."""
    return port.startswith("/dev/pts/") and any(
        os.readlink(entry.path) in ("/dev/ptmx", "/dev/pts/ptmx") for entry in os.scandir(f"/proc/{pid}/fd")
    )


def _what_answers(port: str, baud: int, reset_port: str | None) -> list[Finding]:
    with UnitLine(port, baud) as line:
        hello = ask_hello(line, _PRESENT_WITHIN_S)
        heard = bytes(line.heard)
    if hello is None and baud != _CONSOLE_BAUD:
        with UnitLine(port, _CONSOLE_BAUD) as line:
            if ask_hello(line, _PRESENT_WITHIN_S) is not None:
                return [_other_rate(port, baud, _CONSOLE_BAUD)]
    if hello is not None:
        said = hello.message
        who = getattr(said, "identifier", "") or "a unit without an identity"
        version = ".".join(str(getattr(said, f"firmware_{part}", "?")) for part in ("major", "minor", "patch"))
        return [Finding(FINE, port, f"davy {version} answers: {who}")]
    if heard and not _is_text(heard):
        return [_wrong_baud(port, baud)]
    found = []
    if heard:
        last = heard.decode("utf-8", "replace").strip().splitlines()
        found.append(Finding(HINT, port, f"no davy answers; the console says: {last[-1][:100] if last else ''}"))
    return [*found, _boot_loader(port, reset_port)]


def _boot_loader(port: str, reset_port: str | None) -> Finding:
    with Resetting(port, reset_port) as resetting:
        before = resetting.into_boot_loader()
        run = run_esptool(port, _CONSOLE_BAUD, ["flash-id"], before=before)
        if reset_port is not None or has_reset_lines(port):
            resetting.into_program()
    return Finding(FINE, port, f"the boot loader of an {run.chip} answers, MAC {run.mac}, {run.flash_mb} MB of flash")


def _wrong_baud(port: str, baud: int) -> Finding:
    """What comes is no text at this rate: at which is it?"""
    for other in (_CONSOLE_BAUD, *_OTHER_BAUDS):
        if other != baud and _reads_well(port, other):
            return _other_rate(port, baud, other)
    return Finding(TROUBLE, port, f"what comes at {baud} baud is no text", "check ground, and the crystal's rate")


def _other_rate(port: str, baud: int, other: int) -> Finding:
    step = f"use --baud {other} for its console"
    return Finding(TROUBLE, port, f"nothing can be understood at {baud} baud, but at {other}", step)


def _reads_well(port: str, baud: int) -> bool:
    try:
        with contextlib.closing(serial.serial_for_url(port, baudrate=baud, timeout=0.1)) as line:
            heard = b""
            end_s = time.monotonic() + _LISTEN_S
            while time.monotonic() < end_s and len(heard) < 200:
                line.write(b"\r\n")
                heard += line.read(200)
    except (OSError, ValueError) as error:
        raise DeskError(port, f"cannot be opened: {error}", "plug it in again") from error
    return bool(heard) and _is_text(heard)


def _is_text(data: bytes) -> bool:
    """Mostly what a console prints."""
    plain = sum(byte in b"\r\n\t\x1b\x04" or 32 <= byte < 127 for byte in data)
    return plain * 10 >= len(data) * 9

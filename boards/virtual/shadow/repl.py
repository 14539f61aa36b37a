# The prompt of a board: friendly, raw, and raw-paste, byte for byte as MicroPython speaks them on a UART, so that mpremote
# and a person at a terminal find what they know. Programs run from it share one set of globals, as on the chip.
import builtins

import console
import kernel
import terminal

FRIENDLY = 0
RAW = 1
_BANNER = 'MicroPython v1.29.0; virtual board with ESP32\r\nType "help()" for more information.\r\n'
_SOFT_RESET = 5
_CTRL_A, _CTRL_B, _CTRL_C, _CTRL_D, _CTRL_E = 1, 2, 3, 4, 5
_WINDOW = 128

_scope: dict = {"__name__": "__main__"}


class _SoftReset(Exception):
    pass


def scope():
    # What boot.py, main.py and the prompt share.
    return _scope


def _read():
    # The interrupt character is one like any other at the prompt.
    before = terminal.interrupt_char(-1)
    try:
        return terminal.read_byte()
    finally:
        terminal.interrupt_char(before)


def _execute(source, kind, name="<stdin>"):
    # True unless it raised; what it raised is returned, not printed.
    kernel.interrupted = False
    try:
        exec(compile(source if isinstance(source, str) else source.decode(), name, kind), _scope)
    except SystemExit:
        raise _SoftReset from None
    except BaseException as error:
        return error
    return None


def _run_raw(source):
    # Output, EOF, exception, EOF.
    error = _execute(source, "exec")
    terminal.write(b"\x04")
    if error is not None:
        console.say_exception(error)
    terminal.write(b"\x04")


def _raw_paste():
    # The program in windows of bytes, the next one asked for as one is used up. None when it was broken off.
    terminal.write(b"R\x01" + bytes((_WINDOW, 0)) + b"\x01")
    source = bytearray()
    used = 0
    while True:
        byte = _read()
        if byte == _CTRL_C:
            terminal.write(b"\x04")
            return None
        if byte == _CTRL_D:
            terminal.write(b"\x04")
            return source
        source.append(byte)
        used += 1
        if used == _WINDOW:
            used = 0
            terminal.write(b"\x01")


def _raw():
    # Until Ctrl-B asks for the friendly prompt, or an empty program for a soft reset.
    while True:
        terminal.write(b"raw REPL; CTRL-B to exit\r\n>")
        line = bytearray()
        while True:
            byte = _read()
            if byte == _CTRL_A:
                if bytes(line) == b"\x05A":
                    source = _raw_paste()
                    line = bytearray()
                    if source is None:
                        terminal.write(b"\x04\x04>")
                        continue
                    _run_raw(source)
                    terminal.write(b">")
                    continue
                break
            if byte == _CTRL_B:
                terminal.write(b"\r\n")
                return
            if byte == _CTRL_C:
                line = bytearray()
            elif byte == _CTRL_D:
                terminal.write(b"OK")
                if not line:
                    terminal.write(b"\r\n")
                    raise _SoftReset
                _run_raw(line)
                terminal.write(b">")
                line = bytearray()
            else:
                line.append(byte)


def _open_ended(text):
    # Whether a statement goes on in the next line.
    if text.endswith("\n"):
        return False
    depth = 0
    for char in text:
        depth += 1 if char in "([{" else -1 if char in ")]}" else 0
    first = text.split(" ")[0].split(":")[0]
    compound = first in ("if", "while", "for", "try", "with", "def", "class", "async") or text.startswith("@")
    return depth > 0 or compound or text.endswith("\\")


def _paste():
    terminal.write(b"\r\npaste mode; Ctrl-C to cancel, Ctrl-D to finish\r\n=== ")
    text = bytearray()
    while True:
        byte = _read()
        if byte == _CTRL_C:
            terminal.write(b"\r\n")
            return
        if byte == _CTRL_D:
            terminal.write(b"\r\n")
            _shown(_execute(text, "exec"))
            return
        text.append(10 if byte == 13 else byte)
        terminal.write(b"\r\n=== " if byte == 13 else bytes((byte,)))


def _shown(error):
    if error is not None:
        console.say_exception(error)


def _friendly():
    # Until Ctrl-A asks for the raw one, or Ctrl-D for a soft reset.
    terminal.write(_BANNER.encode())
    while True:
        terminal.write(b">>> ")
        text = ""
        while True:
            line = _line(not text)
            if line is None:
                break
            if isinstance(line, int):
                if line == _CTRL_A:
                    return
                if line == _CTRL_D:
                    terminal.write(b"\r\n")
                    raise _SoftReset
                if line == _CTRL_B:
                    terminal.write(b"\r\n" + _BANNER.encode())
                else:
                    _paste()
                break
            text = text + "\n" + line if text else line
            if not _open_ended(text):
                if text.strip():
                    _shown(_execute(text, "single"))
                break
            terminal.write(b"... ")


def _line(first):
    # A line; None when it was broken off; the control character that stands alone at the start of a prompt.
    made = bytearray()
    while True:
        byte = _read()
        if byte == 13 or byte == 10:
            terminal.write(b"\r\n")
            return made.decode()
        if byte == _CTRL_C:
            terminal.write(b"\r\n")
            return None
        if first and not made and byte in (_CTRL_A, _CTRL_B, _CTRL_D, _CTRL_E):
            return byte
        if byte in (8, 127):
            if made:
                made = made[:-1]
                terminal.write(b"\b \b")
        elif byte >= 32:
            made.append(byte)
            terminal.write(bytes((byte,)))


def _show_value(value):
    if value is not None:
        terminal.write_text(repr(value) + "\n")
        _scope["_"] = value


def loop(mode):
    # Never returns: a soft reset ends the process.
    name = "__repl_print__"
    setattr(builtins, name, _show_value)
    try:
        while True:
            if mode == RAW:
                _raw()
                mode = FRIENDLY
            else:
                _friendly()
                mode = RAW
    except _SoftReset:
        soft_reset(mode)


def soft_reset(mode):
    # Told before it happens; the prompt's mode lives through it.
    terminal.write(b"MPY: soft reboot\r\n")
    kernel.reset(_SOFT_RESET, mode)

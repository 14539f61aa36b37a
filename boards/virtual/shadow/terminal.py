# The console as a terminal: what sys.stdin, sys.stdout, input() and Ctrl-C are on a board whose UART0 somebody uses.
# A board without ports has one as well: a test may type.
import builtins
import io
import sys

import micropython

import console
import kernel

_IN_CONSOLE = 11
_OUT_CONSOLE = 4
_OUT_BREAK = 5
_CTRL_C = 3
_IOCTL_POLL = 3
_POLLIN = 1
_POLLOUT = 4
_CHUNK_BYTES = 1024

_interrupt_char = _CTRL_C


class _Ring:
    # What was typed and not fetched yet, in a buffer of a fixed size, as the port's: what does not fit is lost. The port
    # has 260 bytes, at a rate that a program keeps up with.
    def __init__(self):
        self._bytes = bytearray(1024)
        self._first = 0
        self.held = 0

    def put(self, data):
        size = len(self._bytes)
        for byte in data:
            if self.held == size:
                return
            self._bytes[(self._first + self.held) % size] = byte
            self.held += 1

    def get(self):
        byte = self._bytes[self._first]
        self._first = (self._first + 1) % len(self._bytes)
        self.held -= 1
        return byte

    def clear(self):
        self.held = 0


_received = _Ring()


def _arrived(body):
    # As the port does: the interrupt character never reaches the program.
    body = bytes(body)  # a bytearray has no `in`
    if _CTRL_C in body:
        kernel.output(_OUT_BREAK, b"")  # it has been heard, whatever comes of it
    if _interrupt_char >= 0 and _interrupt_char in body:
        body = body[body.rfind(bytes((_interrupt_char,))) + 1 :]
        kernel.interrupted = True
        _received.clear()
    _received.put(body)


def write(data):
    # Bytes as they are.
    for at in range(0, len(data), _CHUNK_BYTES):
        kernel.output(_OUT_CONSOLE, bytes(data[at : at + _CHUNK_BYTES]))
    kernel.flush()


def write_text(text):
    # As the port prints: every line feed with a carriage return before it.
    write(text.encode().replace(b"\n", b"\r\n"))


def read_byte():
    # Waits for it; timers run meanwhile.
    while not _received.held:
        kernel.wait_until(kernel.FAR_MS, True)
    return _received.get()


def interrupt_char(char):
    # Which character interrupts, negative for none; gives the one before.
    global _interrupt_char
    before, _interrupt_char = _interrupt_char, char
    return before


class _RawIn(io.IOBase):
    only_by_input = True  # no timer makes it ready

    def ioctl(self, request, argument):
        if request == _IOCTL_POLL:
            return _POLLIN if _received.held else 0
        return -1

    def readinto(self, buf, n=-1):
        n = len(buf) if n < 0 else n
        if not n:
            return 0
        buf[0] = read_byte()
        count = 1
        while count < n and _received.held:
            buf[count] = _received.get()
            count += 1
        return count

    def read(self, n=-1):
        made = bytearray()
        while n < 0 or len(made) < n:
            byte = read_byte()
            if n < 0 and byte == 4:
                break
            made.append(byte)
        return bytes(made)

    def readline(self):
        made = bytearray()
        while not made.endswith(b"\n"):
            byte = read_byte()
            made.append(10 if byte == 13 else byte)
        return bytes(made)


class _Stdin(_RawIn):
    buffer = _RawIn()

    def read(self, n=-1):
        return _RawIn.read(self, n).decode()

    def readline(self):
        return _RawIn.readline(self).decode()


class _RawOut(io.IOBase):
    def write(self, data, size=-1):
        data = data.encode() if isinstance(data, str) else bytes(data)
        write(data if size < 0 else data[:size])
        return len(data) if size < 0 else size

    def ioctl(self, request, argument):
        return _POLLOUT if request == _IOCTL_POLL else 0


class _Stdout(_RawOut):
    buffer = _RawOut()

    def write(self, data, size=-1):
        data = data.encode() if isinstance(data, str) else bytes(data)
        write(data.replace(b"\n", b"\r\n"))
        return len(data)


class _Sys:
    # `sys` with the console's streams.
    stdin = _Stdin()
    stdout = _Stdout()
    stderr = stdout
    platform = "esp32"

    def __getattr__(self, name):
        return getattr(sys, name)

    def print_exception(self, error, file=None):
        if file is None:
            console.say_exception(error)
        else:
            sys.print_exception(error, file)


class _MicroPython:
    # `micropython` with the interrupt character of this console.
    def __getattr__(self, name):
        return getattr(micropython, name)

    def kbd_intr(self, char):
        return interrupt_char(char)


def _input(prompt=""):
    write_text(str(prompt))
    made = bytearray()
    while True:
        byte = read_byte()
        if byte in (10, 13):
            write(b"\r\n")
            return made.decode()
        if byte == 4 and not made:
            raise EOFError
        if byte in (8, 127):
            if made:
                made = made[:-1]
                write(b"\b \b")
            continue
        made.append(byte)
        write(bytes((byte,)))


def take_over():
    kernel.inputs[_IN_CONSOLE] = _arrived
    modules: dict = sys.modules
    modules["sys"] = _Sys()  # what a program imports from now on
    modules["micropython"] = _MicroPython()
    name = "input"
    setattr(builtins, name, _input)

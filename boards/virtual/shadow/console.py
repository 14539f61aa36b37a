# print() with its virtual time: the supervisor hears each line when it was said.
import builtins
import io
import sys

import kernel

_OUT_CONSOLE = 4
_CHUNK_BYTES = 1024

_built_in_print = builtins.print
_terminal: list = []  # writes text as a terminal wants it, when somebody uses the console


def _say(*values, sep=" ", end="\n", file=None):
    text = sep.join([str(value) for value in values]) + end
    if file is not None and file is not sys.stdout:
        if _terminal:
            file.write(text)
        else:
            _built_in_print(*values, sep=sep, end=end, file=file)
        return
    if _terminal:
        _terminal[-1](text)
        return
    text = text.encode()
    for at in range(0, len(text), _CHUNK_BYTES):
        kernel.output(_OUT_CONSOLE, text[at : at + _CHUNK_BYTES])
    kernel.flush()  # what was said last before a hang must have been heard


def say_exception(error):
    text = io.StringIO()
    sys.print_exception(error, text)
    _say(text.getvalue(), end="")


def take_over(terminal_writer=None):
    if terminal_writer is not None:
        _terminal.append(terminal_writer)
    name = "print"
    setattr(builtins, name, _say)
    kernel.on_exception(say_exception)

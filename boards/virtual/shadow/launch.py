# Starts the board: the shadow modules stand in for the built-in ones, the flash image becomes "/",
# and then happens what happens on the chip: boot.py, main.py, and after them the idle prompt.
# Arguments: the line's file descriptor, then NAME=VALUE options; host/davy/board/process.py gives them.
import sys

import _asyncio_virtual
import console
import flash_time
import kernel
import machine
import tls_shadow

_STOCK_PATH = ("", ".frozen", "/lib")  # sys.path of the ESP32 port
_RAW_OPEN = open


def _options(arguments):
    found = {}
    for argument in arguments:
        name, _, text = argument.partition("=")
        found[name] = text
    return found


_FIRST_BOOT = b"# This file is executed on every boot (including wake-boot from deepsleep)\n"


def _mount(path, start, length):
    import flash_area

    vfs = __import__("vfs")  # by name: its stub takes only a class of block device that the port does not have

    image = _RAW_OPEN(path, "r+b")
    area = flash_area.FlashArea(image, start, length)
    vfs.umount("/")
    try:
        vfs.mount(vfs.VfsLfs2(area), "/")
    except OSError:
        _set_up(vfs, area)


def _set_up(vfs, area):
    # What the port does at boot: an erased partition gets a file system, anything else is left alone and told for ever.
    first = bytearray(area.ioctl(5, 0))
    area.readblocks(0, first)
    if any(byte != 0xFF for byte in first):
        while True:
            print("The filesystem appears to be corrupted. If you had important data there, you")
            print("may want to make a flash snapshot to try to recover it. Otherwise, perform")
            print("factory reprogramming of MicroPython firmware (completely erase flash, followed")
            print("by firmware programming).")
            kernel.wait_until(kernel.now_ms + 3_000)
    vfs.VfsLfs2.mkfs(area)
    vfs.mount(vfs.VfsLfs2(area), "/")
    with open("boot.py", "wb") as file:
        file.write(_FIRST_BOOT)


def _run(name, scope):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    try:
        exec(compile(source, name, "exec"), scope)
    except SystemExit:
        raise
    except BaseException as error:
        console.say_exception(error)


def _start(options):
    kernel.line.open(int(options["line"]))
    kernel.configure(
        int(options["at_ms"]),
        int(options["ticks"]),
        int(options["speed_ppm"]),
        tuple([int(pin) for pin in options["coupled"].split(",") if pin]),
        int(options["watchdog_ms"]),
    )
    # Loaded before "/" changes, under the names that the firmware imports.
    kernel.random_state = int(options["random"]) or 1
    for name in ("time", "select", "socket", "network", "esp32", "os", "errno"):
        __import__(name)
    sys.modules["_asyncio"] = _asyncio_virtual
    sys.modules["tls"] = tls_shadow
    flash_time.power_goes_in(int(options["flash_cut"]))
    machine.configure(int(options["cause"]), bytes.fromhex(options["mac"]))
    kernel.ready()
    repl = _console(int(options["prompt"]))
    _mount(options["flash"], int(options["vfs_start"]), int(options["vfs_bytes"]))
    sys.path[:] = _STOCK_PATH
    if repl is None:
        _run("boot.py", {"__name__": "__main__"})
        _run("main.py", {"__name__": "__main__"})
        # Nobody is at the prompt: nothing runs but timers, until the power goes.
        kernel.wait_until(kernel.FAR_MS)
        return
    mode = int(options["prompt"])
    try:
        _run("boot.py", repl.scope())
        if mode == repl.FRIENDLY:
            _run("main.py", repl.scope())
    except SystemExit:
        repl.soft_reset(mode)
    repl.loop(mode)


def _console(prompt):
    # The prompt's module, or None (prompt -1) for a console without one. Loaded before "/" changes.
    import terminal

    terminal.take_over()
    if prompt < 0:
        console.take_over()
        return None
    import repl

    console.take_over(terminal.write_text)
    return repl


_start(_options(sys.argv[1:]))

# Starts the board: the shadow modules stand in for the built-in ones, the flash image becomes "/",
# and then happens what happens on the chip: boot.py, main.py, and after them the idle prompt.
# Arguments: the line's file descriptor, then NAME=VALUE options; host/davy/board/process.py gives them.
import sys

import _asyncio_virtual
import console
import kernel
import machine

_STOCK_PATH = ("", ".frozen", "/lib")  # sys.path of the ESP32 port
_RAW_OPEN = open


def _options(arguments):
    found = {}
    for argument in arguments:
        name, _, text = argument.partition("=")
        found[name] = text
    return found


def _mount(path, start, length):
    import flash_area

    vfs = __import__("vfs")  # by name: its stub takes only a class of block device that the port does not have

    image = _RAW_OPEN(path, "r+b")
    vfs.umount("/")
    vfs.mount(vfs.VfsLfs2(flash_area.FlashArea(image, start, length)), "/")


def _run(name):
    try:
        with open(name) as file:
            source = file.read()
    except OSError:
        return
    try:
        exec(compile(source, name, "exec"), {"__name__": "__main__"})
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
    )
    # Loaded before "/" changes, under the names that the firmware imports.
    kernel.random_state = int(options["random"]) or 1
    for name in ("time", "select", "socket", "network", "esp32", "os", "errno"):
        __import__(name)
    sys.modules["_asyncio"] = _asyncio_virtual
    machine.configure(int(options["cause"]), bytes.fromhex(options["mac"]))
    _mount(options["flash"], int(options["vfs_start"]), int(options["vfs_bytes"]))
    sys.path[:] = _STOCK_PATH
    console.take_over()
    kernel.ready()
    _run("boot.py")
    _run("main.py")
    # The prompt: nothing runs but timers, until the power goes.
    kernel.wait_until(kernel.FAR_MS)


_start(_options(sys.argv[1:]))

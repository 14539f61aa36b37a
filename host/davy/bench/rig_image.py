"""The littlefs image of a rig: its firmware, the protocol's frames, and its wiring."""

from __future__ import annotations

from pathlib import Path

from davy.bench.wiring import Wiring
from davy.errors import InputError
from davy.image.build import Image, filesystem_of
from davy.image.compile import compile_mpy, content_hash, firmware_files
from davy.paths import BOARDS, FIRMWARE

RIG_FIRMWARE = BOARDS / "rig_esp32" / "firmware"
#: Of the device's tree: the frames, in which both speak.
_SHARED = FIRMWARE / "protocol"
WIRING = "wiring.json"


def rig_files(wiring: Wiring, tree: Path = RIG_FIRMWARE) -> dict[str, bytes]:
    """Name on the rig -> bytes. Raises InputError when a file of the tree does not compile."""
    files = firmware_files(tree)
    for path in sorted(_SHARED.glob("*.py")):
        name = f"protocol/{path.name}"
        files[name.removesuffix(".py") + ".mpy"] = compile_mpy(name, path.read_bytes())
    return {**files, WIRING: wiring.to_json_bytes()}


def rig_image(wiring: Wiring, tree: Path = RIG_FIRMWARE) -> Image:
    """What goes to the `vfs` partition of stock MicroPython, at `VFS.offset` of a chip with 4 MB.

    The same wiring and tree give the same bytes.
    """
    files = rig_files(wiring, tree)
    return Image(filesystem_of(files), content_hash(files), files)


def write_rig_files(wiring: Wiring, folder: Path) -> None:
    """The same files into a new folder, for `mpremote cp -r`. Raises InputError when the folder is there already."""
    files = rig_files(wiring)
    try:
        folder.mkdir()
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be made: {error.strerror}", "name a folder that is not there yet"
        ) from error
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

"""The littlefs2 image of a board: compiled firmware, board data, settings."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from pathlib import Path

import littlefs

from davy.image.boardparts import BoardSpec
from davy.image.calibration import Calibration, nominal
from davy.image.compile import content_hash, firmware_files
from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.settings import Settings
from davy.paths import FIRMWARE

IMAGE_SCHEMA = 1
#: Where the unit keeps its events; made here, because making it takes the chip longer than the safety loop may wait.
JOURNAL = "journal"
#: Files whose CRC-32 the unit checks at the start and each hour.
PARAMETER_FILES = ("board.json", "settings.json", "calibration.json")


@dataclass(frozen=True)
class Image:
    """What is written to the `vfs` partition.

    `littlefs` is as long as the partition. `sha256` is the content hash of firmware and board data;
    the unit finds it in /image.json. Settings are not part of it: they are the unit's, not the build's.
    """

    littlefs: bytes
    sha256: str
    files: dict[str, bytes]


def build_image(
    spec: BoardSpec, settings: Settings, tree: Path = FIRMWARE, calibration: Calibration | None = None
) -> Image:
    """Compile the tree and lay it out. The same input gives the same bytes. Without a calibration: the types' values."""
    own = {
        "settings.json": settings.to_json_bytes(),
        "calibration.json": (calibration or nominal(spec)).to_json_bytes(),
    }
    return _image(spec, tree, own)


def build_program(spec: BoardSpec, tree: Path = FIRMWARE) -> Image:
    """What all units of a board have in common, and nothing of any one: no settings, no calibration."""
    return _image(spec, tree, {})


def with_files(image: Image, changes: dict[str, bytes | None]) -> Image:
    """The same image with some files replaced, or left out (None), and everything else as it was: a spoilt one, to try."""
    files = {name: content for name, content in {**image.files, **changes}.items() if content is not None}
    return Image(filesystem_of(files, (JOURNAL,)), image.sha256, files)


def _image(spec: BoardSpec, tree: Path, own: dict[str, bytes]) -> Image:
    files = {**firmware_files(tree), "board.json": spec.to_json_bytes()}
    sha256 = content_hash(files)
    names = sorted(files)
    files["image.json"] = json.dumps({"schema": IMAGE_SCHEMA, "sha256": sha256, "files": names}).encode()
    files.update(own)
    checked = {name: zlib.crc32(files[name]) for name in PARAMETER_FILES if name in files}
    files["crc.json"] = json.dumps(checked).encode()
    return Image(filesystem_of(files, (JOURNAL,)), sha256, files)


def filesystem_of(files: dict[str, bytes], folders: tuple[str, ...] = ()) -> bytes:
    """A littlefs2 as long as the `vfs` partition, with these files and then these folders. The same input gives the same bytes."""
    filesystem = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES)
    for name in sorted(files):
        parent = Path(name).parent.as_posix()
        if parent != ".":
            filesystem.makedirs(parent, exist_ok=True)
        with filesystem.open(name, "wb") as file:
            file.write(files[name])
    # Last: what littlefs has to look through, and to change when it moves the directory, grows with what comes behind it.
    for folder in folders:
        filesystem.makedirs(folder, exist_ok=True)
    return bytes(filesystem.context.buffer)

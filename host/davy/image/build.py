"""The littlefs2 image of a board: compiled firmware, board data, settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import littlefs

from davy.image.boardfile import BoardSpec
from davy.image.compile import content_hash, firmware_files
from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.settings import Settings
from davy.paths import FIRMWARE

IMAGE_SCHEMA = 1


@dataclass(frozen=True)
class Image:
    """What is written to the `vfs` partition.

    `littlefs` is as long as the partition. `sha256` is the content hash of firmware and board data;
    the unit finds it in /image.json. Settings are not part of it: they are the unit's, not the build's.
    """

    littlefs: bytes
    sha256: str
    files: dict[str, bytes]


def build_image(spec: BoardSpec, settings: Settings, tree: Path = FIRMWARE) -> Image:
    """Compile the tree and lay it out. The same input gives the same bytes."""
    files = {**firmware_files(tree), "board.json": spec.to_json_bytes()}
    sha256 = content_hash(files)
    files["image.json"] = json.dumps({"schema": IMAGE_SCHEMA, "sha256": sha256}).encode()
    files["settings.json"] = settings.to_json_bytes()
    return Image(_littlefs(files), sha256, files)


def _littlefs(files: dict[str, bytes]) -> bytes:
    filesystem = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=VFS.length // BLOCK_BYTES)
    for name in sorted(files):
        parent = Path(name).parent.as_posix()
        if parent != ".":
            filesystem.makedirs(parent, exist_ok=True)
        with filesystem.open(name, "wb") as file:
            file.write(files[name])
    return bytes(filesystem.context.buffer)

"""A release: what `davy image` makes, and what is flashed to every unit of a board.

It holds the program, and MicroPython when the user gives it. What belongs to one unit (settings, calibration, keys) lies in
the unit's NVS, and no part of a release touches that.
"""

from __future__ import annotations

import hashlib
import runpy
from pathlib import Path

from davy.errors import InputError
from davy.files import write_whole
from davy.image.blocks import runs, used_blocks, with_one_head
from davy.image.boardparts import BoardSpec
from davy.image.build import build_program
from davy.image.checkout import commit_of
from davy.image.manifest import Entry, ManifestError, Release, is_of_release, parse_manifest, to_json
from davy.image.micropython import read_micropython
from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.parts import APPLICATION, HEAD, HEAD_BYTES, Part, misplaced, new_part
from davy.paths import FIRMWARE, ROOT
from protocol import messages

__all__ = ["MANIFEST", "Part", "Release", "build_release", "load_release", "write_release"]

MANIFEST = "manifest.json"
_AGAIN = "make the image again with davy image"


def build_release(spec: BoardSpec, micropython: Path | None = None) -> Release:
    """Compile, lay out, and take MicroPython apart; nothing is written. The same input gives the same release.

    Raises InputError when the MicroPython file is not one for this board, or a file of the firmware does not compile.
    """
    version, parts = None, tuple[Part, ...]()
    if micropython is not None:
        found, parts = read_micropython(micropython, spec.mcu)
        version = found.version
    image = build_program(spec)
    commit, dirty = commit_of(ROOT)
    release = Release(
        board=spec.name,
        mcu=spec.mcu,
        tier=spec.tier,
        firmware=str(runpy.run_path(str(FIRMWARE / "version.py"))["TEXT"]),
        protocol_version=messages.PROTOCOL_VERSION,
        schema_checksum=messages.schema_checksum(),
        image_sha256=image.sha256,
        git_commit=commit,
        git_dirty=dirty,
        micropython=version,
        parts=(*parts, *application_parts(image.littlefs)),
    )
    problem = misplaced(release.parts)
    if problem:
        raise AssertionError(problem)
    return release


def application_parts(littlefs: bytes) -> tuple[Part, ...]:
    """The blocks of a `vfs` image that a chip must get; the superblock pair last."""
    settled = with_one_head(littlefs)
    data = tuple(block for block in used_blocks(settled) if block * BLOCK_BYTES >= HEAD_BYTES)
    stretches = [
        (f"application-{number}", first * BLOCK_BYTES, count * BLOCK_BYTES)
        for number, (first, count) in enumerate(runs(data), 1)
    ]
    return tuple(
        new_part(name, APPLICATION, VFS.offset + at, settled[at : at + length])
        for name, at, length in (*stretches, (HEAD, 0, HEAD_BYTES))
    )


def write_release(release: Release, folder: Path) -> None:
    """Every part as a file, then the manifest; an older release in the folder is replaced.

    The old manifest goes before the first part is written, so that at no moment there is a mix that `load_release` takes.
    Raises InputError when the folder cannot be written, or holds a manifest.json of something else.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        manifest = folder / MANIFEST
        for name in _files_of_older(manifest) - {part.file for part in release.parts}:
            (folder / name).unlink(missing_ok=True)
        manifest.unlink(missing_ok=True)
        for part in release.parts:
            write_whole(folder / part.file, part.data)
        write_whole(manifest, to_json(release))
    except OSError as error:
        raise InputError(
            str(folder), f"cannot be written: {error.strerror}", "make room, or name a folder of yours"
        ) from error


def load_release(folder: Path) -> Release:
    """A release as it was made, every byte of it. Raises InputError naming the file that is not."""
    manifest = folder / MANIFEST
    try:
        said, entries = parse_manifest(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(str(folder), f"holds no {MANIFEST}, so it is no whole release", _AGAIN) from None
    except OSError as error:
        raise InputError(str(manifest), f"cannot be read: {error.strerror}", _AGAIN) from error
    except UnicodeDecodeError as error:
        raise InputError(str(manifest), "is not UTF-8", _AGAIN) from error
    except ManifestError as error:
        raise InputError(str(manifest), str(error), _AGAIN) from None
    parts = tuple(_read_part(folder, entry) for entry in entries)
    problem = misplaced(parts)
    if problem:
        raise InputError(str(manifest), problem, _AGAIN)
    said.pop("schema"), said.pop("flash_bytes")
    return Release(**said, parts=parts)


def _read_part(folder: Path, entry: Entry) -> Part:
    path = folder / entry.file
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(str(path), "is missing", _AGAIN) from None
    except OSError as error:
        raise InputError(str(path), f"cannot be read: {error.strerror}", _AGAIN) from error
    if len(data) != entry.size:
        raise InputError(str(path), f"has {len(data):,} bytes and the manifest says {entry.size:,}", _AGAIN)
    if hashlib.sha256(data).hexdigest() != entry.sha256:
        raise InputError(str(path), "has other bytes than it was made with (SHA-256)", _AGAIN)
    return Part(entry.name, entry.kind, entry.file, entry.offset, data, entry.sha256)


def _files_of_older(manifest: Path) -> set[str]:
    """The files that an older release left; none when there was none, or it was damaged."""
    try:
        text = manifest.read_text(encoding="utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return set()
    if not is_of_release(text):
        raise InputError(str(manifest), "is there, and of something else than davy", "name another folder")
    try:
        return {entry.file for entry in parse_manifest(text)[1]}
    except ManifestError:
        return set()

"""A release: the same bytes from the same input, only what a chip needs, and nothing that was touched since."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import littlefs
import pytest

from davy.errors import InputError
from davy.image.blocks import files_in, with_one_head
from davy.image.boardfile import load_board
from davy.image.build import build_program
from davy.image.checkout import commit_of
from davy.image.compile import content_hash
from davy.image.manifest import own_hash
from davy.image.partitions import BLOCK_BYTES, FLASH_BYTES, NVS, PHY, VFS
from davy.image.release import MANIFEST, Release, build_release, load_release, write_release
from support.interpreters import run
from support.micropython_image import craft

BLOCKS = VFS.length // BLOCK_BYTES
_LIST_ON_MICROPYTHON = """
import vfs, hashlib, binascii
class Area:
    def __init__(self, path):
        with open(path, 'rb') as file:
            self.data = bytearray(file.read())
    def readblocks(self, block, buf, offset=0):
        at = block * 4096 + offset
        buf[:] = self.data[at:at + len(buf)]
    def writeblocks(self, block, buf, offset=0):
        raise OSError('read only')
    def ioctl(self, request, argument):
        return (len(self.data) // 4096, 4096)[request - 4] if request in (4, 5) else 0
area = vfs.VfsLfs2(Area({path!r}), readsize=32, progsize=32, lookahead=32)
def show(folder):
    for entry in area.ilistdir(folder):
        name = folder + '/' + entry[0]
        if entry[1] == 0x4000:
            show(name)
        else:
            with area.open(name, 'rb') as file:
                print(name[1:], binascii.hexlify(hashlib.sha256(file.read()).digest()).decode())
show('')
"""


@pytest.fixture(scope="module")
def micropython(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("download") / "ESP32_GENERIC.bin"
    path.write_bytes(craft())
    return path


@pytest.fixture(scope="module")
def release(micropython: Path) -> Release:
    return build_release(load_board("devkit_mq"), micropython)


def written(release: Release, flash: bytearray, last: int | None = None) -> bytearray:
    """As a chip is written: whole blocks are erased first. `last` leaves out parts at the end."""
    for part in release.parts[:last]:
        blocks = -(-part.size // BLOCK_BYTES)
        flash[part.offset : part.offset + blocks * BLOCK_BYTES] = b"\xff" * (blocks * BLOCK_BYTES)
        flash[part.offset : part.offset + part.size] = part.data
    return flash


def test_a_chip_that_was_erased_gets_the_program_and_nothing_of_a_unit(release: Release) -> None:
    flash = written(release, bytearray(b"\xff" * FLASH_BYTES))
    found = files_in(bytes(flash[VFS.offset : VFS.end]))
    assert found == build_program(load_board("devkit_mq")).files
    assert "settings.json" not in found and "calibration.json" not in found
    assert list(json.loads(found["crc.json"])) == ["board.json"]
    about = json.loads(found["image.json"])
    assert about["sha256"] == release.image_sha256 == content_hash({name: found[name] for name in about["files"]})


def test_micropython_itself_reads_every_file_of_it(release: Release, tmp_path: Path) -> None:
    flash = written(release, bytearray(b"\xff" * FLASH_BYTES))
    (tmp_path / "vfs.bin").write_bytes(flash[VFS.offset : VFS.end])
    listed = run("unix", _LIST_ON_MICROPYTHON.format(path=str(tmp_path / "vfs.bin")), [])
    expected = {
        name: hashlib.sha256(data).hexdigest() for name, data in files_in(bytes(flash[VFS.offset : VFS.end])).items()
    }
    assert dict(line.split() for line in listed.splitlines()) == expected


def test_only_used_blocks_are_written(release: Release) -> None:
    image = with_one_head(build_program(load_board("devkit_mq")).littlefs)
    blocks = [image[at : at + BLOCK_BYTES] for at in range(0, len(image), BLOCK_BYTES)]
    filled = {number for number, block in enumerate(blocks) if block.strip(b"\xff")}
    sent = {
        (part.offset - VFS.offset + at) // BLOCK_BYTES
        for part in release.parts
        if part.kind == "application"
        for at in range(0, part.size, BLOCK_BYTES)
    }
    # The older half of the superblock pair and that of the empty journal's, which must be erased.
    assert filled < sent and len(sent - filled) == 2
    assert len(sent) < BLOCKS // 4


def test_what_belongs_to_the_unit_is_not_touched(release: Release) -> None:
    flash = written(release, bytearray(b"\x5a" * FLASH_BYTES))
    assert flash[NVS.offset : PHY.end] == b"\x5a" * (PHY.end - NVS.offset)
    assert [part.name for part in release.parts][:3] == ["bootloader", "partition-table", "micropython"]
    assert flash[0x1000] == 0xE9 and flash[0x8000:0x8002] == b"\xaa\x50" and flash[0x10000] == 0xE9


def test_a_release_is_no_file_system_until_its_last_part(release: Release) -> None:
    flash = written(release, bytearray(b"\xff" * FLASH_BYTES), last=-1)
    with pytest.raises(littlefs.LittleFSError):
        files_in(bytes(flash[VFS.offset : VFS.end]))
    head = release.parts[-1].data
    assert sorted(bool(half.strip(b"\xff")) for half in (head[:BLOCK_BYTES], head[BLOCK_BYTES:])) == [False, True]


def test_a_release_is_read_as_it_was_made(release: Release, tmp_path: Path) -> None:
    write_release(release, tmp_path / "new" / "folder")
    assert load_release(tmp_path / "new" / "folder") == release
    assert (release.micropython, release.mcu, release.board) == ("v1.29.0", "esp32", "devkit_mq")


def test_a_release_in_place_of_another_leaves_nothing_of_it(release: Release, tmp_path: Path) -> None:
    write_release(release, tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    alone = build_release(load_board("devkit_mq"))
    write_release(alone, tmp_path)
    assert load_release(tmp_path) == alone
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        "application-1.bin", "application-head.bin", MANIFEST, "notes.txt",
    ]  # fmt: skip
    (tmp_path / MANIFEST).write_text("{ half")
    write_release(alone, tmp_path)
    assert load_release(tmp_path) == alone


def test_a_manifest_of_something_else_stays(release: Release, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"name": "a web page"}')
    with pytest.raises(InputError, match=r"manifest\.json: is there, and of something else"):
        write_release(release, tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == [MANIFEST]


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _swap(folder: Path) -> None:
    one, two, beside = folder / "bootloader.bin", folder / "micropython.bin", folder / "beside"
    one.rename(beside), two.rename(one), beside.rename(two)


def _edit(change: Callable[[dict[str, object]], object], sign: bool = True) -> Callable[[Path], None]:
    """Edits manifest.json; `sign` as somebody would who knows how its own hash is made."""

    def edit(folder: Path) -> None:
        said = json.loads((folder / MANIFEST).read_text())
        told = said.pop("sha256")
        change(said)
        (folder / MANIFEST).write_text(json.dumps({**said, "sha256": own_hash(said) if sign else told}))

    return edit


def _part(number: int, **changes: object) -> Callable[[dict[str, object]], object]:
    return lambda said: said["parts"][number].update(changes)  # type: ignore[index]


TAMPERED: dict[str, tuple[Callable[[Path], object], str]] = {
    "a bit": (lambda f: _flip(f / "application-1.bin"), r"application-1\.bin: has other bytes"),
    "cut": (lambda f: (f / "micropython.bin").write_bytes(b"\xe9"), r"micropython\.bin: has 1 bytes and the manifest says"),
    "gone": (lambda f: (f / "application-head.bin").unlink(), r"application-head\.bin: is missing"),
    "no manifest": (lambda f: (f / MANIFEST).unlink(), r"holds no manifest\.json"),
    "swapped": (_swap, r"bootloader\.bin: has 65,536 bytes and the manifest says"),
    "no JSON": (lambda f: (f / MANIFEST).write_text("{"), r"manifest\.json: is no JSON"),
    "no text": (lambda f: (f / MANIFEST).write_bytes(b"\xff\xfe"), r"manifest\.json: is not UTF-8"),
    "a list": (lambda f: (f / MANIFEST).write_text("[]"), r"manifest\.json: has other keys"),
    "edited": (_edit(lambda m: m.update(firmware="9.9.9"), sign=False), r"changed after it was made"),
    "newer": (_edit(lambda m: m.update(schema=2)), r"is of schema 2, and this davy reads 1"),
    "other keys": (_edit(lambda m: m.pop("tier")), r"has other keys than schema, board"),
    "a number": (_edit(lambda m: m.update(tier=3)), r"tier is 3"),
    "another chip": (_edit(lambda m: m.update(mcu="avr")), r"is for a chip 'avr'"),
    "out of the folder": (_edit(_part(0, file="../bootloader.bin")), r"parts\[0\]: its kind, file or sha256 will not do"),
    "over NVS": (_edit(_part(0, offset=0x9000)), r"bootloader lies over partition nvs"),
    "reaching into NVS": (_edit(_part(0, offset=0x6000)), r"bootloader lies over partition nvs"),
    "over another": (_edit(_part(1, offset=0x1000)), r"partition-table lies over bootloader"),
    "outside": (_edit(_part(3, offset=FLASH_BYTES - BLOCK_BYTES)), r"application-1 ends at 0x[0-9a-f]+, outside of the flash"),
    "before the flash": (_edit(_part(0, offset=-4096)), r"bootloader is empty, or not at the start"),
    "off the block": (_edit(_part(3, offset=VFS.offset + 4 * BLOCK_BYTES + 4)), r"application-1 is empty, or not at"),
    "as another kind": (_edit(_part(0, kind="application")), r"bootloader is of kind application and not between"),
    "head first": (_edit(lambda m: m["parts"].reverse()), r"application-head of 8192 bytes at 0x200000 is not the last"),  # type: ignore[attr-defined]
    "no parts": (_edit(lambda m: m.update(parts=[])), r"application-head of 8192 bytes at 0x200000 is not the last"),
    "twice": (_edit(lambda m: m["parts"].insert(0, m["parts"][0])), r"two parts have one name"),  # type: ignore[attr-defined,index]
}  # fmt: skip


@pytest.mark.parametrize("name", TAMPERED)
def test_a_release_that_was_tampered_with_is_refused(release: Release, tmp_path: Path, name: str) -> None:
    change, said = TAMPERED[name]
    write_release(release, tmp_path)
    change(tmp_path)
    with pytest.raises(InputError, match=said) as refused:
        load_release(tmp_path)
    assert refused.value.hint == "make the image again with davy image"
    assert "\n" not in str(refused.value)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_the_commit_is_that_of_the_very_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", str(tmp_path), *arguments], check=True, capture_output=True)

    sources = ("firmware",)
    assert commit_of(tmp_path, sources) == (None, False)
    git("init", "-q")
    assert commit_of(tmp_path, sources) == (None, False)
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware" / "a.py").write_text("a = 1\n")
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "first")
    commit, dirty = commit_of(tmp_path, sources)
    assert re.fullmatch("[0-9a-f]{40}", str(commit)) and not dirty
    (tmp_path / "notes.txt").write_text("elsewhere")
    assert commit_of(tmp_path, sources) == (commit, False)
    (tmp_path / "firmware" / "b.py").write_text("b = 1\n")
    assert commit_of(tmp_path, sources) == (commit, True)
    assert commit_of(tmp_path / "firmware", sources) == (None, False)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "of-a-hook"))
    assert commit_of(tmp_path, sources) == (commit, True)

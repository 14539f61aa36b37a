"""What a chip must get of a littlefs image, whatever it held before and whenever its power goes."""

from __future__ import annotations

import littlefs
import pytest

from davy.image.blocks import files_in, runs, used_blocks
from davy.image.partitions import BLOCK_BYTES, VFS
from davy.image.parts import HEAD_BYTES
from davy.image.release import application_parts

BLOCKS = VFS.length // BLOCK_BYTES


def file_system(folder: str | None = None, **files: bytes) -> littlefs.LittleFS:
    made = littlefs.LittleFS(block_size=BLOCK_BYTES, block_count=BLOCKS)
    if folder is not None:
        made.mkdir(folder)
    for name, content in files.items():
        with made.open(name, "wb") as file:
            file.write(content)
    return made


def found_while_writing(image: bytes, head: bytes) -> list[dict[str, bytes]]:
    """What a mount finds after each 64 bytes of the head, when the power goes there: the file systems that it takes."""
    found = []
    for done in range(0, len(head) + 1, 64):
        try:
            found.append(files_in(head[:done] + b"\xff" * (len(head) - done) + image[len(head) :]))
        except littlefs.LittleFSError:
            continue
    return found


#: An even and an odd number of changes to the root: once the one half of the superblock pair is the newer, once the other.
ROOTS = [bytes(file_system(folder, one=b"1", two=b"2").context.buffer) for folder in (None, "/folder")]


@pytest.mark.parametrize("image", ROOTS, ids=["even", "odd"])
def test_a_file_system_half_written_is_none(image: bytes) -> None:
    found = found_while_writing(image, application_parts(image)[-1].data)
    assert found and all(each == {"one": b"1", "two": b"2"} for each in found)


def test_the_older_half_of_the_superblock_pair_would_be_taken_for_the_whole() -> None:
    found = [each for image in ROOTS for each in found_while_writing(image, image[:HEAD_BYTES])]
    assert any(each != {"one": b"1", "two": b"2"} for each in found)  # so that the test above can fail


def test_an_old_file_system_underneath_does_not_show_through() -> None:
    new = bytes(file_system("/empty", a=b"new" * 2000).context.buffer)
    worn = file_system("/empty", a=b"old" * 2000)
    for _ in range(20):
        with worn.open("/empty/left", "wb") as file:
            file.write(b"behind")
    old = bytes(worn.context.buffer)

    def over(blocks: set[int]) -> bytes:
        flash = bytearray(old)
        for block in blocks:
            flash[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES] = new[
                block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES
            ]
        return bytes(flash)

    filled = {block for block in range(BLOCKS) if new[block * BLOCK_BYTES : (block + 1) * BLOCK_BYTES].strip(b"\xff")}
    assert "empty/left" in files_in(over(filled))  # so this test could fail
    assert files_in(over(set(used_blocks(new)))) == {"a": b"new" * 2000}


def test_neighbours_are_one_run() -> None:
    assert runs((3, 4, 5, 9, 11, 12)) == ((3, 3), (9, 1), (11, 2))
    assert runs(()) == ()

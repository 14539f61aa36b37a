"""What is written to a chip, in which order, so that a cut at any moment leaves the old program, the new one, or plainly none.

First the old file system's head is erased, together with everything else that is to be written; the new head comes last, in a
run of its own. Until it is there the chip has no file system, and no program is taken for whole.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from pathlib import Path

from davy.image.manifest import Release
from davy.image.partitions import NVS
from davy.image.parts import APPLICATION, HEAD, MICROPYTHON

#: Application data goes in pieces of this size, so that a second run writes only those that differ.
PIECE_BYTES = 16_384
_ERASED = b"\xff"


@dataclass(frozen=True)
class Piece:
    """Bytes for one place of the flash."""

    name: str
    offset: int
    data: bytes

    @property
    def wire_bytes(self) -> int:
        """What goes over the wire for it: compressed, if that is less."""
        return min(len(self.data), len(zlib.compress(self.data, 9)))


@dataclass(frozen=True)
class Plan:
    """`first`: one run, skipping what is there already. `last`: the head, empty when nothing was taken away."""

    first: tuple[Piece, ...]
    last: tuple[Piece, ...]

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return (*self.first, *self.last)

    @property
    def wire_bytes(self) -> int:
        """When nothing is skipped."""
        return sum(piece.wire_bytes for piece in self.pieces)


def make_plan(release: Release, nvs: bytes | None, *, same_application: bool, in_pieces: bool = True) -> Plan:
    """`nvs`: the unit's own partition, or None to leave the chip's as it is.

    `same_application`: the unit runs this very program and finds it sound. Its file system is then left alone: the unit has
    written into it since. `in_pieces`: the chip holds an older program, so much of it will be there already.
    """
    first = [Piece(part.name, part.offset, part.data) for part in release.parts if part.kind == MICROPYTHON]
    if nvs is not None:
        first.append(Piece("unit", NVS.offset, nvs))
    head = []
    for part in release.parts:
        if part.kind != APPLICATION or same_application:
            continue
        if part.name == HEAD:
            head.append(Piece(part.name, part.offset, part.data))
            first.append(Piece("old-head", part.offset, _ERASED * len(part.data)))
            continue
        step = PIECE_BYTES if in_pieces else len(part.data)
        for at in range(0, len(part.data), step):
            first.append(Piece(f"{part.name}-{at // step + 1}", part.offset + at, part.data[at : at + step]))
    # esptool writes by address, and the head has the lowest one of the file system.
    return Plan(tuple(sorted(first, key=lambda piece: piece.offset)), tuple(head))


def write_pieces(pieces: tuple[Piece, ...], folder: Path) -> list[str]:
    """The pieces as files, and the words for esptool's write-flash."""
    words: list[str] = []
    for piece in pieces:
        path = folder / f"{piece.offset:07x}-{piece.name}.bin"
        path.touch(mode=0o600)  # a unit's piece holds its key
        path.write_bytes(piece.data)
        words += [f"{piece.offset:#x}", str(path)]
    return words

# When the checks run: all at the start and whenever a self-test asks; settings and RAM each hour, the program each day, the
# time bases each minute.
import asyncio
import binascii
import time

from checks.clocks import Clocks
from checks.files import ParameterFiles, ProgramImage
from checks.ram import BLOCK_BYTES, march

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LOOK_MS = 5_000
_MINUTE_MS = 60_000
_ROUND_MS = 3_600_000
_IMAGE_EVERY_ROUNDS = 24
_PIECE_MS = 5  # between two pieces of the image


class Rounds:
    # bits: names of the checks (settings, image, ram, clock) -> fault bit; ticks: reads the second time base, or None;
    # target: what wants() and tell(fault bits) are asked of; profile: the numbers in memory that decisions rest on.
    def __init__(
        self,
        bits: dict,
        files: ParameterFiles,
        image: ProgramImage,
        profile: dict,
        ticks: "Any",
        clocks: "Clocks | None",
        target: "Any",
    ) -> None:
        self._bits = bits
        self._files = files
        self._image = image
        self._profile = profile
        self._profile_crc = _crc(profile)
        self._ticks = ticks
        self._clocks = clocks
        self._target = target
        self._wrong = 0
        self._minute = time.ticks_ms()

    async def run(self) -> None:
        # Never returns.
        self._clock()
        rounds = 0
        while True:
            await self.round(rounds % _IMAGE_EVERY_ROUNDS == 0 or self._target.wants())
            rounds += 1
            waited_ms = 0
            while waited_ms < _ROUND_MS and not self._target.wants():
                await asyncio.sleep_ms(_LOOK_MS)
                waited_ms += _LOOK_MS
                if time.ticks_diff(time.ticks_ms(), self._minute) >= _MINUTE_MS:
                    self._clock()
                    self._target.tell(self._wrong, False)

    async def round(self, whole: bool) -> None:
        # Everything once; the program only when it is to be whole.
        name = self._files.wrong()
        if name:
            print("davy: %s is not as it was written: put it on again" % name)
        self._found("settings", bool(name) or _crc(self._profile) != self._profile_crc)
        self._found("ram", not march(bytearray(BLOCK_BYTES)))
        if whole:
            for _ in self._image.check():
                await asyncio.sleep_ms(_PIECE_MS)
            if self._image.wrong:
                print("davy: the program is not what image.json says: put the image on again")
            self._found("image", self._image.wrong)
        self._target.tell(self._wrong, whole)

    def _clock(self) -> None:
        now = time.ticks_ms()
        passed_ms = time.ticks_diff(now, self._minute)
        self._minute = now
        if self._clocks is not None:
            self._found("clock", self._clocks.wrong(self._ticks(), passed_ms))

    def _found(self, what: str, wrong: bool) -> None:
        mask = 1 << self._bits[what]
        self._wrong = self._wrong | mask if wrong else self._wrong & ~mask


def _crc(profile: dict) -> int:
    names = sorted(profile)
    crc: int = binascii.crc32(repr([(name, profile[name]) for name in names]).encode())
    return crc

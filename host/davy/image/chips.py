"""What the pins of each chip can do, and what its flash images look like.

Source: the data sheets, as collected in the hardware notes.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """Pin numbers of a chip; `pads` leaves out those that the flash holds.

    `image_id` marks the chip in the header of an image, `bootloader_offset` is where its ROM looks for the boot loader,
    `download` is the name of its page and of its files at MicroPython.
    """

    name: str
    pads: tuple[int, ...]
    adc1: tuple[int, ...]
    input_only: tuple[int, ...]
    strapping: tuple[int, ...]
    image_id: int
    bootloader_offset: int
    download: str


CHIPS = {
    "esp32": Chip(
        name="ESP32",
        pads=(0, 1, 2, 3, 4, 5, *range(12, 20), 21, 22, 23, 25, 26, 27, *range(32, 40)),
        adc1=tuple(range(32, 40)),
        input_only=tuple(range(34, 40)),
        strapping=(0, 2, 5, 12, 15),
        image_id=0,
        bootloader_offset=0x1000,
        download="ESP32_GENERIC",
    ),
    "esp32s3": Chip(
        name="ESP32-S3",
        pads=(*range(22), *range(33, 49)),
        adc1=tuple(range(1, 11)),
        input_only=(),
        strapping=(0, 3, 45, 46),
        image_id=9,
        bootloader_offset=0,
        download="ESP32_GENERIC_S3",
    ),
}

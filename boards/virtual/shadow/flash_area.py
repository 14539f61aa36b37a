# A partition of the flash image as a block device, as esp32.Partition gives it to littlefs.
import flash_time

BLOCK_BYTES = flash_time.SECTOR_BYTES


class FlashArea:
    def __init__(self, image, start, length):
        self._image = image
        self._start = start
        self._blocks = length // BLOCK_BYTES

    def readblocks(self, block, buf, offset=0):
        self._image.seek(self._start + block * BLOCK_BYTES + offset)
        self._image.readinto(buf)

    def writeblocks(self, block, buf, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        flash_time.program(self._image, self._start + block * BLOCK_BYTES + offset, buf)

    def ioctl(self, request, argument):
        if request == 4:
            return self._blocks
        if request == 5:
            return BLOCK_BYTES
        if request == 6:
            flash_time.erase(self._image, self._start + argument * BLOCK_BYTES)
            return 0
        return 0

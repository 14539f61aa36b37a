"""What the desk did not let happen: disk, port, process. Neither bad input nor a bug, and trying again may help."""

from __future__ import annotations

import errno

from davy.errors import DeskError

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class NotRecorded(DeskError):
    """The log did not take a record. What it was about has not happened, and the station takes no further unit."""


def of_disk(where: str, error: OSError) -> DeskError:
    """A write that failed, with the step that mends it. A limit of file size is the same to the one who stands there."""
    if error.errno in _FULL:
        return DeskError(where, f"the disk is full ({error.strerror})", "free some space and start again")
    return DeskError(where, f"cannot be written: {error.strerror}", "mend that and start again")


def one_line(text: str, most: int = 160) -> str:
    """Foreign text for a line of ours: printable, without line ends, at most so many characters."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= most else clean[: most - 3] + "..."

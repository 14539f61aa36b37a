# Results counted by reason: bad input is counted, never an exception in a loop and never a silent skip.
from protocol.frame import GOOD, REASONS


class Counters:
    def __init__(self) -> None:
        self.counts = [0] * len(REASONS)

    def count(self, reason: int) -> None:
        self.counts[reason] += 1

    @property
    def good(self) -> int:
        return self.counts[GOOD]

    @property
    def rejected(self) -> int:
        return sum(self.counts) - self.counts[GOOD]

    def by_name(self) -> dict:
        # {reason: count} of those that occurred, without the good ones.
        return {REASONS[at]: n for at, n in enumerate(self.counts) if n and at != GOOD}

"""A rig and a device in one virtual time: two programs that feel each other, each cause before its effect, to the millisecond.

The present is one for both. The rig only ever acts at it; the device may run ahead of it, up to the time at which the rig wakes by
itself, and stops at the first output that the rig feels: that is then the present. A stretch in which neither has anything to do is
passed over without a word to either.
"""

from __future__ import annotations

from davy.bench.emulation.harness import Harness
from davy.bench.emulation.virtual_rig import VirtualRig
from davy.board.process import BoardCrashed
from davy.board.supervised import Supervised
from davy.board.virtual import VirtualBoard

#: Turns without time going on after which rig and device are taken to talk for ever.
_MOST_TURNS = 5_000


class TalksForEver(Exception):
    """Rig and device answer each other in no time. That is a bug of one of the two."""


class BenchWorld:
    """A rig with a device on it, both in virtual time and made anew. The device is the rig's to power."""

    def __init__(self, rig: VirtualRig, device: VirtualBoard) -> None:
        if rig.speed is not None or device.speed is not None:
            raise ValueError("a bench runs in virtual time")
        if rig.now_ms != device.now_ms:
            raise ValueError(f"the rig is at {rig.now_ms} ms, the device at {device.now_ms} ms")
        self.rig = rig
        self.device = device
        self.harness = Harness(rig, device)
        self.crashes: list[str] = []

    @property
    def now_ms(self) -> int:
        """Virtual ms since both were made."""
        return self.device.now_ms

    def run_for(self, seconds: float) -> None:
        """Run on for so many virtual seconds."""
        self.run_until(self.now_ms + round(seconds * 1000))

    def run_until(self, until_ms: int) -> None:
        """Run to a virtual time, up to and with everything that happens at it."""
        rig, device = self.rig, self.device
        turns = 0
        while True:
            present_ms = self.now_ms
            if rig.run_due() or device.run_due():
                pass
            elif rig.wakes_ms <= present_ms:
                self._turn(rig, present_ms)
            else:
                end_ms = self._next_ms(until_ms)
                if device.process is None or (device.wakes_ms > end_ms and end_ms > present_ms):
                    self._pass_to(end_ms)
                elif end_ms > present_ms or device.wakes_ms <= present_ms:
                    self._turn(device, end_ms)
                    self._pass_to(device.now_ms)
                if self.now_ms >= until_ms and self._settled():
                    return
            turns = turns + 1 if self.now_ms == present_ms else 0
            if turns > _MOST_TURNS:
                raise TalksForEver(f"at {present_ms} ms")

    def close(self) -> None:
        """End both processes."""
        self.device.close()
        self.rig.close()

    def __enter__(self) -> BenchWorld:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # How it works

    def _next_ms(self, until_ms: int) -> int:
        """How far the device may run ahead."""
        # First: it may put something into the device's queue.
        longest_ms = self.device.longest_ms()
        return min(
            until_ms,
            self.now_ms + longest_ms,
            self.rig.wakes_ms,
            self.rig.next_due_ms(),
            self.device.next_due_ms(),
        )

    def _settled(self) -> bool:
        present_ms = self.now_ms
        return all(each.wakes_ms > present_ms and each.next_due_ms() > present_ms for each in (self.rig, self.device))

    def _pass_to(self, t_ms: int) -> None:
        self.device.advance(t_ms)
        self.rig.advance(t_ms)

    def _turn(self, who: Supervised, end_ms: int) -> None:
        try:
            who.grant(end_ms)
            who.serve()
        except BoardCrashed as error:
            # What a chip does when its program runs wild: it starts anew.
            self.crashes.append(f"{'the rig' if who is self.rig else 'the device'} at {self.now_ms} ms: {error}")
            who.emit("fault", text=f"crashed: {error}")
            who.hold_in_reset()
            if who is self.rig:
                who.let_run()
            else:
                self.harness.let_go()

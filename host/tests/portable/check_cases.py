# The background checks that are pure: the march through memory, two time bases. The same on every interpreter.
from checks.clocks import Clocks
from checks.ram import march


class Block:
    # Memory with one fault: `stuck` (cell, mask, value of the masked bits), or `couples` (cell written, cell that it flips).
    def __init__(self, count, stuck=None, couples=None):
        self.cells = [0] * count
        self.stuck = stuck
        self.couples = couples

    def __len__(self):
        return len(self.cells)

    def __getitem__(self, at):
        value = self.cells[at]
        if self.stuck and self.stuck[0] == at:
            value = value & ~self.stuck[1] | self.stuck[2]
        return value

    def __setitem__(self, at, value):
        if self.couples and self.couples[0] == at and self.cells[at] != value:
            self.cells[self.couples[1]] ^= 1
        self.cells[at] = value


def test_sound_memory_passes():
    assert march(bytearray(1024))
    assert march(Block(64))


def test_every_bit_that_is_stuck_is_found():
    for at in (0, 7, 15):
        for bit in range(8):
            for value in (0, 1 << bit):
                assert not march(Block(16, stuck=(at, 1 << bit, value))), (at, bit, value)


def test_a_cell_that_follows_its_neighbour_is_found_above_and_below():
    for pair in ((3, 4), (4, 3), (0, 15), (15, 0)):
        assert not march(Block(16, couples=pair)), pair


def run(clocks, hz, seconds):
    # The finding after so many looks, a second apart.
    ticks = 1_000
    found = clocks.wrong(ticks, 1_000)
    for _ in range(seconds):
        ticks += hz
        found = clocks.wrong(ticks, 1_000)
    return found


def test_an_oscillator_within_its_spread_is_right_and_one_beyond_it_is_not():
    for permille, wrong in ((1_000, False), (810, False), (1_190, False), (790, True), (1_210, True), (0, True)):
        assert run(Clocks(150_000), 150_000 * permille // 1_000, 3) == wrong, permille


def test_once_known_it_may_wander_less():
    for permille, wrong in ((1_090, False), (1_110, True), (890, True)):
        clocks = Clocks(150_000)
        assert not run(clocks, 170_000, 3)
        assert run(clocks, 170_000 * permille // 1_000, 3) == wrong, permille


def test_a_counter_that_does_not_answer_is_wrong_and_one_that_wraps_is_right():
    assert Clocks(150_000).wrong(-1, 1_000)
    clocks = Clocks(150_000)
    assert not clocks.wrong((1 << 48) - 50_000, 1_000)
    assert not clocks.wrong(100_000, 1_000)

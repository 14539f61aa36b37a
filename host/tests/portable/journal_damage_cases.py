# The journal and content that it never wrote: damage, leftovers, and what lies in its way.
import os

from journal_frames import event
from journal_room import Room, held

from protocol import frame as frames
from protocol import messages
from report import journal as journal_room
from report.journal_log import MOST_BYTES, gone

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

journal_module: "Any" = journal_room


def test_bytes_that_are_no_entry_are_skipped_removed_and_counted() -> None:
    good = [event(3, seq) for seq in range(3)]
    flipped = bytearray(good[1])
    flipped[40] ^= 1
    noise = bytes([(n * 73 + 5) & 0xFF for n in range(700)])
    other = frames.encode(messages.STATE, b"12345678", 3, 1, 0, bytes(40))
    for bad in (flipped, good[1][:-1], good[1][5:], noise, bytes(300), b"\xff" * 300, other, gone(3, 0)[:-1]):
        room = Room()
        room.leave(good[0] + bytes(bad) + good[2])
        journal = room.boot()
        assert held(journal) == [(3, 0), (3, 2)], bad
        assert journal.torn == 1, (journal.torn, bad)
        assert room.log() == good[0] + good[2]
        assert room.boot().torn == 0
        journal.put(event(4, 0))
        assert held(room.boot()) == [(3, 0), (3, 2), (4, 0)]


def test_a_torn_end_is_no_hindrance() -> None:
    good = [event(3, seq) for seq in range(2)]
    for length in (1, 2, 12, 28, 29, 33, 62):
        room = Room()
        room.leave(good[0] + good[1][:length])
        journal = room.boot()
        assert (held(journal), journal.torn) == ([(3, 0)], 1), length


def test_an_empty_file_is_an_empty_journal() -> None:
    room = Room()
    room.leave(b"")
    journal = room.boot()
    assert (len(journal), journal.torn, journal.failed) == (0, 0, False)
    journal.put(event(3, 0))
    assert held(room.boot()) == [(3, 0)]


def test_of_a_file_that_is_far_too_long_the_first_part_is_used() -> None:
    room = Room()
    good = event(3, 0)
    room.leave(good + b"\xff" * 2 * MOST_BYTES + event(3, 1))
    journal = room.boot()
    assert (held(journal), journal.torn) == ([(3, 0)], 1)
    assert room.log() == good


def test_foreign_files_and_wrong_names_beside_it_are_left_alone() -> None:
    room = Room()
    names = ("log.txt", "00000003-00000001", "LOG2")
    for name in names:
        room.leave(event(3, 1), name)
    journal = room.boot()
    assert (len(journal), journal.torn) == (0, 0)
    journal.put(event(3, 0))
    assert journal.acknowledged(3, 0)
    assert sorted(os.listdir(room.path)) == sorted(names)


def test_what_a_cut_rewriting_left_beside_it_goes_at_the_next_boot() -> None:
    room = Room()
    room.leave(event(3, 0))
    room.leave(event(3, 0)[:20], "log.new")
    assert held(room.boot()) == [(3, 0)]
    assert os.listdir(room.path) == ["log"]


def test_the_same_event_twice_in_the_file_waits_once() -> None:
    room = Room()
    room.leave(event(3, 0) + event(3, 1) + event(3, 0))
    journal = room.boot()
    assert len(journal) == 2
    assert journal.acknowledged(3, 0)
    assert len(journal) == 1


def test_an_event_put_again_after_it_was_gone_is_there() -> None:
    room = Room()
    room.leave(event(3, 0) + gone(3, 0) + event(3, 0))
    assert held(room.boot()) == [(3, 0)]


def test_a_frame_that_can_no_longer_be_read_is_given_up_and_counted() -> None:
    room = Room()
    journal = room.boot()
    for seq in range(3):
        journal.put(event(3, seq))
    content = bytearray(room.log())
    content[63 + 40] ^= 1
    room.leave(bytes(content))
    assert held(journal) == [(3, 0), (3, 2)]
    assert (journal.dropped, len(journal), journal.failed) == (1, 2, False)
    room.leave(event(3, 7) + bytes(content[63:]))  # a good one, but not the one that was put there
    assert held(journal) == [(3, 2)]
    assert journal.dropped == 2


def test_a_file_in_the_place_of_the_directory_means_ram_and_says_so() -> None:
    room = Room()
    with open(room.path, "wb") as file:
        file.write(b"what is this")
    journal = room.boot()
    journal.put(event(3, 0))
    assert journal.failed
    assert held(journal) == [(3, 0)]
    assert journal.acknowledged(3, 0)
    assert len(journal) == 0


def test_a_directory_in_the_place_of_the_file_means_ram_and_says_so() -> None:
    room = Room()
    os.mkdir(room.path)
    os.mkdir(room.path + "/log")
    journal = room.boot()
    assert journal.failed
    journal.put(event(3, 0, "alarm"))
    assert (held(journal), journal.failed) == ([(3, 0)], True)


def test_a_file_that_could_not_be_read_to_its_end_is_neither_removed_nor_written_anew() -> None:
    room = Room()
    room.leave(event(3, 0) + event(3, 1))
    whole = journal_module.Log.entries

    def breaks_off(self: "Any") -> "Any":
        for number, found in enumerate(whole(self)):
            if number == 1:
                raise OSError(5)
            yield found

    journal_module.Log.entries = breaks_off
    try:
        journal = room.boot()
    finally:
        journal_module.Log.entries = whole
    assert journal.failed
    assert journal.acknowledged(3, 0)
    journal.put(event(4, 0))
    assert journal.acknowledged(4, 0)
    assert (3, 1) in held(room.boot())
    for seq in range(1, 400):
        journal.put(event(4, seq))
    assert journal.failed
    assert (3, 1) in held(room.boot(400))

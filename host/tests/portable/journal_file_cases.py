# What the journal keeps, gives up and forgets, over boots.
import os

from journal_frames import event
from journal_room import Room, held

from report.journal_log import MOST_BYTES


def test_what_was_put_is_there_after_a_boot_with_the_very_same_bytes() -> None:
    room = Room()
    journal = room.boot()
    put = [event(3, seq, kind) for seq, kind in enumerate(("boot", "fault", "alarm"))]
    for data in put:
        journal.put(data)
    again = room.boot()
    assert held(again) == [(3, 2), (3, 0), (3, 1)]
    found = []
    while again.next_unsent() is not None:
        key = again.next_unsent()
        assert key is not None
        found.append(again.frame(key))
        again.mark_sent(key)
    assert sorted(found) == sorted(put)
    assert (again.torn, again.dropped, again.failed) == (0, 0, False)


def test_an_acknowledged_event_is_gone_and_a_second_acknowledgement_is_for_nothing() -> None:
    room = Room()
    journal = room.boot()
    journal.put(event(3, 0))
    journal.put(event(3, 1))
    assert journal.acknowledged(3, 0)
    assert not journal.acknowledged(3, 0)
    assert not journal.acknowledged(2, 1)
    assert held(journal) == [(3, 1)]
    journal.put(event(3, 2))  # carries the acknowledgement into the file
    assert held(room.boot()) == [(3, 1), (3, 2)]


def test_the_file_is_gone_with_the_last_event() -> None:
    room = Room()
    journal = room.boot()
    for seq in range(5):
        journal.put(event(3, seq))
    for seq in range(5):
        assert journal.acknowledged(3, seq)
    assert os.listdir(room.path) == []
    assert len(room.boot()) == 0


def test_few_acknowledged_events_come_back_when_nothing_else_happens() -> None:
    room = Room()
    journal = room.boot()
    for seq in range(100):
        journal.put(event(3, seq))
    for seq in range(90):
        assert journal.acknowledged(3, seq)
    back = len(room.boot()) - 10
    assert 0 <= back < 16, back


def test_a_full_journal_gives_up_the_least_important_and_counts_it() -> None:
    room = Room()
    journal = room.boot(4)
    for seq, kind in enumerate(("alarm", "fault", "button", "latched")):
        journal.put(event(3, seq, kind))
    journal.put(event(3, 4, "valve"))
    assert journal.dropped == 1
    journal.put(event(3, 5, "button"))
    assert journal.dropped == 2
    assert sorted(held(journal)) == [(3, 0), (3, 1), (3, 3), (3, 4)]
    journal.dropped = 0
    journal.put(event(3, 6, "alarm"))
    assert (journal.dropped, journal.lost_total) == (1, 3)
    assert sorted(held(room.boot(4))) == [(3, 0), (3, 1), (3, 3), (3, 6)]


def test_a_journal_of_alarms_alone_keeps_the_newest() -> None:
    room = Room()
    journal = room.boot(4)
    for seq in range(9):
        journal.put(event(3, seq, "alarm"))
    again = room.boot(4)
    assert held(again) == [(3, 5), (3, 6), (3, 7), (3, 8)]
    assert again.dropped == 0


def test_the_file_never_grows_beyond_its_most_and_long_frames_count_by_their_bytes() -> None:
    room = Room()
    journal = room.boot()
    for seq in range(160):
        journal.put(event(3, seq, "fault", 256))
        assert len(room.log()) <= MOST_BYTES
    assert not journal.failed
    kept = 12_288 // (29 + 256 + 4)
    assert held(room.boot()) == [(3, seq) for seq in range(160 - kept, 160)]


def test_a_firmware_with_a_smaller_journal_gives_up_by_the_same_order() -> None:
    room = Room()
    journal = room.boot(8)
    for seq in range(8):
        journal.put(event(3, seq, "button" if seq % 2 else "alarm"))
    smaller = room.boot(5)
    assert sorted(held(smaller)) == [(3, 0), (3, 2), (3, 4), (3, 6), (3, 7)]
    assert smaller.dropped == 3


def test_in_ram_the_order_is_the_same_and_bounded() -> None:
    room = Room()
    with open(room.path, "wb") as file:
        file.write(b"what is this")
    journal = room.boot()
    for seq in range(100):
        journal.put(event(3, seq, "alarm" if seq % 10 == 0 else "button"))
    assert len(journal) == 24
    assert journal.dropped == journal.lost_total == 76
    assert held(journal)[:10] == [(3, seq) for seq in range(0, 100, 10)]
    # And when there is a file system again, each event takes some of those along.
    os.remove(room.path)
    journal.put(event(3, 100))
    assert journal.failed  # not all of them yet
    for seq in range(101, 108):
        journal.put(event(3, seq))
    assert not journal.failed
    assert sorted(held(room.boot())) == sorted(held(journal))
    assert len(journal) == 32


def test_what_was_held_in_ram_takes_nobodys_place_in_the_file() -> None:
    room = Room()
    with open(room.path, "wb") as file:
        file.write(b"what is this")
    journal = room.boot(4)
    for seq in range(6):
        journal.put(event(3, seq))
    os.remove(room.path)
    for seq in range(6, 9):
        journal.put(event(3, seq))
        assert journal.failed
        again = room.boot(4)
        assert (len(again), again.dropped) == (4, 0)
    for seq in range(9):
        assert journal.acknowledged(3, seq) == (seq not in (0, 1))

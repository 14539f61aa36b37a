# The journal on littlefs in trouble, and what it costs the flash. Unix port only.
from flash_model import Flash
from journal_frames import event, formatted, mounted, unmounted
from journal_room import Room, held

from report.journal import Journal


def test_when_the_file_system_is_full_it_goes_on_in_ram_and_then_in_the_file_again() -> None:
    room = Room(16)
    journal = room.boot()
    journal.put(event(3, 0))
    journal.put(event(3, 1))
    with open("/flash/filler", "wb") as file:
        for _ in range(64):
            try:
                file.write(bytes(4096))
                file.flush()
            except OSError:
                break
    for seq in range(2, 12):
        journal.put(event(3, seq, "alarm"))
    assert journal.failed
    assert journal.dropped == 0
    assert sorted(held(journal)) == [(3, seq) for seq in range(12)]
    __import__("os").remove("/flash/filler")
    for seq in range(12, 16):
        journal.put(event(3, seq))
    assert not journal.failed
    assert sorted(held(room.boot())) == [(3, seq) for seq in range(16)]


def test_a_flash_that_refuses_loses_nothing_that_is_in_it() -> None:
    room = Room()
    journal = room.boot()
    for seq in range(6):
        journal.put(event(3, seq))
    room.flash.refuses = True
    for seq in range(6, 10):
        journal.put(event(3, seq))
    assert journal.failed
    assert journal.acknowledged(3, 0)
    assert held(journal) == [(3, seq) for seq in range(1, 10)]
    room.flash.refuses = False
    journal.put(event(3, 10))
    journal.put(event(3, 11))
    assert not journal.failed
    assert held(room.boot()) == [(3, seq) for seq in range(1, 12)]


def test_a_file_system_that_does_not_read_any_more_raises_nothing() -> None:
    flash = Flash(64)
    formatted(flash)
    mounted(flash, "/worn")
    journal = Journal("/worn/journal")
    journal.load()
    for seq in range(4):
        journal.put(event(3, seq))
    flash.dead = True
    journal.put(event(3, 4, "alarm"))
    assert journal.failed
    assert held(journal) == [(3, 4)]
    assert journal.dropped == 4
    assert journal.acknowledged(3, 4)
    again = Journal("/worn/journal")
    again.load()
    assert again.failed
    assert len(again) == 0
    unmounted("/worn")

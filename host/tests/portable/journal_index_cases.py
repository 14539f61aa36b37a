# What goes first: out of a full journal, and to the monitor. Pure, on every interpreter.
from protocol import messages
from report.journal_index import HELD, Index
from report.priorities import rank, urgent

KINDS = messages.ENUMS["event"]


def of(name: str) -> int:
    return int(KINDS.index(name))


def filled(*kinds: str) -> Index:
    index = Index(len(kinds) + 1)
    for seq, kind in enumerate(kinds):
        index.add(7, seq, of(kind), 100 * seq, 63)
    return index


def sent_in_order(index: Index) -> "list[tuple[int, int]]":
    order: list[tuple[int, int]] = []
    while True:
        place = index.next_unsent()
        if place < 0:
            return order
        order.append((index.session[place], index.seq[place]))
        index.mark_sent(place)


def test_an_alarm_is_never_given_up_for_anything_and_a_button_for_everything() -> None:
    ranks = [rank(kind) for kind in range(len(KINDS))]
    for name in ("alarm", "latched", "loss"):
        assert rank(of(name)) == max(ranks), name
    assert rank(of("button")) == min(ranks)


def test_settings_are_given_up_before_a_boot_and_a_boot_before_a_fault() -> None:
    assert rank(of("clear")) < rank(of("settings")) < rank(of("boot")) < rank(of("fault")) < rank(of("released"))


def test_a_kind_that_only_a_newer_firmware_knows_is_kept_like_an_alarm() -> None:
    assert rank(200) == rank(of("alarm"))
    assert not urgent(200)


def test_the_least_important_is_found_and_of_equals_the_oldest() -> None:
    index = filled("alarm", "fault", "button", "alarm", "button")
    assert index.seq[index.least(False)] == 2
    index.free(index.least(False))
    assert index.seq[index.least(False)] == 4
    index.free(index.least(False))
    assert index.seq[index.least(False)] == 1


def test_age_goes_by_session_before_number() -> None:
    index = Index(4)
    index.add(9, 0, of("fault"), 0, 63)
    index.add(8, 4_000_000_000, of("fault"), 63, 63)
    assert index.session[index.least(False)] == 8
    assert sent_in_order(index) == [(8, 4_000_000_000), (9, 0)]


def test_urgent_kinds_are_sent_before_all_others_and_the_oldest_first_within_each() -> None:
    index = filled("boot", "fault", "alarm", "button", "latched", "valve", "fault_cleared", "clear", "released")
    assert [seq for _, seq in sent_in_order(index)] == [2, 4, 5, 7, 8, 0, 1, 3, 6]


def test_the_order_of_sending_does_not_depend_on_the_places() -> None:
    index = Index(4)
    for seq, kind in ((5, "alarm"), (1, "fault"), (4, "valve"), (0, "boot")):
        index.add(7, seq, of(kind), 0, 63)
    assert [seq for _, seq in sent_in_order(index)] == [4, 5, 0, 1]


def test_what_was_sent_is_sent_again_only_after_it_is_forgotten() -> None:
    index = filled("fault", "alarm")
    assert len(sent_in_order(index)) == 2
    assert index.next_unsent() == -1
    index.forget_sent()
    assert [seq for _, seq in sent_in_order(index)] == [1, 0]


def test_a_freed_place_is_used_again_and_found_no_more() -> None:
    index = filled("fault", "alarm")
    place = index.find(7, 0)
    index.free(place)
    assert index.find(7, 0) == -1
    assert index.add(7, 5, of("clear"), 0, 63) == place
    assert index.find(7, 5) == place
    assert index.find(8, 5) == -1


def test_what_is_in_ram_and_what_is_in_the_file_are_counted_apart() -> None:
    index = filled("fault", "alarm")
    place = index.add(7, 2, of("button"), HELD, 80)
    assert (index.logged, index.held, index.logged_bytes) == (2, 1, 126)
    assert index.least(True) == place
    assert index.least(False) == index.find(7, 0)
    index.moved(place, 126)
    assert (index.logged, index.held, index.logged_bytes) == (3, 0, 206)
    assert index.least(True) == -1
    index.free(place)
    assert (index.logged, index.held, index.logged_bytes) == (2, 0, 126)

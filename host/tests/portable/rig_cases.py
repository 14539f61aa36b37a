# The rig's own code: outputs held and played, the contact, the ring of edges. The same on every interpreter.
from rig_room import Kept, Time, rig

from contact import Contact
from edges import Edges
from outputs import BAD_VALUE, BUSY, DONE, NO_SUCH_OUTPUT, PART_SILENT, PART_WRONG, PIECES_MISSING, Voltage
from rig_protocol import messages


def test_a_set_tells_when_it_took_effect_and_stays():
    made, clock, outputs = rig(["button"])
    clock.move(234)
    assert made.set("button", 1, 0) == (DONE, 1_234)
    clock.move(10_000)
    assert outputs["button"].values == [(1_234, 1)]


def test_a_held_output_goes_back_to_where_it_was_at_that_very_millisecond():
    made, clock, outputs = rig(["methane_uv"])
    made.set("methane_uv", 700_000, 0)
    made.set("methane_uv", 1_500_000, 250)
    clock.move(1_000)
    assert outputs["methane_uv"].values == [(1_000, 700_000), (1_000, 1_500_000), (1_250, 700_000)]


def test_a_hold_within_a_hold_goes_back_to_where_the_first_one_would_have():
    made, clock, outputs = rig(["button"])
    made.set("button", 1, 200)
    clock.move(100)
    made.set("button", 1, 500)
    clock.move(1_000)
    assert outputs["button"].values == [(1_000, 1), (1_100, 1), (1_600, 0)]


def test_a_set_ends_a_hold():
    made, clock, outputs = rig(["button"])
    made.set("button", 1, 200)
    made.set("button", 1, 0)
    clock.move(1_000)
    assert outputs["button"].values[-1] == (1_000, 1)


def test_what_a_rig_does_not_have_or_an_output_does_not_take_is_refused_and_not_put():
    made, _, outputs = rig(["button", "methane_uv"])
    assert made.set("tamper", 1, 0)[0] == NO_SUCH_OUTPUT
    assert made.set("button", 2, 0)[0] == BAD_VALUE
    assert made.set("button", messages.RELEASED, 0)[0] == BAD_VALUE
    assert made.set("methane_uv", 3_300_001, 0)[0] == BAD_VALUE
    assert made.set("methane_uv", -2, 0)[0] == BAD_VALUE
    assert outputs["button"].values == [] and outputs["methane_uv"].values == []
    assert made.set("methane_uv", messages.RELEASED, 0)[0] == DONE


def test_at_rest_everything_stands_idle_and_the_power_comes_last():
    made, clock, outputs = rig(["power", "methane_uv", "button"])
    order = []

    def noting(name):
        def put(value):
            order.append((name, value))
            return DONE

        return put

    for name in outputs:
        outputs[name].put = noting(name)
    made.set("button", 1, 5_000)
    assert made.rest() == DONE
    clock.move(10_000)
    assert sorted(order[1:-1]) == [("button", 0), ("methane_uv", messages.RELEASED)]
    assert order[-1] == ("power", 1)


def test_a_rig_whose_host_is_silent_goes_to_rest_and_counts_it():
    made, clock, outputs = rig(["button"])
    made.set(messages.WATCH, 3_000, 0)
    made.set("button", 1, 0)
    clock.move(2_999)
    made.heard()
    clock.move(2_999)
    assert made.rests == 0 and outputs["button"].values[-1][1] == 1
    clock.move(1)
    assert made.rests == 1 and outputs["button"].values[-1] == (6_999, 0)


def test_a_watch_of_nought_is_none():
    made, clock, _ = rig(["button"])
    made.set(messages.WATCH, 0, 0)
    made.heard()
    clock.move(100_000_000)
    assert made.rests == 0


def test_a_waveform_goes_from_value_to_value_without_drift_and_stays_at_its_last():
    made, clock, outputs = rig(["co_uv"])
    assert made.play("co_uv", 50, 5, 0, [1, 2])[0] == DONE
    clock.move(10)
    assert made.play("co_uv", 50, 5, 2, [3, 4]) == (DONE, 1_010)
    assert outputs["co_uv"].values == []
    clock.move(10)
    assert made.play("co_uv", 50, 5, 4, [5]) == (DONE, 1_020)
    clock.move(1_000)
    assert outputs["co_uv"].values == [(1_020, 1), (1_070, 2), (1_120, 3), (1_170, 4), (1_220, 5)]


def test_a_waveform_with_a_piece_missing_is_refused():
    made, clock, outputs = rig(["co_uv"])
    assert made.play("co_uv", 50, 6, 2, [1, 2])[0] == PIECES_MISSING
    made.play("co_uv", 50, 6, 0, [1, 2])
    assert made.play("co_uv", 50, 6, 4, [5, 6])[0] == PIECES_MISSING
    assert made.play("co_uv", 50, 6, 2, [3, 4, 5, 6, 7])[0] == BUSY  # longer than it was said to be
    clock.move(1_000)
    assert outputs["co_uv"].values == []


def test_two_waveforms_play_at_once_and_a_third_is_told_to_wait():
    made, clock, _ = rig(["co_uv", "methane_uv", "co_heater_uv"])
    assert made.play("co_uv", 100, 2, 0, [1, 2])[0] == DONE
    assert made.play("methane_uv", 100, 2, 0, [1, 2])[0] == DONE
    assert made.play("co_heater_uv", 100, 2, 0, [1, 2])[0] == BUSY
    clock.move(100)
    assert made.play("co_heater_uv", 100, 2, 0, [1, 2])[0] == DONE


def test_a_set_ends_a_waveform_and_a_waveform_ends_a_hold():
    made, clock, outputs = rig(["co_uv"])
    made.set("co_uv", 9, 150)
    made.play("co_uv", 100, 3, 0, [1, 2, 3])
    clock.move(100)
    made.set("co_uv", 7, 0)
    clock.move(1_000)
    assert outputs["co_uv"].values == [(1_000, 9), (1_000, 1), (1_100, 2), (1_100, 7)]


def test_a_part_that_fails_is_the_answer_and_later_a_count():
    made, clock, outputs = rig(["co_uv"])
    outputs["co_uv"].outcome = PART_SILENT
    assert made.set("co_uv", 1, 100)[0] == PART_SILENT and made.failures == 0
    clock.move(100)
    assert made.failures == 1
    assert made.play("co_uv", 100, 2, 0, [1, 2])[0] == PART_SILENT
    clock.move(100)
    assert made.failures == 2


def _contact():
    clock = Time()
    switch, seen = Kept(clock), []
    made = Contact(switch, clock, clock, 300, lambda t_ms, closed: seen.append((t_ms, closed)))
    return made, clock, switch, seen


def test_the_contact_follows_the_coil_as_late_as_a_valve_does():
    made, clock, switch, seen = _contact()
    made.coil(1_000, 1)
    clock.move(2_000)
    made.coil(2_990, 0)  # seen 10 ms ago
    clock.move(1_000)
    assert seen == [(1_300, 0), (3_290, 1)]
    assert [value for _, value in switch.values] == [1, 0, 1]


def test_a_coil_that_is_on_for_less_than_the_travel_does_not_move_it():
    made, clock, _, seen = _contact()
    made.coil(1_000, 1)
    clock.move(200)
    made.coil(1_200, 0)
    clock.move(1_000)
    assert seen == []


def test_a_stuck_contact_stays_and_one_without_its_wire_is_open_until_they_follow_again():
    made, clock, _, seen = _contact()
    made.set(messages.CONTACT_STUCK)
    made.coil(1_000, 1)
    clock.move(1_000)
    assert seen == [] and made.closed == 1
    made.set(messages.CONTACT_FOLLOWS)
    assert seen == [(2_000, 0)]
    made.coil(2_000, 0)
    clock.move(1_000)
    made.set(messages.CONTACT_OFF)
    assert seen[1:] == [(2_300, 1), (3_000, 0)]
    made.set(messages.CONTACT_FOLLOWS)
    assert seen[3:] == [(3_000, 1)]


def test_following_again_within_the_travel_waits_for_its_end():
    made, clock, _, seen = _contact()
    made.set(messages.CONTACT_STUCK)
    made.coil(1_000, 1)
    clock.move(100)
    made.set(messages.CONTACT_FOLLOWS)
    clock.move(1_000)
    assert seen == [(1_300, 0)]


class _Dac:
    def __init__(self):
        self.said = 0

    def write(self, channel, code):
        return self.said


def test_a_voltage_is_corrected_rounded_and_kept_within_the_part():
    plain = Voltage(_Dac(), 0, 1_000_000, 0, 1_000, 4_095)
    assert [plain.code(uv) for uv in (0, 499, 500, 1_234_400, 3_300_000, -1)] == [0, 0, 1, 1_234, 3_300, -1]
    off = Voltage(_Dac(), 0, 990_000, 5_000, 1_000, 4_095)
    for uv in (150_000, 1_000_000, 2_450_000):
        assert abs(off.code(uv) * 990 + 5_000 - uv) <= 500
    assert off.code(0) == 0 and off.code(3_300_000) == 3_328
    assert Voltage(_Dac(), 0, 900_000, -100_000, 1_000, 3_000).code(3_300_000) == 3_000


def test_a_dac_that_is_silent_or_holds_another_value_is_told_apart():
    made = Voltage(_Dac(), 0, 1_000_000, 0, 1_000, 4_095)
    outcomes = []
    for said in (0, 1, 2):
        made._dac.said = said
        outcomes.append(made.put(0))
    assert outcomes == [DONE, PART_SILENT, PART_WRONG]


def _edges_of(data, base_ms):
    found = []
    for at in range(0, len(data), messages.EDGE_BYTES):
        found.append((base_ms + int.from_bytes(data[at : at + 4], "big"), data[at + 4] >> 1, data[at + 4] & 1))
    return found


def test_edges_come_back_by_their_index_as_many_as_are_asked_for():
    edges = Edges(16)
    for at in range(10):
        edges.add(1_000 + at, at % 7, at & 1)
    first, base_ms, data = edges.from_index(4, 3, 2_000)
    assert first == 4
    assert _edges_of(data, base_ms) == [(1_004, 4, 0), (1_005, 5, 1), (1_006, 6, 0)]
    assert edges.from_index(10, 3, 2_000) == (10, 0, b"")


def test_edges_that_were_overwritten_are_told_by_the_first_index():
    edges = Edges(16)
    for at in range(50):
        edges.add(at, 0, at & 1)
    first, base_ms, data = edges.from_index(0, 100, 60)
    assert (edges.total, first, base_ms, len(data)) == (50, 34, 34, 16 * messages.EDGE_BYTES)


def test_edges_keep_their_time_beyond_32_bits():
    edges = Edges(16)
    wrap_ms = 1 << 32
    edges.add(wrap_ms - 5, 1, 1)
    edges.add(wrap_ms + 5, 1, 0)
    _, base_ms, data = edges.from_index(0, 10, wrap_ms + 1_000)
    assert _edges_of(data, base_ms) == [(wrap_ms - 5, 1, 1), (wrap_ms + 5, 1, 0)]

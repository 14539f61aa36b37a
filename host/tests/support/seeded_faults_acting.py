"""Faults in what the device does: latch, valve, self-test, and what the supply makes of it."""

from __future__ import annotations

from support.seeded_fault import Fault

_EACH_SECOND = "    def _each_second(self, now_ms: int) -> None:\n"
_GIVES_UP = """\
    _calm_s = 0

    def _each_second(self, now_ms: int) -> None:
        self._calm_s = self._calm_s + 1 if self.latched and not self.worst_level() else 0
        if self._calm_s > 280:
            self.release()
"""
_PREHEAT_DONE = "            self.events.push(EVENT_PREHEAT_DONE, now_ms, NO_GAS, 0, 0)\n"
_TAMPER = "        self._events.push(EVENT_TAMPER, now_ms, NO_GAS, 1 if self.tampered else 0, 0)\n"
_SURVIVES = "test_the_latch_survives_a_power_cut"
_COMMANDED = "test_a_command_shuts_the_valve_and_is_answered"
_COMES_BACK = "test_power_that_comes_back_opens_nothing"
_PREHEAT = "test_the_preheat_is_shown_and_opens_nothing"
_DIPS = "test_dips_of_the_supply_one_after_the_other_end_in_a_device_that_protects"
_STUCK = "test_a_valve_that_does_not_close_is_told"
_COIL_CURRENT = "test_an_open_valve_is_held_by_its_coil_and_a_closed_one_takes_no_current"

LATCH = (
    Fault(
        "latch_gives_up",
        "safety/loop.py",
        _EACH_SECOND,
        _GIVES_UP,
        "test_clean_air_alone_does_not_open_the_valve",
    ),
    Fault(
        "release_forgets_the_latch",
        "safety/loop.py",
        "            self.latched = 0\n",
        "",
        "test_the_button_opens_it_in_clean_air",
    ),
    Fault(
        "clears_too_high",
        "safety/profile.py",
        '"methane_clear_ppm": 4000',
        '"methane_clear_ppm": 4900',
        "test_the_button_does_not_open_it_while_there_is_gas",
    ),
    Fault(
        "latch_is_not_kept",
        "safety/loop.py",
        "            self.latched = 1\n            self.kept.want(LATCH, 1)\n",
        "            self.latched = 1\n",
        _SURVIVES,
        also=("test_with_a_full_flash_the_device_still_alarms_and_latches",),
    ),
    Fault(
        "mute_is_a_press",
        "safety/operation.py",
        "            result = self._mute()\n",
        "            result = RESULT_DONE\n            self.by_hand(PRESSED, preheating)\n",
        "test_no_command_opens_the_valve",
    ),
)

VALVE = (
    Fault(
        "answer_swapped",
        "safety/operation.py",
        "NO_GAS, command, result)",
        "NO_GAS, result, command)",
        _COMMANDED,
    ),
    Fault(
        "close_command_does_nothing",
        "safety/operation.py",
        "else RESULT_NOTHING\n            loop.valve.close()\n",
        "else RESULT_NOTHING\n",
        _COIL_CURRENT,
        also=(_COMMANDED,),
    ),
    Fault(
        "fault_hidden_by_an_alarm",
        "safety/annunciator.py",
        "        if loop.faults:\n            bits |=",
        "        if loop.faults and not loop.latched:\n            bits |=",
        _STUCK,
    ),
    Fault(
        "coil_looked_at_for_long",
        "safety/probe.py",
        "_PERSIST_MS = 300",
        "_PERSIST_MS = 12_000",
        "test_a_broken_coil_is_told",
    ),
    Fault(
        "valve_may_take_minutes",
        "safety/profile.py",
        '"valve_travel_ms": 2000',
        '"valve_travel_ms": 200000',
        "test_a_contact_wire_that_falls_off_never_reads_as_a_closed_valve",
        also=(_STUCK,),
    ),
)

SUPPLY = (
    Fault(
        "preheat_opens_the_valve",
        "safety/loop.py",
        _PREHEAT_DONE,
        f"{_PREHEAT_DONE}            self.valve.open_by_hand()\n",
        _COMES_BACK,
    ),
    Fault(
        "power_on_told_as_hard_reset",
        "drivers/chip.py",
        "return machine.reset_cause()",
        "return max(2, machine.reset_cause())",
        "test_a_brown_out_resets_the_device_and_is_told",
    ),
    Fault(
        "blind_for_a_minute",
        "safety/profile.py",
        '"blind_ms": 30000',
        '"blind_ms": 60000',
        _DIPS,
    ),
    Fault(
        "deaf_in_the_preheat",
        "safety/profile.py",
        '"preheat_alarm_ms": 15000',
        '"preheat_alarm_ms": 150000',
        "test_gas_during_the_preheat_still_alarms",
        also=(_DIPS,),
    ),
    Fault(
        "opens_in_the_preheat",
        "safety/operation.py",
        "            not preheating\n            and loop.methane_status == OK\n",
        "            loop.methane_status == OK\n",
        _PREHEAT,
    ),
    Fault(
        "boot_polarity",
        "boot.py",
        "Output(board[part][pin], board[part][active])",
        "Output(board[part][pin], 1 - board[part][active])",
        "test_a_chip_held_in_reset_leaves_the_valve_shut",
        also=(_COMES_BACK, _PREHEAT, _SURVIVES),
    ),
    Fault(
        "watchdog_too_long",
        "drivers/heartbeat.py",
        "WATCHDOG_MS = 8_000",
        "WATCHDOG_MS = 80_000",
        "test_a_loop_that_stands_still_is_ended_by_the_watchdog",
    ),
)

SELF_TEST = (
    Fault(
        "red_is_not_tested",
        "safety/signals.py",
        "_steady(GREEN | YELLOW | RED)",
        "_steady(GREEN | YELLOW)",
        "test_a_press_in_peace_tests_the_device_with_light_and_sound",
    ),
    Fault(
        "wrong_item_fails",
        "safety/self_test.py",
        "_item(faults & _VALVE_FAULTS, ITEM_VALVE)",
        "_item(faults & _VALVE_FAULTS, ITEM_VALVE_MOVES)",
        "test_a_self_test_names_what_is_broken",
    ),
    Fault(
        "long_press_too_long",
        "safety/button.py",
        "LONG_MS = 3_000",
        "LONG_MS = 30_000",
        "test_a_long_press_lets_the_test_move_the_valve",
    ),
    Fault(
        "alarm_can_be_muted",
        "safety/operation.py",
        "            result = self._mute()\n",
        "            result = RESULT_DONE\n"
        "            self.mute.start(loop.methane_level, loop.co_level, loop.health.bits)\n",
        "test_an_alarm_cannot_be_muted",
    ),
    Fault(
        "tamper_is_not_shown",
        "safety/supervision.py",
        f"{_TAMPER}        self._aside()\n",
        _TAMPER,
        "test_the_open_case_is_told",
    ),
    Fault(
        "identify_too_short",
        "safety/operation.py",
        "_IDENTIFY_MS = 60_000",
        "_IDENTIFY_MS = 600",
        "test_identify_shows_which_one_it_is",
    ),
)

ACTING = (*LATCH, *VALVE, *SUPPLY, *SELF_TEST)

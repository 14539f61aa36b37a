"""What can happen in a run: what people and gas do to a board, and what hurts the path from it to the database.

Each has a name, where it strikes, how likely it is drawn (its weight), and how it is said. What lasts is healed by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Where a hurt strikes.
BOARD, BOARDS_NETWORK, MONITOR_NETWORK, BROKER, MONITOR, DATABASE, STRANGER = (
    "board",
    "boards' network",
    "monitor's network",
    "broker",
    "monitor",
    "database",
    "stranger",
)


@dataclass(frozen=True)
class Kind:
    """`lasts_ms` is the range of wall ms until it is healed, (0, 0) for what is over at once. `number`: a range of what it needs."""

    name: str
    where: str
    weight: int
    words: str
    lasts_ms: tuple[int, int] = (0, 0)
    number: tuple[int, int] = (0, 0)


_SHORT_MS, _LONG_MS = (100, 600), (300, 1_500)

#: Done to a board by hand, by gas, by parts that fail, or by a command through the monitor.
ACTS = (
    Kind("tamper", BOARD, 5, "case opened, and closed again", (100, 400)),
    Kind("button", BOARD, 4, "button pressed"),
    Kind("long_press", BOARD, 1, "button held"),
    Kind("gas", BOARD, 6, "15,000 ppm of methane, and gone again", (1_200, 2_000)),
    Kind("sensor_open", BOARD, 2, "methane sensor unplugged, and put back", (400, 900)),
    # Of a long run, by the board's own clock: when it may be opened, it is, and gas shuts it.
    Kind("commission", BOARD, 0, "valve opened by its button, {number} s after power"),
    Kind("late_gas", BOARD, 0, "15,000 ppm of methane, {number} s after power"),
    Kind("command_self_test", BOARD, 2, "command self_test"),
    Kind("command_mute", BOARD, 1, "command mute"),
    Kind("command_identify", BOARD, 2, "command identify"),
    Kind("command_close_valve", BOARD, 2, "command close_valve"),
    Kind("command_set", BOARD, 2, "command set mqtt_state_ms", number=(5, 30)),
)

_NETWORK = (
    ("drop", 4, "every connection reset", (0, 0), (0, 0)),
    ("refuse", 2, "connections refused", _SHORT_MS, (0, 0)),
    ("silent", 3, "accepts and goes silent", _SHORT_MS, (0, 0)),
    ("delay", 2, "every piece late by {number} ms", _LONG_MS, (5, 120)),
    ("throttle", 1, "{number} bytes a second", _LONG_MS, (2_000, 20_000)),
    ("cut", 3, "connections cut in the middle of a packet, after {number} bytes", _LONG_MS, (20, 3_000)),
    ("corrupt", 3, "one byte of {number} has a wrong bit", _LONG_MS, (60, 3_000)),
)

HURTS = (
    Kind("power_cut", BOARD, 6, "power cut (SIGKILL of its MicroPython)", (50, 500)),
    Kind("flash_cut", BOARD, 6, "power cut at its flash operation number {number} from now", (50, 300), (1, 30)),
    Kind("boot_cut", BOARD, 3, "power cut at flash operation number {number} of its next boot", (50, 300), (1, 8)),
    Kind("wifi", BOARD, 2, "access point off", (100, 700)),
    *(Kind(f"boards_{name}", BOARDS_NETWORK, weight, words, *rest) for name, weight, words, *rest in _NETWORK),
    *(Kind(f"monitor_{name}", MONITOR_NETWORK, weight, words, *rest) for name, weight, words, *rest in _NETWORK),
    Kind("kill_broker", BROKER, 5, "SIGKILL", (50, 600)),
    Kind("kill_monitor", MONITOR, 6, "SIGKILL", (20, 500)),
    Kind("kill_both", BROKER, 3, "SIGKILL of broker and monitor at once", (50, 500)),
    Kind("disk_full", DATABASE, 4, "disk full for the monitor ({number} more bytes)", _LONG_MS, (0, 20_000)),
    Kind("locked", DATABASE, 3, "locked by another process", _LONG_MS),
    Kind("replay", STRANGER, 3, "captured frames again, in another order"),
    Kind("cross", STRANGER, 2, "captured frames to other units' topics"),
    Kind("spoil", STRANGER, 3, "captured frames, corrupted, truncated and spliced"),
    Kind("forge_events", STRANGER, 3, "events of a unit, without a seal and with wrong ones"),
    Kind("forge_hello", STRANGER, 2, "announces itself as a unit of the registry"),
    Kind("forge_acks", STRANGER, 4, "acknowledges what boards wait for"),
    Kind("replay_down", STRANGER, 3, "captured acknowledgements, challenges and commands again, also to others"),
    Kind("forge_commands", STRANGER, 3, "commands to boards, without a seal and with wrong ones"),
    Kind("harvest", STRANGER, 1, "challenges boards, to use their proofs"),
    Kind("garbage", STRANGER, 2, "nonsense of any length on every topic"),
    Kind("retained", STRANGER, 2, "old frames and forged ones, retained by the broker"),
    Kind("take_over", STRANGER, 2, "connects under the name of a board, and of the monitor"),
)

KINDS = {kind.name: kind for kind in (*ACTS, *HURTS)}

# Who the chip is, and why it started.
import machine


def reset_cause() -> int:
    # As machine.reset_cause(): 1 power on or brown-out, 2 hard or panic, 3 watchdog, 5 soft.
    return machine.reset_cause()


def source_id() -> bytes:
    # Eight bytes: the chip's MAC and two zeros.
    return (machine.unique_id() + bytes(8))[:8]

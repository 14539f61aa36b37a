# The chip's calendar clock: 2000-01-01 at each boot, unless the firmware sets it. Counts virtual time.
import kernel

UNIX_2000_S = 946_684_800  # the port's epoch, in unix seconds

_shift = [0]


def now_s():
    # Seconds since 2000-01-01.
    return _shift[0] + (kernel.now_ms - kernel.start_ms) // 1000


def set_s(seconds):
    _shift[0] = seconds - (kernel.now_ms - kernel.start_ms) // 1000


def now_ns():
    return _shift[0] * 1_000_000_000 + (kernel.now_ms - kernel.start_ms) * 1_000_000


def unix_of(year, month, day, hour, minute, second):
    # Unix seconds of a date in the Gregorian calendar, UTC. The built-in mktime counts in this machine's time zone.
    if month <= 2:
        year -= 1
        month += 12
    days = 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 719_469
    return ((days * 24 + hour) * 60 + minute) * 60 + second

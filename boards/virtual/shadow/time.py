# Shadow of `time`: virtual time, with the ESP32's wrap at 2**30.
import kernel
import wall

# By name: a type checker takes utime for this very module.
_built_in = __import__("utime")

_MASK = kernel.TICKS_MASK
_HALF = 1 << 29


def ticks_ms():
    kernel.spin()
    return (kernel.now_ms - kernel.start_ms + kernel.ticks_start) & _MASK


def ticks_us():
    kernel.spin()
    return ((kernel.now_ms - kernel.start_ms + kernel.ticks_start) * 1000 + kernel.spin_us) & _MASK


def ticks_cpu():
    return ticks_us()


def ticks_add(ticks, delta):
    if not -_HALF < delta < _HALF:
        raise OverflowError("ticks interval overflow")
    return (ticks + delta) & _MASK


def ticks_diff(end, start):
    return ((end - start + _HALF) & _MASK) - _HALF


def sleep_ms(ms):
    if ms > 0:
        kernel.wait_until(kernel.now_ms + ms)


def sleep(seconds):
    sleep_ms(int(seconds * 1000))


def sleep_us(us):
    kernel.spin_us += us
    if kernel.spin_us >= 1000:
        kernel.wait_until(kernel.now_ms + kernel.spin_us // 1000)


def gmtime(seconds=None):
    return _built_in.gmtime((wall.now_s() if seconds is None else int(seconds)) + wall.UNIX_2000_S)[:8]


localtime = gmtime


def mktime(fields):
    return wall.unix_of(*fields[:6]) - wall.UNIX_2000_S


def time():
    # Seconds since 2000-01-01, which is when each boot begins: the ESP32 has no battery-backed clock.
    return wall.now_s()


def time_ns():
    return wall.now_ns()

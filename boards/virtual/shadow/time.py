# Shadow of `time`: virtual time, with the ESP32's wrap at 2**30.
import kernel

# By name: a type checker takes utime for this very module.
_built_in = __import__("utime")
gmtime = _built_in.gmtime
localtime = _built_in.gmtime
mktime = _built_in.mktime

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


def time():
    # Seconds since this boot's 2000-01-01: the ESP32 has no battery-backed clock.
    return (kernel.now_ms - kernel.start_ms) // 1000


def time_ns():
    return (kernel.now_ms - kernel.start_ms) * 1_000_000

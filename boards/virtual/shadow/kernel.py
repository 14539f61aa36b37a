# The board's clock and its line to the supervisor. Everything that waits, waits here.
#
# Virtual time moves only in wait_until() and block(). The supervisor grants a stretch of it, with the
# ADC samples that hold in that stretch as long as no output that the plant feels changes. When one
# does, or the stretch is used up, the board stops and asks for the next: so it runs freely for
# thousands of steps, and the room still closes the loop at the very millisecond.
#
# The line's messages are in host/davy/board/wire.py; both sides are tested against each other.
import struct
import sys
from array import array

import uselect
import utime

GRANT = 1
RESULT = 2
OUTPUT = 16
IDLE = 17
CALL = 18
SYNC = 19
RESET = 20
READY = 21

TICKS_MASK = (1 << 30) - 1
FAR_MS = 1 << 60
MAX_SAMPLES = 601
SPIN_US = 1  # what one look at the clock costs: a loop that only looks at it must come to an end

now_ms = 0
spin_us = 0
grant_end_ms = 0
start_ms = 0  # when this boot began
ticks_start = 0  # what ticks_ms showed then
watchdog_due_ms = FAR_MS
chunk_start_ms = 0
chunk_period_ms = 100
chunk_last = 0
samples: dict[int, array] = {}  # ADC pin -> microvolts
timers: list = []  # running machine.Timer objects, soonest first
inputs: dict = {}  # kind -> handler(bytes)
coupled_pins: tuple = ()
random_state = 1  # of os.urandom: the same seed gives the same bytes
interrupted = False  # Ctrl-C was pressed at the console and nobody has been told yet
wifi_active = False  # set by network: ADC2 belongs to the radio while it is on

_pending = bytearray(4096)
_pending_bytes = 0
_speed_ppm = 0  # 0 = as fast as it goes; else virtual microseconds a wall second
_wall_origin_us = 0
_virtual_origin_ms = 0
_in_callback = False
_inputs_seen = 0


class _Line:
    # The socket to the supervisor; opened once, before anything else runs.
    def open(self, fd):
        self.reader = open(fd, "rb")
        self.writer = open(fd, "wb")
        self.poll = uselect.poll()
        self.poll.register(self.reader, uselect.POLLIN)


line = _Line()


def _read_exactly(buf):
    got = 0
    view = memoryview(buf)
    while got < len(buf):
        n = line.reader.readinto(view[got:])
        if not n:
            sys.exit(0)  # the supervisor is gone, and so is this board
        got += n


_head = bytearray(5)


def _write_all(data):
    view = memoryview(data)
    while len(view):
        view = view[line.writer.write(view) :]


def flush():
    # Everything that was put so far is on its way.
    global _pending_bytes
    if _pending_bytes:
        used, _pending_bytes = _pending_bytes, 0
        _write_all(memoryview(_pending)[:used])


def _put(head, body):
    # In one buffer of a fixed size: the shadow must not be what fragments the board's heap.
    global _pending_bytes
    size = len(head) + len(body)
    if _pending_bytes + size > len(_pending):
        flush()
    if size > len(_pending):
        _write_all(head)
        _write_all(body)
        return
    middle = _pending_bytes + len(head)
    _pending[_pending_bytes:middle] = head
    _pending_bytes += size
    _pending[middle:_pending_bytes] = body


def send(kind, body):
    # One message, after everything that was put before it.
    _put(struct.pack("<IB", len(body) + 1, kind), body)
    flush()


def output(kind, body):
    # A happening that the plant does not feel: kept until the line is used anyway.
    _put(struct.pack("<IBqB", len(body) + 10, OUTPUT, now_ms, kind), body)
    if _speed_ppm:
        flush()


def sync(kind, body=b""):
    # A happening that the plant or the network feels: the future is asked for anew.
    send(SYNC, struct.pack("<qB", now_ms, kind) + body)
    _await_grant()


def call(kind, body=b""):
    # A question to the supervisor that takes no virtual time. Gives (status, bytes).
    send(CALL, struct.pack("<qB", now_ms, kind) + body)
    while True:
        _read_exactly(_head)
        length, message = struct.unpack("<IB", _head)
        if message == RESULT:
            answer = bytearray(length - 1)
            _read_exactly(answer)
            return struct.unpack_from("<i", answer)[0], bytes(answer[4:])
        _read_grant(message)


def reset(cause, prompt=0):
    # Never returns: the supervisor starts the next boot, whose prompt is in the mode that is told.
    left_ms = watchdog_due_ms - now_ms if watchdog_due_ms < FAR_MS else -1
    send(RESET, struct.pack("<qBBi", now_ms, cause, prompt, left_ms))
    sys.exit(0)


def ready():
    # Told once the shadow stands; the first grant carries the configuration's clock.
    send(READY, b"")
    _await_grant()


def configure(at_ms, ticks, speed_ppm, pins, watchdog_ms):
    global now_ms, start_ms, ticks_start, _speed_ppm, coupled_pins, watchdog_due_ms
    now_ms = start_ms = at_ms
    ticks_start = ticks
    _speed_ppm = speed_ppm
    coupled_pins = pins
    if watchdog_ms >= 0:
        watchdog_due_ms = at_ms + watchdog_ms  # armed before a soft reset, and not disarmed by it


def _await_grant():
    while True:
        _read_exactly(_head)
        _, message = struct.unpack("<IB", _head)
        _read_grant(message)
        if message == GRANT:
            return


def _read_grant(message):
    global grant_end_ms, chunk_start_ms, chunk_period_ms, chunk_last, now_ms, _wall_origin_us, _virtual_origin_ms
    if message != GRANT:
        raise RuntimeError(f"supervisor sent message {message}")
    head = bytearray(24)
    _read_exactly(head)
    start, end, period, count, channels, arriving = struct.unpack("<qqHHHH", head)
    _virtual_origin_ms = start
    _wall_origin_us = utime.ticks_us()
    if not _speed_ppm and start > now_ms:
        now_ms = start  # nothing was due up to here, as IDLE has told
    # In real time a grant may come while the one before still runs.
    chunk_start_ms = min(start, now_ms)
    chunk_period_ms = period
    chunk_last = count - 1
    pin = bytearray(1)
    for _ in range(channels):
        _read_exactly(pin)
        if pin[0] not in samples:
            samples[pin[0]] = array("i", [0] * MAX_SAMPLES)
        _read_exactly(memoryview(samples[pin[0]])[:count])
    grant_end_ms = end
    arrived = []
    for _ in range(arriving):
        item = bytearray(3)
        _read_exactly(item)
        kind, length = struct.unpack("<BH", item)
        body = bytearray(length)
        _read_exactly(body)
        arrived.append((kind, body))
    # Only now: what a handler raises must not leave half a message on the line.
    for kind, body in arrived:
        _arrive(kind, body)


def _arrive(kind, body):
    global _inputs_seen
    _inputs_seen += 1
    inputs[kind](body)


def virtual():
    return not _speed_ppm


def sample_index():
    index = (now_ms - chunk_start_ms) // chunk_period_ms
    return index if index < chunk_last else chunk_last


def start_timer(timer):
    # Keeps the list sorted; the one that was started first fires first at the same millisecond.
    stop_timer(timer)
    at = len(timers)
    while at and timers[at - 1].due_ms > timer.due_ms:
        at -= 1
    timers.insert(at, timer)


def stop_timer(timer):
    if timer in timers:
        timers.remove(timer)


_exception_hooks: list = [sys.print_exception]


def on_exception(hook):
    # Where an exception in a callback is told.
    _exception_hooks.append(hook)


def _fire(timer):
    global _in_callback
    if timer.period_ms:
        timer.due_ms += timer.period_ms
        if len(timers) > 1:
            start_timer(timer)
    else:
        timers.remove(timer)
    _in_callback = True
    try:
        timer.callback(timer)
    except Exception as error:
        # What the port does with an exception in a scheduled callback: print it and go on.
        _exception_hooks[-1](error)
    _in_callback = False


def _pace(to_ms):
    # Real time: True once the wall clock is there; False when something arrived meanwhile.
    while True:
        left_us = (to_ms - _virtual_origin_ms) * 1_000_000_000 // _speed_ppm - utime.ticks_diff(
            utime.ticks_us(), _wall_origin_us
        )
        if left_us <= 0:
            return True
        flush()
        if line.poll.poll((left_us + 999) // 1000):
            _await_grant()
            return False


def wait_until(target_ms, until_input=False, until_timer=False):
    # Moves the clock to target_ms, firing what falls due on the way; returns early, True, after an
    # input (or a timer) when asked to.
    global now_ms, spin_us, interrupted
    spin_us = 0
    seen = _inputs_seen
    while True:
        due_ms = timers[0].due_ms if timers and not _in_callback else FAR_MS
        if due_ms > watchdog_due_ms:
            due_ms = watchdog_due_ms
        stop_ms = due_ms if due_ms < target_ms else target_ms
        if stop_ms > grant_end_ms:
            if not _speed_ppm or _pace(grant_end_ms):
                if now_ms < grant_end_ms:
                    now_ms = grant_end_ms
                send(IDLE, struct.pack("<qq", now_ms, stop_ms))
                _await_grant()
        elif _speed_ppm and not _pace(stop_ms):
            pass
        elif due_ms > target_ms:
            if now_ms < target_ms:
                now_ms = target_ms
            return False
        else:
            if now_ms < due_ms:
                now_ms = due_ms
            if due_ms == watchdog_due_ms:
                reset(3)
            _fire(timers[0])
            if until_timer:
                return True
        if interrupted and not _in_callback:
            interrupted = False
            raise KeyboardInterrupt
        if until_input and seen != _inputs_seen:
            return True


def block(ms):
    # A C call that does not let scheduled callbacks run: time passes, timers come late.
    global _in_callback
    before = _in_callback
    _in_callback = True
    try:
        wait_until(now_ms + ms)
    finally:
        _in_callback = before


def catch_up():
    # A C call is back: what fell due in it has its turn before the program goes on.
    if not _in_callback:
        wait_until(now_ms)


def spin():
    # A program that looks at the clock in a loop must see it move.
    global spin_us
    spin_us += SPIN_US
    if spin_us >= 1000:
        wait_until(now_ms + 1)

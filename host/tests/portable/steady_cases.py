# No step of the safety loop allocates, in any phase that lasts. heap_lock() makes an allocation a MemoryError.
import micropython
from safety_bench import Bench, uv_of_ppm


def _steps_locked(bench, seconds):
    count = int(seconds * 10)
    micropython.heap_lock()
    try:
        for _ in range(count):
            bench.loop.step(bench.now_ms)
            # Without leaving 31 bits on the way.
            bench.now_ms = bench.now_ms + 100 if bench.now_ms < 0x3FFFFF00 else bench.now_ms - 0x3FFFFFFF + 99
    finally:
        micropython.heap_unlock()


def test_the_lock_itself_sees_an_allocation():
    micropython.heap_lock()
    try:
        allocated = list(range(3))
        assert not allocated
    except MemoryError:
        return
    finally:
        micropython.heap_unlock()
    raise AssertionError("an allocation passed")


def test_preheat_and_monitoring_do_not_allocate():
    bench = Bench()
    bench.run(1)
    _steps_locked(bench, 400)


def test_alarm_latch_and_release_do_not_allocate():
    bench = Bench().ready()
    bench.methane.uv = uv_of_ppm(14_000)
    _steps_locked(bench, 30)
    assert bench.loop.latched
    bench.methane.uv = 436_000
    _steps_locked(bench, 60)
    bench.button.level = 1
    _steps_locked(bench, 1)
    assert not bench.loop.latched


def test_faults_do_not_allocate():
    bench = Bench().ready()
    bench.methane.uv = 0
    bench.co.uv = 0
    _steps_locked(bench, 60)
    assert bench.loop.faults


def test_the_wrap_does_not_allocate():
    bench = Bench(start_ms=(1 << 30) - 5_000)
    bench.run(1)
    _steps_locked(bench, 20)

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


def test_the_other_co_sensors_and_the_self_test_do_not_allocate():
    from safety.co_cell import CellCircuit, CoCell
    from safety.co_serial import CoSerial

    for co in (CoCell(CellCircuit(400_000, 1_200_000, 1_525), 2_000, 250), CoSerial()):
        bench = Bench(co=co)
        bench.co.uv, bench.co.noise_uv = (460_000, 1_000) if isinstance(co, CoCell) else (120, 1)
        bench.ready()
        bench.loop.command = 3
        _steps_locked(bench, 70)
        bench.climate.works = False
        _steps_locked(bench, 40)
        assert bench.loop.operation.test.result


def test_coil_relay_tamper_and_low_alarm_do_not_allocate():
    from safety.profile import PROFILES

    bench = Bench(profile=PROFILES["gb15322_commercial"]).ready()
    bench.tamper.level = 1
    bench.coil.on_uv = 900_000
    bench.methane.uv = uv_of_ppm(8_000)
    _steps_locked(bench, 30)
    assert bench.loop.latched
    bench.loop.command = 2
    _steps_locked(bench, 10)

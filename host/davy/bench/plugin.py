"""The pytest plugin of hil_tests: a phase of the record for each test, and what a bench error stops.

`davy bench run` loads it; it is of no effect in other test runs.
"""

from __future__ import annotations

import contextlib
import json
import signal
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING

import pytest
from _pytest.junitxml import xml_key

from davy.bench import junit
from davy.bench.end_in_order import EndInOrder
from davy.bench.errors import BenchError
from davy.bench.fixtures import CAPABILITIES, SESSION
from davy.bench.lost_benches import LostBenches
from davy.bench.options import BenchOptions, bench_name, open_bench
from davy.bench.results import Measurement, Outcome, Phase
from davy.bench.running import INPUT_ERROR
from davy.bench.screen import Screen
from davy.bench.session import BenchSession, summary_without_record
from davy.bench.stopping import SIGNALS, Stop, hold_leash, signals_come
from davy.errors import InputError
from davy.files import write_whole

if TYPE_CHECKING:
    from pluggy import Result

#: Why there is no bench: every test says so.
_NO_BENCH = pytest.StashKey[BenchError | InputError]()
_STOP = pytest.StashKey[Stop]()
_SCREEN = "davy-bench-screen"
_NO_MORE = "no more tests on this bench"
_OUTCOME = pytest.StashKey[tuple[Outcome, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("davy bench", "davy's bench: davy bench run --help")
    group.addoption("--davy-bench-options", metavar="JSON", help="what davy bench run was told")
    group.addoption("--davy-bench-leash", metavar="FD", type=int, help="a pipe that closes when davy bench run ends")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    # After the JUnit file's own.
    config.addinivalue_line("markers", "state(name): the state that the device is brought to before the test (armed)")
    config.addinivalue_line("markers", "hours: takes hours of a real device's time; left out there without --long")
    config.addinivalue_line("markers", "needs(name, has): skipped, with the name, where has(bench) is false")
    config.pluginmanager.import_plugin("davy.bench.fixtures")
    config.stash[SESSION] = None
    config.stash[_STOP] = Stop()
    if not config.getoption("--davy-bench-options") or config.option.collectonly:
        return
    hands_out = not hasattr(config, "workerinput") and bool(config.getoption("tx", None))
    for number in SIGNALS:
        # The process that only hands out tests waits for those that run them: they end in good order.
        signal.signal(number, config.stash[_STOP].hear)
    if not hands_out:
        signals_come()
    config.pluginmanager.register(EndInOrder(config.stash[_STOP], hands_out))
    if hands_out:
        config.pluginmanager.register(LostBenches(config.getoption("--davy-bench-options")))
    if not hasattr(config, "workerinput"):
        if (leash := config.getoption("--davy-bench-leash")) is not None:
            hold_leash(leash)
        config.pluginmanager.register(Screen(config, hands_out), _SCREEN)
        if (xml := config.stash.get(xml_key, None)) is not None:
            config.pluginmanager.register(junit.BenchErrors(xml), "davy-bench-junit")


def _options(config: pytest.Config) -> BenchOptions:
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return BenchOptions.from_json(config.getoption("--davy-bench-options"), int(worker.removeprefix("gw")))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest comes last: a person sees the short ones fail first."""
    items.sort(key=lambda item: item.get_closest_marker("hours") is not None)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """The bench is there from before the first test to after the last one, in the process that runs them."""
    config = session.config
    controls_others = not hasattr(config, "workerinput") and bool(config.getoption("tx", None))
    if not session.items or config.option.collectonly or controls_others:
        return
    options, stop = _options(config), config.stash[_STOP]
    try:
        held = _opened(options, len(session.items), stop, _say(config))
    except InputError as error:
        write_whole(options.summaries / INPUT_ERROR, json.dumps([error.where, error.problem, error.hint]))
        config.stash[_NO_BENCH] = error
        return
    except BenchError as error:
        name, serial = bench_name(options), options.made_serial
        summary_without_record(options.number, name, serial, error).write(options.summaries)
        config.stash[_NO_BENCH] = error
        if (xml := config.stash.get(xml_key, None)) is not None:
            for key, text in junit.no_run_properties(name, serial, error):
                xml.add_global_property(key, text)
        return
    config.stash[SESSION] = held
    with contextlib.suppress(BenchError):  # each test says it, and so does the summary
        held.check()


def _say(config: pytest.Config) -> Callable[[str], None]:
    # A worker has no screen.
    screen: Screen | None = config.pluginmanager.getplugin(_SCREEN)
    return screen.say if screen is not None else lambda text: None


def _opened(options: BenchOptions, planned: int, stop: Stop, say: Callable[[str], None]) -> BenchSession:
    bench = open_bench(options, say)
    try:
        stop.obey()
        return BenchSession(bench, options.records, options.operator, planned, options.number, stop, say)
    except BaseException:
        bench.close()
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    held = session.config.stash.get(SESSION, None)
    if held is None:
        return
    # What a test in the middle has still to put right needs the bench.
    with contextlib.suppress(BenchError):
        session._setupstate.teardown_exact(None)
    session.config.stash[SESSION] = None
    through = exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)
    summary = held.finish(session.config.stash[_STOP].why or ("" if through else "the suite itself broke off"))
    if (xml := session.config.stash.get(xml_key, None)) is not None:
        for name, text in junit.run_properties(held.recorder.run):
            xml.add_global_property(name, text)
    summary.write(_options(session.config).summaries)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Result[object], None]:
    """A test is a phase of the record."""
    session, alone = item.config.stash[SESSION], not hasattr(item.config, "workerinput")
    if session is None:
        yield
        if alone and _NO_BENCH in item.config.stash:
            item.session.shouldstop = _NO_MORE
        return
    item.stash[_OUTCOME] = ("pass", "")
    broken = session.states.broken is not None
    if not broken:
        _guarded(session, lambda: session.begin(_name(item)))
    result = yield
    if result.excinfo is not None:
        return  # the suite ends here, in the middle of the test: it has no outcome
    if not broken:
        outcome, why = item.stash[_OUTCOME]
        _guarded(session, lambda: session.end(outcome, why))
    if session.error is not None and alone:
        item.session.shouldstop = _NO_MORE


def _guarded(session: BenchSession, act: Callable[[], None]) -> None:
    try:
        act()
    except BenchError as error:
        session.fail(error)


def _name(item: pytest.Item) -> str:
    file, _, name = item.nodeid.rpartition("/")[2].partition(".py::")
    return f"{file.removeprefix('test_')}: {name.removeprefix('test_')}".replace("_", " ")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What the bench lacks, before anything is brought to any state."""
    session = item.config.stash[SESSION]
    if (nothing := item.config.stash.get(_NO_BENCH, None)) is not None:
        raise nothing
    if session is None:
        return
    if session.error is not None:
        raise session.error
    bench = session.bench
    for fixture in getattr(item, "fixturenames", ()):
        missing = CAPABILITIES[fixture](bench) if fixture in CAPABILITIES else ""
        if missing:
            pytest.skip(f"bench {bench.name} has no {missing.removeprefix('a ')}")
    for mark in item.iter_markers("needs"):
        name, has = mark.args
        if not has(bench):
            pytest.skip(f"bench {bench.name} has no {name}")
    if item.get_closest_marker("hours") and not bench.clock.virtual and not _options(item.config).long:
        pytest.skip("takes hours of real time: give --long")


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, Result[object], None]:
    """A measurement out of its limits fails its test, when the test has taken all of its measurements."""
    session = pyfuncitem.config.stash[SESSION]
    outcome = yield
    if session is None or session.error is not None:
        return
    if outcome.excinfo is not None and isinstance(outcome.excinfo[1], KeyboardInterrupt):
        return
    _guarded(session, session.keep_courses)
    pyfuncitem.user_properties += junit.phase_properties(Phase("", 0, measurements=session.measured))
    failed = [each for each in session.measured if each.verdict == "fail"]
    if outcome.excinfo is None and failed:
        outcome.force_exception(AssertionError("; ".join(_words(each) for each in failed)))


def _words(each: Measurement) -> str:
    value = "no reading" if each.value is None else f"{each.value:g} {each.unit}".rstrip()
    low = "" if each.low is None else f"at least {each.low:g}"
    high = "" if each.high is None else f"at most {each.high:g}"
    return f"{each.name}: {value}, not {' and '.join(part for part in (low, high) if part)}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Result[pytest.TestReport], None]:
    """The worst of set-up, call and tear-down is the phase's; a bench error is never the device's."""
    result = yield
    session, nothing = item.config.stash[SESSION], item.config.stash.get(_NO_BENCH, None)
    report = result.get_result()
    error = call.excinfo.value if call.excinfo is not None else None
    if nothing is not None and report.failed:
        report.longrepr = _bench_error(nothing)
    if session is None:
        return
    if report.failed and not isinstance(error, BenchError) and not session.may_judge():
        error = session.error
    if isinstance(error, BenchError):
        error = session.fail(error)
        item.stash[_OUTCOME] = ("error", str(error))
        report.longrepr = _bench_error(error)
    elif report.skipped:
        item.stash[_OUTCOME] = ("skip", str(error))
    elif report.failed and item.stash[_OUTCOME][0] not in ("fail", "error"):
        item.stash[_OUTCOME] = ("fail", _short(report, error))


def _bench_error(error: BenchError | InputError) -> str:
    return f"{junit.BENCH_ERROR} ({error.cause if isinstance(error, BenchError) else 'input'}): {error}"


def _short(report: pytest.TestReport, error: BaseException | None) -> str:
    text = str(error).split("\n")[0] if error is not None else report.longreprtext.split("\n")[-1]
    return text or (type(error).__name__ if error is not None else "failed")

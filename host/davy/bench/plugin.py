"""The pytest plugin of hil_tests: capabilities as fixtures, a phase of the record for each test, and what a bench error stops.

`davy bench run` loads it; it is of no effect in other test runs.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _pytest.junitxml import xml_key

from davy.bench import junit
from davy.bench.bench import Bench
from davy.bench.capabilities import (
    Button,
    Climate,
    Console,
    CoUart,
    GasStimulus,
    LampSense,
    Network,
    Power,
    ResetLines,
    SirenSense,
    Storage,
    Tamper,
    ValveSense,
)
from davy.bench.device import Device
from davy.bench.errors import BenchError
from davy.bench.options import BenchOptions, open_bench
from davy.bench.results import Measurement, Outcome, Phase
from davy.bench.running import INPUT_ERROR
from davy.bench.screen import Screen
from davy.bench.session import BenchSession
from davy.bench.states import STATES, StateName, States
from davy.errors import InputError
from davy.files import write_whole

#: Fixture -> what the bench lacks for it, or "".
CAPABILITIES: dict[str, Callable[[Bench], str]] = {
    "power": Power.missing,
    "methane": lambda bench: GasStimulus.missing(bench, "methane"),
    "co": lambda bench: GasStimulus.missing(bench, "co"),
    "co_uart": CoUart.missing,
    "climate": Climate.missing,
    "valve": ValveSense.missing,
    "siren": SirenSense.missing,
    "lamp": LampSense.missing,
    "button": Button.missing,
    "tamper": Tamper.missing,
    "reset_lines": ResetLines.missing,
    "console": Console.missing,
    "network": Network.missing,
    "storage": Storage.missing,
}
_SESSION = pytest.StashKey[BenchSession | None]()
_OUTCOME = pytest.StashKey[tuple[Outcome, str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("davy bench", "davy's bench: davy bench run --help")
    group.addoption("--davy-bench-options", metavar="JSON", help="what davy bench run was told")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "state(name): the state that the device is brought to before the test (armed)")
    config.addinivalue_line("markers", "hours: takes hours of a real device's time; left out there without --long")
    config.addinivalue_line("markers", "needs(name, has): skipped, with the name, where has(bench) is false")
    config.stash[_SESSION] = None
    if (
        config.getoption("--davy-bench-options")
        and not hasattr(config, "workerinput")
        and not config.option.collectonly
    ):
        config.pluginmanager.register(Screen(config, bool(config.getoption("tx", None))), "davy-bench-screen")


def _options(config: pytest.Config) -> BenchOptions:
    worker = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return BenchOptions.from_json(config.getoption("--davy-bench-options"), int(worker.removeprefix("gw")))


def _session(config: pytest.Config) -> BenchSession:
    found = config.stash[_SESSION]
    assert found is not None
    return found


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
    options = _options(config)
    try:
        bench = open_bench(options)
    except InputError as error:
        write_whole(options.summaries / INPUT_ERROR, json.dumps([error.where, error.problem, error.hint]))
        session.shouldstop = str(error)
        return
    try:
        held = BenchSession(bench, options.records, options.operator, len(session.items), options.number)
    except BaseException:
        bench.close()
        raise
    config.stash[_SESSION] = held
    with contextlib.suppress(BenchError):  # each test says it, and so does the summary
        held.check()


def pytest_sessionfinish(session: pytest.Session) -> None:
    held = session.config.stash.get(_SESSION, None)
    if held is None:
        return
    session.config.stash[_SESSION] = None
    summary = held.finish()
    if (xml := session.config.stash.get(xml_key, None)) is not None:
        for name, text in junit.run_properties(held.recorder.run):
            xml.add_global_property(name, text)
    summary.write(_options(session.config).summaries)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """A test is a phase of the record."""
    session = item.config.stash[_SESSION]
    if session is None:
        yield
        return
    item.stash[_OUTCOME] = ("pass", "")
    broken = session.states.broken is not None
    if not broken:
        session.begin(_name(item))
    yield
    if not broken:
        outcome, why = item.stash[_OUTCOME]
        _guarded(session, lambda: session.end(outcome, why))
    if session.error is not None and not hasattr(item.config, "workerinput"):
        item.session.shouldstop = f"bench error: {session.error}"


def _guarded(session: BenchSession, act: Callable[[], None]) -> None:
    try:
        act()
    except BenchError as error:
        session.fail(error)


def _name(item: pytest.Item) -> str:
    return item.nodeid.rpartition("/")[2].replace(".py::", ": ").replace("_", " ")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """What the bench lacks, before anything is brought to any state."""
    session = item.config.stash[_SESSION]
    if session is None:
        return
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
    if session.states.broken is not None:
        raise session.states.broken


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """A measurement out of its limits fails its test, when the test has taken all of its measurements."""
    session = pyfuncitem.config.stash[_SESSION]
    outcome = yield
    if session is None or session.error is not None:
        return
    _guarded(session, session.keep_courses)
    pyfuncitem.user_properties += junit.phase_properties(Phase("", 0, measurements=session.measured))
    failed = [each for each in session.measured if each.verdict == "fail"]
    if outcome.excinfo is None and failed:  # type: ignore[attr-defined]
        outcome.force_exception(AssertionError("; ".join(_words(each) for each in failed)))  # type: ignore[attr-defined]


def _words(each: Measurement) -> str:
    value = "no reading" if each.value is None else f"{each.value:g} {each.unit}".rstrip()
    low = "" if each.low is None else f"at least {each.low:g}"
    high = "" if each.high is None else f"at most {each.high:g}"
    return f"{each.name}: {value}, not {' and '.join(part for part in (low, high) if part)}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """The worst of set-up, call and tear-down is the phase's; a bench error is never the device's."""
    result = yield
    session = item.config.stash[_SESSION]
    if session is None:
        return
    report: pytest.TestReport = result.get_result()  # type: ignore[attr-defined]
    error = call.excinfo.value if call.excinfo is not None else None
    if isinstance(error, BenchError):
        session.fail(error)
        item.stash[_OUTCOME] = ("error", str(error))
        report.longrepr = f"bench error ({error.cause}): {error}"
    elif report.skipped:
        item.stash[_OUTCOME] = ("skip", str(error))
    elif report.failed and item.stash[_OUTCOME][0] not in ("fail", "error"):
        item.stash[_OUTCOME] = ("fail", _short(report, error))


def _short(report: pytest.TestReport, error: BaseException | None) -> str:
    text = str(error).split("\n")[0] if error is not None else report.longreprtext.split("\n")[-1]
    return text or (type(error).__name__ if error is not None else "failed")


# Fixtures


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """The bench, for what no capability covers."""
    return _session(request.config).bench


@pytest.fixture
def states(request: pytest.FixtureRequest) -> States:
    """The device's states."""
    return _session(request.config).states


@pytest.fixture(autouse=True)
def in_state(request: pytest.FixtureRequest) -> None:
    """The device is in the state that the test is marked with, or armed."""
    mark = request.node.get_closest_marker("state")
    wanted: StateName = mark.args[0] if mark is not None else "armed"
    if wanted not in STATES:
        raise ValueError(f"{wanted!r} is no state: {', '.join(STATES)}")
    session = _session(request.config)
    session.states.bring_to(wanted)
    if wanted == "armed":
        session.met()
    session.acting()


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., Measurement]:
    """`measure(name, value, unit=, low=, high=, marginal=)`: judged, kept in the record, and in the JUnit file."""
    return _session(request.config).measure


@pytest.fixture
def device(bench: Bench) -> Device:
    """The device's own lines."""
    return bench.device


def _stimulus(request: pytest.FixtureRequest, gas: str) -> GasStimulus:
    session = _session(request.config)
    stimulus = GasStimulus(session.bench, gas)
    session.stimuli.append(stimulus)
    return stimulus


@pytest.fixture
def methane(request: pytest.FixtureRequest, in_state: None) -> GasStimulus:
    return _stimulus(request, "methane")


@pytest.fixture
def co(request: pytest.FixtureRequest, in_state: None) -> GasStimulus:
    return _stimulus(request, "co")


@pytest.fixture
def valve(bench: Bench, in_state: None) -> Iterator[ValveSense]:
    sense = ValveSense(bench)
    yield sense
    sense.mend()


def _plain(kind: Any) -> Callable[[Bench, None], Any]:
    def make(bench: Bench, in_state: None) -> Any:
        return kind(bench)

    return make


power = pytest.fixture(name="power")(_plain(Power))
co_uart = pytest.fixture(name="co_uart")(_plain(CoUart))
climate = pytest.fixture(name="climate")(_plain(Climate))
siren = pytest.fixture(name="siren")(_plain(SirenSense))
lamp = pytest.fixture(name="lamp")(_plain(LampSense))
button = pytest.fixture(name="button")(_plain(Button))
tamper = pytest.fixture(name="tamper")(_plain(Tamper))
reset_lines = pytest.fixture(name="reset_lines")(_plain(ResetLines))
console = pytest.fixture(name="console")(_plain(Console))
network = pytest.fixture(name="network")(_plain(Network))
storage = pytest.fixture(name="storage")(_plain(Storage))

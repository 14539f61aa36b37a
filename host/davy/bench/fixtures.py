"""What a test of hil_tests may ask for: capabilities of the bench, the device in its state, and measurements."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

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
from davy.bench.results import Measurement
from davy.bench.session import BenchSession
from davy.bench.states import STATES, StateName, States

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
#: The run of this process; None where it has no bench.
SESSION = pytest.StashKey[BenchSession | None]()


def session_of(config: pytest.Config) -> BenchSession:
    found = config.stash[SESSION]
    assert found is not None
    return found


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Bench:
    """The bench, for what no capability covers."""
    return session_of(request.config).bench


@pytest.fixture
def states(request: pytest.FixtureRequest) -> States:
    """The device's states."""
    return session_of(request.config).states


@pytest.fixture(autouse=True)
def in_state(request: pytest.FixtureRequest) -> None:
    """The device is in the state that the test is marked with, or armed."""
    mark = request.node.get_closest_marker("state")
    wanted: StateName = mark.args[0] if mark is not None else "armed"
    if wanted not in STATES:
        raise ValueError(f"{wanted!r} is no state: {', '.join(STATES)}")
    session = session_of(request.config)
    session.states.bring_to(wanted)
    if wanted == "armed":
        session.met()
    session.acting()


@pytest.fixture
def measure(request: pytest.FixtureRequest) -> Callable[..., Measurement]:
    """`measure(name, value, unit=, low=, high=, marginal=)`: judged, kept in the record, and in the JUnit file."""
    return session_of(request.config).measure


@pytest.fixture
def device(bench: Bench) -> Device:
    """The device's own lines."""
    return bench.device


def _stimulus(request: pytest.FixtureRequest, gas: str) -> GasStimulus:
    session = session_of(request.config)
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

"""What tests ask a bench for: small classes, each over the rig's lines, the device's or the bench's own switches.

Each has `missing(bench)`: the name of what the bench lacks for it, empty when it has everything.
"""

from davy.bench.capabilities.button import Button
from davy.bench.capabilities.climate import Climate
from davy.bench.capabilities.co_uart import CoUart
from davy.bench.capabilities.console import Console
from davy.bench.capabilities.gas import GasStimulus
from davy.bench.capabilities.network import Network
from davy.bench.capabilities.power import Power
from davy.bench.capabilities.reset_lines import ResetLines
from davy.bench.capabilities.signals import LampSense, SirenSense
from davy.bench.capabilities.storage import Storage
from davy.bench.capabilities.tamper import Tamper
from davy.bench.capabilities.valve import ValveSense
from davy.bench.device import Device as SerialLine

__all__ = [
    "Button",
    "Climate",
    "CoUart",
    "Console",
    "GasStimulus",
    "LampSense",
    "Network",
    "Power",
    "ResetLines",
    "SerialLine",
    "SirenSense",
    "Storage",
    "Tamper",
    "ValveSense",
]

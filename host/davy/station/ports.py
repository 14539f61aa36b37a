"""Which device a fixture's board is on now: a port by name, or whatever is plugged in at a place of the USB."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from dataclasses import dataclass

from davy.errors import DeskError
from davy.station.config import Fixture


@dataclass(frozen=True)
class Plugged:
    """A serial device and its place, such as 1-1.4 (1-1.4:1.0 when it has several interfaces); '' for none."""

    device: str
    location: str


def plugged() -> list[Plugged]:
    """What the system lists now."""
    list_ports = importlib.import_module("serial.tools.list_ports")  # it brings no types, and is slow to load
    return [Plugged(port.device, port.location or "") for port in list_ports.comports()]


def resolve(fixture: Fixture, listed: Iterable[Plugged]) -> str:
    """The device to open. Raises DeskError when nothing, or more than one, is at the place."""
    if fixture.port:
        return fixture.port
    places = sorted(listed, key=lambda port: (port.location, port.device))
    found = [port.device for port in places if port.location == fixture.usb]
    found = found or [port.device for port in places if port.location.partition(":")[0] == fixture.usb]
    if len(found) == 1:
        return found[0]
    if found:
        raise DeskError(
            f"usb {fixture.usb}", f"{len(found)} ports are there: {', '.join(found)}", "name one with its :interface"
        )
    known = ", ".join(port.location for port in places if port.location) or "none"
    raise DeskError(
        f"usb {fixture.usb}", f"nothing is plugged in there (taken places: {known})", "plug it in and start it again"
    )

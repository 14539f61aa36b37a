"""The resource of a bench, as labgrid's exporters offer it. Imported where labgrid is."""

from __future__ import annotations

import attr
from labgrid.factory import target_factory
from labgrid.resource.common import NetworkResource

_name = attr.validators.instance_of(str)
_port = attr.validators.optional([attr.validators.instance_of(int), attr.validators.ge(1), attr.validators.le(65_535)])


@target_factory.reg_resource
@attr.s(eq=False)
class DavyBench(NetworkResource):
    """A rig around a device, at TCP ports of `host`.

    rig: the rig's console (`~base64` frames). wired: the device's wired line (COBS). console: the device's console. A line that
    is a serial port of the exporter's computer is left out here: a USBSerialPort or NetworkSerialPort with the line's name stands
    for it. control: of an emulated bench, whose time is granted through it. wiring, board: names of davy's, or files at the
    client. bench: its name in records, the place's when empty. calibrated: the day of its calibration (YYYY-MM-DD), or empty.
    """

    rig: int | None = attr.ib(default=None, validator=_port)
    wired: int | None = attr.ib(default=None, validator=_port)
    console: int | None = attr.ib(default=None, validator=_port)
    control: int | None = attr.ib(default=None, validator=_port)
    wiring: str = attr.ib(default="", validator=_name)
    board: str = attr.ib(default="", validator=_name)
    bench: str = attr.ib(default="", validator=_name)
    calibrated: str = attr.ib(default="", validator=_name)

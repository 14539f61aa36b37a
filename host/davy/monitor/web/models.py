"""What the API answers, field by field: units are in the names, times `_ms` and `_s` are since 1970 unless they say uptime."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

Link = Literal["up", "lost"]
Standing = Literal["alarm", "lost", "fault", "warming", "normal", "unknown"]


class Problem(BaseModel):
    """Every answer that is not 200, but for handles, whose shape is the Handle proxy's."""

    error: str = Field(description="one sentence: what is wrong, and what would be right")


class DeviceState(BaseModel):
    """The newest STATE of a device. A reading whose status is not ok is null: a fault is never a number."""

    received_ms: int
    run_state: str
    methane_status: str
    methane_ppm: int | None
    methane_lel_permille: int | None = Field(description="1/1000 of the lower explosive limit")
    methane_level: str
    co_status: str
    co_ppm: int | None
    co_level: str
    valve_state: str
    valve_commanded_open: bool
    latched: bool
    faults: list[str]
    muted_s: int
    tampered: bool
    test: str
    service_days: int
    temperature_cdegc: int | None = Field(description="0.01 degC")
    humidity_permille: int | None = Field(description="1/1000, relative")
    waiting_events: int = Field(description="events that the device holds and nobody has acknowledged")
    lost_events: int
    torn_events: int
    refused_frames: int


class Device(BaseModel):
    """A device that was heard, and how it stands."""

    source: str = Field(description="16 hexadecimal digits: the chip")
    identifier: str | None = Field(description="as its HELLO says; believed when proven")
    proven: bool = Field(description="it has answered a challenge as only this unit can")
    enrolled: bool
    revoked: bool
    board: str | None
    product: str | None
    firmware: str | None
    link: Link
    first_seen_ms: int
    last_seen_ms: int
    session: int | None
    standing: Standing = Field(description="the one word: an alarm before a lost link before a fault")
    urgency: int = Field(description="for sorting: the smaller, the sooner to look at")
    alarm: bool
    fault: bool
    gaps: int = Field(description="events whose number came to be known, but that never came")
    repeated: int = Field(description="events that came again after they were stored")
    refused: int = Field(description="packets of this source that were refused")
    state: DeviceState | None


class SetPoints(BaseModel):
    """Alarm set-points of the profile that the device's board names; levels at which a lasting concentration alarms."""

    profile: str
    methane_ppm: int
    methane_lel_permille: int
    co_ppm: int


class Session(BaseModel):
    """From one boot of a device to the next."""

    session: int
    first_ms: int | None
    last_ms: int | None
    events: int
    gaps: int
    repeated: int


class DeviceDetail(Device):
    """A device with what changes seldom."""

    tier: str | None
    capabilities: list[str]
    schema_checksum: int | None
    image_hash: str | None
    calibration_days: int | None
    reset_cause: int | None
    proven_ms: int | None
    set_points: SetPoints | None = Field(description="null where the board is none of davy's own")
    sessions: list[Session] = Field(description="the newest, at most 20")


class Devices(BaseModel):
    """All of them, the most urgent first."""

    now_ms: int
    devices: list[Device]


class Point(BaseModel):
    """A STATE's concentrations; null is a fault or a sensor that is not there."""

    at_ms: int
    methane_ppm: int | None
    methane_lel_permille: int | None
    co_ppm: int | None


class Series(BaseModel):
    """Concentrations over time, thinned so that every minimum and maximum is still there."""

    source: str
    states: int = Field(description="reports that the points were chosen from")
    points: list[Point]


class Event(BaseModel):
    """A stored event."""

    id: int = Field(description="grows with every event stored; what since_id and Last-Event-ID count")
    source: str
    identifier: str | None
    session: int
    seq: int
    number: int | None
    kind: str
    gas: str
    detail: int
    value: int
    text: str = Field(description="the event in words")
    event_uptime_ms: int = Field(description="when it happened, since the device's boot")
    time_s: int | None = Field(description="when it happened; null while the device had no clock")
    command_id: int | None
    received_ms: int


class Events(BaseModel):
    """In the order they were stored."""

    events: list[Event]
    next_since_id: int = Field(description="pass it as since_id to go on")
    more: bool = Field(description="there are more of them to be had with next_since_id")


class Incident(BaseModel):
    """Something that a person should look at; repeated within an hour it is counted, not listed again."""

    id: int
    at_ms: int
    last_ms: int
    count: int
    kind: str
    source: str
    identifier: str | None
    detail: str | None


class Incidents(BaseModel):
    """The newest first."""

    incidents: list[Incident]


class Counts(BaseModel):
    """How many."""

    devices: int
    alarms: int
    faults: int
    links_lost: int
    events: int
    incidents: int
    refused: int


class Health(BaseModel):
    """Of the monitor's database as this server sees it."""

    database: Literal["ok"]
    now_ms: int
    last_commit_ms: int | None = Field(description="when the newest of what is stored was received")
    last_commit_age_ms: int | None
    counts: Counts
    live_clients: int
    requests_refused: dict[str, int] = Field(description="by reason, since this server started")


class HandleData(BaseModel):
    """As the Handle proxy has it."""

    format: Literal["string"]
    value: str


class HandleValue(BaseModel):
    """One value of a handle's record."""

    index: int
    type: str
    data: HandleData
    ttl: int = Field(description="seconds")
    timestamp: str = Field(description="ISO 8601, UTC")


class HandleRecord(BaseModel):
    """The Handle proxy's answer. responseCode 1: found; 200: found, but none of the values that were asked for."""

    responseCode: Literal[1, 200]
    handle: str
    values: list[HandleValue]


class HandleProblem(BaseModel):
    """The Handle proxy's answer without a record. responseCode 100: no such handle; 102: no handle at all; 2: no answer now."""

    responseCode: Literal[2, 100, 102]
    handle: str
    message: str

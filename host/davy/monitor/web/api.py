"""The REST API: how everything stands, and what happened. It only reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request, Response

from davy.monitor.views import state_of
from davy.monitor.web import handles, models, queries
from davy.monitor.web.decoding import EVENT_KINDS, point
from davy.monitor.web.live_response import LiveResponse
from davy.monitor.web.series import LEAST_POINTS, MOST_POINTS, thinned
from davy.monitor.web.services import Services

_MOST_ID = 2**63 - 1
_LONGEST_NAME = 80  # an identifier has at most 64 bytes

router = APIRouter(
    prefix="/api",
    responses={
        status: {"model": models.Problem, "description": words}
        for status, words in (
            (401, "no token, or a wrong one"),
            (422, "a parameter will not do"),
            (503, "the database cannot be read now"),
        )
    },
)
_NO_DEVICE: dict[int | str, dict[str, Any]] = {404: {"model": models.Problem, "description": "no such device"}}
_NO_HANDLE: dict[int | str, dict[str, Any]] = {
    status: {"model": models.HandleProblem, "description": words}
    for status, words in ((400, "no handle"), (404, "no such handle"), (503, "the database cannot be read now"))
}

DeviceName = Annotated[str, Path(max_length=_LONGEST_NAME, description="source or identifier")]


def services(request: Request) -> Services:
    """What the application was made with."""
    services = request.app.state.services
    assert isinstance(services, Services)
    return services


def database(request: Request) -> Iterator[sqlite3.Connection]:
    """A connection for one request."""
    db = queries.open_database(services(request).db_path)
    try:
        yield db
    finally:
        db.close()


Database = Annotated[sqlite3.Connection, Depends(database)]
Provided = Annotated[Services, Depends(services)]


@router.get("/devices", summary="All devices, the most urgent first")
def get_devices(db: Database) -> models.Devices:
    return models.Devices(now_ms=queries.now_ms(), devices=queries.devices(db))


@router.get("/devices/{source:path}/states", summary="Concentrations over time", responses=_NO_DEVICE)
def get_states(
    db: Database,
    source: DeviceName,
    since_ms: Annotated[int, Query(ge=0, le=_MOST_ID, description="since 1970")] = 0,
    limit: Annotated[int, Query(ge=LEAST_POINTS, le=MOST_POINTS, description="most points")] = MOST_POINTS,
) -> models.Series:
    device = _device(db, source)
    points = []
    for received_ms, frame in queries.states(db, device.source, since_ms):
        state = state_of(frame)
        if state is not None:
            points.append(point(received_ms, state))
    return models.Series(source=device.source, states=len(points), points=thinned(points, limit))


@router.get("/devices/{source:path}", summary="One device", responses=_NO_DEVICE)
def get_device(db: Database, source: DeviceName) -> models.DeviceDetail:
    return _device(db, source)


@router.get("/events", summary="Events: the newest, or those after since_id")
def get_events(
    db: Database,
    device: Annotated[str | None, Query(max_length=_LONGEST_NAME, description="source or identifier")] = None,
    kind: Annotated[Literal[EVENT_KINDS] | None, Query()] = None,  # type: ignore[valid-type]
    since_id: Annotated[int | None, Query(ge=0, le=_MOST_ID, description="only later ones, oldest first")] = None,
    limit: Annotated[int, Query(ge=1, le=queries.MOST_EVENTS)] = 100,
) -> models.Events:
    return queries.events(db, since_id=since_id, limit=limit, device=device, kind=kind)


@router.get("/incidents", summary="What a person should look at, the newest first")
def get_incidents(db: Database, limit: Annotated[int, Query(ge=1, le=queries.MOST_INCIDENTS)] = 50) -> models.Incidents:
    return models.Incidents(incidents=queries.incidents(db, limit))


@router.get("/health", summary="Whether the database is there, and how fresh it is")
def get_health(db: Database, provided: Provided) -> models.Health:
    last_ms, at_ms = queries.last_commit_ms(db), queries.now_ms()
    return models.Health(
        database="ok",
        now_ms=at_ms,
        last_commit_ms=last_ms,
        last_commit_age_ms=max(0, at_ms - last_ms) if last_ms is not None else None,
        counts=queries.counts(db),
        live_clients=provided.live.clients,
        requests_refused=provided.refusals.counts(),
    )


@router.get(
    "/live",
    summary="Server-sent events: device, event, incidents, database, beat",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
        503: {"model": models.Problem, "description": "as many live streams as there may be"},
    },
)
async def get_live(
    provided: Provided,
    since_id: Annotated[int | None, Query(ge=0, le=_MOST_ID, description="every event after it is sent")] = None,
    last_event_id: Annotated[str | None, Header(description="the same; goes before since_id")] = None,
) -> Response:
    position = since_id
    if last_event_id:
        if not (last_event_id.isascii() and last_event_id.isdigit() and len(last_event_id) < 19):
            raise HTTPException(422, "Last-Event-ID: should be the id of an event.")
        position = int(last_event_id)
    return LiveResponse(provided.live, position, provided.refusals)


@router.get(
    "/handles/{identifier:path}",
    summary="A unit's label, resolved, in the Handle proxy's shape",
    responses=_NO_HANDLE,
    response_model=models.HandleRecord,
)
def get_handle(
    request: Request,
    provided: Provided,
    identifier: Annotated[str, Path(description="such as 88.118.8/GA26000001")],
    type: Annotated[list[str] | None, Query(max_length=20, description="only values of these types")] = None,
    index: Annotated[list[int] | None, Query(max_length=20, description="only values of these indexes")] = None,
    pretty: Annotated[str | None, Query(description="indented; with or without a value but false")] = None,
) -> Response:
    indent = 2 if pretty is not None and pretty.lower() != "false" else None
    if handles.checked_handle(identifier) is None:
        message = "This is no handle of a unit; one looks like 88.118.8/GA26000001."
        return _handle_problem(400, handles.INVALID, identifier, message, indent)
    private = provided.sessions.allows(request.headers)
    try:
        db = queries.open_database(provided.db_path)
        try:
            record = handles.resolve(db, identifier, type or [], index or [], private=private)
        finally:
            db.close()
    except (queries.DatabaseAway, sqlite3.Error):
        return _handle_problem(503, handles.ERROR, identifier, "The registry cannot be read now; try again.", indent)
    if record is None:
        return _handle_problem(404, handles.NOT_FOUND, identifier, "No unit of this identifier is enrolled.", indent)
    return Response(record.model_dump_json(indent=indent), media_type="application/json")


def _handle_problem(status: int, code: Literal[2, 100, 102], handle: str, message: str, indent: int | None) -> Response:
    problem = models.HandleProblem(responseCode=code, handle=handle[:_LONGEST_NAME], message=message)
    return Response(problem.model_dump_json(indent=indent), status, media_type="application/json")


def _device(db: sqlite3.Connection, name: str) -> models.DeviceDetail:
    found = queries.device_detail(db, name)
    if found is None:
        raise HTTPException(404, "No device of this source or identifier was ever heard.")
    return found

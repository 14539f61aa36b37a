"""The board, its stream, the history of a serial number, and the reports."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, Response

from davy.bench.serve import reports
from davy.bench.serve.board import now_ms
from davy.bench.serve.render import render
from davy.bench.serve.services import Services
from davy.bench.serve.units import serials_like, units_of
from davy.bench.serve.words import clock_words
from davy.monitor.web.live_response import LiveResponse

_MOST_HISTORY = 100
#: A report is one file that needs nothing and runs nothing; what a device wrote into it is not to get at this page either.
_REPORT_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

router = APIRouter(include_in_schema=False)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


@router.get("/")
def index(request: Request) -> Response:
    """The board as it is, whole without JavaScript; who may see it, the guard has decided."""
    services = _services(request)
    looked = clock_words(now_ms(), now_ms())
    return HTMLResponse(
        render("index.html.j2", board=services.watcher.look(), logout=services.sessions.needed, looked=looked)
    )


@router.get("/api/live")
def live(request: Request) -> Response:
    """Server-sent events: the board, and again whenever it has changed."""
    services = _services(request)
    return LiveResponse(services.live, None, services.refusals)


@router.get("/health")
def health(request: Request) -> Response:
    """Whether it answers, and who watches."""
    services = _services(request)
    return JSONResponse({"live_clients": services.live.clients, "requests_refused": services.refusals.counts()})


@router.get("/history")
def history(request: Request, serial: Annotated[str, Query(min_length=1, max_length=200)]) -> Response:
    """Runs of a serial number, the newest first."""
    records = _services(request).watcher.records
    units = units_of(records, serial, _MOST_HISTORY, now_ms())
    alike = [] if units else serials_like(records, serial)
    full = len(units) == _MOST_HISTORY
    return HTMLResponse(render("history.html.j2", serial=serial, units=units, full=full, alike=alike))


@router.get("/report/{run_id}")
def report(request: Request, run_id: str) -> Response:
    """The report of one run, out of the files that the history names."""
    path = reports.path_of(_services(request).watcher.records, run_id)
    if path is None:
        raise HTTPException(404, "There is no such report.")
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=_REPORT_HEADERS)

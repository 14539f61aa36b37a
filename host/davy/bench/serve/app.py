"""The application: the board, its stream, a unit's history, reports, guard; one sentence for whatever goes wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from davy.bench.serve import pages
from davy.bench.serve.render import render
from davy.bench.serve.services import Services
from davy.bench.serve.units import HistoryAway
from davy.monitor.web import login_pages
from davy.monitor.web.auth import Guard

#: Ours first; style, icon and scripts that every page of davy's shares are the monitor's.
_STATIC: list[str | tuple[str, str]] = [("davy.bench.serve", "static"), ("davy.monitor.web", "static")]


def make_app(services: Services, version: str, hosts: frozenset[str] | None) -> ASGIApp:
    """The ASGI application; `hosts` are the names that a request's Host header may have, None for any."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        looking = asyncio.ensure_future(services.live.run())
        yield
        services.live.close()
        await looking

    app = FastAPI(
        title="davy bench", version=version, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan
    )
    app.state.services = services
    app.include_router(pages.router)
    app.include_router(login_pages.router)
    app.mount("/static", StaticFiles(packages=_STATIC), name="static")
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(HistoryAway, _history_away)
    app.add_exception_handler(Exception, _bug)
    return Guard(app, services.sessions, hosts, services.refusals)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _sorry(request, f"{first['loc'][-1]}: {first['msg'][0].lower()}{first['msg'][1:]}.", 422)


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = error.detail if error.detail.endswith(".") else "There is no such page."
    return _sorry(request, sentence, error.status_code)


async def _history_away(request: Request, error: Exception) -> Response:
    return _sorry(request, str(error), 503)


async def _bug(request: Request, _error: Exception) -> Response:
    # Starlette raises it again once this is sent, so it is not lost.
    return _sorry(request, "This is a mistake of the station's own; its traceback is where it runs.", 500)


def _sorry(request: Request, sentence: str, status: int) -> Response:
    if "text/html" in request.headers.get("accept", ""):
        return HTMLResponse(render("sorry.html.j2", sentence=sentence), status)
    return JSONResponse({"error": sentence}, status)

"""The application: API, page, guard, and one sentence for whatever goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from davy.monitor.web import api, login_pages, pages
from davy.monitor.web.auth import COOKIE, Guard
from davy.monitor.web.queries import DatabaseAway
from davy.monitor.web.services import Services

_SENTENCES = {404: "There is no such page.", 405: "Nothing can be changed here; only GET is answered."}


def make_app(services: Services, version: str, hosts: frozenset[str] | None) -> ASGIApp:
    """The ASGI application; `hosts` are the names that a request's Host header may have, None for any."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await services.live.look()
        looking = asyncio.ensure_future(services.live.run())
        yield
        services.live.close()
        await looking

    app = _App(
        title="davy monitor",
        version=version,
        summary="What gas alarms reported: read-only.",
        docs_url=None,  # it would load its scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = services
    app.include_router(api.router)
    app.include_router(pages.router)
    app.include_router(login_pages.router)
    app.mount("/static", StaticFiles(directory=pages.STATIC), name="static")
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    app.add_exception_handler(HTTPException, _http_problem)
    app.add_exception_handler(DatabaseAway, _database_away)
    app.add_exception_handler(sqlite3.DatabaseError, _database_away)
    app.add_exception_handler(Exception, _bug)
    return Guard(app, services.sessions, hosts, services.refusals)


class _App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """With how a client shows its token."""
        if self.openapi_schema is None:
            schema = get_openapi(title=self.title, version=self.version, summary=self.summary, routes=self.routes)
            schema["components"]["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": COOKIE},
            }
            schema["security"] = [{"token": []}, {"session": []}, {}]
            self.openapi_schema = schema
        return self.openapi_schema


async def _bad_parameter(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    return JSONResponse({"error": f"{name}: {first['msg'][0].lower()}{first['msg'][1:]}."}, 422)


async def _http_problem(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    sentence = error.detail if error.detail.endswith(".") else _SENTENCES.get(error.status_code, f"{error.detail}.")
    return JSONResponse({"error": sentence}, error.status_code, headers=error.headers)


async def _database_away(_request: Request, error: Exception) -> Response:
    sentence = str(error) if isinstance(error, DatabaseAway) else "The database cannot be read now."
    return JSONResponse({"error": sentence}, 503)


async def _bug(_request: Request, _error: Exception) -> Response:
    # Starlette raises it again once this is sent, so it is not lost.
    return JSONResponse(
        {"error": "This is a mistake of the monitor's own; its traceback is where the monitor runs."}, 500
    )

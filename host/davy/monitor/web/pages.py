"""The page and the files that it loads: all of this package, none from anywhere else."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from davy.monitor.web.services import Services

STATIC = Path(__file__).parent / "static"
_LOGOUT_HIDDEN, _LOGOUT = 'id="logout" hidden', 'id="logout"'

router = APIRouter(include_in_schema=False)


@router.get("/")
def index(request: Request) -> Response:
    """The page; who may see it, the guard has decided. Who logged in can log out."""
    services: Services = request.app.state.services
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    return HTMLResponse(text.replace(_LOGOUT_HIDDEN, _LOGOUT) if services.sessions.needed else text)

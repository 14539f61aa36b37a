"""The login form and what it opens, for every page of davy's: what holds the door stands in the application's state."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from davy.monitor.web.services import Door

_FORM = Path(__file__).parent / "static" / "login.html"
_MOST_FORM_BYTES = 4_096
_FORM_S = 10.0
#: In login.html, where a refusal stands.
_MARK = "<!-- refusal -->"

router = APIRouter(include_in_schema=False)


@router.get("/login")
def login_form(request: Request) -> Response:
    """The form, or the page at once where no token is asked for."""
    door: Door = request.app.state.services
    return _form("") if door.sessions.needed else RedirectResponse("/", 303)


@router.post("/login")
async def login(request: Request) -> Response:
    """A right token opens a session."""
    door: Door = request.app.state.services
    try:
        given = await asyncio.wait_for(_token(request), _FORM_S)
    except asyncio.TimeoutError:
        given = ""
    if not door.sessions.is_token(given):
        door.refusals.count("wrong token", request.client.host if request.client else "an unknown client")
        return _form("This is not the token.", 401)
    answer = RedirectResponse("/", 303)
    door.sessions.open(answer)
    return answer


@router.post("/logout")
def logout(request: Request) -> Response:
    """Ends this browser's session."""
    door: Door = request.app.state.services
    answer = RedirectResponse("/login", 303)
    door.sessions.close(answer)
    return answer


def _form(refusal: str, status: int = 200) -> Response:
    text = _FORM.read_text(encoding="utf-8")
    return HTMLResponse(
        text.replace(_MARK, f'<p class="refusal" role="alert">{refusal}</p>' if refusal else ""), status
    )


async def _token(request: Request) -> str:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _MOST_FORM_BYTES:
            return ""
    return parse_qs(body.decode("utf-8", "replace"), max_num_fields=10).get("token", [""])[0].strip()

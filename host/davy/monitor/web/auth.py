"""Who may ask: the guard before every request, and the sessions of the page.

The API takes `Authorization: Bearer TOKEN`, the page a cookie that the login form sets. Without a token (loopback only)
everybody on this machine may ask; then, as always on loopback, the Host header must name this server, so that no site
that a browser visits can read along by pointing its own name here.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from davy.monitor.web.refusals import Refusals

COOKIE = "davy_session"
SESSION_S = 7 * 24 * 3600
#: What holds nothing of any device: it answers before anybody is known. A handle's public part is printed on its label's unit.
_OPEN = ("/login", "/static/", "/api/handles/")
_POSTS = ("/login", "/logout")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Sessions:
    """Knows the token, and the cookies made of it. They outlive a restart of the server, and end with the token."""

    def __init__(self, token: str | None, secure: bool, clock: Callable[[], float] = time.time) -> None:
        self._token = token.encode() if token is not None else None
        self.secure = secure
        self._clock = clock

    @property
    def needed(self) -> bool:
        """Whether a token is asked for at all."""
        return self._token is not None

    def is_token(self, text: str) -> bool:
        """In constant time, whatever its length."""
        given = hashlib.sha256(text.encode("utf-8", "replace")).digest()
        return self._token is not None and hmac.compare_digest(given, hashlib.sha256(self._token).digest())

    def allows(self, headers: Headers) -> bool:
        """Whether a request may see devices."""
        if self._token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self.is_token(given.strip()):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and self._is_session(morsel.value)

    def open(self, response: Response) -> None:
        """Set the cookie."""
        ends_s = int(self._clock()) + SESSION_S
        response.set_cookie(
            COOKIE, self._session(ends_s), SESSION_S, secure=self.secure, httponly=True, samesite="strict"
        )

    def close(self, response: Response) -> None:
        """Take the cookie away."""
        response.delete_cookie(COOKIE, secure=self.secure, httponly=True, samesite="strict")

    def _session(self, ends_s: int) -> str:
        assert self._token is not None
        return f"{ends_s}-{hmac.digest(self._token, b'davy web session 1|%d' % ends_s, 'sha256').hex()}"

    def _is_session(self, text: str) -> bool:
        ends, _, _ = text.partition("-")
        if not (ends.isascii() and ends.isdigit() and len(ends) < 12) or int(ends) <= self._clock():
            return False
        return hmac.compare_digest(text.encode("utf-8", "replace"), self._session(int(ends)).encode())


class Guard:
    """ASGI: refuses in one sentence, or passes on; puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, sessions: Sessions, hosts: frozenset[str] | None, refusals: Refusals) -> None:
        """`hosts`: the host names that a request may name, None for any."""
        self._app = app
        self._sessions = sessions
        self._hosts = hosts
        self._refusals = refusals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)  # an answer may have a stricter policy of its own
                headers.setdefault("Cache-Control", "no-cache" if scope["path"].startswith("/static/") else "no-store")
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        # Not request.url: that is put together with the Host header, which a client may fill with another path.
        path: str = request.scope["path"]
        if self._hosts is not None and _host_name(request.headers.get("host", "")) not in self._hosts:
            names = ", ".join(sorted(self._hosts))
            return self._refuse(request, "other host name", 421, f"This server is {names}; ask it by that name.")
        if request.method != "GET" and not (request.method == "POST" and path in _POSTS):
            refused = self._refuse(request, "only GET", 405, "Nothing can be changed here; only GET is answered.")
            refused.headers["Allow"] = "GET"
            return refused
        if path.startswith(_OPEN) or self._sessions.allows(request.headers):
            return None
        if path == "/":
            return RedirectResponse("/login", 303)
        given = "authorization" in request.headers
        refused = self._refuse(
            request, "wrong token" if given else "no token", 401, "Send Authorization: Bearer and the right token."
        )
        refused.headers["WWW-Authenticate"] = "Bearer"
        return refused

    def _refuse(self, request: Request, reason: str, status: int, sentence: str) -> Response:
        self._refusals.count(reason, request.client.host if request.client else "an unknown client")
        return JSONResponse({"error": sentence}, status)


def _host_name(host: str) -> str:
    """Without the port: of `name:port`, `[::1]:port`."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()

"""Who may see what: nobody from outside without TLS and a token, no stranger's web site, and nothing can be changed."""

from __future__ import annotations

import datetime
import os
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.datastructures import Headers
from starlette.responses import Response

from davy.errors import InputError
from davy.identity import create_ca
from davy.identity.issue import issue_peer
from davy.monitor.web import WebServer, check_web_options
from davy.monitor.web.auth import COOKIE, SESSION_S, Sessions
from davy.monitor.web.options import check_tls_folder
from support.seeded import CRITICAL, NOON_MS, Seeded, source_of

TOKEN = "0f38146ec31f1012c1b2663a45ce6008d56a720802950ca3d8e216aaca86f0cf"
UNIT = "88.118.8/GA26000001"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    issue_peer(create_ca(folder / "ca"), folder / "site", server=["localhost", "127.0.0.1"])
    return folder / "site"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    made = Seeded(tmp_path_factory.mktemp("db") / "davy.sqlite")
    made.unit(UNIT, source_of(1))
    made.device(source_of(1), UNIT, NOON_MS)
    made.states(source_of(1), [(NOON_MS, CRITICAL)])
    yield made
    made.close()


@pytest.fixture(scope="module")
def guarded(seeded: Seeded, tls: Path) -> Iterator[httpx.Client]:
    """A client that has no token, of a server on every address."""
    server = WebServer(seeded.path, "0.0.0.0", 0, tls, TOKEN)
    server.start()
    trusted = ssl.create_default_context(cafile=str(tls / "ca.cert.pem"))
    with httpx.Client(base_url=f"https://127.0.0.1:{server.port}", verify=trusted, timeout=20) as client:
        yield client
    server.stop()


@pytest.fixture(scope="module")
def local(seeded: Seeded) -> Iterator[httpx.Client]:
    server = WebServer(seeded.path, "127.0.0.1", 0)
    server.start()
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client
    server.stop()


def token_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "token"
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "monitor.example"])
def test_what_is_not_loopback_needs_both_tls_and_a_token(seeded: Seeded, tls: Path, tmp_path: Path, host: str) -> None:
    file = token_file(tmp_path, TOKEN + "\n")
    for given_tls, given_token, missing in (
        (None, None, "give --web-tls DIR and --web-token-file FILE as well"),
        (tls, None, "give --web-token-file FILE as well"),
        (None, file, "give --web-tls DIR as well"),
    ):
        with pytest.raises(InputError, match=missing):
            check_web_options(f"[{host}]:8080" if ":" in host else f"{host}:8080", given_tls, given_token)
        with pytest.raises(InputError, match=missing):
            WebServer(seeded.path, host, 0, given_tls, TOKEN if given_token else None)
    options = check_web_options(f"{host}:8080", tls, file)
    assert (options.host, options.port, options.token) == (host, 8080, TOKEN)
    assert TOKEN not in repr(options)


@pytest.mark.parametrize("text", ["8080", ":8080", "localhost", "localhost:0", "localhost:65536", "localhost:http", ""])
def test_an_address_that_will_not_do_is_one_line(text: str) -> None:
    with pytest.raises(InputError, match=r"--web: .* will not do; write HOST:PORT"):
        check_web_options(text)


def test_loopback_needs_nothing_and_an_address_in_use_is_one_line(seeded: Seeded, local: httpx.Client) -> None:
    assert check_web_options("[::1]:8080").host == "::1"
    with pytest.raises(InputError, match="cannot be listened on"):
        WebServer(seeded.path, "127.0.0.1", int(local.base_url.port or 0))


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        ("short", 0o600, "has 5 characters"),
        ("x" * 600, 0o600, "characters"),
        (TOKEN, 0o640, "others can read"),
        (TOKEN, 0o604, "others can read"),
        ("two words " + TOKEN, 0o600, "holds no token"),
        (TOKEN + "\n" + TOKEN, 0o600, "holds no token"),
        ("ключ" * 20, 0o600, "holds no token"),
    ],
)
def test_a_token_file_that_will_not_do_is_refused_without_showing_it(
    tmp_path: Path, text: str, mode: int, problem: str
) -> None:
    with pytest.raises(InputError, match=problem) as raised:
        check_web_options("127.0.0.1:8080", None, token_file(tmp_path, text, mode))
    assert text not in str(raised.value)
    with pytest.raises(InputError, match="cannot be read: No such file"):
        check_web_options("127.0.0.1:8080", None, tmp_path / "nowhere")


def test_a_tls_folder_that_will_not_do_is_refused(tmp_path: Path, tls: Path) -> None:
    ca = create_ca(tmp_path / "ca")
    issue_peer(ca, tmp_path / "good", server=["localhost"])
    issue_peer(ca, tmp_path / "monitor", monitor="site1")
    good, key = tmp_path / "good", tmp_path / "good" / "key.pem"
    check_tls_folder(good)
    for years, problem in ((6, "is valid from"), (-1, "is valid from")):
        now = datetime.datetime.now(datetime.timezone.utc) + years * datetime.timedelta(days=365)
        with pytest.raises(InputError, match=problem):
            check_tls_folder(good, now)
    with pytest.raises(InputError, match="is no server's certificate"):
        check_tls_folder(tmp_path / "monitor")
    with pytest.raises(InputError, match=r"cert\.pem cannot be read|key\.pem cannot be read"):
        check_tls_folder(tmp_path)
    key.chmod(0o644)
    with pytest.raises(InputError, match=r"others can read .*key\.pem; chmod 600"):
        check_tls_folder(good)
    key.write_bytes((tls / "key.pem").read_bytes())
    key.chmod(0o600)
    with pytest.raises(InputError, match=r"is not the key of cert\.pem"):
        check_tls_folder(good)
    (good / "cert.pem").write_text("nothing")
    with pytest.raises(InputError, match="is no certificate"):
        check_tls_folder(good)


PRIVATE = ("/api/devices", "/api/events", "/api/incidents", "/api/health", "/api/live", "/openapi.json")


@pytest.mark.parametrize("path", PRIVATE)
def test_without_the_token_nothing_of_a_device_is_told(guarded: httpx.Client, path: str) -> None:
    for headers in (
        {},
        {"Authorization": f"Bearer {TOKEN[:-1]}0"},
        {"Authorization": TOKEN},
        {"Cookie": f"{COOKIE}=1"},
    ):
        answer = guarded.get(path, headers=headers)
        assert answer.status_code == 401, headers
        assert answer.json() == {"error": "Send Authorization: Bearer and the right token."}
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("host", ["x/static/?", "x/login?", "x/api/handles/", "x\\@y/static/"])
def test_a_path_in_the_host_header_opens_nothing(guarded: httpx.Client, host: str) -> None:
    for path in ("/api/devices", "/openapi.json"):
        answer = guarded.get(path, headers={"Host": host})
        assert answer.status_code in (400, 401)
        assert UNIT not in answer.text


def test_with_the_token_everything_is_told_and_nothing_over_plain_http(guarded: httpx.Client) -> None:
    answer = guarded.get("/api/devices", headers={"Authorization": f"Bearer {TOKEN}"})
    assert [device["identifier"] for device in answer.json()["devices"]] == [UNIT]
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"http://127.0.0.1:{guarded.base_url.port}/api/devices")


def test_anybody_may_resolve_a_label_but_not_see_how_the_unit_is_now(guarded: httpx.Client) -> None:
    values = {
        bool(headers): [
            value["type"] for value in guarded.get(f"/api/handles/{UNIT}", headers=headers).json()["values"]
        ]
        for headers in ({}, {"Authorization": f"Bearer {TOKEN}"})
    }
    assert values[False] == ["PRODUCT", "BOARD", "SERIAL", "CERTIFICATE_SHA256", "STATUS"]
    assert values[True] == [*values[False], "RUN_STATE"]


def test_the_login_form_opens_a_session_and_logging_out_ends_it(guarded: httpx.Client) -> None:
    assert guarded.get("/").headers["location"] == "/login"
    assert "password" in guarded.get("/login").text
    wrong = guarded.post("/login", data={"token": TOKEN[:-1]})
    assert (wrong.status_code, "This is not the token." in wrong.text) == (401, True)
    assert "set-cookie" not in wrong.headers
    right = guarded.post("/login", data={"token": TOKEN})
    assert (right.status_code, right.headers["location"]) == (303, "/")
    attributes = right.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "Secure", "SameSite=strict", "Path=/"} <= set(attributes)
    assert TOKEN not in right.headers["set-cookie"]
    cookie = {"Cookie": attributes[0]}
    guarded.cookies.clear()
    assert guarded.get("/api/devices", headers=cookie).status_code == 200
    assert "davy monitor" in guarded.get("/", headers=cookie).text
    ended = guarded.post("/logout", headers=cookie)
    assert "Max-Age=0" in ended.headers["set-cookie"]
    guarded.cookies.clear()


def test_an_endless_login_is_cut_short(guarded: httpx.Client) -> None:
    answer = guarded.post("/login", content=b"token=" + b"x" * 100_000)
    assert answer.status_code == 401


def test_a_session_ends_after_its_time_and_with_its_token() -> None:
    now_s = [1_000_000.0]
    sessions, others = (Sessions(token, True, lambda: now_s[0]) for token in (TOKEN, TOKEN[::-1]))
    answer = Response()
    sessions.open(answer)
    cookie = answer.headers["set-cookie"].split("; ")[0]
    longer = cookie.replace(f"={1_000_000 + SESSION_S}-", f"={1_000_001 + SESSION_S}-")
    assert longer != cookie
    assert sessions.allows(Headers({"cookie": cookie}))
    assert not others.allows(Headers({"cookie": cookie}))
    assert not sessions.allows(Headers({"cookie": longer}))
    now_s[0] += SESSION_S
    assert not sessions.allows(Headers({"cookie": cookie}))


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
@pytest.mark.parametrize("path", ["/", "/api/devices", "/api/live", "/static/page.js", "/nothing"])
def test_only_get_is_answered(local: httpx.Client, method: str, path: str) -> None:
    answer = local.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]"])
def test_on_loopback_another_host_name_is_refused(local: httpx.Client, host: str) -> None:
    for path in ("/", "/api/devices", f"/api/handles/{UNIT}", "/static/page.js", "/login"):
        assert local.get(path, headers={"Host": host}).status_code == 421
    assert local.get("/api/devices", headers={"Host": "localhost:9"}).status_code == 200


@pytest.mark.parametrize("path", ["/", "/api/devices", "/static/page.js", "/nothing", "/login"])
def test_every_answer_has_the_security_headers(local: httpx.Client, path: str) -> None:
    headers = local.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")
    assert "server" not in headers


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static//etc/passwd", "/static/..%2fapp.py"]
)
def test_no_file_but_the_pages_own_is_served(local: httpx.Client, path: str) -> None:
    raw = local.build_request("GET", "/")
    raw.url = raw.url.copy_with(raw_path=path.encode())
    answer = local.send(raw)
    assert answer.status_code == 404
    assert "import" not in answer.text


def test_no_secret_is_in_any_answer_and_the_database_is_not_written(local: httpx.Client, seeded: Seeded) -> None:
    secret = seeded.db.execute("SELECT secret FROM units").fetchone()[0]
    before = seeded.db.execute("PRAGMA data_version").fetchone()
    for path in (*PRIVATE[:4], f"/api/devices/{UNIT}", f"/api/devices/{UNIT}/states", f"/api/handles/{UNIT}"):
        answer = local.get(path)
        assert answer.status_code == 200
        assert secret not in answer.content
        assert secret.hex() not in answer.text.lower()
    assert seeded.db.execute("PRAGMA data_version").fetchone() == before
    assert os.stat(seeded.path).st_mode & 0o777 == 0o600

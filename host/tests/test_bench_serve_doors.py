"""What the station's server gives nobody: other files, other hosts, readers without the token, anything to change."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from davy.bench.serve import BenchServer
from davy.cli.bench_serve_command import serve
from davy.errors import InputError
from support.bench_pages import serving
from support.bench_records import Run


@pytest.fixture
def records(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def one_unit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchServer]:
    """A server over the records of one unit that passed."""
    folder = tmp_path_factory.mktemp("records")
    Run(folder, "bench 1", "GA1").ended("test_it_boots").finish()
    with serving(folder) as server:
        yield server


def rename_record(records: Path, file: str) -> str:
    with sqlite3.connect(records / "history.sqlite") as db:
        db.execute("UPDATE runs SET file = ?", (file,))
        return str(db.execute("SELECT sha256 FROM runs").fetchone()[0])


@pytest.mark.parametrize(
    "file", ["../secret.json", "GA1/../../secret.json", "link.json", "away/secret.json", "\0.json"]
)
def test_a_history_that_names_a_file_elsewhere_opens_no_door_to_it(records: Path, file: str) -> None:
    Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    outside = records.parent / "secret.html"
    outside.write_text("secret")
    (records / "link.html").symlink_to(outside)
    (records / "away").symlink_to(records.parent)
    run_id = rename_record(records, file)
    with serving(records) as server:
        answer = httpx.get(f"{server.url}/report/{run_id}")
        assert httpx.get(server.url).status_code == 200, "and the board is there all the same"
    assert (answer.status_code, answer.json()) == (404, {"error": "There is no such report."})


def test_a_history_that_names_an_absolute_path_opens_no_door_to_it(records: Path) -> None:
    Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    outside = records.parent / "secret.html"
    outside.write_text("secret")
    run_id = rename_record(records, str(outside.with_suffix(".json")))
    with serving(records) as server:
        assert httpx.get(f"{server.url}/report/{run_id}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/report/../history.sqlite",
        "/report/..%2fhistory.sqlite",
        "/report/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/report/" + "0" * 64,
        "/report/",
        "/report/GA1%2fx.html",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/history.sqlite",
        "/live/bench%201.json",
        "/docs",
        "/openapi.json",
    ],
)
def test_nothing_else_of_the_disk_is_served(one_unit: BenchServer, path: str) -> None:
    with httpx.Client() as client:
        request = client.build_request("GET", one_unit.url)
        request.url = request.url.copy_with(raw_path=path.encode())
        assert client.send(request).status_code == 404


def test_serving_changes_nothing_in_the_folder(records: Path) -> None:
    Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    Run(records, "bench 2", "GA2").ended("test_it_boots")

    def content() -> dict[str, bytes]:
        files = [each for each in records.rglob("*") if each.is_file() and not each.name.endswith(("-shm", "-wal"))]
        return {str(each): each.read_bytes() for each in files}

    before = content()
    with serving(records) as server:
        page = httpx.get(server.url).text
        httpx.get(server.url + re.findall(r'href="(/report/[^"]*)"', page)[0])
        httpx.get(f"{server.url}/history?serial=GA1")
    assert content() == before


def test_strangers_get_nothing_and_nothing_can_be_changed(one_unit: BenchServer) -> None:
    other = httpx.get(one_unit.url, headers={"Host": "evil.example"})
    assert other.status_code == 421 and "GA1" not in other.text
    for method in ("POST", "PUT", "DELETE"):
        assert httpx.request(method, one_unit.url).status_code == 405
    mine = httpx.get(one_unit.url)
    assert mine.headers["content-security-policy"].startswith("default-src 'self'")
    assert mine.headers["x-content-type-options"] == "nosniff"


def test_elsewhere_than_on_this_machine_it_listens_only_with_tls_and_a_token(records: Path, tmp_path: Path) -> None:
    missing = r"--listen: 0\.0\.0\.0 is not loopback: .*; give --web-tls DIR and --web-token-file FILE as well"
    with pytest.raises(InputError, match=missing):
        serve(records, "0.0.0.0:8090", None, None)
    with pytest.raises(InputError, match=r"--listen: 0\.0\.0\.0 is not loopback"):
        BenchServer(records, "0.0.0.0", 0)
    with pytest.raises(InputError, match=r"--listen: 'nowhere' will not do; write HOST:PORT"):
        serve(records, "nowhere", None, None)
    with pytest.raises(InputError, match=r"--records: there is no folder .*nowhere"):
        serve(tmp_path / "nowhere", "127.0.0.1:8090", None, None)
    with serving(records) as server, pytest.raises(InputError, match=r"--listen: .* cannot be listened on"):
        BenchServer(records, "127.0.0.1", server.port)


def test_with_a_token_only_who_knows_it_sees_a_bench(records: Path) -> None:
    Run(records, "bench 1", "GA1").ended("test_it_boots").finish()
    token = os.urandom(32).hex()
    with serving(records, token=token) as server:
        asked = httpx.get(server.url)
        assert (asked.status_code, asked.headers["location"]) == (303, "/login")
        for path in ("/api/live", "/history?serial=GA1", "/report/" + "0" * 64, "/health"):
            assert httpx.get(server.url + path).status_code == 401
        with httpx.Client(base_url=server.url, follow_redirects=True) as client:
            assert client.post("/login", data={"token": "wrong" * 10}).status_code == 401
            page = client.post("/login", data={"token": token})
            assert "GA1" in page.text and 'id="logout" hidden' not in page.text
            assert "GA1" not in client.post("/logout").text
            assert client.get("/health").status_code == 401

"""The station's page for tests: rendered as it is on the disk, served, and read as text."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from davy.bench.serve import BenchServer
from davy.bench.serve.board import Watcher
from davy.bench.serve.render import render

NOON_S = 1_795_608_000.0
WAIT_S = 30.0


@contextmanager
def serving(records: Path, **limits: Any) -> Iterator[BenchServer]:
    server = BenchServer(records, "127.0.0.1", 0, **limits)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def standing(at_s: float) -> Callable[[], float]:
    """A wall clock that stands still."""
    return lambda: at_s


def board(records: Path, at_s: float | None = None) -> str:
    at_ms = None if at_s is None else int(at_s * 1000)
    return render("board.html.j2", board=Watcher(records).look(at_ms), logout=False)


def tile(page: str, bench: str) -> str:
    """A tile's text, without its tags; spaces as one."""
    found = re.search(
        rf'<article [^>]*aria-label="Bench {re.escape(html.escape(bench))}">.*?</article>', page, re.DOTALL
    )
    assert found is not None, f"no tile of {bench}"
    return words(found[0])


def words(markup: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())

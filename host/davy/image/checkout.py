"""Which commit a build was made from."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

#: What a release is made of; changes elsewhere do not make it another.
SOURCES = ("firmware", "boards", "host/davy")


def commit_of(root: Path, sources: tuple[str, ...] = SOURCES) -> tuple[str | None, bool]:
    """The commit of the checkout at `root`, and whether `sources` differ from it; (None, False) when it is no checkout.

    An installed davy inside of somebody's checkout is not part of it.
    """
    top = _git(root, "rev-parse", "--show-toplevel")
    if top is None or Path(top) != root.resolve():
        return None, False
    commit = _git(root, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return None, False
    return commit, _git(root, "status", "--porcelain", "--", *sources) != ""


def _git(root: Path, *arguments: str) -> str | None:
    # A hook's GIT_DIR would name another tree than the one that was asked for.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        command = ["git", "--no-optional-locks", "-C", str(root), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None

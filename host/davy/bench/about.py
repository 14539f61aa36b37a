"""What a record says of the software and the machine: davy's own part of a run's `about`."""

from __future__ import annotations

import platform
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from davy.image.checkout import commit_of
from davy.paths import ROOT


def about_run(firmware: str = "") -> dict[str, Any]:
    """For RunResult.about: versions, git commit, host. Raises nothing: what is not known is None, and the caller's to fill in.

    `firmware` is the device's version as it says it.
    """
    commit, dirty = _commit()
    software = {"davy": _version("davy"), "python": platform.python_version()}
    if firmware:
        software["firmware"] = firmware
    return {
        "software": software,
        "image_sha256": None,
        "git_commit": commit,
        "git_dirty": dirty if commit is not None else None,
        "host": platform.node(),
        "seed": None,
    }


@lru_cache
def _commit() -> tuple[str | None, bool]:
    # The whole tree: a test that was changed may give another verdict.
    return commit_of(ROOT, (".",))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"

"""What a record says of the software and the machine: davy's own part of a run's `about`."""

from __future__ import annotations

import platform
import shutil
import subprocess
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from davy.bench.rig import RigAbout
from davy.paths import ROOT

_GIT_S = 20.0


def about_run(
    firmware: str = "", image_sha256: str | None = None, rig: RigAbout | None = None, seed: int | None = None
) -> dict[str, Any]:
    """For RunResult.about: versions, image, git commit, bench and its calibration date, host, seed.

    `firmware` is the device's version as it says it, `rig` who the rig says it is. Raises nothing: what is not known is None.
    """
    commit, dirty = git_state(ROOT)
    software = {"davy": _version("davy"), "python": platform.python_version()}
    if firmware:
        software["firmware"] = firmware
    about: dict[str, Any] = {
        "software": software,
        "image_sha256": image_sha256,
        "git_commit": commit,
        "git_dirty": dirty,
        "host": platform.node(),
        "seed": seed,
    }
    if rig is not None:
        about["bench"] = {
            "kind": rig.kind,
            "firmware": rig.firmware,
            "wiring": rig.wiring,
            "calibrated": rig.calibrated,
        }
    return about


@lru_cache
def git_state(folder: Path) -> tuple[str | None, bool | None]:
    """(commit, whether files differ from it) of a checkout; (None, None) for what is none, as an installed wheel."""
    if shutil.which("git") is None or not (folder / ".git").exists():
        return None, None
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain")
    return (commit.strip() if commit else None), (None if changed is None else bool(changed.strip()))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        ended = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            timeout=_GIT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return ended.stdout if ended.returncode == 0 else None


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"

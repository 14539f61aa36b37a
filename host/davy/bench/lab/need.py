"""labgrid is asked for in one place, and only when a bench is reached through it."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from davy.errors import InputError

_HINT = (
    "`make labgrid` builds an environment for it (.venv-labgrid/bin/python -m davy ...); "
    "without a checkout: pip install 'davy[labgrid]' in an environment of its own (docs/labgrid.md)"
)


def labgrid(module: str, where: str = "labgrid") -> Any:
    """The module `labgrid.MODULE`. Raises InputError, in one line, where labgrid is not installed."""
    hook = sys.excepthook
    try:
        return importlib.import_module(f"labgrid.{module}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("labgrid", "grpc", "google", "attr"):
            raise
        raise InputError(where, "labgrid is not installed here", _HINT) from error
    finally:
        # labgrid's client module puts in one of its own when it is imported.
        sys.excepthook = hook


def generated() -> Any:
    """The messages of the coordinator's protocol."""
    return labgrid("remote.generated.labgrid_coordinator_pb2")

"""Builds the environment in which davy and labgrid live together: a layer over davy's own, made in seconds.

labgrid brings a fork of pyserial that installs over pyserial's own files (docs/labgrid.md). In a layer it lies beside them: davy's
environment stays as it is, the layer sees the fork first, and everything else (davy, esptool, mpremote) from below.

    .venv/bin/python tools/labgrid_environment.py .venv-labgrid
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

_LOCK = Path(__file__).parent.parent / "requirements-labgrid.lock"
#: After every other .pth file of the layer.
_LAYER = "zz-davy.pth"


def build(folder: Path) -> None:
    """Anew. The environment that runs this is the one below."""
    if folder.exists():
        shutil.rmtree(folder)
    python = folder / "bin" / "python"
    _run(sys.executable, "-m", "venv", folder)
    (folder / ".gitignore").write_text("*\n")
    quiet = ("--quiet", "--disable-pip-version-check")
    # What the lock leaves out it has from below; --no-deps, as pip would see that and call it somebody else's.
    _run(python, "-m", "pip", "install", *quiet, "--no-deps", "--require-hashes", "-r", _LOCK)
    found = "import sysconfig; print(sysconfig.get_path('purelib'))"
    layer = Path(subprocess.run([python, "-c", found], check=True, capture_output=True, text=True).stdout.strip())
    # Not only a path: the .pth files below count as well, davy itself is one of them.
    command = folder / "bin" / "davy"
    command.write_text(f"#!{python}\nfrom davy.cli.main import main\n\nmain()\n")
    command.chmod(0o755)
    (layer / _LAYER).write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")


def _run(*words: object) -> None:
    subprocess.run([str(word) for word in words], check=True)


if __name__ == "__main__":
    build(Path(sys.argv[1]).absolute())

"""`davy image` as a process: what it says, what it leaves in the folder, and its exit status."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from davy.errors import InputError
from davy.image.release import load_release
from support.micropython_image import craft

DAVY = str(Path(sys.executable).with_name("davy"))


def davy_image(
    *arguments: str | Path, cwd: Path | None = None, hash_seed: int = 1, file_limit: int | None = None
) -> subprocess.CompletedProcess[str]:
    """`file_limit` in bytes: no file may grow longer, as on a disk that is full."""

    def limit() -> None:
        if file_limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))

    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "COLUMNS": "120"}
    command = [DAVY, "image", *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=100, preexec_fn=limit
    )


@pytest.fixture(scope="module")
def micropython(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("download") / "ESP32_GENERIC.bin"
    path.write_bytes(craft())
    return path


def test_two_builds_anywhere_give_the_same_bytes(tmp_path: Path, micropython: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "somewhere" / "two"
    for hash_seed, folder in enumerate((one, two)):
        done = davy_image("devkit_mq", "--micropython", micropython, "-o", folder, cwd=tmp_path, hash_seed=hash_seed)
        assert done.returncode == 0, done.stderr
    names = sorted(each.name for each in one.iterdir())
    assert names == sorted(each.name for each in two.iterdir()) and "manifest.json" in names
    for name in names:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name


def test_it_shows_each_part_and_what_goes_over_the_wire(tmp_path: Path, micropython: Path) -> None:
    done = davy_image("devkit_mq", "--micropython", micropython, "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    release = load_release(tmp_path)
    rows = re.findall(r"^(\S+) +0x([0-9a-f]{6}) +([0-9,]+) +([0-9,]+) +([0-9a-f]{16})", done.stdout, re.MULTILINE)
    shown = [(name, int(offset, 16), int(size.replace(",", "")), start) for name, offset, size, _, start in rows]
    assert shown == [(part.name, part.offset, part.size, part.sha256[:16]) for part in release.parts]
    wire = sum(int(compressed.replace(",", "")) for *_, compressed, _ in rows)
    assert f"{sum(part.size for part in release.parts):,} bytes, {wire:,} over the wire" in done.stdout
    assert wire < sum(part.size for part in release.parts)
    assert f"image {release.image_sha256}" in done.stdout and "MicroPython v1.29.0" in done.stdout


def test_without_micropython_it_says_so_and_where_it_is(tmp_path: Path) -> None:
    done = davy_image("devkit_mq", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "the application only" in done.stdout
    assert "ESP32_GENERIC" in done.stdout and "the download page of MicroPython" in done.stdout
    assert {part.kind for part in load_release(tmp_path).parts} == {"application"}


def test_json_is_the_manifest(tmp_path: Path) -> None:
    done = davy_image("devkit_mq", "-o", tmp_path, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (tmp_path / "manifest.json").read_text()
    said = json.loads(done.stdout)
    assert (said["schema"], said["board"], said["micropython"]) == (1, "devkit_mq", None)
    assert said["parts"][-1]["name"] == "application-head"


@pytest.mark.parametrize("file_limit", [30_000, 100_000])  # in the middle of MicroPython, and of the application
def test_a_disk_that_fills_up_leaves_no_release_and_the_next_run_heals_it(
    tmp_path: Path, micropython: Path, file_limit: int
) -> None:
    folder = tmp_path / "out"
    assert davy_image("devkit_ze07", "-o", folder).returncode == 0
    done = davy_image("devkit_mq", "--micropython", micropython, "-o", folder, file_limit=file_limit)
    assert done.returncode == 2
    assert done.stderr == f"davy: {folder}: cannot be written: File too large; make room, or name a folder of yours\n"
    with pytest.raises(InputError, match=r"holds no manifest\.json, so it is no whole release"):
        load_release(folder)
    assert not list(folder.glob(".*"))  # nothing half-written lies about
    assert davy_image("devkit_mq", "--micropython", micropython, "-o", folder).returncode == 0
    assert load_release(folder).micropython == "v1.29.0"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing", "-o", "out"], "davy: nothing: there is no such board"),
        (["devkit_mq"], "davy: Missing option '--out' / '-o'"),
        (["-o", "out"], "davy: Missing argument"),
        (["devkit_mq", "-o", "taken"], "davy: taken: cannot be written: File exists"),
        (["devkit_mq", "-o", "taken/deep"], "davy: taken/deep: cannot be written: Not a directory"),
        (["devkit_mq", "-o", "out", "--micropython", "taken"], "davy: taken: is a web page and no firmware; save the"),
        (["devkit_mq", "-o", "out", "--micropython", "no.bin"], "davy: no.bin: cannot be read: No such file"),
        (["devkit_mq", "-o", "out", "--micropython", "s3.bin"], "davy: s3.bin: is for the ESP32-S3, and the board"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2_and_nothing_is_written(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "taken").write_text("<html>")
    (tmp_path / "s3.bin").write_bytes(craft("esp32s3"))
    done = davy_image(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(said), done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()

"""Files are written whole, with the rights they were meant to have, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from davy.files import write_whole


def test_a_secret_is_for_its_owner_alone_and_other_files_for_all_to_read(tmp_path: Path) -> None:
    write_whole(tmp_path / "key", b"\0\xff", mode=0o600)
    write_whole(tmp_path / "page", "é")
    assert (tmp_path / "key").read_bytes() == b"\0\xff"
    assert (tmp_path / "page").read_text(encoding="utf-8") == "é"
    assert [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("key", "page")] == [0o600, 0o644]


def test_what_cannot_be_put_in_its_place_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "file").write_text("kept")
    with pytest.raises(OSError):
        write_whole(tmp_path / "taken", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert (tmp_path / "taken" / "file").read_text() == "kept"

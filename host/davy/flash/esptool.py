"""The esptool program, run as a process of its own: what it is told, how far it is, and what its last words mean."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from davy.errors import DeskError, InputError

_CHIP = re.compile(r"^Detecting chip type\.\.\. (\S+)|^Connected to (\S+) on ", re.M)
_MAC = re.compile(r"^MAC:\s+([0-9a-f:]{17})", re.M)
_FLASH_SIZE = re.compile(r"^Detected flash size: (\d+)MB", re.M)
_WROTE = re.compile(r"^Wrote (\d+) bytes(?: \((\d+) compressed\))? at 0x\w+ in ([\d.]+) seconds", re.M)
_WRITING = re.compile(r"Writing at 0x([0-9a-f]+)")
_SKIPPED = re.compile(r"already in flash, skipping write")
_WRONG_CHIP = re.compile(r"This chip is (\S+), not (\S+)\. Wrong chip argument")
_KEEP_CHARS = 1_000_000
_RECONNECTS = "Lost connection, retrying"
_BROKEN = ("the connection broke while flashing", "check the cable and flash it again: what was begun is not whole")


@dataclass
class Run:
    """What one run of esptool told. `sent_bytes` went over the wire as data, compressed or not, in `wire_s` seconds."""

    chip: str = ""
    mac: str = ""
    flash_mb: int | None = None
    written_bytes: int = 0
    sent_bytes: int = 0
    skipped: int = 0
    wire_s: float = 0.0
    text: str = field(default="", repr=False)

    def after(self, earlier: Run) -> Run:
        """Both runs together."""
        return Run(
            self.chip,
            self.mac,
            self.flash_mb,
            earlier.written_bytes + self.written_bytes,
            earlier.sent_bytes + self.sent_bytes,
            earlier.skipped + self.skipped,
            earlier.wire_s + self.wire_s,
        )


def esptool_command() -> list[str]:
    """How esptool is started. Raises InputError when it is not installed."""
    if importlib.util.find_spec("esptool") is None:
        raise InputError("esptool", "is not installed", "pip install 'davy[flash]', or pip install 'esptool>=5.6,<5.7'")
    return [sys.executable, "-m", "esptool"]


def run_esptool(
    port: str,
    baud: int,
    arguments: Sequence[str],
    *,
    chip: str = "auto",
    before: str = "default-reset",
    stub: bool = True,
    on_text: Callable[[str], None] = lambda text: None,
) -> Run:
    """Run it to its end; the chip stays in its boot loader. `on_text` gets each piece that is printed.

    Raises DeskError for what a new try may mend, InputError when the chip is another than `chip`.
    """
    command = [*esptool_command(), "--chip", chip, "--port", port, "--baud", str(baud)]
    command += ["--before", before, "--after", "no-reset", *([] if stub else ["--no-stub"]), *arguments]
    run = Run()
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert process.stdout is not None
    try:
        while data := process.stdout.read1(4096):  # type: ignore[attr-defined]
            piece = data.decode("utf-8", "replace")
            run.text = (run.text + piece)[-_KEEP_CHARS:]
            on_text(piece)
            if _RECONNECTS in run.text:
                # It would wait for a port of this name, and go on with whatever board is there then.
                raise DeskError(port, *_BROKEN)
        status = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    _read(run)
    if status != 0:
        raise explain(run.text, port, chip)
    return run


def read_unit(text: str) -> Run:
    """Chip and MAC, as far as they have been printed."""
    run = Run()
    for found in _CHIP.finditer(text):
        run.chip = found[1] or found[2]
    if mac := _MAC.search(text):
        run.mac = mac[1]
    return run


def _read(run: Run) -> None:
    who = read_unit(run.text)
    run.chip, run.mac = who.chip, who.mac
    if size := _FLASH_SIZE.search(run.text):
        run.flash_mb = int(size[1])
    for wrote in _WROTE.finditer(run.text):
        run.written_bytes += int(wrote[1])
        run.sent_bytes += int(wrote[2] or wrote[1])
        run.wire_s += float(wrote[3])
    run.skipped = len(_SKIPPED.findall(run.text))


def written_to(text: str) -> int | None:
    """Flash address that the newest progress line names."""
    found = _WRITING.findall(text)
    return int(found[-1], 16) if found else None


#: (what esptool says, what is wrong, the next step)
_WORDS = (
    (r"Permission denied", "no permission to open it", "add yourself to the group that owns it (dialout), log in again"),
    (r"exclusively lock|Resource busy|Access is denied", "another program has it open", "close that program (davy doctor names it)"),
    (r"No such file|FileNotFound|could not open port|doesn't exist|Connection refused", "there is no such port", "plug the board in; davy doctor lists the ports"),
    (r"Wrong boot mode detected", "the chip restarts into its program, not into the boot loader", "hold BOOT (IO0 to ground), press and let go EN, let go BOOT, and try again"),
    (r"serial TX path seems to be down", "the chip hears nothing", "check the line from the adapter's TX to the chip's RX"),
    (r"Failed to connect", "no boot loader answers", "check power and cable; hold BOOT (IO0 to ground), press and let go EN, let go BOOT, and try again"),
    (r"MD5 of file does not match|region is empty", "what was written reads back differently", "flash it again, at a lower --baud"),
    (r"Failed to communicate with the flash", "the flash chip does not answer", "check the module and its supply"),
    (r"disconnected|returned no data|Lost connection|Input/output error|device reports readiness|No serial data|stopped|Timed out|No more data|Connection reset|socket|Corrupt|Invalid head|Digest mismatch|Packet content|Response doesn't match|Only got|Failed to|Failed to write", *_BROKEN),
)  # fmt: skip


def explain(text: str, port: str, chip: str) -> Exception:
    """What esptool's last words mean: DeskError, or InputError for another chip."""
    if wrong := _WRONG_CHIP.search(text):
        return InputError(
            f"--port {port}",
            f"has an {wrong[1]}, and the image is for an {wrong[2]}",
            "the right board, or the right image",
        )
    said = text[text.rfind("ERROR") :] if "ERROR" in text else text[-2000:]
    for pattern, problem, step in _WORDS:
        if re.search(pattern, said):
            return DeskError(port, problem, step)
    last = next((line for line in reversed(text.splitlines()) if line.strip()), "nothing")
    return DeskError(port, f"esptool ended with: {last.strip()[:200]}", "try again; davy doctor looks at the desk")

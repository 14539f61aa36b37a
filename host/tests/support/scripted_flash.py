"""A program with the contract of `davy flash`, scripted: for what a real board cannot be asked to do at a given moment.

Run as `scripted_flash.py FOLDER --port NAME ...`. FOLDER/NAME.json is the script: `mac`, and `tries`, what the first,
second, ... call without --probe does (the last one for all that follow). FOLDER/NAME.calls gets a line for each call.

It is a process like any other: it prints, dies, hangs and ignores signals for real.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

STEPS = ("connect", "write", "verify", "reset", "hello", "self_test")


def say(event: str, **fields: Any) -> None:
    print(json.dumps({"event": event, **fields}), flush=True)


def end(verdict: str, status: int, text: str, record: "dict[str, Any] | None" = None) -> None:
    say("result", verdict=verdict, exit=status, step="self_test", text=text, record=record)
    sys.exit(status)


def hang() -> None:
    """For ever; told to end, it ends."""
    while True:
        signal.pause()


def record(mac: str, image: Path, unit: Path) -> "dict[str, Any]":
    return {
        "mac": mac,
        "identifier": json.loads((unit / "unit.json").read_text())["identifier"],
        "firmware": "0.1.0",
        "image_sha256": json.loads((image / "manifest.json").read_text())["image_sha256"],
        "written_bytes": 1_234_567,
        "seconds": {"connect": 0.5, "write": 20.5},
        "self_test": {"result": "passed", "failed": []},
        "state": {"methane_ppm": 12, "temperature_cdegc": 2150, "faults": 0},
    }


def flash(script: "dict[str, Any]", does: str, image: Path, unit: Path) -> None:
    mac = script["mac"]
    if does == "garbage":
        os.write(1, b"\x1b[2J\xff\xfe not an event\n" + b"x" * 200_000 + b"\n[1]\n")
        sys.exit(0)
    if does == "traceback":
        raise RuntimeError("the loader fell over")
    say("unit", chip="ESP32", mac="24:0a:c4:99:99:99" if does == "other" else mac)
    for number, step in enumerate(STEPS):
        say("step", step=step, fraction=0.5, text=f"{step} 50 %")
        if step == "write":
            if does == "die":
                os.kill(os.getpid(), signal.SIGKILL)
            if does in ("hang", "other"):
                hang()
            if does == "stubborn":
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                say("step", step=step, fraction=0.6, text="stubborn")
                hang()
            if does == "stray":
                subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
                os.kill(os.getpid(), signal.SIGKILL)
        say("step", step=step, fraction=1.0, text=f"{number + 1} of {len(STEPS)}")
    if does == "fail":
        end("fail", 1, "self-test: valve")
    if does == "input":
        end("error", 2, "the image is for another chip; make one for esp32")
    if does == "retry":
        end("error", 3, "no sync")
    told = record(mac, image, unit)
    if does == "warm":
        told["state"]["temperature_cdegc"] = 5000
    if does == "liar":
        say("result", verdict="pass", exit=0, step="self_test", text="fine", record=told)
        sys.exit(1)
    end("pass", 0, "passed", told)


def main() -> None:
    folder, arguments = Path(sys.argv[1]), sys.argv[2:]
    port = Path(arguments[arguments.index("--port") + 1]).name
    script = json.loads((folder / f"{port}.json").read_text())
    calls = folder / f"{port}.calls"
    with calls.open("a") as file:
        file.write(json.dumps({"pid": os.getpid(), "arguments": arguments}) + "\n")
    if "--probe" in arguments:
        if script["mac"] is None:
            end("error", 3, "no board answers")
        say("unit", chip="ESP32", mac=script["mac"])
        end("pass", 0, "ESP32")
    before = sum("--unit" in line for line in calls.read_text().splitlines()) - 1
    tries = script.get("tries", ["pass"])
    options = dict(zip(arguments[::2], arguments[1::2], strict=False))
    flash(script, tries[min(before, len(tries) - 1)], Path(options["--image"]), Path(options["--unit"]))


main()

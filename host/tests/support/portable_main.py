# Runs the test_* functions of one portable module, or each parts-th of them, on whatever interpreter this is.
# A portable module uses only what CPython and MicroPython share, and plain assert.
# It prints one line a test: "ok NAME" or "FAIL NAME"; a traceback follows a FAIL.
import sys


def run(module_name: str, part: int = 0, parts: int = 1) -> None:
    module = __import__(module_name)
    names = [name for name in sorted(dir(module)) if name.startswith("test_")]
    for name in names[part::parts]:
        try:
            getattr(module, name)()
        except Exception as error:
            print("FAIL", name)
            if hasattr(sys, "print_exception"):
                sys.print_exception(error, sys.stdout)
            else:
                import traceback

                traceback.print_exc(file=sys.stdout)
        else:
            print("ok", name)

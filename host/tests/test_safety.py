"""The safety core on every interpreter, without allocation, and within 2**30."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from davy.board.curves import MQ4, MQ7, GasCurve
from davy.image.compile import compile_mpy
from davy.paths import FIRMWARE, ROOT
from support import interpreters
from support.bytecode import ON_STACK, state_sizes
from support.fuel import BASELINE_FUEL, PREPARE, fuel_of

PORTABLE = ROOT / "host" / "tests" / "portable"


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the safety core alone: nothing else can be imported from it."""
    folder = tmp_path_factory.mktemp("core")
    (folder / "safety").symlink_to(FIRMWARE / "safety")
    return folder


@pytest.mark.parametrize("module", ["safety_cases", "safety_fault_cases", "sensor_cases", "state_cases", "watch_cases"])
@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_safety_cases_hold_on(interpreter: str, module: str, core: Path) -> None:
    passed = interpreters.run_portable(interpreter, module, [core, PORTABLE])
    source = ast.parse((PORTABLE / f"{module}.py").read_text())
    cases = [node.name for node in source.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert sorted(passed) == sorted(cases)


@pytest.mark.parametrize("module", ["check_cases", "ze07_cases"])
@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_cases_beside_the_core_hold_on(interpreter: str, module: str) -> None:
    assert len(interpreters.run_portable(interpreter, module, [FIRMWARE, PORTABLE])) == 6


@pytest.mark.parametrize("interpreter", interpreters.NAMES)
def test_the_co_dose_meets_every_row_of_the_standards_on(interpreter: str, core: Path) -> None:
    assert len(interpreters.run_portable(interpreter, "co_dose_cases", [core, PORTABLE])) == 8


def test_the_rows_tested_are_the_rows_of_the_shared_table() -> None:
    table = ROOT.parent / "shared" / "data" / "co_alarm_times.csv"
    if not table.exists():
        pytest.skip(f"the table of alarm times is not here: {table.name} in ../shared/data beside the repository")
    source = (PORTABLE / "co_dose_cases.py").read_text()
    tree = next(n for n in ast.parse(source).body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "ROWS")
    lines = [line for line in table.read_text().splitlines() if line and line[0] != "#"][1:]
    rows = [tuple(int(part or 0) if part.isdigit() or not part else part for part in line.split(",")) for line in lines]
    assert ast.literal_eval(tree.value) == tuple(rows)


def test_a_long_life_gives_the_same_answer_on_every_interpreter(core: Path) -> None:
    seeds, steps = (1, 2, 3), 20_000
    code = f"from same_answer import life\nprint([life(seed, {steps}) for seed in {seeds}])\n"
    answers = {name: interpreters.run(name, code, [core, PORTABLE]).strip() for name in interpreters.NAMES}
    assert len(set(answers.values())) == 1, answers
    assert len(set(ast.literal_eval(answers["cpython"]))) == len(seeds), "the seeds live different lives"


def test_the_state_of_what_runs_in_each_step_stays_on_the_stack() -> None:
    # A function with more than eleven slots takes a block of the heap at each call, and the search for it costs more
    # than the function: docs/decisions/0010.
    in_each_step = {
        "loop": ("step", "_sample", "_decide", "_read_valve", "_act", "_each_second"),
        "concentration": ("sample", "_look_up", "_moved"), "filter": ("push", "_median"),
        "annunciator": ("express", "signals", "_pattern"), "outputs": ("show",), "co_cycle": ("wants_sample", "sample"),
        "co_serial": ("wants_sample", "sample"), "co_cell": ("wants_sample", "sample"), "button": ("look",),
        "valve": ("read_back", "output"), "alarm": ("decide", "quiet"), "co_dose": ("decide", "quiet"), "mute": ("look",),
        "supervision": ("_watch", "_heaters", "_look_at_climate"),
    }  # fmt: skip
    for module, functions in in_each_step.items():
        sizes = state_sizes(compile_mpy(f"safety/{module}.py", (FIRMWARE / "safety" / f"{module}.py").read_bytes()))
        for function in functions:
            assert sizes.get(function, 0) <= ON_STACK, f"{module}.{function} needs {sizes[function]} slots"


def test_a_step_costs_at_most_twice_what_it_did_before_all_sensors() -> None:
    # Exact, on 32-bit MicroPython: the same on every machine. The baseline is that of version 0.1.0's first path.
    fuel = fuel_of(PREPARE, [FIRMWARE, PORTABLE])
    print(f"{fuel:,.0f} fuel, {fuel / BASELINE_FUEL:.2f} of the baseline")
    assert fuel <= 2 * BASELINE_FUEL


@pytest.mark.parametrize("interpreter", ["unix", "wasm32"])
def test_a_steady_step_allocates_nothing_on(interpreter: str, core: Path) -> None:
    assert len(interpreters.run_portable(interpreter, "steady_cases", [core, PORTABLE])) == 7


def test_the_curve_tables_are_what_their_tool_makes() -> None:
    tool = ROOT / "tools" / "curve_tables.py"
    done = subprocess.run([sys.executable, str(tool), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "curve", "most_ppm"), [("mq4", MQ4, 60_000), ("mq7", MQ7, 2_000)])
def test_the_integer_reading_follows_the_data_sheet_within_2_percent(name: str, curve: GasCurve, most_ppm: int) -> None:
    from safety.concentration import Circuit, MqReading
    from safety.curve import MQ4_PPM, MQ4_RATIO_PERMILLE, MQ7_PPM, MQ7_RATIO_PERMILLE

    tables = {"mq4": (MQ4_RATIO_PERMILLE, MQ4_PPM), "mq7": (MQ7_RATIO_PERMILLE, MQ7_PPM)}
    r0_ohm = 20_000 if name == "mq4" else 5_000
    reading = MqReading(Circuit(5_000_000, 20_000, r0_ohm, 12_000, 10_000), *tables[name], most_ppm + 5_000, 10**6)
    worst = 0.0
    for ppm in np.geomspace(100 if name == "mq4" else 30, most_ppm * 0.98, 300):
        rs_ohm = float(curve.rs_r0(np.array([ppm]))[0]) * r0_ohm
        pin_uv = 5_000_000 * 20_000 / (rs_ohm + 20_000) * 10 / 22
        for offset in range(5):
            reading.sample(round(pin_uv) + offset % 2)
        # A reading is whole ppm: that one is no error of the arithmetic.
        worst = max(worst, (abs(reading.value_ppm - ppm) - 1) / ppm)
    print(f"{name}: worst error {worst:.2%}")
    assert worst < 0.02


class _Bounded(int):
    """An integer that refuses to leave what a 31-bit small int holds."""

    @staticmethod
    def check(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int):
            if isinstance(value, float):
                raise AssertionError(f"a float: {value}")
            return value
        if not -(2**30) <= value < 2**30:
            raise AssertionError(f"left 31 bits: {value}")
        return value


class _WrapArithmetic(ast.NodeTransformer):
    """Every arithmetic result, of the source itself, goes through the check."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        return self._checked(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        return node if isinstance(node.op, ast.Not) else self._checked(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        self.generic_visit(node)
        read = ast.parse(ast.unparse(node.target), mode="eval").body
        value = self._checked(ast.BinOp(read, node.op, node.value))
        return ast.copy_location(ast.fix_missing_locations(ast.Assign([node.target], value)), node)

    @staticmethod
    def _checked(node: ast.expr) -> ast.expr:
        call = ast.Call(ast.Name("__bounded__", ast.Load()), [node], [])
        return ast.copy_location(ast.fix_missing_locations(call), node)


def _bounded_tree(folder: Path) -> Path:
    target = folder / "bounded"
    (target / "safety").mkdir(parents=True)
    for path in sorted((FIRMWARE / "safety").glob("*.py")):
        tree = _WrapArithmetic().visit(ast.parse(path.read_text()))
        (target / "safety" / path.name).write_text(ast.unparse(ast.fix_missing_locations(tree)))
    return target


_WHOLE_RANGE = """
import builtins
from bounded_check import check
builtins.__bounded__ = check
from safety.co_cell import CellCircuit, CoCell
from safety.co_serial import CoSerial
from safety_bench import Bench
import safety_cases
import safety_fault_cases
import sensor_cases
import state_cases
import watch_cases
for module in (safety_cases, safety_fault_cases, sensor_cases, state_cases, watch_cases):
    for name in sorted(dir(module)):
        if name.startswith("test_"):
            getattr(module, name)()
# Every voltage that the ADC can give, in every phase: preheat, monitoring, alarm, latched, fault.
bench = Bench(start_ms=(1 << 30) - 100_000)
bench.methane.noise_uv = 0
for uv in range(-1_000, 3_300_000, 700):
    bench.methane.uv = bench.co.uv = uv
    bench.step()
bench.drain()
# Every temperature and humidity that a part can tell, and beyond; every voltage of a cell; every word of a serial module.
bench.climate.cdegc = -5_000
for step in range(200):
    bench.climate.cdegc += 100
    bench.climate.rh_permille = step * 37 % 1_100
    bench.run(10)
for uv in range(-1_000, 3_300_000, 7_000):
    for sensitivity in (1_200, 2_400):
        cell = CoCell(CellCircuit(300_000, 10_000_000, sensitivity), 2_000, 250)
        for permille in (500, 752, 1_132, 2_000):
            cell.compensate(permille)
            for _ in range(6):
                cell.wants_sample(60_000)
                cell.sample(uv)
module = CoSerial()
for tenths in range(-1, 65_536, 17):
    module.wants_sample(60_000)
    module.sample(tenths)
for uv in range(3_300_000, 0, -700):
    bench.methane.uv = uv
    bench.button.level = uv // 7_000 % 2
    bench.step(uv % 60_001)
print("whole range done")
"""


def _run_bounded(folder: Path) -> str:
    import inspect

    check = "class _B:\n" + inspect.getsource(_Bounded.check) + "\ncheck = _B.check\n"
    (folder / "bounded_check.py").write_text(check)
    return interpreters.run("cpython", _WHOLE_RANGE, [folder / "bounded", PORTABLE, folder])


def test_no_intermediate_leaves_31_bits_over_the_whole_input_range(tmp_path: Path) -> None:
    _bounded_tree(tmp_path)
    assert "whole range done" in _run_bounded(tmp_path)


def test_the_check_of_intermediates_itself_sees_an_overflow(tmp_path: Path) -> None:
    tree = _bounded_tree(tmp_path)
    file = tree / "safety" / "concentration.py"
    source = file.read_text()
    assert "across * 1000" in source
    file.write_text(source.replace("across * 1000", "across * 10000"))
    with pytest.raises(interpreters.ScriptError, match="left 31 bits"):
        _run_bounded(tmp_path)

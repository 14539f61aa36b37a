"""What chaos is for: each link of the chain from the board to the database is broken once, and that is found."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from davy.chaos import Plan, Step, World, make_world, run_plan
from davy.chaos.plan import REVOKED, TWIN, UNIT
from davy.chaos.reconcile import COMMANDS, LOST, OPENINGS, STRANGE, TWICE, UNSAID
from davy.chaos.stage import UNTOUCHED, Lane, Sabotage
from davy.paths import FIRMWARE
from support.chaos_plans import DRAIN_S, TRIES, plan_of

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    with Lane() as made:
        yield made


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("plain") / "world", False)


def _tampers(*at_ms: int) -> list[Step]:
    return [Step(at, "tamper", board, 60) for at in at_ms for board in (0, 1)]


def _found(plan: Plan, world: World, lane: Lane, verdicts: set[str], sabotage: Sabotage = UNTOUCHED) -> None:
    stories = []
    for seed in range(1, TRIES + 1):
        outcome = run_plan(replace(plan, seed=seed), world, lane, sabotage=sabotage, drain_s=DRAIN_S, settled=True)
        stories += outcome.story
        if verdicts & {violation.verdict for violation in outcome.violations}:
            return
    pytest.fail(f"{verdicts} not found in {TRIES} runs\n" + "\n".join(stories))


@pytest.mark.parametrize(
    ("saboteur", "plan", "verdicts"),
    [
        (
            "acknowledges_before_it_commits",
            plan_of(*_tampers(0, 150, 300, 450), Step(600, "kill_monitor", lasts_ms=50)),
            {LOST},
        ),
        ("checks_no_seal", plan_of(*(Step(at, "forge_events") for at in (100, 300))), {UNSAID, STRANGE}),
        ("knows_no_unique_event", plan_of(*_tampers(100), *(Step(at, "replay") for at in (500, 800))), {TWICE}),
        ("takes_two_for_one", plan_of(cast=(UNIT, TWIN)), {STRANGE}),
        ("welcomes_the_revoked", plan_of(cast=(UNIT, REVOKED)), {STRANGE}),
    ],
)
def test_a_broken_monitor_is_found(saboteur: str, plan: Plan, verdicts: set[str], plain: World, lane: Lane) -> None:
    _found(plan, plain, lane, verdicts, Sabotage(monitor=f"support.chaos_saboteurs:{saboteur}"))


def _replaced(tree: Path, name: str, old: str, new: str) -> None:
    path = tree / name
    text = path.read_text()
    assert old in text, f"{name} has changed: {old!r} is not in it"
    path.write_text(text.replace(old, new))


def _forgets_on_puback(tree: Path) -> None:
    sent = "                    await self._client.publish(self._up, packet, 1)\n                ping_ms"
    forget = "                    journal.acknowledged(journal._index.session[key], journal._index.seq[key])\n"
    _replaced(tree, "report/link.py", sent, sent.replace("                ping_ms", forget + "                ping_ms"))


def _believes_any_acknowledgement(tree: Path) -> None:
    honest = "doubt = seal.check(self._key, bare, mark) if self._key else frame.GOOD"
    _replaced(tree, "report/incoming.py", honest, "doubt = frame.GOOD")


def _obeys_anybody(tree: Path) -> None:
    honest = 'if fields["session"] != self._session or fields["command_id"] <= self._newest:'
    _replaced(tree, "report/commands.py", honest, "if False:")
    honest = "doubt = seal.check(self._key, bare, mark) if self._key else frame.NO_SEAL"
    _replaced(tree, "report/incoming.py", honest, "doubt = frame.GOOD")


def _keeps_its_journal_in_ram(tree: Path) -> None:
    _replaced(
        tree,
        "report/journal.py",
        "            at = self._log.append(",
        "            raise OSError(28)\n            at = self._log.append(",
    )


def _opens_when_it_should_blink(tree: Path) -> None:
    honest = "            result = self._identify()\n"
    _replaced(tree, "safety/operation.py", honest, honest + "            loop.valve.open_by_hand()\n")


@pytest.mark.parametrize(
    ("spoil", "plan", "verdict"),
    [
        (_forgets_on_puback, plan_of(Step(500, "kill_monitor", lasts_ms=400), *_tampers(560, 660)), LOST),
        (
            _believes_any_acknowledgement,
            plan_of(
                Step(500, "kill_monitor", lasts_ms=500),
                *_tampers(540, 640),
                *(Step(at, "forge_acks") for at in (750, 850, 900)),
            ),
            LOST,
        ),
        (_obeys_anybody, plan_of(*(Step(at, "forge_commands") for at in (100, 300, 500))), COMMANDS),
        (
            _keeps_its_journal_in_ram,
            plan_of(
                Step(400, "kill_monitor", lasts_ms=500),
                *_tampers(450, 550),
                Step(750, "power_cut", 0, 50),
                Step(750, "power_cut", 1, 50),
            ),
            LOST,
        ),
        (_opens_when_it_should_blink, plan_of(Step(0, "command_identify", 0)), OPENINGS),
    ],
)
def test_a_broken_firmware_is_found(
    spoil: Callable[[Path], None], plan: Plan, verdict: str, plain: World, lane: Lane, tmp_path: Path
) -> None:
    tree = tmp_path / "firmware"
    shutil.copytree(FIRMWARE, tree)
    spoil(tree)
    _found(plan, World.load(plain.folder, tree), lane, {verdict})

# Runs first. Outputs to their safe level, before anything else can fail: valve shut, siren off.
import json


def _hold() -> None:
    from drivers.heartbeat import hold_for_maintenance

    hold_for_maintenance()


def _off(board: dict, part: str, pin: str, active: str) -> None:
    from drivers.pins import Output

    try:
        Output(board[part][pin], board[part][active])
    except (ValueError, KeyError, TypeError) as error:
        # The pin stays an input, and is held at its safe level outside the chip.
        print("davy: board.json: %s cannot be set to its safe level: %r" % (part, error))


try:
    with open("/board.json") as file:
        _board = json.load(file)
    _off(_board, "valve", "relay_pin", "relay_active")
    _off(_board, "siren", "pin", "active")
except (OSError, ValueError) as error:
    print("davy: board.json cannot be used (%r); outputs stay inputs, the valve stays shut" % (error,))
_hold()

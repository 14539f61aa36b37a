# Commands that reach the device: whose they are, whether they are new, and to whom they go. What became of one is an EVENT
# that carries its id.
from protocol import messages
from protocol.frame import BUSY, FOREIGN, GOOD, NO_SEAL, OLD

# For the type checker only; nothing of it is on the board.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NAMES = messages.ENUMS["command"]
_SET = _NAMES.index("set")
_TIME = _NAMES.index("time")
_OUTCOMES = messages.ENUMS["outcome"]
_DONE = _OUTCOMES.index("done")
_BAD_VALUE = _OUTCOMES.index("refused_value")
_BY_NETWORK = _OUTCOMES.index("refused_network")
_NOTHING = 0  # of the safety loop's `command`: none is waiting there


class Commands:
    # source, session: of this device; sealed: whether it has a secret to seal by; snapshot: the safety loop, whose `command` the next step takes up; answer(command,
    # outcome, id) tells what became of one that is not for the safety loop; change(setting, value) gives an outcome;
    # set_time(seconds since 1970) whether it was believed.
    def __init__(
        self,
        source: bytes,
        session: int,
        sealed: bool,
        snapshot: "Any",
        answer: "Any",
        change: "Any",
        set_time: "Any",
    ) -> None:
        self._source = source
        self._sealed = sealed
        self._session = session
        self._snapshot = snapshot
        self._answer = answer
        self._change = change
        self._set_time = set_time
        self._newest = -1  # id
        self._waiting: list = []  # the id, of one, that the safety loop's answer will be for

    def take(self, fields: dict, doubt: int, by_hand: bool) -> int:
        # GOOD when it is being done; else the reason why not, and nothing has happened.
        # doubt: GOOD for a command that is sealed, or the reason why it is not believed; by_hand: from a person at the wired
        # line, who could as well press the button.
        if fields["target"] != self._source:
            return FOREIGN
        command = fields["command"]
        if doubt == GOOD:
            if fields["session"] != self._session or fields["command_id"] <= self._newest:
                return OLD
        elif doubt != NO_SEAL or not by_hand or fields["session"] or fields["command_id"]:
            return doubt
        for_loop = command not in (_SET, _TIME)
        if not for_loop and doubt != GOOD and self._sealed:
            return doubt
        if for_loop and (self._waiting or self._snapshot.command != _NOTHING):
            return BUSY
        own_id = fields["command_id"] if doubt == GOOD else None
        if own_id is not None:
            self._newest = own_id
        if for_loop:
            self._waiting.append(own_id)
            self._snapshot.command = command
        elif command == _SET:
            setting = fields["setting"]
            wired = by_hand or setting < messages.FIRST_WIRED_SETTING
            self._answer(command, self._change(setting, fields["argument"]) if wired else _BY_NETWORK, own_id)
        else:
            self._answer(command, _DONE if self._set_time(fields["argument"]) else _BAD_VALUE, own_id)
        return GOOD

    def answered(self) -> "int | None":
        # The safety loop tells what became of a command: its id, None when it came without one.
        return self._waiting.pop() if self._waiting else None

# Whose command is done: sealed, new, meant for this unit; once, whatever comes how often. What an ACK may free, and what a unit
# says it is. On every interpreter.
from protocol import codec, frame, messages, seal
from report.about import about, day_of
from report.commands import Commands
from report.incoming import Incoming

SOURCE = bytes((2, 218, 1, 2, 3, 4, 0, 0))
OTHER = bytes((2, 218, 9, 9, 9, 9, 0, 0))
MONITOR = b"monitor\x00"
SESSION = 7
KEY = seal.key_of(bytes(range(32)))
STRANGERS = seal.key_of(bytes(32))
NAMES = messages.ENUMS["command"]
CLOSE, SET, TIME = NAMES.index("close_valve"), NAMES.index("set"), NAMES.index("time")


class Loop:
    command = 0


class Owner:
    def __init__(self):
        self.freed: list = []

    def acknowledged(self, fields):
        self.freed.append((fields["acked_session"], fields["acked_seq"]))
        return True

    def say(self, what):
        return b""

    def prove(self, nonce):
        return b""


class Unit:
    # key: b"" for a unit without a secret.
    def __init__(self, key=KEY):
        self.key = key
        self.loop = Loop()
        self.owner = Owner()
        self.answers: list = []
        self.changes: list = []
        self.times: list = []
        self.commands = Commands(
            SOURCE, SESSION, bool(key), self.loop, lambda *told: self.answers.append(told), self.change, self.set_time
        )
        self.incoming = Incoming(SOURCE, key, self.owner, self.commands)

    def change(self, setting, value):
        self.changes.append((setting, value))
        return 0

    def set_time(self, unix_s):
        self.times.append(unix_s)
        return unix_s > 1_000_000_000

    def step(self):
        # What the safety loop does: takes the command up, and tells; the reporter asks for whom.
        command, self.loop.command = self.loop.command, 0
        if command:
            self.answers.append((command, 0, self.commands.answered()))

    def over_network(self, data):
        return self.incoming.packet(data, None)


def command(kind=CLOSE, key=KEY, target=SOURCE, session=SESSION, command_id=1, setting=0, argument=0, source=MONITOR):
    fields = {
        "target": target, "session": session, "command_id": command_id, "command": kind, "setting": setting, "argument": argument,
    }  # fmt: skip
    bare = frame.encode(messages.COMMAND, source, 0, command_id, 0, codec.encode(messages.COMMAND, fields))
    return seal.seal(key, bare) if key else bare


def test_a_sealed_command_is_done_and_answered_once_however_often_it_comes():
    unit = Unit()
    data = command()
    assert unit.over_network(data) == frame.GOOD
    unit.step()
    for _ in range(5):
        assert unit.over_network(data) == frame.OLD
        unit.step()
    assert unit.answers == [(CLOSE, 0, 1)]


def test_a_command_that_came_before_is_not_done_after_a_later_one():
    unit = Unit()
    for command_id, reason in ((5, frame.GOOD), (4, frame.OLD), (5, frame.OLD), (6, frame.GOOD)):
        assert unit.over_network(command(command_id=command_id)) == reason
        unit.step()
    assert [told[2] for told in unit.answers] == [5, 6]


def test_a_command_of_another_session_or_for_another_unit_or_by_another_key_does_nothing():
    for data, reason in (
        (command(session=SESSION - 1), frame.OLD),
        (command(session=SESSION + 1), frame.OLD),
        (command(session=0), frame.OLD),
        (command(target=OTHER), frame.FOREIGN),
        (command(target=messages.ANYONE), frame.FOREIGN),
        (command(key=STRANGERS), frame.BAD_SEAL),
        (command(key=b""), frame.NO_SEAL),
        (command(key=b"", session=0, command_id=0), frame.NO_SEAL),
        (command(source=SOURCE), frame.FOREIGN),
        (command()[:-1] + b"\x00", frame.BAD_SEAL),
        (command() + b"\x00", frame.BAD_CRC),
    ):
        unit = Unit()
        assert unit.over_network(data) == reason, reason
        assert unit.loop.command == 0
        assert unit.answers == []
        assert unit.over_network(command()) == frame.GOOD, "and the next good one is done"


def test_a_unit_without_a_secret_takes_no_command_over_a_network():
    unit = Unit(b"")
    for data in (command(), command(key=b""), command(key=b"", session=0, command_id=0)):
        assert unit.over_network(data) == frame.NO_SEAL
        assert unit.loop.command == 0


def test_who_stands_at_the_wired_line_may_ask_for_what_the_button_does_and_for_no_more():
    for key in (KEY, b""):
        unit = Unit(key)
        assert unit.incoming.one(command(key=b"", session=0, command_id=0), None) == frame.GOOD
        unit.step()
        assert unit.answers == [(CLOSE, 0, None)]
        for kind, argument in ((SET, 5_000), (TIME, 2_000_000_000)):
            data = command(kind, b"", session=0, command_id=0, setting=1, argument=argument)
            assert unit.incoming.one(data, None) == (frame.NO_SEAL if key else frame.GOOD)
        assert len(unit.changes) == len(unit.times) == (0 if key else 1)
    assert Unit().incoming.one(command(key=STRANGERS, session=0, command_id=0), None) == frame.BAD_SEAL
    for session, command_id in ((SESSION, 1), (SESSION, 0), (0, 1)):
        data = command(key=b"", session=session, command_id=command_id)
        assert Unit().incoming.one(data, None) == frame.NO_SEAL


def test_while_the_loop_has_not_taken_one_up_the_next_is_busy_and_may_come_again():
    unit = Unit()
    assert unit.over_network(command(command_id=1)) == frame.GOOD
    assert unit.over_network(command(command_id=2)) == frame.BUSY
    unit.loop.command = 0  # taken up, and not told yet
    assert unit.over_network(command(command_id=2)) == frame.BUSY
    unit.loop.command = CLOSE
    unit.step()
    assert unit.over_network(command(command_id=2)) == frame.GOOD


def test_a_setting_and_the_time_are_answered_at_once_with_their_id():
    unit = Unit()
    assert unit.over_network(command(SET, setting=1, argument=5_000, command_id=3)) == frame.GOOD
    assert unit.over_network(command(TIME, argument=12, command_id=4)) == frame.GOOD
    assert unit.over_network(command(TIME, argument=1_900_000_000, command_id=5)) == frame.GOOD
    outcomes = messages.ENUMS["outcome"]
    assert unit.changes == [(1, 5_000)]
    assert [(told[0], outcomes[told[1]], told[2]) for told in unit.answers] == [
        (SET, "done", 3), (TIME, "refused_value", 4), (TIME, "done", 5),
    ]  # fmt: skip


def test_what_the_sensors_measure_by_is_never_set_over_a_network_however_well_it_is_sealed():
    outcomes, settings = messages.ENUMS["outcome"], messages.ENUMS["setting"]
    for setting in range(messages.FIRST_WIRED_SETTING, len(settings)):
        unit = Unit()
        assert unit.over_network(command(SET, setting=setting, argument=20_000)) == frame.GOOD
        assert unit.changes == [], settings[setting]
        assert [(told[0], outcomes[told[1]], told[2]) for told in unit.answers] == [(SET, "refused_network", 1)]
        assert unit.over_network(command(SET, setting=setting, argument=20_000)) == frame.OLD
        assert unit.over_network(command(SET, setting=1, argument=5_000, command_id=2)) == frame.GOOD
        assert unit.changes == [(1, 5_000)], "and what may be set there still is"
    assert settings[messages.FIRST_WIRED_SETTING :] == (
        "calibration_day", "methane_r0_ohm", "co_r0_ohm", "co_sensitivity_pa_per_ppm",
    )  # fmt: skip


def test_on_the_wire_a_calibration_needs_the_units_seal():
    setting = messages.FIRST_WIRED_SETTING + 1
    unit = Unit()
    for key, reason in ((b"", frame.NO_SEAL), (STRANGERS, frame.BAD_SEAL), (KEY, frame.GOOD)):
        assert unit.incoming.one(command(SET, key, setting=setting, argument=20_000), None) == reason
    unsealed = command(SET, b"", session=0, command_id=0, setting=setting, argument=20_000)
    assert unit.incoming.one(unsealed, None) == frame.NO_SEAL
    assert unit.changes == [(setting, 20_000)]


def acknowledgement(key):
    fields = {"acked_source": SOURCE, "acked_session": 6, "acked_seq": 9, "result": 0}
    bare = frame.encode(messages.ACK, MONITOR, 0, 0, 0, codec.encode(messages.ACK, fields))
    return seal.seal(key, bare) if key else bare


def test_a_strangers_acknowledgement_frees_nothing():
    for key, reason in ((KEY, frame.GOOD), (STRANGERS, frame.BAD_SEAL), (b"", frame.NO_SEAL)):
        unit = Unit()
        assert unit.over_network(acknowledgement(key)) == reason
        assert unit.owner.freed == ([(6, 9)] if reason == frame.GOOD else [])
    unit = Unit(b"")
    assert unit.over_network(acknowledgement(b"")) == frame.GOOD
    assert unit.owner.freed == [(6, 9)]


def test_what_a_unit_sends_is_not_taken_back_from_it():
    unit = Unit()
    for kind in (messages.HELLO, messages.STATE, messages.EVENT, messages.PROOF):
        assert unit.over_network(frame.encode(kind, MONITOR, 0, 0, 0, b"")) == frame.UNKNOWN_TYPE


def test_days_are_counted_as_the_calendar_has_them():
    days: tuple = (
        ("1970-01-01", 0), ("1999-12-31", 10_956), ("2000-02-29", 11_016), ("2026-11-25", 20_782), ("2099-12-31", 47_481),
    )  # fmt: skip
    for text, day in days:
        assert day_of(text) == day, text
    for wrong in (
        None,
        5,
        "",
        "2026-13-01",
        "2026-11-00",
        "1969-12-31",
        "2100-01-01",
        "2026/11/25",
        "20261125",
        "2026-1x-25",
    ):
        assert day_of(wrong) is None, wrong


def test_a_unit_says_what_it_is_fitted_with():
    bare = about({"name": "b"}, {}, {}, False, 1, (0, 1, 2), "")
    assert bare["capabilities"] == 0 and bare["product"] == 0 and bare["calibration_day"] is None
    board = {
        "name": "a name longer than sixteen", "co": {"part": "mq7"}, "valve": {"feedback_pin": 4, "coil_pin": None}, "tier": "high",
        "climate": {"part": "sht31"}, "serial": {"uart": 1},
    }  # fmt: skip
    settings = {"wifi": {"ssid": "s"}, "broker": {"host": "h", "tls": True}, "identifier": "88.118.8/GA1"}
    full = about(board, settings, {"made": "2026-11-25"}, True, 3, (1, 2, 3), "ab" * 32)
    told = [name for at, name in enumerate(messages.CAPABILITIES) if full["capabilities"] >> at & 1]
    assert told == ["co", "valve_feedback", "climate", "wired_line", "network", "tls", "secret"]
    assert full["board"] == b"a name longer th" and full["product"] == 1 and full["tier"] == 2
    assert full["calibration_day"] == 20_782 and full["image_hash"] == b"\xab" * 8
    assert codec.encode(messages.HELLO, dict(
        [(name, value) for name, value in full.items() if name != "calibration_day"], calibration_days=None, clock=0, time_s=None
    ))  # fmt: skip

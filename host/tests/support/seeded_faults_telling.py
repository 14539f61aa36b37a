"""Faults in who the device says it is, in what it reports, and in what a network or a full flash does to it."""

from __future__ import annotations

from support.seeded_fault import Fault

_PROVES = "test_it_proves_who_it_is"
_REFLASH = "test_the_identity_survives_a_reflash"

_LINK_ERRORS = """\
            except (MqttError, WifiError, DnsError) as error:
                reason = str(error)
"""
_LINK_RESTARTS = """\
            except WifiError as error:
                reason = str(error)
                if backoff._next_ms == _MOST_WAIT_MS:
                    import machine

                    machine.reset()
            except (MqttError, DnsError) as error:
                reason = str(error)
"""
_CLOCK_SET = "        self.source = source\n        if self._calendar is not None:\n"
_CLOCK_RESTARTS = """\
        self.source = source
        if unix_s - self._floor_s > 315_360_000:
            import machine

            machine.reset()
        if self._calendar is not None:
"""

IDENTITY = (
    Fault(
        "wrong_half_of_the_hash",
        "report/about.py",
        "bytes.fromhex(image_sha256[:16])",
        "bytes.fromhex(image_sha256[16:32])",
        "test_it_says_who_it_is_and_what_it_runs",
    ),
    Fault(
        "date_in_the_wrong_file",
        "report/about.py",
        'day_of(calibration.get("made"))',
        'day_of(settings.get("made"))',
        "test_it_knows_how_old_its_calibration_is",
    ),
    Fault(
        "secret_is_not_told", "report/about.py", '"secret": has_secret,', '"secret": settings.get("secret"),', _PROVES
    ),
    Fault(
        "proof_of_another_version", "report/proof.py", 'b"davy proof 1"', 'b"davy proof 2"', _PROVES, also=(_REFLASH,)
    ),
    Fault(
        "record_moved_not_copied",
        "unit.py",
        "        write_copy(content)\n",
        "        write_copy(content)\n        store.write({})\n",
        _REFLASH,
    ),
)

NETWORK = (
    Fault(
        "sends_only_when_all_is_answered",
        "report/link.py",
        "            if key is not None:\n",
        "            if key is not None and not unacknowledged_ms:\n",
        "test_an_alarm_reaches_the_monitor",
    ),
    Fault(
        "waiting_events_inverted",
        "report/frames.py",
        '"waiting_events": len(journal) if journal else 0,',
        '"waiting_events": 0 if journal else len(journal),',
        "test_without_its_broker_the_device_shuts_the_valve_and_loses_nothing",
    ),
    Fault(
        "restarts_for_want_of_wifi",
        "report/link.py",
        _LINK_ERRORS,
        _LINK_RESTARTS,
        "test_without_wifi_the_device_shuts_the_valve_and_loses_nothing",
    ),
    Fault(
        "journal_is_not_read",
        "report/reporter.py",
        "            self.journal.load()\n",
        "",
        "test_an_alarm_outlives_a_power_cut_without_wifi",
    ),
    Fault(
        "restarts_for_a_strange_time",
        "report/clock.py",
        _CLOCK_SET,
        _CLOCK_RESTARTS,
        "test_a_clock_that_jumps_changes_nothing_at_the_valve",
    ),
)

STORAGE = (
    Fault(
        "full_flash_stops_the_reports",
        "report/journal.py",
        "            self.failed = True\n            return -1\n",
        "            raise\n",
        "test_with_a_full_flash_the_device_still_alarms_and_latches",
    ),
)

TELLING = (*IDENTITY, *NETWORK, *STORAGE)

"""The monitor's REST API over a real server: its answers keep to its own OpenAPI description, and lose nothing on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from davy.codec import EventKind
from davy.monitor.web import WebServer
from davy.monitor.web.models import Point
from davy.monitor.web.series import thinned
from support.seeded import BROKEN, CRITICAL, LATCHED, NOON_MS, NORMAL, PREHEAT, Seeded, alarm, note, source_of

UNIT = "88.118.8/GA26000001"
KITCHEN, CELLAR, HALL, ATTIC, STRANGER = (source_of(number) for number in range(5))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[httpx.Client, Seeded]]:
    seeded = Seeded(tmp_path_factory.mktemp("site") / "davy.sqlite")
    seeded.unit(UNIT, KITCHEN)
    seeded.unit("88.118.8/GA26000009", revoked_ms=NOON_MS)
    for source, identifier, state, columns in (
        (HALL, "88.118.8/GA26000003", NORMAL, {}),
        (CELLAR, "88.118.8/GA26000002", BROKEN, {"link": "lost"}),
        (KITCHEN, UNIT, CRITICAL, {}),
        (ATTIC, "88.118.8/GA26000004", PREHEAT, {}),
    ):
        seeded.device(source, identifier, NOON_MS, **columns)
        seeded.states(source, [(NOON_MS, state)])
    seeded.device(STRANGER, None, NOON_MS, board=None, product=None, firmware=None, tier=None, capabilities=None)
    seeded.session(KITCHEN, events=9, highest=11, repeated=2)
    seeded.events(KITCHEN, [(NOON_MS, note(EventKind.BOOT, 1)), (NOON_MS + 5, alarm(9_200, 1, time_s=None))])
    seeded.events(HALL, [(NOON_MS + 9, note(EventKind.BUTTON))])
    seeded.incident("unknown_identity", STRANGER, NOON_MS, detail="88.118.8/GA99999999")
    server = WebServer(seeded.path, "127.0.0.1", 0)
    server.start()
    with httpx.Client(base_url=server.url, timeout=20) as client:
        yield client, seeded
    server.stop()
    seeded.close()


def checked(client: httpx.Client, path: str, template: str, status: int = 200) -> Any:
    """The JSON of an answer, once it has the status and the shape that the OpenAPI description gives for it."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    description = client.get("/openapi.json").json()
    content = description["paths"][template]["get"]["responses"][str(status)]["content"]["application/json"]
    schema = {"components": description["components"], **content["schema"]}
    Draft202012Validator(schema).validate(answer.json())
    return answer.json()


@pytest.mark.parametrize(
    ("path", "template", "status"),
    [
        ("/api/devices", "/api/devices", 200),
        (f"/api/devices/{KITCHEN}", "/api/devices/{source}", 200),
        (f"/api/devices/{UNIT}", "/api/devices/{source}", 200),
        (f"/api/devices/{STRANGER}", "/api/devices/{source}", 200),
        ("/api/devices/nobody", "/api/devices/{source}", 404),
        (f"/api/devices/{KITCHEN}/states", "/api/devices/{source}/states", 200),
        (f"/api/devices/{UNIT}/states?since_ms=1", "/api/devices/{source}/states", 200),
        ("/api/devices/nobody/states", "/api/devices/{source}/states", 404),
        (f"/api/devices/{KITCHEN}/states?limit=601", "/api/devices/{source}/states", 422),
        ("/api/events", "/api/events", 200),
        ("/api/events?kind=opened", "/api/events", 422),
        ("/api/events?since_id=-1", "/api/events", 422),
        ("/api/events?limit=many", "/api/events", 422),
        ("/api/incidents", "/api/incidents", 200),
        ("/api/health", "/api/health", 200),
        (f"/api/handles/{UNIT}", "/api/handles/{identifier}", 200),
        ("/api/handles/88.118.8/GA1", "/api/handles/{identifier}", 404),
        ("/api/handles/88.118.8", "/api/handles/{identifier}", 400),
    ],
)
def test_every_answer_keeps_to_the_openapi_description(
    site: tuple[httpx.Client, Seeded], path: str, template: str, status: int
) -> None:
    answer = checked(site[0], path, template, status)
    if status != 200:
        (sentence,) = [text for name, text in answer.items() if name in ("error", "message")]
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_the_description_says_how_a_token_is_shown_and_no_page_loads_it_from_elsewhere(
    site: tuple[httpx.Client, Seeded],
) -> None:
    description = site[0].get("/openapi.json").json()
    assert description["info"]["title"] == "davy monitor"
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert {site[0].get(path).status_code for path in ("/docs", "/redoc", "/nothing")} == {404}


def test_devices_come_with_the_most_urgent_first(site: tuple[httpx.Client, Seeded]) -> None:
    devices = site[0].get("/api/devices").json()["devices"]
    assert [device["source"] for device in devices] == [KITCHEN, CELLAR, ATTIC, STRANGER, HALL]
    assert [device["standing"] for device in devices] == ["alarm", "lost", "warming", "unknown", "normal"]
    kitchen, cellar = devices[:2]
    assert (kitchen["gaps"], kitchen["repeated"], kitchen["enrolled"], kitchen["proven"]) == (3, 2, True, True)
    assert kitchen["state"]["methane_lel_permille"] == 184
    assert cellar["fault"]
    assert cellar["state"]["methane_ppm"] is None
    assert cellar["state"]["methane_status"] == "open"
    assert cellar["state"]["faults"] == ["methane_sensor"]


def test_a_latched_alarm_stays_an_alarm_when_its_link_is_lost(tmp_path: Path) -> None:
    seeded = Seeded(tmp_path / "a.sqlite")
    seeded.device(KITCHEN, UNIT, NOON_MS, link="lost")
    seeded.states(KITCHEN, [(NOON_MS, LATCHED)])
    server = WebServer(seeded.path, "127.0.0.1", 0)
    server.start()
    (device,) = httpx.get(f"{server.url}/api/devices").json()["devices"]
    counts = httpx.get(f"{server.url}/api/health").json()["counts"]
    server.stop()
    seeded.close()
    assert (device["standing"], device["alarm"], device["link"]) == ("alarm", True, "lost")
    assert (counts["alarms"], counts["links_lost"], counts["faults"]) == (1, 1, 0)


def test_set_points_are_those_of_the_boards_profile_and_unknown_for_a_strangers_name(
    site: tuple[httpx.Client, Seeded],
) -> None:
    client, seeded = site
    known = client.get(f"/api/devices/{KITCHEN}").json()["set_points"]
    assert known == {
        "profile": "gb15322_household",
        "methane_ppm": 5_000,
        "methane_lel_permille": 100,
        "co_ppm": 150,
    }
    assert client.get(f"/api/devices/{STRANGER}").json()["set_points"] is None
    seeded.db.execute("UPDATE devices SET board = '../boards/virtual' WHERE source = ?", (STRANGER,))
    assert client.get(f"/api/devices/{STRANGER}").json()["set_points"] is None


def test_events_are_read_page_by_page_without_losing_or_repeating_one(tmp_path: Path) -> None:
    seeded = Seeded(tmp_path / "a.sqlite")
    for source in (KITCHEN, HALL):
        seeded.device(source, None, NOON_MS)
    for number in range(25):
        seeded.events(KITCHEN if number % 2 else HALL, [(NOON_MS, alarm(5_000 + number, number))])
    server = WebServer(seeded.path, "127.0.0.1", 0)
    server.start()
    found: list[int] = []
    since_id, more = 0, True
    while more:
        answer = httpx.get(f"{server.url}/api/events?since_id={since_id}&limit=7").json()
        found += [event["value"] for event in answer["events"]]
        since_id, more = answer["next_since_id"], answer["more"]
    newest = httpx.get(f"{server.url}/api/events?limit=3&device={KITCHEN}").json()
    nothing_new = httpx.get(f"{server.url}/api/events?since_id={since_id}").json()
    server.stop()
    seeded.close()
    assert found == list(range(5_000, 5_025))
    assert [event["value"] for event in newest["events"]] == [5_019, 5_021, 5_023]
    assert nothing_new == {"events": [], "next_since_id": since_id, "more": False}


def test_events_are_filtered_by_kind_and_say_in_words_what_they_are(site: tuple[httpx.Client, Seeded]) -> None:
    (event,) = site[0].get("/api/events?kind=alarm").json()["events"]
    assert (event["identifier"], event["text"]) == (UNIT, "ALARM methane critical at 9200 ppm")
    assert event["time_s"] is None
    by_identifier = site[0].get("/api/events", params={"device": UNIT}).json()["events"]
    assert [each["kind"] for each in by_identifier] == ["boot", "alarm"]


def test_health_tells_the_age_of_the_newest_commit(site: tuple[httpx.Client, Seeded]) -> None:
    health = site[0].get("/api/health").json()
    assert health["last_commit_ms"] == NOON_MS + 9
    assert health["last_commit_age_ms"] == max(0, health["now_ms"] - NOON_MS - 9)
    assert (health["counts"]["devices"], health["counts"]["events"]) == (5, 3)


def test_a_database_that_is_not_there_is_said_in_one_sentence_and_found_when_it_comes(tmp_path: Path) -> None:
    server = WebServer(tmp_path / "later.sqlite", "127.0.0.1", 0)
    server.start()
    before = httpx.get(f"{server.url}/api/devices")
    handle = httpx.get(f"{server.url}/api/handles/{UNIT}")
    seeded = Seeded(tmp_path / "later.sqlite")
    after = httpx.get(f"{server.url}/api/devices")
    server.stop()
    seeded.close()
    assert before.status_code == 503
    assert before.json() == {"error": "The database cannot be read now: there is no such database."}
    assert (handle.status_code, handle.json()["responseCode"]) == (503, 2)
    assert str(tmp_path) not in before.text
    assert (after.status_code, after.json()["devices"]) == (200, [])


def test_a_handle_resolves_in_the_proxys_shape(site: tuple[httpx.Client, Seeded]) -> None:
    client, seeded = site
    record = client.get(f"/api/handles/{UNIT}").json()
    assert (record["responseCode"], record["handle"]) == (1, UNIT)
    assert record["values"][0] == {
        "index": 1,
        "type": "PRODUCT",
        "data": {"format": "string", "value": "gas_alarm_ch4_co"},
        "ttl": 86_400,
        "timestamp": "2026-07-01T12:00:00Z",
    }
    values = {value["type"]: value["data"]["value"] for value in record["values"]}
    assert values == {
        "PRODUCT": "gas_alarm_ch4_co",
        "BOARD": "devkit_mq",
        "SERIAL": "GA26000001",
        "CERTIFICATE_SHA256": "ab" * 32,
        "STATUS": "active",
        "RUN_STATE": "critical",
    }
    secret = seeded.db.execute("SELECT secret FROM units WHERE identifier = ?", (UNIT,)).fetchone()[0]
    assert secret.hex() not in client.get(f"/api/handles/{UNIT}").text.lower()


def test_a_handle_is_narrowed_by_type_or_index_and_can_be_pretty(site: tuple[httpx.Client, Seeded]) -> None:
    client, path = site[0], f"/api/handles/{UNIT}"
    both = client.get(f"{path}?type=STATUS&index=2&index=99").json()
    assert [value["type"] for value in both["values"]] == ["BOARD", "STATUS"]
    none = client.get(f"{path}?type=URL")
    assert (none.status_code, none.json()["responseCode"], none.json()["values"]) == (200, 200, [])
    assert "\n" not in client.get(path).text
    assert client.get(f"{path}?pretty").text.startswith('{\n  "responseCode": 1')
    assert "\n" not in client.get(f"{path}?pretty=false").text
    assert client.get("/api/handles/88.118.8%2Fga26000001").json()["responseCode"] == 1, "as handles do, without case"


@pytest.mark.parametrize(
    ("handle", "status", "code"),
    [
        ("88.118.8/GA26009999", 404, 100),
        ("88.118.8/*", 400, 102),
        ("nonsense", 400, 102),
        ("88.118.8/" + "A" * 500, 400, 102),
        ("88.118.8/GA2600000ſ", 400, 102),
    ],
)
def test_other_handles_get_the_proxys_codes(
    site: tuple[httpx.Client, Seeded], handle: str, status: int, code: int
) -> None:
    answer = site[0].get(f"/api/handles/{handle}")
    assert (answer.status_code, answer.json()["responseCode"]) == (status, code)


def test_a_revoked_unit_resolves_as_revoked(site: tuple[httpx.Client, Seeded]) -> None:
    record = site[0].get("/api/handles/88.118.8/GA26000009?type=STATUS").json()
    assert [value["data"]["value"] for value in record["values"]] == ["revoked"]


@pytest.mark.parametrize("seed", range(30))
def test_thinning_keeps_every_peak_and_hole(seed: int) -> None:
    choose = random.Random(seed)
    most = choose.randint(10, 600)
    points = [
        Point(at_ms=at * 1_000, methane_ppm=choose.randint(80, 120), methane_lel_permille=2, co_ppm=None)
        for at in range(choose.randint(most + 1, 4_000))
    ]
    peak, dip, hole = choose.sample(points[1:-1], 3)
    peak.methane_ppm, dip.methane_ppm, hole.methane_ppm = 9_000, 0, None
    kept = thinned(points, most)
    assert len(kept) <= most, f"seed {seed}"
    assert [point.at_ms for point in kept] == sorted({point.at_ms for point in kept}), f"seed {seed}"
    assert {id(point) for point in (peak, dip, hole, points[0], points[-1])} <= set(map(id, kept)), f"seed {seed}"


def test_a_series_of_many_reports_is_thinned_and_one_of_few_is_not(tmp_path: Path) -> None:
    seeded = Seeded(tmp_path / "a.sqlite")
    seeded.device(KITCHEN, UNIT, NOON_MS)
    states = [(NOON_MS + at * 1_000, NORMAL._replace(methane_ppm=100 + at % 7, co_ppm=at % 5)) for at in range(3_000)]
    states[1_234] = (states[1_234][0], CRITICAL)
    seeded.states(KITCHEN, states)
    server = WebServer(seeded.path, "127.0.0.1", 0)
    server.start()
    whole = httpx.get(f"{server.url}/api/devices/{KITCHEN}/states").json()
    tail = httpx.get(f"{server.url}/api/devices/{KITCHEN}/states?since_ms={NOON_MS + 2_900_000}").json()
    server.stop()
    seeded.close()
    assert whole["states"] == 3_000
    assert 100 < len(whole["points"]) <= 600
    assert max(point["methane_ppm"] for point in whole["points"]) == 9_200
    assert (tail["states"], len(tail["points"])) == (100, 100)

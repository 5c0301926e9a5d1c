"""`listAssets` and what the client makes of it: filters, views and pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import ee
import pytest

from .wire import send

if TYPE_CHECKING:
    from eemulator import Server

pytestmark = pytest.mark.usefixtures("server")

SERIES = "TEST/SERIES"
PATH = "/v1/projects/earthengine-public/assets/TEST/SERIES:listAssets"


def numbers(listed: dict[str, Any]) -> list[int]:
    """Which images of the series, or of the archive, were listed."""
    images = listed.get("images", listed.get("assets", ()))
    return [int(image["id"].rpartition("/")[2][1:]) for image in images]


def listed(text: str) -> list[int]:
    return numbers(ee.data.listImages({"parent": SERIES, "filter": text}))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [0, 1, 2, 3, 4, 5]),
        ('startTime >= "2024-01-03T00:00:00Z"', [2, 3, 4, 5]),
        ('startTime > "2024-01-03T00:00:00Z"', [3, 4, 5]),
        ('startTime="2024-01-03"', [2]),
        ('endTime < "2024-01-03T00:00:01.000Z"', [0, 1]),
        ('endTime <= "2024-01-03T00:00:01.000Z"', [0, 1, 2]),
        ("properties.cloud<20", [4, 5]),
        ("properties.cloud <= 20", [3, 4, 5]),
        ("properties.cloud>20.5 AND properties.cloud!=40", [0, 2]),
        ('properties.name = "scene 3"', [3]),
        ("properties.name='scene 3'", [3]),
        ('properties.name > "scene 3"', [4, 5]),
        ("properties.even=2", [2]),
        ("properties.even>=0", [0, 2, 4]),
        ("properties.nothing!=0", []),
        ("properties.name=5", []),
        ("properties.numbers=1", []),
        ('properties.cloud>=10 AND startTime < "2024-01-04" AND properties.even=0', [0]),
        ("intersects(\"{'type':'Point','coordinates':[44.06,-18.09]}\")", [0, 1, 2, 3, 4, 5]),
        ("intersects(\"{'type':'Point','coordinates':[45.06,-18.09]}\")", []),
        ('intersects("POINT (44.06 -18.09)") AND properties.cloud=0', [5]),
        ("properties.cloud=0 OR properties.cloud=50", [0, 5]),
        # OR binds stronger than AND: https://google.aip.dev/160
        ("properties.cloud=0 OR properties.cloud=50 AND properties.even>=0", [0]),
        ("properties.cloud=0 OR (properties.cloud=50 AND properties.even>=0)", [0, 5]),
        ("properties.even>=0 AND properties.cloud=0 OR properties.cloud=50", [0]),
        ("NOT properties.cloud<20", [0, 1, 2, 3]),
        ("-properties.cloud<20", [0, 1, 2, 3]),
        ("-(properties.cloud<20 OR properties.cloud=50)", [1, 2, 3]),
        ("NOT (properties.cloud<20 OR NOT properties.cloud<50)", [1, 2, 3]),
        ("NOT properties.even>=0", [1, 3, 5]),
        ('NOT intersects("POINT (45.06 -18.09)") AND ((properties.cloud=0))', [5]),
        ("properties.cloud > -1 AND -properties.name < -x AND - properties.cloud>0", [5]),
        ('properties.name="OR" OR properties.name = "scene 3"', [3]),
    ],
)
def test_filters(text: str, expected: list[int]) -> None:
    assert listed(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "startTime",
        "startTime >=",
        "startTime >= yesterday",
        "nonsense = 1",
        "properties. = 1",
        "properties.cloud 3",
        "properties.cloud = 1 OR",
        "OR properties.cloud = 1",
        "NOT",
        "NOT NOT properties.cloud = 1",
        "properties.cloud = 1 or properties.cloud = 2",
        "properties.cloud:1",
        "()",
        "(" * 60 + "properties.cloud = 1" + ")" * 60,
        "properties.cloud = 1 properties.cloud = 2",
        "properties.cloud = 1 AND",
        "(properties.cloud = 1",
        "properties.cloud = 1)",
        "intersects(44)",
        'intersects("{}")',
        'intersects("{")',
        'intersects("nowhere")',
        'intersects("POINT (44 -18)"',
        'properties.name = "open',
    ],
)
def test_malformed_filters_are_told(server: Server, text: str) -> None:
    reply = send(server, "GET", f"{PATH}?filter={quote(text)}")
    assert reply.status == 400, reply.body


def test_list_images_makes_its_own_filter() -> None:
    area = {"type": "Polygon", "coordinates": [[[44, -19], [45, -19], [45, -18], [44, -18]]]}
    found: Any = ee.data.listImages(
        {
            "parent": SERIES,
            "startTime": "2024-01-02T00:00:00Z",
            "endTime": "2024-01-06T00:00:00Z",
            "region": area,
            "properties": ["cloud>=20", "properties.name != x"],
        }
    )
    assert numbers(found) == [1, 2, 3]
    assert found["images"][0]["properties"]["cloud"] == 40
    with pytest.deprecated_call():
        old = ee.data.getList({"id": SERIES, "starttime": 1_704_326_400_000, "num": 2})
    assert [entry["id"][-4:] for entry in old] == ["s003", "s004"]
    assert {entry["type"] for entry in old} == {"Image"}


def test_filtered_pages() -> None:
    request = {
        "parent": "TEST/ARCHIVE",
        "filter": "properties.cloud<10 AND properties.mission=TERN",
        "pageSize": 300,
        "view": "BASIC",
    }
    found: list[int] = []
    tokens: list[str] = []
    while True:
        page: Any = ee.data.listAssets(dict(request))
        found += numbers(page)
        assert set(page["assets"][0]) == {"type", "name", "id"}
        if "nextPageToken" not in page:
            break
        assert len(page["assets"]) == 300
        tokens.append(page["nextPageToken"])
        request["pageToken"] = tokens[-1]
    assert found == [i for i in range(50_000) if i * 37 % 101 < 10 and i % 3 == 0]
    assert len(tokens) == len(found) // 300


def test_pages_by_view(server: Server) -> None:
    path = PATH.replace("SERIES", "ARCHIVE")
    assert len(send(server, "GET", path).json["assets"]) == 1_000
    basic = send(server, "GET", f"{path}?view=BASIC").json
    assert len(basic["assets"]) == 10_000
    assert len(send(server, "GET", f"{path}?view=BASIC&pageSize=20000").json["assets"]) == 10_000


def test_a_token_belongs_to_its_question(server: Server) -> None:
    token = send(server, "GET", f"{PATH}?pageSize=2").json["nextPageToken"]

    def status(**query: str) -> int:
        return send(server, "GET", f"{PATH}?{urlencode(query)}").status

    assert status(pageToken=token) == 200
    assert status(pageToken=token, view="BASIC", pageSize="1") == 200
    assert status(pageToken=token, filter="properties.cloud<10") == 400
    assert status(pageToken=token[:-1]) == 400
    other = send(server, "GET", f"{PATH.replace('SERIES', 'PAIR')}?pageToken={token}")
    assert other.status == 400

"""The lines at the console and in the API: how they stand, who is unknown, and registering it."""

from __future__ import annotations

import pytest
from httpx import AsyncClient

from devices.registry import Device
from dispatcher.web.staff import staff_app
from tests.support.lindehuset import Lindehuset
from tests.support.web import Registry, staff_client, web_deps, with_lines


async def test_the_page_shows_lines_gateways_and_who_speaks_unregistered(house: Lindehuset) -> None:
    page = (await client(house, Registry()).get("/lines")).text
    assert "nurse-call" in page
    assert "Har forbindelse" in page
    assert "Har ikke forbindelse" in page
    assert "7 beskeder venter dér, den ældste fra 3 t siden" in page
    assert "espa444:0815" in page
    assert "&lt;b&gt;Stue 12" in page


async def test_a_leader_registers_what_spoke_with_a_place(house: Lindehuset) -> None:
    registry = Registry()
    answer = await client(house, registry).post("/lines/register", data=FORM)
    assert (answer.status_code, answer.headers["location"]) == (303, "/lines?said=registered")
    assert registry.devices == [
        (Device("room-12", "call_point", "lind", zone="stue-1", wire=("espa444:0815",)), "per")
    ]


async def test_a_colleague_who_does_not_lead_may_look_and_not_register(house: Lindehuset) -> None:
    registry = Registry()
    bo = client(house, registry, "token-of-bo")
    assert 'action="/lines/register"' not in (await bo.get("/lines")).text
    refused = await bo.post("/lines/register", data=FORM)
    assert refused.status_code == 403
    assert registry.devices == []


async def test_what_is_refused_says_why_on_the_page(house: Lindehuset) -> None:
    registry = Registry(refuses="There is a device room-12 already.")
    refused = await client(house, registry).post("/lines/register", data=FORM)
    assert refused.status_code == 422
    assert "There is a device room-12 already." in refused.text


@pytest.mark.parametrize("place", [{"zone": ""}, {"zone": "nowhere"}])
async def test_a_device_without_a_place_is_refused(
    house: Lindehuset, place: dict[str, str]
) -> None:
    refused = await client(house, Registry()).post("/lines/register", data={**FORM, **place})
    assert refused.status_code == 422


async def test_the_api_tells_the_same_and_registers(house: Lindehuset) -> None:
    registry = Registry()
    api = client(house, registry)
    found = (await api.get("/api/v1/lines")).json()
    assert found["lines"][0] == {
        "id": "nurse-call",
        "protocol": "espa444",
        "well": True,
        "gateway": "",
    }
    assert found["gateways"][0]["oldest_s"] == 10_800
    body = {"id": "room-12", "kind": "call_point", "wire": "espa444:0815", "zone": "stue-1"}
    assert (await api.post("/api/v1/devices", json=body)).status_code == 201
    assert [device.id for device, _ in registry.devices] == ["room-12"]
    assert (
        (await client(house, registry, "token-of-bo").post("/api/v1/devices", json=body))
        .json()["type"]
        .endswith("not_allowed")
    )


FORM = {"wire": "espa444:0815", "id": "room-12", "kind": "call_point", "zone": "stue-1"}


def client(house: Lindehuset, registry: Registry, token: str = "token-of-per") -> AsyncClient:
    return staff_client(staff_app(with_lines(web_deps(house), registry)), token)

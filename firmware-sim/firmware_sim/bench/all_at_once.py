"""A thousand presses at once, in a thousand places of one site with two hundred people on duty.

A hundred of the presses are worn badges of people on duty: they may not be called any more.
"""

from __future__ import annotations

from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.presses import ConnectedDevices
from firmware_sim.bench.service_process import serving

ALARMS, ALARMS_QUICK = 1_000, 200
WITHIN_S = 30.0
BADGES_OF_TEN = 1

REACHES = (Reach("slowest", 1_000.0, "ms"), Reach("lost", 0, "alarms"))


async def measure(*, quick: bool) -> list[Row]:
    alarms = ALARMS_QUICK if quick else ALARMS
    made = sized_site.organisation(sized_site.Size())
    badges = sized_site.on_duty(made)
    fixed = [device.id for device in sized_site.buttons(made)]
    pressing = [*badges[: alarms * BADGES_OF_TEN // 10], *fixed][:alarms]
    async with serving(made) as service:
        connected = ConnectedDevices(service.ready.broker, closing=False)
        await connected.connect(dict.fromkeys((*pressing, *badges)))
        places = [zone.id for zone in made.zones]
        presses = [connected.press(name, places[number]) for number, name in enumerate(pressing)]
        await connected.settled(WITHIN_S)
        connected.close()
    heard = [press.to_notice_s for press in presses if press.to_notice_s is not None]
    acked = [press.to_puback_s for press in presses if press.to_puback_s is not None]
    lost = sum(press.noticed_s is None or press.puback_s is None for press in presses)
    figures = (spread_ms(heard) if heard else {}) | {"lost": float(lost)}
    note = f"{alarms} presses within one turn of the loop, {len(badges)} badges on duty"
    beside = {"slowest_puback": spread_ms(acked)["slowest"]} if acked else {}
    return [Row("crowd", f"{alarms:,} alarms at once, 200 on duty", figures, REACHES, note, beside)]

"""A thousand presses at once, in a thousand places of one site with two hundred people on duty.

A tenth of the presses, a hundred at most, are worn badges of people on duty: they may not be called
any more. Fewer and
more at once show whether the slowest grows with their number or faster.
"""

from __future__ import annotations

from dispatcher.roster.organisation import Organisation
from firmware_sim.bench import sized_site
from firmware_sim.bench.figures import Reach, Row, spread_ms
from firmware_sim.bench.presses import Press, connected
from firmware_sim.bench.service_process import serving
from firmware_sim.bench.versions import Code

ALARMS = 1_000
SIZES, SIZES_QUICK = (250, 500, ALARMS, 2_000), (50, 200)
WITHIN_S = 120.0
BADGES_MAX = 100

REACHES = (Reach("slowest", 1_000.0, "ms"), Reach("lost", 0, "alarms"))
GROWTH = (Reach("growth", 1.25, "× linear"), Reach("lost", 0, "alarms"))


async def measure(code: Code, *, quick: bool) -> list[Row]:
    sizes = SIZES_QUICK if quick else SIZES
    most = max(sizes)
    made = sized_site.organisation(sized_site.Size(places=most, buttons=most))
    slowest: dict[int, float] = {}
    lost = 0.0
    rows = []
    for alarms in sizes:
        figures, beside = spread(await _at_once(code, made, alarms))
        slowest[alarms], lost = figures.get("slowest", float("inf")), lost + figures["lost"]
        if alarms == min(ALARMS, most):
            title = f"{alarms:,} alarms at once, 200 on duty"
            note = "presses within one turn of the loop"
            rows = [Row("crowd", title, figures, REACHES, note, beside, ("slowest",))]
    return [*rows, growth(slowest, lost)]


def spread(presses: list[Press]) -> tuple[dict[str, float], dict[str, float]]:
    """The figures of the presses, and those beside them."""
    heard = [press.to_notice_s for press in presses if press.to_notice_s is not None]
    acked = [press.to_puback_s for press in presses if press.to_puback_s is not None]
    lost = sum(press.noticed_s is None or press.puback_s is None for press in presses)
    figures = (spread_ms(heard) if heard else {}) | {"lost": float(lost)}
    return figures, {"slowest_puback": spread_ms(acked)["slowest"]} if acked else {}


def growth(slowest_ms: dict[int, float], lost: float) -> Row:
    """How much more an alarm of the largest crowd takes than one of the smallest."""
    fewest, most = min(slowest_ms), max(slowest_ms)
    by_alarms = slowest_ms[most] / most / (slowest_ms[fewest] / fewest)
    figures = {f"slowest_{alarms}": taken for alarms, taken in slowest_ms.items()}
    figures |= {"growth": round(by_alarms, 2), "lost": lost}
    title = f"the slowest of {fewest:,} to {most:,} at once"
    judged = (f"slowest_{most}",)
    return Row("crowd_growth", title, figures, GROWTH, "growth 1 is linear", judged=judged)


async def _at_once(code: Code, made: Organisation, alarms: int) -> list[Press]:
    badges = sized_site.on_duty(made)
    fixed = [device.id for device in sized_site.buttons(made)]
    worn = badges[: min(alarms // 10, BADGES_MAX)]
    pressing = [*worn, *fixed][:alarms]
    async with (
        serving(made, code) as service,
        connected(service.ready.broker, closing=False) as devices,
    ):
        await devices.connect_pressing(pressing)
        await devices.connect(badges[len(worn) :])
        presses = devices.press([(n, made.zones[i].id) for i, n in enumerate(pressing)])
        await devices.settled(WITHIN_S)
    return presses

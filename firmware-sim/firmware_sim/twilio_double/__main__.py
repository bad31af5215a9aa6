"""`python -m firmware_sim.twilio_double`: the double as a process of its own.

Prints one JSON line when it serves (what to put into the service's settings), then one for each
message. Ends on SIGINT or SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import signal
from typing import Annotated

import typer

from core.clock import sleep
from firmware_sim.twilio_double.server import NUMBER, TwilioDouble

SHOWN_EVERY_S = 0.05


def main(
    port: Annotated[int, typer.Option(help="0: any free one")] = 0,
    number: Annotated[str, typer.Option(help="the number messages come from")] = NUMBER,
    sms_url: Annotated[str, typer.Option(help="where a phone's message is posted to")] = "",
) -> None:
    """Pretend to be Twilio's messaging API, on loopback."""
    asyncio.run(_serve(TwilioDouble(number=number, port=port, sms_url=sms_url, strict=False)))


async def _serve(twilio: TwilioDouble) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    async with twilio:
        _say(
            ready=True,
            url=twilio.url,
            account_sid=twilio.account_sid,
            auth_token=twilio.auth_token,
            number=twilio.number,
        )
        shown = 0
        while not ended.is_set():
            await sleep(SHOWN_EVERY_S)
            for message in list(twilio.messages.values())[shown:]:
                _say(**message.as_json())
                shown += 1


def _say(**fields: object) -> None:
    print(json.dumps(fields, ensure_ascii=False), flush=True)


typer.run(main)

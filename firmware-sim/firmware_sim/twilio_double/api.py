"""The HTTP face of the double: Twilio's messaging resource, and a small door for scenarios."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from firmware_sim.twilio_double.faults import LOCKED_OUT, Refusal
from firmware_sim.twilio_double.shape import API_VERSION, error_json

if TYPE_CHECKING:
    from firmware_sim.twilio_double.server import TwilioDouble

_MESSAGES = f"/{API_VERSION}/Accounts/{{account}}/Messages"
_NOT_FOUND = Refusal(404, 20404, "The requested resource was not found")


def app_of(twilio: TwilioDouble) -> FastAPI:
    """The application of one double. Under `/double/` stands what Twilio does not have."""
    app = FastAPI(openapi_url=None)

    @app.post(f"{_MESSAGES}.json", response_model=None)
    async def create(account: str, request: Request) -> JSONResponse:
        if not _authorised(request, twilio):
            return _refused(LOCKED_OUT)
        if account != twilio.account_sid:
            return _refused(_NOT_FOUND)
        form = {key: str(value) for key, value in (await request.form()).items()}
        made = await twilio.create(account, form)
        if isinstance(made, Refusal):
            return _refused(made)
        return JSONResponse(made.as_json() | {"status": _first(made.messaging_service)}, 201)

    @app.get(f"{_MESSAGES}/{{sid}}.json", response_model=None)
    async def fetch(account: str, sid: str, request: Request) -> JSONResponse:
        if not _authorised(request, twilio):
            return _refused(LOCKED_OUT)
        message = twilio.messages.get(sid)
        if message is None or account != twilio.account_sid:
            return _refused(_NOT_FOUND)
        return JSONResponse(message.as_json())

    @app.get("/double/messages", response_model=None)
    async def messages() -> JSONResponse:
        return JSONResponse([message.as_json() for message in twilio.messages.values()])

    @app.post("/double/reply", response_model=None)
    async def reply(request: Request) -> JSONResponse:
        form = await request.form()
        phone = twilio.phone(str(form["number"]))
        return JSONResponse(await phone.reply(str(form["text"])))

    return app


def _first(messaging_service: str) -> str:
    return "accepted" if messaging_service else "queued"


def _authorised(request: Request, twilio: TwilioDouble) -> bool:
    wanted = base64.b64encode(f"{twilio.account_sid}:{twilio.auth_token}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {wanted}"


def _refused(refusal: Refusal) -> JSONResponse:
    body = error_json(refusal.status, refusal.code, refusal.message)
    return JSONResponse(body, refusal.status)

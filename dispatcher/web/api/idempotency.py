"""`Idempotency-Key`: a POST sent twice with one key is done once and answered twice.

Kept in memory, per person, for the newest `ANSWERS_MAX` keys: it covers a client that lost our
answer, not a client that comes back tomorrow.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dispatcher.web.api.problems import problem
from dispatcher.web.guard import replayed

ANSWERS_MAX = 1_000
KEY_LONGEST = 200
ANSWER_LARGEST = 64 * 1024


@dataclass(slots=True)
class Answer:
    """What one key stands for: the body it came with, and our answer once it is whole."""

    digest: str
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def repeatable(self) -> bool:
        """An answer that is whole, small enough to keep, and not a fault of ours."""
        whole = bool(self.messages) and not self.messages[-1].get("more_body", False)
        return whole and self.size <= ANSWER_LARGEST and int(self.messages[0]["status"]) < 500


class OncePerKey:
    """Sits inside sign-in (a key belongs to a person) and outside the API's routes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._answers: OrderedDict[tuple[str, str, str], Answer] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        key = request.headers.get("idempotency-key")
        if key is None:
            await self._app(scope, receive, send)
            return
        if not 0 < len(key) <= KEY_LONGEST:
            text = f"An Idempotency-Key has 1 to {KEY_LONGEST} characters."
            await problem(400, text, code="invalid")(scope, receive, send)
            return
        body = await request.body()
        slot = (request.state.identity.person, scope["path"], key)
        await self._once(slot, body, scope, receive, send)

    async def _once(
        self, slot: tuple[str, str, str], body: bytes, scope: Scope, receive: Receive, send: Send
    ) -> None:
        digest = hashlib.sha256(body).hexdigest()
        answer = self._answers.get(slot)
        if answer is not None:
            await self._again(answer, digest, scope, receive, send)
            return
        answer = self._answers[slot] = Answer(digest)
        if len(self._answers) > ANSWERS_MAX:
            self._answers.popitem(last=False)
        try:
            await self._app(scope, replayed(body, receive), _kept(answer, send))
        finally:
            if not answer.repeatable and self._answers.get(slot) is answer:
                del self._answers[slot]
            answer.done.set()

    async def _again(
        self, answer: Answer, digest: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if answer.digest != digest:
            text = "This Idempotency-Key was used with another request body."
            await problem(422, text, code="key_reused")(scope, receive, send)
            return
        await answer.done.wait()
        if not answer.repeatable:
            text = "The first request with this key did not end well. Use a new key."
            await problem(409, text, code="first_failed")(scope, receive, send)
            return
        for message in answer.messages:
            await send(message)


def _kept(answer: Answer, send: Send) -> Send:
    async def keep(message: Message) -> None:
        answer.size += len(message.get("body", b""))
        if answer.size <= ANSWER_LARGEST:
            answer.messages.append(dict(message))
        await send(message)

    return keep

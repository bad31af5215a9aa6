"""The public listener: notice pages and Twilio's hooks. The only one that may face the Internet."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response

from dispatcher.web.api.problems import answer_with_problems, problem
from dispatcher.web.guard import NEVER_STORED, HttpOnly, SafeHeaders, SmallBodies
from dispatcher.web.notice.routes import notice_routes
from dispatcher.web.ports import WebDeps
from dispatcher.web.routing import serve_routes

PUBLIC_HEADERS = {
    **NEVER_STORED,
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
}
FIELDS_MAX = 100


def public_app(deps: WebDeps) -> FastAPI:
    """The app of PUBLIC_PORT. It has no documentation page and no API of its own."""
    app = FastAPI(title="Tilkald", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.closing = asyncio.Event()
    answer_with_problems(app)
    serve_routes(app, notice_routes(deps), _hooks(deps))
    # The last one added is the outermost.
    app.add_middleware(SmallBodies)
    app.add_middleware(SafeHeaders, headers=PUBLIC_HEADERS)
    app.add_middleware(HttpOnly)
    return app


def _hooks(deps: WebDeps) -> APIRouter:
    router = APIRouter(include_in_schema=False)

    @router.post("/hooks/twilio/{hook}")
    async def twilio(request: Request, hook: str) -> Response:
        return await _twilio(deps, request, hook)

    @router.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> Response:
        """This process serves; whether it can take alarms is `/readyz` on the staff listener."""
        return JSONResponse({"status": "ok"})

    return router


async def _twilio(deps: WebDeps, request: Request, hook: str) -> Response:
    """Hand over exactly what was signed: the path with its query, and every field posted."""
    hooks = deps.twilio
    known = {} if hooks is None else {"sms": hooks.sms, "status": hooks.status}
    if hook not in known:
        return problem(HTTPStatus.NOT_FOUND, "There is no such hook here.")
    try:
        text = (await request.body()).decode("utf-8")
        fields = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS_MAX))
    except ValueError:
        return problem(HTTPStatus.BAD_REQUEST, "The form cannot be read.")
    query = f"?{request.url.query}" if request.url.query else ""
    signature = request.headers.get("x-twilio-signature", "")
    status, body = await known[hook](request.url.path + query, fields, signature)
    return Response(body, status, media_type="text/xml" if body else None)

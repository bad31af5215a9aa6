"""The staff listener: console, API, events, sign-in. Whoever names no person is refused."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

from dispatcher.web.api import lines as lines_api
from dispatcher.web.api import routes as api
from dispatcher.web.api.idempotency import OncePerKey
from dispatcher.web.api.problems import answer_with_problems
from dispatcher.web.console.routes import console_routes
from dispatcher.web.events import Streams
from dispatcher.web.guard import NEVER_STORED, HttpOnly, KnownHosts, SafeHeaders, SmallBodies
from dispatcher.web.level_styles import console_style
from dispatcher.web.pages import STATIC, render
from dispatcher.web.ports import LOOPBACK_HOSTS, WebDeps
from dispatcher.web.routing import serve_routes
from dispatcher.web.sign_in.sessions import SignedInOnly, enter_routes

STAFF_HEADERS = {
    **NEVER_STORED,
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
}
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"

operation = APIRouter(include_in_schema=False)


class Assets(StaticFiles):
    """Style and script: kept by the browser, which asks each time whether they are the same."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "private, no-cache"
        return response


def staff_app(deps: WebDeps) -> FastAPI:
    """The app of HTTP_PORT. Documentation is our own page: nothing is loaded from another host."""
    app = FastAPI(
        title="Tilkald",
        version=deps.settings.version or "1",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.state.deps = deps
    app.state.closing = asyncio.Event()
    app.state.streams = Streams(deps.desk, deps.settings.heartbeat, app.state.closing)
    answer_with_problems(app)
    routers = (api.router, lines_api.router, operation, enter_routes(deps), console_routes(deps))
    serve_routes(app, *routers)
    app.add_api_route("/static/levels.css", _levels, include_in_schema=False)
    app.mount("/static", Assets(directory=STATIC), name="static")
    _guard(app, deps)
    return app


def _guard(app: FastAPI, deps: WebDeps) -> None:
    """The last one added is the outermost: headers are on every refusal of those inside."""
    app.add_middleware(OncePerKey)
    app.add_middleware(SignedInOnly, deps=deps)
    app.add_middleware(SmallBodies)
    app.add_middleware(KnownHosts, hosts=(*LOOPBACK_HOSTS, *deps.settings.hosts))
    app.add_middleware(SafeHeaders, headers=STAFF_HEADERS)
    app.add_middleware(HttpOnly)


async def _levels() -> Response:
    return Response(console_style(), media_type="text/css")


@operation.get("/readyz")
async def readyz(deps: api.Deps) -> Response:
    state = deps.readiness()
    body = {"ready": state.ready, "problems": list(state.problems)}
    return JSONResponse(body, 200 if state.ready else 503)


@operation.get("/metrics")
async def metrics(deps: api.Deps) -> Response:
    return Response(deps.metrics(), media_type=METRICS_TYPE)


@operation.get("/openapi.json")
async def schema(request: Request) -> Response:
    return JSONResponse(request.app.openapi())


@operation.get("/docs")
async def docs(request: Request) -> Response:
    html = render("docs.html", schema=request.app.openapi())
    return Response(html, media_type="text/html")

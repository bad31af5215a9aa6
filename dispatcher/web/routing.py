"""Puts the routes of routers into an app as they stand."""

from __future__ import annotations

from fastapi import APIRouter, FastAPI


def serve_routes(app: FastAPI, *routers: APIRouter) -> None:
    """`include_router` would build every route a second time, at the first request after a start.

    Nothing is lost by it: our routers carry their prefix, tags and responses themselves.
    """
    for router in routers:
        app.router.routes.extend(router.routes)

"""RFC 9457 problem documents: every refusal of the API reads the same."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from core.errors import DomainError, StoreUnavailable
from dispatcher.web.pages import small_page

PROBLEM_TYPE = "application/problem+json"
STATUS_OF = {
    "not_found": HTTPStatus.NOT_FOUND,
    "stale": HTTPStatus.CONFLICT,
    "not_allowed": HTTPStatus.FORBIDDEN,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "rev_missing": HTTPStatus.UNPROCESSABLE_ENTITY,
    "gone": HTTPStatus.GONE,
    "too_many": HTTPStatus.TOO_MANY_REQUESTS,
}
"""The status of each code of DomainError; a code nobody listed is a plain 400."""

FAULTS_SHOWN_MAX = 20
RETRY_AFTER_S = 5
REFRESH_S = 20


def status_of(error: DomainError) -> HTTPStatus:
    return STATUS_OF.get(error.code, HTTPStatus.BAD_REQUEST)


def problem(
    status: int, detail: str, *, code: str = "", headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """A problem document. `code` is a token a client may act on; `detail` is for a person."""
    document = {
        "type": f"urn:tilkald:problem:{code}" if code else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    body = json.dumps(document, ensure_ascii=False)
    return Response(body, status, headers=headers, media_type=PROBLEM_TYPE)


def answer_with_problems(app: FastAPI) -> None:
    """Turn every refusal of the app's routes into a problem document."""
    app.add_exception_handler(DomainError, _domain)
    app.add_exception_handler(StoreUnavailable, _store)
    app.add_exception_handler(RequestValidationError, _validation)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _ours)


async def _domain(_: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    headers = {"Retry-After": str(RETRY_AFTER_S)} if error.code == "too_many" else None
    return problem(status_of(error), str(error), code=error.code, headers=headers)


async def _store(request: Request, error: Exception) -> Response:
    path, accept = request.url.path, request.headers.get("accept", "")
    if "text/html" in accept and not path.startswith("/api/"):
        return small_page("notice_later.html", 503, refresh_s=REFRESH_S)
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The store does not answer. Alarms are still called. Try again in a moment.",
        code="store_unavailable",
        headers={"Retry-After": "2"},
    )


async def _validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"at": ".".join(str(part) for part in fault["loc"]), "wrong": str(fault["msg"])}
        for fault in error.errors()[:FAULTS_SHOWN_MAX]
    ]
    return problem(422, "The request is not as it must be.", code="invalid", errors=faults)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    return problem(error.status_code, str(error.detail), headers=headers)


async def _ours(_: Request, error: Exception) -> Response:
    """Our own fault: say nothing of the inside; the server logs the traceback."""
    return problem(500, "This is our fault, and it is logged. Try again.", code="ours")

"""Swagger UI from local files: the browser's own cookie goes along, and Try-it-out works as soon as one is logged in."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from guardhouse.demo.pages import headers, static_text

# Swagger UI sets style attributes and draws its icons from data: URLs.
_HEADERS = headers(style="'self' 'unsafe-inline'", images="'self' data:")


def docs_page(app: FastAPI) -> HTMLResponse:
    """Serve Swagger UI for the schema of this application."""
    title = app.title
    body = static_text("swagger/index.html").replace("$title", title)
    return HTMLResponse(body, headers=_HEADERS)

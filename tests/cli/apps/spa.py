"""The application of docs/journeys.md: its page is on a sub-domain, and its CORS is right."""

from __future__ import annotations

from tests.browser.journeys.applications import application

app = application("https://api.example.com", "https://spa.example.com", "host", "right", trusted=True)

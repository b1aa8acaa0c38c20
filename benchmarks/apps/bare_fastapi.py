"""FastAPI alone."""

from __future__ import annotations

from fastapi import FastAPI

app = FastAPI()


@app.get("/me")
@app.post("/do")
@app.get("/open")
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}

"""authx with a JWT in Authorization: the dependency gives its payload, nobody is looked up."""

from __future__ import annotations

from typing import Annotated

from authx import AuthX, AuthXConfig, TokenPayload
from fastapi import Depends, FastAPI

auth: AuthX[str] = AuthX(
    config=AuthXConfig(
        JWT_SECRET_KEY="a secret of the benchmark, thirty-two bytes or more",  # noqa: S106
        JWT_TOKEN_LOCATION=["headers"],
    )
)
Me = Annotated[TokenPayload, Depends(auth.access_token_required)]

app = FastAPI()
auth.handle_errors(app)


@app.post("/login")
async def login() -> dict[str, str]:
    """Hand out a token."""
    return {"access_token": auth.create_access_token(uid="42")}


@app.get("/me")
@app.post("/do")
async def me(payload: Me) -> dict[str, int]:
    """Answer whom the token is about."""
    return {"id": int(payload.sub)}


@app.get("/open")
async def answer() -> dict[str, int]:
    """Answer everybody."""
    return {"id": 42}

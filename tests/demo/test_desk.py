"""What the demo's login desk reads."""

from __future__ import annotations

from functools import partial

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from guardhouse.demo.credentials import Credentials, read
from guardhouse.edge.bodies import read_json


def test_a_password_is_in_no_repr():
    assert "secret" not in repr(Credentials("ada@example.com", "secret"))


@pytest.mark.parametrize("reads", [read, partial(read_json, shape=dict)])
async def test_a_body_that_is_broken_off_is_no_error_of_the_server(reads):
    async def receive() -> Message:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "POST", "headers": [(b"content-type", b"application/json")]}
    with pytest.raises(HTTPException) as refused:
        await reads(Request(scope, receive))
    assert refused.value.status_code == 400

"""One contestant a file: the same three routes, written as the documentation of each library would write them.

`GET /me` answers `{"id": 42}` to who is logged in, `POST /do` the same where a login may change something,
`GET /open` to everybody. `POST /login` logs in. The bare applications answer to everybody.
"""

"""What Redis does in one atomic step, in its own Lua. Each script touches one key, so that it runs in a cluster too."""

from __future__ import annotations

from hashlib import sha1
from typing import NamedTuple


class Script(NamedTuple):
    """A script and the name under which a server keeps it."""

    source: bytes
    sha: bytes


def _script(source: str) -> Script:
    raw = source.strip().encode("ascii")
    return Script(raw, sha1(raw, usedforsecurity=False).hexdigest().encode("ascii"))


TOMBSTONE = b"\xc1"
"""What lies where something was revoked that may still be on its way. No msgpack begins so: it is never a record."""
TOMBSTONE_MILLISECONDS = 60_000
"""For how long something may be on its way: longer than any call lasts."""

_READING = r"""
-- A record is a msgpack array of seven; its parts are cut out, and what an application put there is never decoded.
local function fixed(body, at, bytes)
    local number = 0
    for place = at, at + bytes - 1 do number = number * 256 + body:byte(place) end
    return number
end
local sizes = {[0xc0]=0, [0xc2]=0, [0xc3]=0, [0xca]=4, [0xcb]=8, [0xcc]=1, [0xcd]=2, [0xce]=4, [0xcf]=8,
    [0xd0]=1, [0xd1]=2, [0xd2]=4, [0xd3]=8, [0xd4]=2, [0xd5]=3, [0xd6]=5, [0xd7]=9, [0xd8]=17}
local lengths = {[0xc4]={1,0}, [0xc5]={2,0}, [0xc6]={4,0}, [0xc7]={1,1}, [0xc8]={2,1}, [0xc9]={4,1},
    [0xd9]={1,0}, [0xda]={2,0}, [0xdb]={4,0}}
local counts = {[0xdc]={2,1}, [0xdd]={4,1}, [0xde]={2,2}, [0xdf]={4,2}}
local function past(body, at)  -- where the next value begins; an error where this one is cut off
    local open = 1
    while open > 0 do
        local first = body:byte(at)
        if not first then error('cut') end
        open, at = open - 1, at + 1
        if first >= 0xa0 and first <= 0xbf then at = at + first - 0xa0
        elseif first >= 0x80 and first <= 0x8f then open = open + 2 * (first - 0x80)
        elseif first >= 0x90 and first <= 0x9f then open = open + first - 0x90
        elseif first >= 0x80 and first < 0xe0 then
            local size, length, count = sizes[first], lengths[first], counts[first]
            if size then at = at + size
            elseif length then at = at + length[1] + fixed(body, at, length[1]) + length[2]
            elseif count then open, at = open + count[2] * fixed(body, at, count[1]), at + count[1]
            else error('no msgpack') end
        end
        if at > #body + 1 then error('cut') end
    end
    return at
end
local function entries(body, at)  -- the pairs of a map, their values as they are: names, values, where it ends
    local first, count = body:byte(at), nil
    if first and first >= 0x80 and first <= 0x8f then count, at = first - 0x80, at + 1
    elseif first == 0xde then count, at = fixed(body, at + 1, 2), at + 3
    else error('no map') end
    local names, values = {}, {}
    for index = 1, count do
        local middle = past(body, at)
        local after = past(body, middle)
        local name = body:sub(at, middle - 1)
        names[index], values[name] = name, body:sub(middle, after - 1)
        at = after
    end
    return names, values, at
end
local function read(body)
    if body:byte(1) ~= 0x97 then error('no record') end
    local record, at = {}, 2
    for _, part in ipairs({'id', 'created', 'seen', 'idle', 'ends'}) do
        local after = past(body, at)
        record[part], at = body:sub(at, after - 1), after
    end
    for _, part in ipairs({'created', 'seen', 'idle', 'ends'}) do
        record[part .. '_number'] = cmsgpack.unpack(record[part])
        if type(record[part .. '_number']) ~= 'number' then error('no moment') end
    end
    record.realms, record.logins, at = entries(body, at)
    record.names, record.values, at = entries(body, at)
    if at ~= #body + 1 then error('too long') end
    return record
end
local function whose(login, owner)  -- also whoever acts in the place of its user
    return type(login) == 'table'
        and (tostring(login[2]) .. ':' .. tostring(login[1]) == owner or whose(login[9], owner))
end
local function owned(record, owner)
    for _, login in pairs(record.logins) do
        if whose(cmsgpack.unpack(login), owner) then return true end
    end
    return false
end
"""

MERGE = _script(
    _READING
    + r"""
-- ARGV: slack, tombstone, seen, idle, ends (msgpack, or empty), the longest life, then how many and which: realms with logins (empty for
-- none), names with values, names to drop. A record that is not there, or cannot be read, is left as it is.
local body = redis.call('GET', KEYS[1])
if not body or body == ARGV[2] then return 0 end
local readable, record = pcall(read, body)
if not readable then return 0 end
local at = 7
local function taken(step, change)
    local last = at + step * tonumber(ARGV[at])
    for place = at + 1, last, step do change(ARGV[place], ARGV[place + 1]) end
    at = last + 1
end
local function putter(names, values)
    return function(name, value)
        if values[name] == nil and value ~= '' then names[#names + 1] = name end
        values[name] = value ~= '' and value or nil
    end
end
local function map(names, values)
    local kept, seen = {}, {}
    for _, name in ipairs(names) do
        if values[name] ~= nil and not seen[name] then
            seen[name] = true
            kept[#kept + 1] = name .. values[name]
        end
    end
    local count = #kept
    local head = count < 16 and string.char(0x80 + count) or string.char(0xde, math.floor(count / 256), count % 256)
    return head .. table.concat(kept)
end
local put_login, put = putter(record.realms, record.logins), putter(record.names, record.values)
taken(2, put_login)
local later = at
at = at + 1 + 2 * tonumber(ARGV[at])
taken(1, function(name) record.values[name] = nil end)
at = later
taken(2, put)
local lasts = false  -- only what moves a deadline moves the expiry, or a clock that stands still would keep it for ever
for place, part in ipairs({'seen', 'idle', 'ends'}) do
    local said = ARGV[place + 2]
    if said ~= '' then
        local number = cmsgpack.unpack(said)
        if part ~= 'seen' or number > record.seen_number then
            record[part], record[part .. '_number'], lasts = said, number, true
        end
    end
end
local left = math.min(record.idle_number, record.ends_number - record.seen_number)
if not (left > 0) then left = 0 end
left = math.min(left, tonumber(ARGV[6]))
local becomes = string.char(0x97) .. record.id .. record.created .. record.seen .. record.idle .. record.ends
    .. map(record.realms, record.logins) .. map(record.names, record.values)
if lasts then
    redis.call('SET', KEYS[1], becomes, 'PX', string.format('%.0f', (left + tonumber(ARGV[1])) * 1000))
else
    redis.call('SET', KEYS[1], becomes, 'KEEPTTL')
end
return 1
"""
)

KILL = _script(
    _READING
    + r"""
-- ARGV: owner, tombstone, for how long it stands, whether one is left in place of what was killed. What is not there is
-- barred: somebody may be about to put it there. Returns the body that was killed, 0 for nothing, 1 for not his.
local body = redis.call('GET', KEYS[1])
if not body or body == ARGV[2] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
    return 0
end
local readable, his = pcall(function() return owned(read(body), ARGV[1]) end)
if readable and not his then return 1 end
if ARGV[4] == '1' then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) else redis.call('DEL', KEYS[1]) end
return body
"""
)

TAKE = _script(
    r"""
-- ARGV: tombstone, for how long it stands. Returns what was there; the tombstone is written again where one is, for
-- replicas that have not heard of it.
local body = redis.call('GET', KEYS[1])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return body
"""
)

REGISTER = _script(
    r"""
-- ARGV: for how long the index is needed, then scores and members. An index lives as long as its longest entry.
for place = 2, #ARGV, 2 do redis.call('ZADD', KEYS[1], ARGV[place], ARGV[place + 1]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return redis.call('ZCARD', KEYS[1])
"""
)

SWAP = _script(
    r"""
-- ARGV: what is expected, what it becomes, for how long in milliseconds (0 for as long as it would anyhow).
-- Returns 1, or what is there instead.
local there = redis.call('GET', KEYS[1])
if (there or '') ~= ARGV[1] then return there end
if ARGV[3] == '0' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1
"""
)

ADVANCE = _script(
    r"""
-- ARGV: for how long it is needed at least, in milliseconds; empty for good.
local before = redis.call('PTTL', KEYS[1])
local count = redis.call('INCR', KEYS[1])
if ARGV[1] == '' then redis.call('PERSIST', KEYS[1])
elseif before ~= -1 and before < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return count
"""
)

PUT = _script(
    r"""
-- ARGV: value, tombstone. Puts the value where nothing is, or only something dead. Returns whether it did.
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[2] then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""
)

WITHDRAW = _script(
    r"""
-- ARGV: what is expected (empty for nothing), tombstone, for how long it stands (0 for none). Kills what is expected and
-- returns 1; kills what is dead already once more, for replicas that have not heard of it, and returns 0; or returns what
-- is there instead, untouched.
local there = redis.call('GET', KEYS[1])
if there and there ~= ARGV[1] and there ~= ARGV[2] then return there end
if ARGV[3] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return there == ARGV[1] and 1 or 0
"""
)

COUNT = _script(
    r"""
-- ARGV: now, length, amount, how far a request may be overtaken, slack. A window that lies in the future was begun by
-- a clock that has been set back since, and must not last longer. Returns what is counted.
local now, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local window = redis.call('HMGET', KEYS[1], 'hits', 'began', 'ends')
local hits, began, ends = tonumber(window[1]), window[2], window[3]
if hits == nil or now < tonumber(began) - tonumber(ARGV[4]) or now >= tonumber(ends) then
    hits, began, ends = 0, ARGV[1], string.format('%.17g', now + length)
end
hits = math.max(0, hits + tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'hits', string.format('%.0f', hits), 'began', began, 'ends', ends)
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', (length + tonumber(ARGV[5])) * 1000))
return hits
"""
)

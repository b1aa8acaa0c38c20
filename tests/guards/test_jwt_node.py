"""Tokens that node's own crypto signs are believed, and it verifies ours: a third hand at JOSE, in another language."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from guardhouse import Allow, Identity
from guardhouse.vault import jws
from guardhouse.vault.jws import Key
from tests.clients.programs import node
from tests.guards.test_jwt_hostile import NAMES, judged
from tests.tokens import CLAIMS, private, public

SCRIPT = """
const crypto = require('node:crypto');
const { claims, algorithms } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
const b64 = (value) => Buffer.from(value).toString('base64url');
const PSS = { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
const how = { RS256: {}, PS256: PSS, ES256: { dsaEncoding: 'ieee-p1363' }, EdDSA: {} };
const hash = (alg) => (alg === 'EdDSA' ? null : 'sha256');

function sign(alg, key, message) {
  if (alg === 'HS256') return crypto.createHmac('sha256', key).update(message).digest();
  return crypto.sign(hash(alg), Buffer.from(message), { key, ...how[alg] });
}

function verify(alg, key, message, signature) {
  if (alg === 'HS256') return crypto.timingSafeEqual(sign(alg, key, message), signature);
  return crypto.verify(hash(alg), Buffer.from(message), { key, ...how[alg] }, signature);
}

const said = {};
for (const [alg, { kid, secret, open, ours }] of Object.entries(algorithms)) {
  const message = [{ alg, typ: 'at+jwt', kid }, claims].map((part) => b64(JSON.stringify(part))).join('.');
  const [head, body, signature] = ours.split('.');
  const good = verify(alg, open, head + '.' + body, Buffer.from(signature, 'base64url'));
  said[alg] = { token: message + '.' + b64(sign(alg, secret, message)), good };
}
console.log(JSON.stringify(said));
"""


@pytest.fixture(scope="module")
def signed() -> dict[str, Any]:
    """What node says of each algorithm: a token of its own, and whether ours is good."""
    algorithms = {
        algorithm: {
            "kid": kid,
            "secret": private(algorithm).decode(),
            "open": public(algorithm).decode(),
            "ours": jws.sign(Key.of(private(algorithm), algorithm, kid), "at+jwt", CLAIMS),
        }
        for algorithm, kid in NAMES.items()
    }
    asked = json.dumps({"claims": CLAIMS, "algorithms": algorithms})
    done = subprocess.run(
        [node(), "-e", SCRIPT], input=asked, capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("algorithm", NAMES)
def test_a_token_of_node_is_believed_and_ours_is_good_there(signed: dict[str, Any], algorithm: str):
    verdict = judged(signed[algorithm]["token"])
    assert isinstance(verdict, Allow), verdict
    assert isinstance(verdict.identity, Identity)
    assert (verdict.identity.user_id, signed[algorithm]["good"]) == ("1", True)

"""What is one address, what is none, and that nothing a stranger types in reaches a third mailbox."""

from __future__ import annotations

from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import getaddresses
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from guardhouse.mail.address import masked, one_address


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        pytest.param("ada@example.com", "ada@example.com", id="as most are"),
        pytest.param("Ada.L+guard@Example.COM", "Ada.L+guard@example.com", id="only the domain has no case"),
        pytest.param(
            "o'hara=x@mail.example.co.uk", "o'hara=x@mail.example.co.uk", id="signs that names hold"
        ),
        pytest.param("ada@bücher.example", "ada@xn--bcher-kva.example", id="a domain of other letters"),
        pytest.param("ada@straße.example", "ada@xn--strae-oqa.example", id="sharp s is no double s"),
        pytest.param("ada@例え.テスト", "ada@xn--r8jz45g.xn--zckzah", id="a domain without any ASCII"),
        pytest.param(
            "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example", id="a domain as the DNS has it"
        ),
        pytest.param(f"{'a' * 64}@example.com", f"{'a' * 64}@example.com", id="the longest local part"),
    ],
)
def test_one_address(typed: str, address: str):
    assert one_address(typed) == address
    assert one_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("ada@example.com,eve@evil.example", id="a list"),
        pytest.param("ada@example.com;eve@evil.example", id="a list with semicolons"),
        pytest.param("ada@example.com eve@evil.example", id="two with a blank between"),
        pytest.param("friends: ada@example.com, eve@evil.example;", id="a group"),
        pytest.param(["ada@example.com", "eve@evil.example"], id="an array"),
        pytest.param({"0": "ada@example.com"}, id="an object"),
        pytest.param(None, id="nothing"),
        pytest.param(b"ada@example.com", id="bytes"),
        pytest.param("Ada <ada@example.com>", id="a display name"),
        pytest.param("<ada@example.com>", id="brackets"),
        pytest.param("eve@evil.example <ada@example.com>", id="a display name that is an address"),
        pytest.param("ada@example.com\r\nBcc: eve@evil.example", id="CRLF"),
        pytest.param("ada@example.com\nBcc: eve@evil.example", id="LF"),
        pytest.param("ada@example.com\r", id="CR at the end"),
        pytest.param("ada@example.com\n", id="LF at the end"),
        pytest.param("ada@example.com\0", id="NUL"),
        pytest.param("ada@example.com\u2028", id="a line separator"),
        pytest.param(" ada@example.com", id="a blank before"),
        pytest.param("ada @example.com", id="a blank within"),
        pytest.param("ada(comment)@example.com", id="a comment"),
        pytest.param('"ada@evil.example,"@example.com', id="a quoted local part"),
        pytest.param("ada@evil.example@example.com", id="two at signs"),
        pytest.param("@evil.example:ada@example.com", id="a source route"),
        pytest.param("ada%evil.example@example.com", id="a percent route"),
        pytest.param("evil!ada@example.com", id="a bang path"),
        pytest.param("ada@[127.0.0.1]", id="an address literal"),
        pytest.param("ada@127.0.0.1", id="a number as domain"),
        pytest.param("root@localhost", id="a host of ours"),
        pytest.param("ada@example.com.", id="a dot at the end"),
        pytest.param("ada@example..com", id="an empty label"),
        pytest.param("ada@-example.com", id="a hyphen at the front"),
        pytest.param("ada@exa_mple.com", id="an underscore in the domain"),
        pytest.param("ada@example\u3002com", id="a dot of another alphabet"),
        pytest.param("ada@example\uff0ecom", id="a wide dot"),
        pytest.param("ada@\u212aelvin.example", id="the kelvin sign is no k"),
        pytest.param("ada@\uff45xample.com", id="a wide letter"),
        pytest.param("ada@bu\u0308cher.example", id="an umlaut of two parts"),
        pytest.param("ada@exam\u200bple.com", id="a letter that is not seen"),
        pytest.param("ada@xn--a.example", id="no spelling of any name"),
        pytest.param("m\u0131ke@example.com", id="the i without a dot"),
        pytest.param("jörg@example.com", id="a local part beyond ASCII"),
        pytest.param(".ada@example.com", id="a dot at the front"),
        pytest.param("ada..l@example.com", id="two dots"),
        pytest.param("ada@", id="no domain"),
        pytest.param("@example.com", id="no local part"),
        pytest.param("", id="empty"),
        pytest.param("ada", id="no at sign"),
        pytest.param("\ud800@example.com", id="half a character"),
        pytest.param("ada@\ud800.example", id="half a character as domain"),
        pytest.param(f"{'a' * 65}@example.com", id="a local part too long"),
        pytest.param(f"ada@{'a' * 64}.com", id="a label too long"),
        pytest.param(f"ada@{'a.' * 125}com", id="an address too long"),
        pytest.param("a" * 1_000_000, id="a book"),
    ],
)
def test_no_address(typed: Any):
    assert one_address(typed) is None


_PARTS = some.text(alphabet=some.sampled_from("ab@.,;:<>()[]\"\\ \t\r\n%!+-'|ı\u212aß。é\ud800"), max_size=24)


@settings(deadline=None)  # the first name of another alphabet loads tables
@given(
    some.one_of(
        some.text(max_size=40), _PARTS, some.builds("{}@{}.example".format, _PARTS, _PARTS), some.emails()
    )
)
@example("a@b.example, c@d.example")
@example("'@'.example")
def test_whatever_is_typed_reaches_one_mailbox_at_most(typed: str):
    address = one_address(typed)
    if address is None:
        return
    assert one_address(address) == address
    assert address.isascii()
    assert address.isprintable()
    message = EmailMessage()
    message["To"] = Address(addr_spec=address)
    read = BytesParser(policy=policy.default).parsebytes(message.as_bytes())
    assert [mailbox.addr_spec for mailbox in read["To"].addresses] == [address]
    assert getaddresses([address]) == [("", address)]
    assert set(read.keys()) == {"To"}


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ada@example.com", "a***@example.com"),
        ("a@bücher.example", "a***@xn--bcher-kva.example"),
        ("x\ny", "no address"),
    ],
)
def test_a_log_shows_the_domain_and_one_letter(address: str, shown: str):
    assert masked(address) == shown

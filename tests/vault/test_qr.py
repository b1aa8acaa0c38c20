"""A QR code stands in a page as it is: no style, no script, no address, and a title for who cannot see it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from guardhouse.vault.qr import qr_svg
from guardhouse.vault.totp import provisioning_uri

URI = provisioning_uri(b"12345678901234567890", "A shop", "ada@example.com")


def test_the_picture_needs_nothing_that_a_strict_policy_forbids() -> None:
    svg = qr_svg(URI, "QR code")
    root = ET.fromstring(svg)  # noqa: S314 - our own picture
    attributes = {name for element in root.iter() for name in element.attrib}
    assert attributes <= {"viewBox", "class", "d", "fill", "stroke", "transform", "version"}
    assert root.attrib["class"] == "qr"
    assert {element.tag.rpartition("}")[2] for element in root.iter()} == {"svg", "title", "path"}


def test_the_title_is_escaped() -> None:
    assert "<title>&lt;b&gt; &amp;</title>" in qr_svg(URI, "<b> &")


def test_two_texts_are_two_pictures() -> None:
    assert qr_svg(URI, "QR code") != qr_svg(URI + "x", "QR code")

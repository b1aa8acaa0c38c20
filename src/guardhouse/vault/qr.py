"""Draw a QR code as an SVG that stands in a page under a strict content security policy: no style, no script, no address."""

from __future__ import annotations

import segno

__all__ = ["qr_svg"]

BORDER = 4
"""The quiet zone that scanners need (ISO/IEC 18004), in squares."""


def qr_svg(text: str, title: str) -> str:
    """Draw it for a page to show inline; the page gives `.qr` its size.

    Black on white whatever the page's colours are: many scanners cannot read a light code on a dark ground.
    """
    code = segno.make_qr(text, error="m")
    return code.svg_inline(
        border=BORDER,
        dark="#000",
        light="#fff",
        svgclass="qr",
        lineclass="qr-squares",
        omitsize=True,
        title=title,
    )

"""How a refusal looks: one style, light and dark, from a phone to a desk, and the hash by which a policy lets it in."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

__all__ = ["STYLE", "STYLE_SOURCE"]

STYLE = """\
:root{color-scheme:light dark;--paper:#f4f2ec;--sheet:#fffefb;--ink:#1f2329;--soft:#5b626b;--line:#dcd7ca;
--accent:#1d5e59;--on-accent:#fff;--bad:#a3271f;--bad-bed:#fbe7e3;--good:#17693f;--lost:#7c5300;--code:#efece3}
@media(prefers-color-scheme:dark){:root{--paper:#13161a;--sheet:#1b1f25;--ink:#e9e7e1;--soft:#a4aab3;--line:#31363e;
--accent:#76c7bd;--on-accent:#0d2220;--bad:#ff9c90;--bad-bed:#3d201d;--good:#7fd6a3;--lost:#ecc16a;--code:#2c323b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,
"DejaVu Sans",sans-serif;overflow-wrap:anywhere;-webkit-text-size-adjust:100%}
main{max-width:46rem;margin:0 auto;padding:clamp(1.5rem,6vh,4rem) 1.25rem 3rem}
h1{font-size:clamp(1.5rem,1.1rem + 1.7vw,2.15rem);line-height:1.2;letter-spacing:-.018em;margin:.8rem 0 0;
text-wrap:balance;max-width:24em}
h2{font-size:.95rem;line-height:1.4;font-weight:650;margin:2.4rem 0 .7rem}
h2 small{font-size:.82rem;font-weight:400;color:var(--soft);margin-left:.5rem}
h3{font-size:1rem;line-height:1.4;font-weight:600;margin:0 0 .3rem}
p{margin:0}
code,td,pre{font:.86em/1.6 ui-monospace,"SF Mono","Cascadia Mono","DejaVu Sans Mono",Menlo,monospace;unicode-bidi:isolate}
.what{display:flex;flex-wrap:wrap;align-items:center;gap:.4rem .75rem;color:var(--soft)}
.what b{background:var(--bad-bed);color:var(--bad);border-radius:6px;padding:.1rem .55rem;font-weight:650}
.hint,.causes li,pre{background:var(--sheet);border:1px solid var(--line);border-radius:10px}
.hint{padding:1rem 1.15rem}
.hint code,.causes p code{background:var(--code);border-radius:4px;padding:.08em .35em;box-decoration-break:clone;
-webkit-box-decoration-break:clone}
.login{display:inline-block;margin-top:1.6rem;background:var(--accent);color:var(--on-accent);font-weight:600;
text-decoration:none;border-radius:8px;padding:.6rem 1.3rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
ol{list-style:none;margin:0;padding:0}
.causes{counter-reset:cause;display:grid;gap:.6rem}
.causes li{counter-increment:cause;display:grid;grid-template-columns:1.9rem minmax(0,1fr);padding:.95rem 1.15rem .95rem 1rem}
.causes li>*{grid-column:2}
.causes li::before{content:counter(cause);grid-row:1/span 4;font-weight:650;color:var(--bad);font-variant-numeric:tabular-nums}
.causes>li>code{color:var(--soft)}
.causes dl{margin:.5rem 0 0}
.answer h3::after{content:" (the answer)";font-weight:400;color:var(--soft)}
table{border-collapse:collapse;width:100%}
tr{border-top:1px solid var(--line)}
tr:last-child{border-bottom:1px solid var(--line)}
th,td{text-align:left;vertical-align:top;padding:.5rem 0}
th{font-weight:500;width:11rem;padding-right:1rem}
.checks{position:relative}
.checks li{position:relative;display:grid;grid-template-columns:9.5rem minmax(0,1fr);gap:0 1rem;padding:.5rem 0 .5rem 1.7rem}
.checks li::before,.checks li::after{content:"";position:absolute;left:.42rem}
.checks li::before{top:0;bottom:0;width:2px;background:var(--line)}
.checks li:first-child::before{top:1.2rem}
.checks li:last-child::before{bottom:calc(100% - 1.2rem)}
.checks li::after{left:0;top:.8rem;width:.9rem;height:.9rem;border-radius:50%;background:var(--paper);border:3px solid var(--soft)}
.checks li>*{grid-column:2}
.checks li>b{grid-column:1;grid-row:1/span 4;font-weight:500}
.checks i{font-style:normal;font-weight:600}
.pass i,.allow i{color:var(--good)}
.abstain i{color:var(--lost)}
.deny i,.stop i{color:var(--bad)}
.checks .pass::after,.checks .allow::after{border-color:var(--good);background:var(--good)}
.checks .abstain::after{border-color:var(--lost)}
.checks .deny::after,.checks .stop::after{border-color:var(--bad);background:var(--bad)}
.checks .stop::after{box-shadow:0 0 0 4px var(--bad-bed)}
.checks .stop>b{font-weight:650}
.checks .silent::after{border-color:var(--line)}
.checks .silent,.facts{color:var(--soft)}
pre{margin:0;padding:.95rem 1.15rem;white-space:pre-wrap;-webkit-user-select:all;user-select:all}
.below{margin-top:.5rem;color:var(--soft);font-size:.9rem}
footer{margin-top:2.6rem;color:var(--soft);font-size:.85rem}
@media(min-width:72rem){main.full{max-width:74rem;display:grid;grid-template-columns:minmax(0,7fr) minmax(0,5fr);gap:0 3.5rem}
main.full>header,main.full>footer{grid-column:1/-1}}
@media(max-width:34rem){.checks li{grid-template-columns:minmax(0,1fr)}.checks li>*,.checks li>b{grid-column:1;grid-row:auto}
.checks li>b{font-weight:650}th{width:6.5rem}h2 small{display:block;margin:0}}
"""

STYLE_SOURCE = f"'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
"""What a Content-Security-Policy must allow for this page to look like anything (CSP 3, 8.2)."""

"""How the page of the description looks, and the policy that lets it have this style and nothing else."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--shade:#f4f6f8;--line:#d8dee4;--link:#0a58ca}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--paper:#14171a;--shade:#1e2328;--line:#353c44;
--link:#7ab7ff}}
*{box-sizing:border-box}html{scroll-padding-top:1rem}
body{margin:0;font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
.page{display:grid;grid-template-columns:17rem minmax(0,56rem);gap:3rem;max-width:80rem;margin:auto;padding:1.5rem}
nav{position:sticky;top:1.5rem;align-self:start;max-height:calc(100vh - 3rem);overflow:auto;font-size:.87rem}
nav ul{list-style:none;margin:.2rem 0 1rem;padding:0}nav li{padding:.1rem 0}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{margin:0 0 .5rem;font-size:1.8rem}h2{margin:3rem 0 .2rem;font-size:1.35rem}
h3{margin:0;font-size:1.1rem}h4{margin:1.1rem 0 .3rem;font-size:.9rem}
section{margin:1.2rem 0;padding:1rem 1.2rem;border:1px solid var(--line);border-radius:8px}
code,pre{font:.86em/1.5 ui-monospace,monospace;background:var(--shade);border-radius:4px}
code{padding:.1em .3em;overflow-wrap:anywhere}pre{margin:.3rem 0;padding:.7rem .9rem;overflow:auto}
.line{font:.95rem/1.6 ui-monospace,monospace}.line code{background:none;padding:0;font-size:1em}
.soft{color:var(--soft)}p{margin:.4rem 0}
.wide{overflow-x:auto}table{width:100%;border-collapse:collapse;font-size:.88rem}
td,th{text-align:left;vertical-align:top;padding:.35rem .8rem .35rem 0;border-top:1px solid var(--line)}
th{border:0;color:var(--soft);font-weight:500}
details{margin:.3rem 0}summary{cursor:pointer;font-size:.9rem;font-weight:600}
@media(max-width:56rem){.page{display:block;padding:1rem}nav{position:static;max-height:none}}
"""
"""Light or dark as the reader has it; every colour has a contrast of 4.5 or more."""
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)
"""The page's Content-Security-Policy: its own style and nothing else."""

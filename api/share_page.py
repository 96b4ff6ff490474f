"""The page that a share's link leads to. It is the same for everybody: the token is in the fragment, which stays there.

Nothing is asked of the server before a person presses the button, so that who looks at links for others (previews,
scanners) uses nothing up. It has its own style and script and no third party's anything.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

from api.share_script import SCRIPT

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--shade:#f4f6f8;--line:#8c959f;--act:#0a58ca;
--on:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ec;--soft:#9aa4ae;--paper:#14171a;--shade:#1e2328;--line:#6e7781;
--act:#7ab7ff;--on:#14171a}}
*{box-sizing:border-box}[hidden]{display:none!important}
body{margin:0;font:17px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
main{max-width:40rem;margin:10vh auto 0;padding:1.5rem}
h1{margin:0 0 1rem;font-size:1.5rem}p{margin:.6rem 0}label{display:block;margin:1rem 0 .3rem}
pre,input{width:100%;font:.95rem/1.5 ui-monospace,monospace;color:inherit;background:var(--shade);
border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem}
pre{margin:1rem 0;white-space:pre-wrap;overflow-wrap:anywhere;max-height:60vh;overflow:auto}
button,#save{display:inline-block;margin:.8rem .6rem 0 0;padding:.6rem 1.3rem;font:inherit;cursor:pointer;
border:1px solid var(--act);border-radius:6px;color:var(--act);background:none;text-decoration:none}
#reveal,#save{color:var(--on);background:var(--act)}button:disabled{opacity:.5;cursor:wait}
:focus-visible{outline:3px solid var(--act);outline-offset:2px}.soft{color:var(--soft);font-size:.9rem}
"""
"""Light or dark as the reader has it; every colour of text has a contrast of 4.5 or more."""

_BODY: Final = """<main>
<h1>A shared secret</h1>
<noscript><p>This page needs JavaScript: the link's secret part stays in your browser, and only a script can read it
there. Without it, use <code>trstctl-cli share redeem</code>, or ask the sender for another way. Nothing was used
up.</p>
</noscript>
<p id="told" role="status" aria-live="polite"></p>
<form id="asking" autocomplete="off" hidden>
<div id="guard" hidden><label for="phrase">Passphrase</label>
<input id="phrase" type="password" autocomplete="off" autocapitalize="off" spellcheck="false" maxlength="1024"></div>
<button id="reveal" type="submit">Reveal</button>
</form>
<div id="shown" hidden>
<pre id="value" tabindex="0" aria-label="The shared value"></pre>
<a id="save" download="share.bin">Save the file</a>
<button id="copy" type="button">Copy</button>
<button id="clear" type="button">Clear</button>
</div>
</main>"""

PAGE: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shared secret</title>'
    '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex,nofollow">'
    f"<style>{_STYLE}</style></head><body>{_BODY}<script>{SCRIPT}</script></body></html>"
).encode()


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


HEADERS: Final = {
    "content-security-policy": (
        f"default-src 'none'; script-src {_hash(SCRIPT)}; style-src {_hash(_STYLE)}; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "x-robots-tag": "noindex, nofollow",
}
"""It runs its own script and no other, speaks with its own server and no other, and is framed by nobody."""

"""What the page of a share does: it takes the token from the address, and asks for the value when a person says so."""

from __future__ import annotations

from typing import Final

SCRIPT: Final = r"""
"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const [told, asking, guard, phrase, reveal] = ["told", "asking", "guard", "phrase", "reveal"].map(one);
  const [shown, value, copy, save, clear] = ["shown", "value", "copy", "save", "clear"].map(one);
  let token = "", guarded = false;

  const say = (text) => { told.textContent = text; };
  const GONE = "This link gives nothing. It was opened already, has expired, was withdrawn, or never existed. " +
    "If you did not open it, tell its sender, and ask for another.";

  function take() {
    forget();
    token = location.hash.slice(1);
    // Out of the address bar and of what the browser keeps of this tab.
    history.replaceState(null, "", location.pathname);
    if (/^trsh_[0-9A-Za-z]{49}$/.test(token)) {
      asking.hidden = false;
      say("Somebody has shared something with you. It is shown only so many times, most often once: reveal it when " +
        "you are ready to keep it.");
    } else {
      token = "";
      say("The address of this page lacks the share's token. Open the link as you got it, whole.");
    }
  }

  function forget() {
    token = phrase.value = value.textContent = "";
    if (save.href) URL.revokeObjectURL(save.href);
    save.removeAttribute("href");
    for (const part of [asking, guard, shown]) part.hidden = true;
    guarded = false;
  }

  function end(text) {
    forget();
    say(text);
  }

  async function ask(event) {
    event.preventDefault();
    if (reveal.disabled || !token) return;
    if (guarded && !phrase.value) { phrase.focus(); return; }
    reveal.disabled = true;
    say("Asking…");
    try {
      const body = guarded ? {token, passphrase: phrase.value} : {token};
      const answer = await fetch("/api/v1/secrets/shares/redeem", {
        method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
        credentials: "omit", cache: "no-store", redirect: "error", referrerPolicy: "no-referrer",
      });
      heard(answer.status, await answer.json());
    } catch {
      say("No whole answer came. If the connection broke on the way back, the value may be used up; try again.");
    } finally {
      reveal.disabled = false;
    }
  }

  function heard(status, answer) {
    if (status === 200) show(answer);
    else if (status === 410) end(GONE);
    else if (answer.code === "passphrase-required") wantPassphrase("It opens with a passphrase. Its sender has it.");
    else if (answer.code === "passphrase-wrong") wrong(answer.tries_left);
    else if (status === 429) say("Too many requests came from your network. Wait a moment, then try again.");
    else say("The server cannot give it now. Try again in a moment; its sender may ask whoever runs the server. (" +
      status + ", request " + answer.request_id + ")");
  }

  function wantPassphrase(text) {
    guarded = true;
    guard.hidden = false;
    say(text);
    phrase.select();
    phrase.focus();
  }

  function wrong(left) {
    if (!left) end("That was not the passphrase, and it was the last try: the share is locked. Ask for another.");
    else wantPassphrase("That was not the passphrase. " + left + (left === 1 ? " try is" : " tries are") + " left.");
  }

  function show(answer) {
    const left = answer.views_left;
    const bytes = "value_b64" in answer;
    forget();
    if (bytes) offer(answer.value_b64); else value.textContent = answer.value;
    value.hidden = copy.hidden = bytes;
    save.hidden = !bytes;
    shown.hidden = false;
    say((bytes ? "It is a file, not text. " : "") + (left
      ? "It can be shown " + left + (left === 1 ? " more time." : " more times.")
      : "It was the last time: the server has destroyed it. Keep it before you close this page."));
    (bytes ? save : value).focus();
  }

  function offer(encoded) {
    const data = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
    save.href = URL.createObjectURL(new Blob([data], {type: "application/octet-stream"}));
    save.textContent = "Save the file (" + data.length + " bytes)";
  }

  async function toClipboard() {
    try {
      await navigator.clipboard.writeText(value.textContent);
      say("Copied. Other programs can read the clipboard: copy something else when you are done.");
    } catch {
      getSelection().selectAllChildren(value);
      say("The browser does not let this page copy. The value is selected: copy it yourself.");
    }
  }

  asking.addEventListener("submit", ask);
  copy.addEventListener("click", toClipboard);
  clear.addEventListener("click", () => end("Cleared. You may close this page."));
  addEventListener("hashchange", () => { if (location.hash) take(); });
  addEventListener("pagehide", forget);
  take();
})();
"""

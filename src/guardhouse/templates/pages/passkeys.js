// Passkeys on the pages of the ways in. Where a browser has none, or runs no script, their forms stay hidden and the others
// are used. A form is filled and sent as if somebody had typed it, so the server's answer is a page like any other.
"use strict";

(() => {
  const forms = [...document.querySelectorAll("form[data-passkey]")];
  const able = self.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON
    && PublicKeyCredential.parseCreationOptionsFromJSON;
  // What waits for somebody to choose a passkey from a field's list; only one question can be open at a time.
  let waiting = null;

  for (const form of forms) {
    const here = form.dataset.origins.split(" ").includes(location.origin);
    const usable = able && here;
    form.hidden = !usable;
    for (const one of document.querySelectorAll("[data-passkey-elsewhere]")) one.hidden = here;
    for (const one of document.querySelectorAll("[data-passkey-without]")) one.hidden = usable || !here;
    if (usable) form.addEventListener("submit", (event) => { event.preventDefault(); ask(form); });
  }

  const login = forms.find((form) => form.dataset.passkey === "login" && !form.hidden);
  const field = document.querySelector("input[autocomplete~=webauthn]");
  if (login && field) offer();

  /** Ask for a passkey because somebody wants it, and send what it answers. */
  async function ask(form) {
    if (waiting) waiting.abort();
    waiting = null;
    say(form, "");
    try {
      const options = await optionsFor(form);
      if (options) send(form, await answerTo(form, { publicKey: options }));
    } catch (error) {
      say(form, sentence(form, error));
    }
  }

  /** Let the browser offer passkeys in the list of the login field, where it can. Nobody has asked, so nothing is said. */
  async function offer() {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    field.addEventListener("focus", again);
    await again();
  }

  let asked = 0;

  /** The server forgets a question after five minutes; who comes back to the field later is asked anew. */
  async function again() {
    const now = Date.now();
    if (now - asked < 240000) return;
    asked = now;
    if (waiting) waiting.abort();
    const own = waiting = new AbortController();
    try {
      const options = await optionsFor(login);
      if (!options || own.signal.aborted) return;
      send(login, await answerTo(login, { publicKey: options, mediation: "conditional", signal: own.signal }));
    } catch (error) {
      if (error.name !== "AbortError") console.info("passkeys are not offered:", error.name);
    }
  }

  async function optionsFor(form) {
    const making = form.dataset.passkey === "register";
    const response = await fetch(form.dataset.options, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: JSON.stringify(making ? {} : { purpose: form.dataset.passkey }),
    });
    const answer = await response.json();
    if (response.status === 401 || response.status === 403 || answer.next) {
      // The login has ended, is not fresh any more, or lacks a proof: the page itself leads to where that is mended.
      location.reload();
      return null;
    }
    if (!response.ok) throw new Error(answer.errors ? answer.errors[0].problem : answer.title);
    return making ? PublicKeyCredential.parseCreationOptionsFromJSON(answer.options)
      : PublicKeyCredential.parseRequestOptionsFromJSON(answer.options);
  }

  async function answerTo(form, question) {
    const container = navigator.credentials;
    return form.dataset.passkey === "register" ? container.create(question) : container.get(question);
  }

  function send(form, credential) {
    form.elements.credential.value = JSON.stringify(credential);
    const ticked = document.querySelector("input[type=checkbox][name=remember]");
    if (form.elements.remember && ticked) form.elements.remember.value = ticked.checked ? "on" : "";
    form.submit();
  }

  function say(form, text) {
    const place = form.querySelector("[role=alert]");
    place.textContent = text;
    place.hidden = !text;
  }

  function sentence(form, error) {
    const known = { NotAllowedError: "notAllowed", AbortError: "notAllowed", InvalidStateError: "invalidState",
      SecurityError: "security", NotSupportedError: "notSupported" };
    const words = form.querySelector("[role=alert]").dataset;
    if (error.constructor === Error) return error.message;
    return words[known[error.name]] || words.otherwise;
  }
})();

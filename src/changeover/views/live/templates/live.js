// Keeps an open page up to date. Everything else works without it.
"use strict";
(() => {
  const line = document.getElementById("live");
  const main = () => document.getElementById("main");
  if (!line || !window.EventSource || !window.DOMParser) return;

  let mark = document.body.dataset.mark, heard = mark, source = null, busy = false, waits = false, paused = false;
  const button = document.createElement("button");
  button.type = "button";
  line.after(button);

  const say = (text) => { if (line.textContent !== text) line.textContent = text; };
  const clock = () => `${new Date().toISOString().slice(11, 19)}Z`;

  // What somebody types or has marked must not vanish below their hands.
  const isInUse = () => {
    const at = document.activeElement, marked = window.getSelection();
    const typed = [...main().querySelectorAll("form.move input")].some((one) => one.value);
    return typed || (main().contains(at) && at.matches("input, select, textarea"))
      || (marked && !marked.isCollapsed && main().contains(marked.anchorNode));
  };
  const keyOf = (one) => `${one.tagName} ${one.id} ${one.getAttribute("href") || ""} ${one.getAttribute("aria-label") || ""}`;

  async function refresh() {
    if (busy || paused) { waits = true; return; }
    if (isInUse()) { waits = true; say("Something has changed; this page waits until you are done."); return; }
    busy = true; waits = false;
    try {
      const answer = await fetch(location.href, { cache: "no-store", headers: { Accept: "text/html", "X-Changed": heard } });
      if (!answer.ok && answer.status !== 404) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById("main"), old = main();
      if (!fresh) throw new Error("no page");
      mark = page.body.dataset.mark;
      if (fresh.innerHTML !== old.innerHTML) {
        const focused = old.contains(document.activeElement) && document.activeElement !== old
          ? keyOf(document.activeElement) : null;
        const scrolled = [...old.querySelectorAll(".wide")].map((one) => one.scrollLeft);
        old.replaceChildren(...fresh.childNodes);
        [...old.querySelectorAll(".wide")].forEach((one, at) => { one.scrollLeft = scrolled[at] || 0; });
        if (focused) {
          const again = [...old.querySelectorAll("a, button, summary, [tabindex]")].find((one) => keyOf(one) === focused);
          (again || old).focus({ preventScroll: true });
        }
      }
      document.title = page.title;
      const time = page.querySelector("footer time"), here = document.querySelector("footer time");
      if (time && here) here.replaceWith(time);
      say(`Live; brought up to date at ${clock()}.`);
    } catch (error) {
      say(`Could not be brought up to date at ${clock()}; it is tried again.`);
    } finally {
      busy = false;
      if (waits && !paused) setTimeout(refresh, 1000);
    }
  }

  function listen() {
    source = new EventSource(`/events?mark=${encodeURIComponent(mark)}`);
    source.addEventListener("open", () => say("Live: what is new appears by itself."));
    source.addEventListener("change", (event) => { heard = event.data; if (heard !== mark) refresh(); });
    source.addEventListener("error", () => say("The server does not answer; this page tries again."));
  }

  button.addEventListener("click", () => {
    paused = !paused;
    button.textContent = paused ? "Go on" : "Pause";
    if (paused) { source.close(); say("Paused: this page stays as it is."); } else { listen(); refresh(); }
  });
  setInterval(() => { if (waits && !busy && !paused) refresh(); }, 1000);
  button.textContent = "Pause";
  addEventListener("pagehide", () => source && source.close());
  addEventListener("pageshow", (event) => { if (event.persisted && !paused) { listen(); refresh(); } });
  listen();
})();

// Shows a page again when the server says that there is something new. Everything works without it.
"use strict";
(() => {
  const told = document.getElementById("live");
  let version = document.body.dataset.version;
  let busy = false;

  const focusOf = (element) => {
    if (!element || element === document.body) return null;
    if (element.id) return `#${CSS.escape(element.id)}`;
    const label = element.getAttribute("aria-label");
    if (label) return `[aria-label="${CSS.escape(label)}"]`;
    const href = element.getAttribute("href");
    return href ? `main a[href="${CSS.escape(href)}"]` : null;
  };

  const show = async (next) => {
    if (busy || next === version) return;
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const [main, footer] = [page.querySelector("main"), page.querySelector("footer")];
      const focused = document.querySelector("main").contains(document.activeElement)
        ? focusOf(document.activeElement) : null;
      const headline = document.querySelector("h1").textContent;
      document.querySelector("main").replaceWith(main);
      document.querySelector("footer").replaceWith(footer);
      document.title = page.title;
      version = page.body.dataset.version;
      if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
      const now = document.querySelector("h1").textContent;
      told.textContent = now === headline ? "Live: this page shows what is new by itself." : `Live: ${now}`;
    } catch {
      told.textContent = "Not connected: what this page shows may be old.";
    } finally {
      busy = false;
    }
  };

  const source = new EventSource("/stream");
  source.addEventListener("open", () => {
    told.textContent = "Live: this page shows what is new by itself.";
  });
  source.addEventListener("changed", (event) => show(event.data));
  source.addEventListener("error", () => {
    told.textContent = "Not connected: what this page shows may be old.";
  });
})();

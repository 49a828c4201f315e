// An open page follows its events: a new status of the order that it shows, and the end of the
// session. All data is set as text, never as markup.
(() => {
  "use strict";
  const notice = document.getElementById("notice");
  const live = document.getElementById("live");
  let source;
  let ended = false;
  let rest;

  const say = (text) => { if (live) live.textContent = text; };

  const showOrder = (order) => {
    for (const place of document.querySelectorAll("[data-order]")) {
      place.textContent = order[place.dataset.order];
    }
    for (const pill of document.querySelectorAll("[data-outcome]")) {
      pill.className = "pill " + order.outcome;
    }
    for (const step of document.querySelectorAll("[data-step]")) {
      const state = order.steps[step.dataset.step] || "";
      step.className = state;
      if (state === "now") step.setAttribute("aria-current", "step");
      else step.removeAttribute("aria-current");
    }
  };

  const showEnd = (end) => {
    const title = document.createElement("strong");
    title.textContent = end.title;
    const text = document.createElement("p");
    text.textContent = end.text;
    notice.replaceChildren(title, text);
    if (end.link) {
      const signIn = end.link === "/signin";
      const link = document.createElement("a");
      link.className = "button";
      link.href = signIn ? "/signin?return_to=" + encodeURIComponent(location.pathname) : end.link;
      link.textContent = signIn ? "Sign in" : "Go on";
      notice.append(link);
    }
    notice.hidden = false;
    say("Ended.");
    document.title = end.title + " · " + document.title;
    document.body.classList.add("ended");
    for (const control of document.querySelectorAll("main form button, main form select, header form button")) {
      control.disabled = true;
    }
  };

  const follow = () => {
    source = new EventSource(document.body.dataset.follow);
    source.addEventListener("open", () => say("Live: this page follows the order."));
    source.addEventListener("error", () => say("The connection is lost. Trying again."));
    source.addEventListener("order", (event) => showOrder(JSON.parse(event.data)));
    source.addEventListener("end", (event) => {
      source.close();
      ended = true;
      showEnd(JSON.parse(event.data));
    });
  };

  // A browser has few connections to one host. A page that nobody sees gives its one back.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(rest);
    if (document.hidden) {
      rest = setTimeout(() => source.close(), 15000);
    } else if (!ended && source.readyState === EventSource.CLOSED) {
      follow();
    }
  });
  follow();
})();

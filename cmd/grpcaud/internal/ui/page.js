"use strict";

// fetchPage returns a page of ours as a document, whose scripts do not run.
async function fetchPage(address, options) {
  const answer = await fetch(address, options);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// take gives the element of that id the content that it has in another document. The
// element stays, so that a screen reader says what is new in it.
function take(other, id) {
  const ours = document.getElementById(id);
  const theirs = other.getElementById(id);
  if (ours && theirs && ours.innerHTML !== theirs.innerHTML) {
    ours.dataset.kind = theirs.dataset.kind || "";
    ours.replaceChildren(...theirs.childNodes);
  }
}

// cellOf returns the button of the matrix for the same client and service.
function cellOf(cell) {
  return [...document.querySelectorAll("button.mark")].find((button) => button.dataset.cell === cell);
}

// refresh takes over what has changed, and keeps the focus and the open cell.
async function refresh() {
  const page = await fetchPage(location.pathname, {});
  const open = document.querySelector(".mark:has(+ .why:popover-open)");
  const focused = document.activeElement;
  const cell = (open || focused).dataset.cell;
  take(page, "files");
  take(page, "content");
  const button = cell && !(open || focused).isConnected && cellOf(cell);
  if (button) {
    button.focus();
    if (open) {
      button.click();
    }
  }
  document.body.dataset.version = page.body.dataset.version;
  const form = document.querySelector("form");
  const kind = document.getElementById("result").dataset.kind;
  if ((kind === "verdict" || kind === "comparison") && form.checkValidity()) {
    await send(form, false);
  }
}

// send sends a form and shows the answer in this page, so that no history has the form.
async function send(form, show) {
  const body = form.enctype === "multipart/form-data" ? new FormData(form) : new URLSearchParams(new FormData(form));
  const button = form.querySelector("button");
  const unsent = document.getElementById("unsent");
  button.disabled = true;
  try {
    take(await fetchPage(form.getAttribute("action"), { method: "POST", body }), "result");
    unsent.hidden = true;
  } catch {
    unsent.hidden = false;
  }
  button.disabled = false;
  const title = document.getElementById("result-title");
  if (show && title) {
    title.focus();
    title.scrollIntoView({ block: "start" });
  }
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, true);
  });
}

const events = new EventSource(document.body.dataset.events);
events.addEventListener("message", (event) => {
  document.getElementById("lost").hidden = true;
  if (event.data !== document.body.dataset.version) {
    refresh();
  }
});
events.addEventListener("error", () => {
  document.getElementById("lost").hidden = false;
});
addEventListener("pagehide", () => events.close());

// Shows what arrives without a reload: each event fetches the page again and takes its live part.
"use strict";

const live = document.querySelector("[data-live] #live");

async function refresh() {
  const answer = await fetch(location.href);
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector("#live");
  if (fresh) {
    live.replaceChildren(...fresh.childNodes);
  }
}

if (live) {
  new EventSource("/events").onmessage = refresh;
}

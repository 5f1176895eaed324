// Looks again by itself while the citizen has not answered, as often as Cl@ve allows; and stops when there is an outcome.
"use strict";

const live = document.getElementById("live");

async function look() {
  const answer = await fetch(location.href);
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("live");
    if (fresh && fresh.dataset.every) {
      live.dataset.every = fresh.dataset.every;
    } else if (fresh) {
      delete live.dataset.every;
      live.replaceChildren(...fresh.childNodes);
    }
  }
  wait();
}

function wait() {
  if (live.dataset.every) {
    setTimeout(look, live.dataset.every * 1000);
  }
}

wait();

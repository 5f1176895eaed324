// Asks how far the line has come, and goes on when it is this page's turn: with what was sent, or by asking for the page again.
// What it says never goes back. Where this does not run, the page's button or its refresh does it.

const form = document.querySelector('form[data-ask]')
const time = document.querySelector('[data-time]')
const ahead = document.querySelector('[data-ahead]')
let before = Infinity

if (form) {
  document.querySelector('[data-itself]').hidden = false // a form goes on by itself only where this runs
  follow(Number(form.dataset.ask))
}

async function follow(seconds) {
  for (;;) {
    await new Promise((done) => setTimeout(done, seconds * 1000))
    const news = await ask().catch(() => null)
    if (news === null) continue // no network for a moment
    if (news.open) return goOn()
    seconds = news.ask
    if (news.before > before) continue
    before = news.before
    say(time, news.time)
    say(ahead, news.ahead)
  }
}

async function ask() {
  const fields = new URLSearchParams({ ticket: form.elements.ticket.value })
  if (!('post' in form.dataset)) fields.set('at', location.pathname + location.search)
  const answer = await fetch('/waiting/place', { method: 'POST', body: fields })
  return answer.ok ? answer.json() : null
}

/** Only what changed, so that a screen reader says only that. */
function say(line, text) {
  if (line.textContent !== text) line.textContent = text
}

function goOn() {
  if ('post' in form.dataset) form.submit()
  else location.reload()
}

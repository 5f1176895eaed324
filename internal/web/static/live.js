// Keeps a page about a sent code up to date: how far the message has come, and how long the code still works. Where the
// browser can read the code out of the message (WebOTP), it fills it in.

const steps = document.querySelector('[data-status]')
const countdown = document.querySelector('.countdown')
const lang = document.documentElement.lang
let end // of the code, by this machine's clock

if (steps) {
  document.querySelector('[data-still]')?.remove()
  follow()
  document.addEventListener('visibilitychange', () => document.hidden || steps.isConnected && ask().then(heed, () => {}))
}
if (countdown) count()
if ('OTPCredential' in window) fill()

/** Asks every three seconds, while somebody looks, until there is no more to come. */
async function follow() {
  for (;;) {
    await pause(3000)
    if (document.hidden) continue
    const news = await ask().catch(() => null)
    if (news === null) continue // no network for a moment, or too many ask
    heed(news)
    if (news.final) return
  }
}

/** What became of the message, and for how many seconds its code still works. A login that is over has neither. */
async function ask() {
  const answer = await fetch(steps.dataset.status)
  if (answer.status === 503) throw new Error('busy')
  return answer.ok ? answer.json() : { final: true, left: 0 }
}

function heed(news) {
  if (news.steps) tell(news.steps)
  end = Math.min(end, Date.now() + news.left * 1000)
}

function pause(time) {
  return new Promise((done) => setTimeout(done, time))
}

/** Changes only the steps that changed, so that a screen reader says only those. */
function tell(list) {
  while (steps.children.length > list.length) steps.lastElementChild.remove()
  while (steps.children.length < list.length) steps.append(document.createElement('li'))
  list.forEach((step, i) => {
    const line = steps.children[i]
    const news = JSON.stringify(step)
    if (line.dataset.news === news || (line.className === step.state && line.textContent.includes(step.text))) return
    line.dataset.news = news
    line.className = step.state
    line.toggleAttribute('aria-current', false)
    if (step.state === 'now') line.setAttribute('aria-current', 'step')
    line.replaceChildren(part('span', 'hidden', `${step.spoken} `), step.text)
    if (step.detail) line.append(' ', part('small', '', step.detail))
  })
}

function part(name, style, text) {
  const made = document.createElement(name)
  if (style) made.className = style
  made.textContent = text
  return made
}

/** Counts by the time that was left when the page was made: the clock of the person's machine may be wrong. */
function count() {
  const bar = countdown.querySelector('progress')
  const clock = countdown.querySelector('time')
  end = Date.now() + bar.value * 1000
  const tick = () => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000))
    bar.value = left
    clock.textContent = words(left)
    countdown.classList.toggle('countdown-soon', left <= 60)
    reveal('[data-soon]', left > 0 && left <= 60)
    reveal('[data-over]', left === 0)
    if (left > 0) setTimeout(tick, 1000)
  }
  tick()
}

function reveal(what, shown) {
  const part = document.querySelector(what)
  if (part && part.hidden === shown) part.hidden = !shown
}

function words(seconds) {
  const say = (n, unit) => new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long' }).format(n)
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return [minutes && say(minutes, 'minute'), (rest || !minutes) && say(rest, 'second')].filter(Boolean).join(' ')
}

async function fill() {
  const input = document.querySelector('[autocomplete="one-time-code"]')
  if (!input) return
  const waiting = new AbortController()
  input.form.addEventListener('submit', () => waiting.abort())
  const found = await navigator.credentials.get({ otp: { transport: ['sms'] }, signal: waiting.signal }).catch(() => null)
  if (found && !input.value) input.value = found.code
}

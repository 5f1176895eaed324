// The world around a browser test: the addresses of a running demonstration, what its phones and letterboxes get, its clock, and the
// people who live in it.

import { execFileSync } from 'node:child_process'

export const { CLAVE, SEDE, TAX, WORLD } = process.env

/** What came by a channel (sms, email, letter) to a phone or an address; the newest first. */
export async function items(channel, to = '') {
  const query = new URLSearchParams({ channel, to })
  return (await fetch(`${WORLD}/api/items?${query}`)).json()
}

/** Waits for an item that `before` did not have yet, and that says something. */
export async function arrives(channel, to, before = [], says = /^/) {
  const known = new Set(before.map(({ id }) => id))
  for (let i = 0; i < 200; i++) {
    const fresh = (await items(channel, to)).filter(({ id, text }) => !known.has(id) && says.test(text ?? ''))
    if (fresh.length > 0) return fresh[0]
    await pause(50)
  }
  throw new Error(`no ${channel} came to ${to}`)
}

/** Moves the clock forward: '11m', '24h'. */
export async function move(by) {
  const answer = await fetch(`${WORLD}/clock`, { method: 'POST', body: new URLSearchParams({ by }) })
  if (!answer.ok) throw new Error(`the clock answered ${answer.status}`)
}

/** The six digits of an SMS or an e-mail. */
export const digits = (item) => item.text.match(/\b\d{6}\b/)[0]

/** The code of a letter, read from its PDF. */
export function letterCode({ pdf }) {
  const text = execFileSync('pdftotext', ['-', '-'], { input: Buffer.from(pdf, 'base64') }).toString()
  return text.match(/\b[A-Z2-9]{4}(?:\s[A-Z2-9]{4}){3}\b/)[0]
}

export const carmen = { nif: '99990001P', datum: '30 6 2030', phone: '+34600000001', name: 'Carmen Española Española' }
export const jordi = { nif: '99990002D', datum: '15 3 2031', phone: '+34600000002' }
export const ana = { nif: '99990003X', datum: '1 12 2029', phone: '+34600000003', email: 'ana@example.com', name: 'Ana Iglesias Souto' }
export const john = { nif: 'X9990006W', datum: 'E12345678', phone: '+447400123456', name: 'John Smith' }
export const lucia = { nif: '99990009Q', datum: '20 2 2024' }
export const teresa = { nif: '99990011H', datum: '7 7 2032' } // her phone gets nothing
export const pablo = { nif: '99990012L', datum: '30 1 2030' } // his operator refuses
export const nobody = { nif: '99999999R', datum: '30 6 2030' }

/** Fills in a field by its name. */
export const fill = (page, name, text) => page.fill(`[name="${name}"]`, text)

/**
 * Presses something, and waits until another page is there whole: one whose address matches `to`, where pages send people on by
 * themselves. `what` is a selector, or does the pressing itself.
 */
export async function go(page, what, to = /./) {
  await page.evaluate(() => { document.left = true })
  await (typeof what === 'string' ? page.locator(what).first().click() : what())
  for (let i = 0; i < 400; i++) {
    const there = await page.evaluate(arrived).catch(() => false) // between two pages
    if (there && to.test(page.url())) return
    await pause(25)
  }
  throw new Error(`no page followed ${page.url()}:\n${await page.innerText('main')}`)
}

/** Begins a procedure of a service, and waits for Clave's page. */
export async function begin(page, site, procedure) {
  await page.goto(site)
  await go(page, `button[value=${procedure}]`, /\/login\//)
}

/** The PIN that comes to somebody who asks for one; other messages may be on their way. */
export async function pinOf({ phone }, ask) {
  const old = await items('sms', phone)
  await ask()
  return digits(await arrives('sms', phone, old, /\b\d{6}\b/))
}

/** Answers what a login asks of a person, to the end of the PIN page. */
export async function identify(page, person, to = /\/login\/\w+$/) {
  await fill(page, 'nif', person.nif)
  await go(page, next)
  await fill(page, 'datum', person.datum)
  await fill(page, 'pin', await pinOf(person, () => go(page, next, /\/pin$/)))
  await go(page, next, to)
}

/** Whether a page is there whole: neither the one before nor the empty one that a browser has between two sites. */
const arrived = () => !document.left && document.readyState === 'complete' && document.body?.firstElementChild != null

/** The card of a procedure, by its title. */
export const card = (page, title) => page.locator('.card', { hasText: title }).locator('button')

/** The button that goes on. */
export const next = 'main .button-primary'

const pause = (time) => new Promise((done) => setTimeout(done, time))

// The world around a judge: Clave's address, what the services keep, the person before the browser, and what reaches a service's own
// addresses.

import assert from 'node:assert/strict'

export const { CLAVE, HALL, PREFIX, SECRET } = process.env

export const BACK = 'https://sede.example/back'
export const LEFT = 'https://sede.example/left'
export const SUBSTANTIAL = 'http://eidas.europa.eu/LoA/substantial'

/** Carmen and Jordi, as Clave tells them. */
export const carmen = {
  nif: '99990001P', given_name: 'Carmen', family_name: 'Española Española', first_surname: 'Española', second_surname: 'Española',
}
export const jordi = { nif: '99990002D', given_name: 'Jordi' }

/** A service's private key, as WebCrypto has it. */
export async function privateKey() {
  const { kid, ...jwk } = JSON.parse(process.env.KEY)
  const key = await crypto.subtle.importKey('jwk', { ...jwk, use: undefined }, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  return { key, kid }
}

/**
 * A person goes to an address and does what the pages ask. Resolves to where they were sent: { location, asked }, asked being the names
 * of the questions; or to the page where they stay: { text, asked }. Each browser name is a browser of its own.
 */
export async function visit(url, { who = 'carmen', browser = '', cancel = false } = {}) {
  const body = JSON.stringify({ who, browser, url: String(url), cancel })
  const answer = await fetch(`${HALL}/visit`, { method: 'POST', body })
  assert.ok(answer.ok, `${url}: ${answer.ok || await answer.text()}`)
  const { Location, Text, Asked } = await answer.json()
  return { location: Location ? new URL(Location) : undefined, text: Text, asked: Asked ?? [] }
}

/** A person signs in and is sent back to the service: the address with the answer. */
export async function signIn(url, how) {
  const { location, text } = await visit(url, how)
  assert.equal(location?.origin + location?.pathname, BACK, text)
  return location
}

/** A person opens what waits for their word, and gives it. */
export async function confirm(who) {
  const { asked, text } = await visit(`${CLAVE}/confirm`, { who })
  assert.ok(asked.includes('answer'), text)
}

/** What Clave posts next to a service's own address: { authorization, body }. */
export async function heard(name) {
  const answer = await fetch(`${HALL}/heard/${name}`)
  assert.ok(answer.ok, `${name}: nothing came`)
  const { Authorization, Body } = await answer.json()
  return { authorization: Authorization, body: Body }
}

/** That the entries of one object are among those of another. */
export function includes(all, some) {
  assert.deepEqual(Object.fromEntries(Object.keys(some).map((name) => [name, all[name]])), some)
}

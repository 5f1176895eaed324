// How look*.test.mjs see the pages. LOOK says it: the languages (the first is the reader's; each page is then shown in the others too),
// the width in pixels, light or dark, with JavaScript or not.

import { after, before, beforeEach } from 'node:test'
import { launch, look, open } from './harness.mjs'
import { fill, go, move, next, pinOf, SEDE } from './world.mjs'

const [tongues, width, shade, script] = (process.env.LOOK || 'es 360 light script').split(' ')
const [lang, ...others] = tongues.split('+')
export const js = script === 'script'
export const many = others.length > 0

let browser
/** The one page of the file; fresh() begins another profile. */
export let page
export const fresh = async () => { page = await open(browser, { lang, width: Number(width), dark: shade === 'dark', js }) }

before(async () => {
  browser = await launch()
  await fresh()
})
beforeEach(() => move('61m')) // no more than three PINs in an hour
after(() => browser?.close())

/** Looks at the page under a name. */
export async function see(name) {
  await look(page, `${[lang, width, shade, script].join('-')}/${name}`)
  for (const other of await page.locator('.languages a').count() ? others : []) {
    await page.goto(inTongue(page.url(), other))
    await look(page, `${[other, width, shade, script].join('-')}/${name}`)
  }
  if (await page.locator(`.languages a[lang=${lang}]`).count()) await page.goto(inTongue(page.url(), lang))
}

function inTongue(address, tongue) {
  const url = new URL(address)
  url.searchParams.set('lang', tongue)
  return url.href
}

export const visit = async (address, name) => {
  await page.goto(address)
  await see(name)
}

/** Begins a procedure of a service: of the town hall cita, padron or tributo. */
export async function enter(procedure, site = SEDE) {
  await page.goto(site)
  await go(page, `button[value=${procedure}]`, js ? /\/login\// : /\/(entrar|login)/)
  if (js || !(await page.locator('#envio').count())) return
  await see('sede-send')
  await go(page, '#envio button')
}

/** Fills in the page's fields and goes on. */
export async function answer(fields, to) {
  for (const [name, text] of Object.entries(fields)) await fill(page, name, text)
  await go(page, next, to)
}

/** Answers who one is, to the page where the PIN is typed. */
export async function who({ nif, datum }) {
  await answer({ nif })
  await answer({ datum })
}

/** Does that and types the PIN. */
export async function identify(person) {
  await answer({ pin: await pinOf(person, () => who(person)) })
}

export async function asPerson(procedure, person) {
  await enter(procedure)
  await who(person)
}

/** Agrees to enter; a page of ours or of the service takes a person without JavaScript on. */
export async function agree(name) {
  await go(page, next, js ? /\/mi-carpeta$/ : /./)
  if (js || page.url().endsWith('/mi-carpeta')) return
  if (name) await see(name)
  await go(page, next, /\/mi-carpeta$/)
}

export const pressed = (path) => page.locator(`form[action$="${path}"] button`).first().click()

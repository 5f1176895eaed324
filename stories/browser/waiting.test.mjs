// A demonstration that lets in one person every few seconds: the waiting page, by all the ways through it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, look, open } from './harness.mjs'
import { CLAVE, SEDE, go } from './world.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const title = 'Mucha gente está entrando a la vez'
const heading = (page) => page.locator('h1').innerText()

/** Somebody else takes what there is just now, until nobody gets in at once. */
async function fill() {
  for (let i = 0; i < 50; i++) if ((await fetch(`${CLAVE}/privacy`)).status === 503) return
  throw new Error('it is never full')
}

test('what a service sent waits, and goes on by itself', async () => {
  const page = await open(browser, { width: 360 })
  await page.goto(SEDE)
  await fill()
  await go(page, 'button[value=tributo]', /Proxy2/)
  assert.equal(await heading(page), title)
  await look(page, 'waiting-form')
  await page.waitForURL(/\/login\//)
  await look(page, 'waiting-over')
})

test('a page that was asked for comes by itself', async () => {
  const page = await open(browser, { width: 1280, dark: true, lang: 'eu' })
  await fill()
  await page.goto(`${CLAVE}/register`)
  await page.locator('.languages a[lang=es]').click() // keeps the place
  await look(page, 'waiting-page')
  await page.waitForSelector(`h1:not(:text-is("${title}"))`)
  assert.match(page.url(), /\/register/)
})

test('without JavaScript the button goes on, and pressing early loses nothing', async () => {
  const page = await open(browser, { width: 360, js: false })
  await page.goto(SEDE)
  await go(page, 'button[value=tributo]', /./)
  await fill()
  await page.locator('#envio button').click()
  await page.waitForURL(/Proxy2/)
  assert.equal(await heading(page), title)
  await look(page, 'waiting-plain')
  for (let i = 0; i < 40 && !/\/login\//.test(page.url()); i++) {
    await page.locator('main form button').first().click()
    await page.waitForLoadState()
    await new Promise((done) => setTimeout(done, 500))
  }
  assert.match(page.url(), /\/login\//)
})

test('without JavaScript a page that was asked for comes by itself', async () => {
  const page = await open(browser, { js: false })
  await fill()
  await page.goto(`${CLAVE}/services`)
  assert.equal(await heading(page), title)
  await page.waitForSelector(`h1:not(:text-is("${title}"))`)
})

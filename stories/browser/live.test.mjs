// The PIN page while a message is on its way: here it takes seconds. A stranger's goes the same way as a citizen's.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, look, open } from './harness.mjs'
import { card, carmen, fill, go, next, nobody, SEDE } from './world.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

for (const person of [carmen, nobody]) {
  test(`how far the message to ${person.nif} has come, and the time left, change on the open page`, async () => {
    const page = await open(browser)
    await page.goto(SEDE)
    await go(page, () => card(page, 'Consultar mi padrón').click(), /\/login\//)
    await fill(page, 'nif', person.nif)
    await go(page, next)
    await fill(page, 'datum', person.datum)
    await go(page, next, /\/pin$/)
    await page.evaluate(() => { document.same = true })
    assert.match(await page.innerText('.steps'), /En curso:\s*Entregándolo a la operadora/)
    const left = await page.innerText('[role=timer]')
    await page.locator('.steps li.done', { hasText: 'Recibido en el teléfono' }).waitFor()
    assert.notEqual(await page.innerText('[role=timer]'), left)
    assert.equal(await page.evaluate(() => document.same), true, 'the page was loaded again')
    await look(page, `live/${person.nif}`)
  })
}

// One identification for two services of two protocols, and one way out: in a real browser, where policies, cookies and redirects are
// the browser's own. A page that its policy had to stop is a fault that `look` finds.

import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { launch, look, open, press, tabTo, type } from './harness.mjs'
import { arrives, begin, carmen, CLAVE, digits, go, identify, items, john, move, next, pinOf, SEDE, TAX } from './world.mjs'

let browser
before(async () => { browser = await launch() })
beforeEach(() => move('61m')) // no more than three PINs in an hour
after(() => browser?.close())

const townHall = { site: SEDE, procedure: 'padron', fresh: 'tributo', method: /PIN24H/ }
const taxOffice = { site: TAX, procedure: 'recibos', fresh: 'renta', method: /otp sms/ }
const orders = { 'the town hall first': [townHall, taxOffice], 'the tax office first': [taxOffice, townHall] }
const folder = /\/mi-carpeta$/
const says = async (page, what) => assert.match(await page.innerText('main'), what)

async function enter(page, { site, procedure, method }) {
  await begin(page, site, procedure)
  await says(page, /Carmen E\. E\./)
  await go(page, next, folder)
  await says(page, method)
}

for (const [order, [first, second]] of Object.entries(orders)) {
  test(`one PIN for two services, ${order}; and out of both at once`, async () => {
    const page = await open(browser, { width: 360 })
    const old = await items('sms', carmen.phone)
    await begin(page, first.site, first.procedure)
    await identify(page, carmen)
    await look(page, `sso/continue ${order}`)
    await go(page, next, folder)
    await says(page, new RegExp(carmen.name))
    await enter(page, second)
    await look(page, `sso/second ${order}`)
    assert.equal((await items('sms', carmen.phone)).length, old.length + 1)

    await go(page, 'form[action$="/salir-de-todo"] button', /\/fuera\?/)
    await look(page, `sso/out ${order}`)
    await page.goto(`${first.site}/mi-carpeta`)
    await says(page, /Su sesión se cerró desde Cl@ve/)
    await look(page, `sso/closed ${order}`)
  })

  test(`what asks for a new proof gets one, ${order}`, async () => {
    const page = await open(browser)
    await begin(page, first.site, first.procedure)
    await identify(page, carmen)
    await go(page, next, folder)
    await begin(page, second.site, second.fresh)
    await page.fill('[name=pin]', await pinOf(carmen, () => go(page, next, /\/pin$/)))
    await go(page, next, /\/login\/\w+$/)
    await go(page, next, folder)
    await look(page, `sso/fresh ${order}`)
  })

  test(`by keyboard alone through both services and out again, ${order}`, async () => {
    const page = await open(browser)
    const old = await items('sms', carmen.phone)
    const enter = () => page.keyboard.press('Enter')
    await page.goto(first.site)
    await tabTo(page, 'Entrar con Cl@ve')
    await go(page, enter, /\/login\//)
    await type(page, 'DNI o NIE', carmen.nif)
    await go(page, enter)
    await type(page, 'Fecha de validez de su DNI', carmen.datum)
    await go(page, enter, /\/pin$/)
    await type(page, 'PIN', digits(await arrives('sms', carmen.phone, old)))
    await go(page, enter, /\/login\/\w+$/)
    await go(page, () => press(page, 'Continuar'), folder)
    await page.goto(second.site)
    await tabTo(page, 'Entrar con Cl@ve')
    await go(page, enter, /\/login\//)
    await go(page, () => press(page, 'Continuar'), folder)
    await page.goto(CLAVE)
    await go(page, () => press(page, 'Cerrar la sesión'), /\/logout\/\w+$/)
    await go(page, () => press(page, 'No cerrarla'))
    await says(page, /Su sesión sigue abierta/)
    await page.goto(`${second.site}/mi-carpeta`)
    await go(page, () => press(page, 'Salir y cerrar Cl@ve'), /\/fuera\?/)
    await look(page, `sso/keyboard ${order}`)
  })
}

for (const [name, { site, procedure }] of Object.entries({ 'town hall': townHall, 'tax office': taxOffice })) {
  test(`an impatient double click on "Continuar" enters the ${name} once, and shows no error`, async () => {
    const page = await open(browser)
    await begin(page, site, procedure)
    await identify(page, carmen)
    await go(page, () => page.locator(next).dblclick(), folder)
    await begin(page, site, procedure)
    await go(page, () => page.locator(next).dblclick(), folder)
    await look(page, `sso/double ${name}`)
  })

  test(`the back button, after entering the ${name}, opens nothing and sends nobody round in circles`, async () => {
    const page = await open(browser)
    await begin(page, site, procedure)
    await identify(page, carmen)
    await go(page, next, folder)
    await page.goBack()
    await page.waitForLoadState()
    await says(page, /Esta identificación es de otro navegador o ya ha terminado/)
    assert.ok(page.url().startsWith(CLAVE), page.url())
    await look(page, `sso/back ${name}`)
    await page.goForward()
    await says(page, new RegExp(carmen.name))
  })

  test(`the way out begun at the ${name} without JavaScript, by visible buttons`, async () => {
    const page = await open(browser, { width: 360, js: false })
    for (const from of [townHall, taxOffice]) {
      await page.goto(from.site)
      await go(page, `button[value=${from.procedure}]`)
      if (from === townHall) {
        await go(page, '#envio button')
        await identify(page, carmen)
      }
      await go(page, next)
      if (from === townHall) await go(page, next, folder)
      assert.match(page.url(), folder)
    }
    await page.goto(`${site}/mi-carpeta`)
    await go(page, 'form[action$="/salir-de-todo"] button')
    for (let i = 0; i < 8; i++) {
      const there = page.waitForURL(/\/fuera\?/, { timeout: 500 }) // the last of Clave's pages leads on by itself
      if (await there.then(() => true, () => false)) break
      await look(page, `sso/out ${name} step ${i}`)
      await go(page, '#envio button, main .button-primary')
    }
    assert.match(page.url(), /\/fuera\?/)
    await look(page, `sso/out ${name} end`)
    await page.goto(`${CLAVE}/logout`)
    await says(page, /no había ninguna sesión abierta/)
    for (const other of [SEDE, TAX].filter((other) => other !== site)) {
      await page.goto(`${other}/mi-carpeta`)
      await says(page, /Su sesión se cerró desde Cl@ve/)
    }
  })
}

test('out at Clave itself: the browser visits who must be visited, and the page says what closed', async () => {
  const page = await open(browser, { width: 360, dark: true })
  await begin(page, SEDE, 'padron')
  await identify(page, carmen)
  await go(page, next, folder)
  await enter(page, taxOffice)
  await page.goto(`${CLAVE}/logout`)
  await says(page, /Estos servicios usan su sesión:\s+Hacienda de Villaclara\s+Sede electrónica de Villaclara/)
  await go(page, next, /\/logout\/\w+$/)
  await page.getByRole('heading', { name: 'Ha cerrado la sesión' }).waitFor()
  await says(page, /Cerrados\s+Hacienda de Villaclara\s+Sede electrónica de Villaclara/)
  await look(page, 'sso/left')
  // What lies behind came by a form: the browser shows it again, or asks whether to send the form again.
  const shown = await page.goBack().then(() => true, (err) => { if (/ERR_CACHE_MISS/.test(err.message)) return false; throw err })
  if (!shown) return
  await page.waitForLoadState()
  await look(page, 'sso/left-back')
  assert.doesNotMatch(await page.innerText('main'), /Carmen/)
})

test('a service that does not answer a visit is named as one to close oneself', async () => {
  const page = await open(browser)
  await begin(page, SEDE, 'padron')
  await identify(page, carmen)
  await go(page, next, folder)
  await page.route(`${SEDE}/Logout`, (route) => route.fulfill({ contentType: 'text/plain', body: 'en obras' }))
  await page.goto(`${CLAVE}/logout`)
  const address = page.url()
  await go(page, next, /\/Logout$/)
  await page.goto(address)
  await says(page, /Ciérrelos usted[^]*Sede electrónica de Villaclara/)
  await look(page, 'sso/left-open')
})

test('two people at one computer: each is let in as themselves, or not at all', async () => {
  const page = await open(browser)
  await begin(page, TAX, 'recibos')
  await identify(page, carmen)
  await go(page, next, folder)
  await begin(page, TAX, 'renta')
  await go(page, 'main a[href$="/nif"]')
  await identify(page, john, /\/pin$/)
  await says(page, /En este navegador hay una sesión de otra persona/)
  await look(page, 'sso/other-person')
  await go(page, '[name=not-me]', /\/login\/\w+$/)
  await identify(page, john)
  await go(page, next, folder)
  await says(page, new RegExp(john.name))
})

// Over TLS, as in the world: Clave and the town hall are different sites, and every cookie is of the strictest kind (safety rule 16).

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { launch, look, open } from './harness.mjs'
import { ana, arrives, begin, carmen, CLAVE, digits, fill, go, items, next, SEDE, TAX } from './world.mjs'

let browser
before(async () => { browser = await launch() })
after(() => browser?.close())

const known = ['localhost __Host-known', 'localhost __Host-last']

const strict = async (page) => {
  const cookies = await page.context().cookies()
  for (const { name, secure, httpOnly, sameSite, path, domain } of cookies) {
    assert.match(name, /^__Host-|^lang$/)
    assert.deepEqual({ secure, httpOnly, sameSite, path }, { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' }, name)
    assert.doesNotMatch(domain, /^\./)
  }
  return cookies.map(({ name, domain }) => `${domain} ${name.replace(/-\w{26}$/, '-…')}`).sort()
}

test('TestRule16: a sign-in between two sites over TLS', async () => {
  assert.match(CLAVE, /^https:\/\/localhost:/)
  assert.match(SEDE, /^https:\/\/127\.0\.0\.1:/)
  const page = await open(browser, { ignoreHTTPSErrors: true })
  const old = await items('sms', carmen.phone)
  await page.goto(SEDE)
  await go(page, '.card button', /\/login\//)
  assert.deepEqual(await strict(page), ['127.0.0.1 __Host-sede_navegador', 'localhost __Host-login-…'])
  await fill(page, 'nif', carmen.nif)
  await go(page, next)
  await fill(page, 'datum', carmen.datum)
  await go(page, next, /\/pin$/)
  await fill(page, 'pin', digits(await arrives('sms', carmen.phone, old)))
  await go(page, next, /\/login\/\w+$/)
  await go(page, next, /\/mi-carpeta$/)
  assert.match(await page.innerText('main'), new RegExp(carmen.name))
  const inside = ['127.0.0.1 __Host-sede_navegador', '127.0.0.1 __Host-sede_sesion', ...known, 'localhost __Host-session']
  assert.deepEqual(await strict(page), inside)
  await look(page, 'tls/folder')

  await begin(page, TAX, 'recibos')
  await go(page, next, /\/mi-carpeta$/)
  assert.match(await page.innerText('main'), new RegExp(carmen.name))
  const office = ['127.0.0.1 __Host-hacienda_navegador', '127.0.0.1 __Host-hacienda_sesion']
  assert.deepEqual(await strict(page), [...office, ...inside, 'localhost lang']) // the office said which language she reads
  await go(page, 'form[action$="/salir-de-todo"] button', /\/fuera\?/)
  assert.deepEqual((await strict(page)).filter((name) => /session|hacienda_sesion/.test(name)), [])
  await page.goto(`${SEDE}/mi-carpeta`)
  assert.match(await page.innerText('main'), /Su sesión se cerró desde Cl@ve/)
  await look(page, 'tls/out')
})

test('TestRule16: a page of another site sends none of our forms', async () => {
  const page = await open(browser, { ignoreHTTPSErrors: true })
  await page.goto(`${CLAVE}/register/letter`)
  await fill(page, 'nif', ana.nif)
  await go(page, next)
  const address = page.url()
  await page.goto('about:blank')
  await page.route(`${SEDE}/thief`, (route) => route.fulfill({
    contentType: 'text/html', body: `<form method="post" action="${address}"><input name="datum" value="30 6 2030"><button>Premio</button></form>`,
  }))
  await page.goto(`${SEDE}/thief`)
  await go(page, 'button')
  assert.match(await page.innerText('main'), /Lo ha enviado una página que no es nuestra/)
  await look(page, 'tls/thief')
})

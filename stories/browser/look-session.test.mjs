// The pages of single sign-on and of logout, a person's own pages, confirmations and help, and every state of them, looked at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agree, answer, enter, fresh, identify, js, many, page, pressed, see, visit } from './looks.mjs'
import { carmen, CLAVE, fill, go, john, jordi, move, next, pinOf, SEDE, TAX } from './world.mjs'

/** Proves once more who one is, where a session knows it. */
const prove = async (person) => answer({ pin: await pinOf(person, () => go(page, next, /\/pin$/)) })

/** Enters a service with the session that the browser has. */
async function goOn(procedure, site) {
  await enter(procedure, site)
  await agree()
}

test('the other services', async () => {
  for (const [name, address] of [['tax', TAX], ['health', `${SEDE}/salud`], ['registry', `${SEDE}/registro`]]) await visit(address, `${name}-home`)
})

test('a login with a session', async () => {
  await enter('padron')
  await identify(carmen)
  await agree()
  await enter('recibos', TAX)
  await see('continue-last')
  await agree()
  await see('tax-folder')
  await enter('renta', TAX)
  await see('step-force')
  const pin = await pinOf(carmen, () => go(page, next, /\/pin$/))
  await answer({ pin: '000000' })
  await answer({ pin })
  await see('continue-failed-since')
  await agree()
  await move('50m')
  await enter('recibos', TAX)
  await move('15m')
  await go(page, next)
  await see('session-over')
})

test('a session of somebody else', async () => {
  await fresh()
  await enter('padron')
  await identify(jordi)
  await enter('nacimiento', `${SEDE}/registro`)
  await see('beyond')
  await go(page, '[name=not-me]')
  await see('beyond-left')
  await identify(carmen)
  await agree()
  await enter('tributo')
  await go(page, 'main a[href$="/nif"]')
  await identify(john)
  await see('other-person')
})

/** Goes on wherever a page waits for a hand, until the address is the one wanted. */
async function through(to, name) {
  for (let i = 0; i < 8; i++) {
    if (await page.waitForURL(to, { timeout: 500 }).then(() => true, () => false)) break // a page may lead on by itself
    await see(`${name}-${i}`)
    await go(page, '#envio button, main .button-primary')
  }
  assert.match(page.url(), to)
}

test('a logout', async () => {
  await fresh()
  await visit(`${CLAVE}/logout`, 'logout-none')
  await enter('padron')
  await identify(carmen)
  await agree()
  await goOn('recibos', TAX)
  await visit(`${CLAVE}/logout`, 'logout')
  await go(page, () => pressed('/stay'))
  await see('logout-stayed')
  await page.goto(`${CLAVE}/logout`)
  await go(page, next)
  for (let i = 0; !js; i++) {
    if (await page.locator('h2').first().waitFor({ timeout: 500 }).then(() => true, () => false)) break // a page may lead on by itself
    await see(`logout-visit-${i}`)
    await go(page, '#envio button, main .button-primary')
  }
  await page.locator('h2').first().waitFor()
  await see('logout-left')
  await visit(`${TAX}/mi-carpeta`, 'tax-closed')
  await visit(`${CLAVE}/logout/01AAAAAAAAAAAAAAAAAAAAAAAA`, 'logout-lost')
})

test('a logout that a service asks for', async () => {
  await fresh()
  await enter('recibos', TAX)
  await identify(carmen)
  await agree()
  await goOn('padron')
  await go(page, () => pressed('/salir-de-todo'), js ? /fuera/ : /./)
  await through(/fuera/, 'logout-by-saml')
  await see('sede-left')

  await page.goto(`${TAX}/mi-carpeta`) // says once that it was closed
  await enter('recibos', TAX)
  await identify(carmen)
  await agree()
  await goOn('padron')
  await page.goto(`${TAX}/mi-carpeta`)
  await page.route(`${SEDE}/Logout`, (route) => route.fulfill({ contentType: 'text/plain', body: 'en obras' }))
  let address
  page.on('framenavigated', (frame) => { if (frame.url().includes('/logout/')) address = frame.url() })
  await go(page, () => pressed('/salir-de-todo'), js ? /Logout$/ : /./)
  if (!js) await see('tax-bye')
  for (let i = 0; !js && !page.url().endsWith('/Logout'); i++) {
    await see(`logout-by-oidc-${i}`)
    if (await page.locator('form[action$="/Logout"]').count()) break
    await go(page, '#envio button, main .button-primary')
  }
  await page.goto(address)
  await see('logout-left-open')
  await go(page, next)
  await see('tax-left')
  await page.unroute(`${SEDE}/Logout`)
})

test('a person’s own pages', async () => {
  await fresh()
  await enter('padron')
  await identify(carmen)
  await agree()
  await visit(`${CLAVE}/account`, 'own-step')
  await prove(carmen)
  for (const name of ['', 'accesses', 'sessions', 'export', 'not-me']) await visit(`${CLAVE}/account/${name}`.replace(/\/$/, ''), `account-${name || 'home'}`)
  await page.goto(`${CLAVE}/account/sessions`)
  await go(page, () => pressed('/end'))
  await see('account-session-ended')
  await page.goto(`${CLAVE}/account`)
  await go(page, 'main a[href="/logout"]')
  await see('account-leave')
  await go(page, next)
  await see('account-left')
  await page.goto(`${CLAVE}/account/not-me`)
  await identify(carmen)
  await go(page, () => pressed('/account/not-me'))
  await see('account-done')
})

async function ask({ nif }) {
  await page.goto(`${TAX}/ventanilla`)
  await fill(page, 'nif', nif)
  await go(page, 'main form button')
}

test('a confirmation', async () => {
  await fresh()
  await visit(`${TAX}/ventanilla`, 'desk')
  await ask({ nif: '1' })
  await see('desk-wrong')
  await ask(john)
  await see('call-waiting')
  await page.goto(`${CLAVE}/confirm`)
  await identify(john)
  await see('confirm')
  await go(page, '[value=confirmed]')
  await see('confirm-given')
  await visit(`${CLAVE}/confirm`, 'confirm-none')
  await ask(john)
  await move('11m')
  await page.goto(`${CLAVE}/confirm`)
  await prove(john)
  await see('confirm-missed')
  await go(page, '[value=reported]')
  await see('confirm-reported')
})

test('help', async () => {
  await visit(`${CLAVE}/help`, 'help')
  const articles = await page.locator('main a[href^="/help/"]').evaluateAll((links) => links.map((a) => a.getAttribute('href')))
  const all = articles.filter((path) => /^\/help\/[a-z-]+$/.test(path))
  for (const path of many ? all.slice(0, 2) : all) await visit(CLAVE + path, path.slice(1).replace('/', '-')) // all are alike
  await visit(`${CLAVE}/help/contact`, 'help-contact')
  await page.goto(`${CLAVE}/help/contact`)
  await go(page, next)
  await see('help-contact-wrong')
})

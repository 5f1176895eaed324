// Every page of registering and of a login, and every state of it, looked at.

import { test } from 'node:test'
import { agree, answer, asPerson, enter, fresh, js, page, pressed, see, visit } from './looks.mjs'
import * as world from './world.mjs'

const { ana, arrives, carmen, CLAVE, digits, go, items, move, next, SEDE, WORLD } = world

/** Leaves a login for the town hall. */
async function leave(name) {
  await go(page, () => pressed('/cancel'), js ? /vuelta/ : /cancel/)
  if (!js) {
    await see(name)
    await go(page, next)
  }
}

test('the town hall', async () => {
  await visit(SEDE, 'sede-home')
  await visit(`${SEDE}/nada`, 'sede-missing')
  await visit(`${SEDE}/vuelta?vale=1`, 'sede-stale')
})

test('a login: number and document', async () => {
  await enter('tributo')
  await see('login-nif')
  await answer({ nif: '' })
  await see('login-nif-empty')
  await answer({ nif: '12345678A' })
  await see('login-nif-letter')
  await answer({ nif: world.john.nif })
  await see('login-support')
  await answer({ datum: 'X1' })
  await see('login-support-wrong')
  await enter('cita')
  await answer({ nif: carmen.nif })
  await see('login-date')
  for (const summary of await page.locator('main summary').all()) await summary.click()
  await see('login-date-helped')
  await page.fill('[name=label]', '1')
  await answer({ datum: '30 6 2030' })
  await see('login-label-wrong')
  await answer({ datum: '31 2 2030', label: '' })
  await see('login-date-wrong')
  await answer({ datum: '01 01 9999' })
  await see('login-permanent')
  await leave('login-return-cancelled')
  await see('sede-nobody')
})

test('a login: the PIN', async () => {
  const old = await items('sms', carmen.phone)
  await asPerson('tributo', carmen)
  const pin = digits(await arrives('sms', carmen.phone, old))
  await page.reload()
  await see('login-pin')
  await answer({ pin: '' })
  await see('login-pin-empty')
  await answer({ pin: '000000' })
  await see('login-pin-wrong')
  await answer({ pin })
  await see('login-continue')
  await agree('login-return')
  await see('sede-folder')
  await visit(SEDE, 'sede-home-inside')
})

test('a login: PINs that will not do', async () => {
  await asPerson('cita', world.teresa)
  await see('login-pin-queued')
  await go(page, () => pressed('/again'))
  await see('login-pin-again')
  await move('9m30s')
  await page.reload()
  await see('login-pin-soon')
  await move('1m')
  await page.reload()
  await see('login-pin-over')
  await go(page, () => pressed('/again'))
  for (const pin of ['000000', '000001', '000002']) await answer({ pin })
  await see('login-pin-spent')
  await go(page, () => pressed('/again'))
  await see('login-wait')
  await asPerson('cita', world.pablo)
  await page.locator('.steps .failed').waitFor({ timeout: js ? 15_000 : 1 }).catch(() => page.reload())
  await see('login-pin-refused')
})

test('a login that comes to nothing', async () => {
  const old = await items('sms', world.jordi.phone)
  await asPerson('tributo', world.jordi)
  await see('login-advanced-pin')
  await answer({ pin: digits(await arrives('sms', world.jordi.phone, old)) })
  await see('login-too-low')
  const gone = page.url()
  await leave('login-return-denied')
  await see('sede-nobody-denied')
  await visit(gone, 'login-gone')
  await fresh()
  await asPerson('cita', world.lucia)
  await see('login-expired')
  await visit(`${CLAVE}/Proxy2/ServiceProvider`, 'for-services')
  await visit(`${CLAVE}/nada`, 'missing')
})

test('requests that are refused', async () => {
  for (const [name, fields] of [['request-wrong', { SAMLRequest: 'PHg+' }], ['request-logout', { logoutRequest: 'PHg+' }]]) {
    await page.goto(CLAVE)
    await page.evaluate(({ fields, to }) => {
      const form = document.body.appendChild(document.createElement('form'))
      form.method = 'post'
      form.action = to
      for (const [name, value] of Object.entries(fields)) Object.assign(form.appendChild(document.createElement('input')), { name, value })
    }, { fields, to: `${CLAVE}/Proxy2/ServiceProvider` })
    await go(page, () => page.evaluate(() => HTMLFormElement.prototype.submit.call(document.body.lastChild)))
    await see(name)
  }
})

test('places', async () => {
  for (const name of ['', 'register', 'accessibility', 'privacy', 'services']) await visit(`${CLAVE}/${name}`, `place-${name || 'home'}`)
})

async function askLetter({ nif, datum }) {
  await page.goto(`${CLAVE}/register/letter`)
  await answer({ nif })
  await answer({ datum })
  await go(page, next)
}

test('a letter is asked for', async () => {
  await visit(`${CLAVE}/register/letter`, 'letter-number')
  await answer({ nif: '1' })
  await see('letter-number-wrong')
  await answer({ nif: ana.nif })
  await see('letter-document')
  await answer({ datum: '' })
  await see('letter-document-empty')
  await answer({ datum: ana.datum })
  await see('letter-check')
  await go(page, next)
  await see('letter-asked')
  await go(page, next)
  await see('letter-stage')
  await askLetter(ana)
  await askLetter(ana)
  await see('letter-two')
  await askLetter(world.lucia)
  await see('letter-expired')
  await visit(`${CLAVE}/register/follow`, 'follow')
  await answer({ reference: 'AAAA AAAA' })
  await see('follow-wrong')
  await visit(`${CLAVE}/register/letter/01AAAAAAAAAAAAAAAAAAAAAAAA/check`, 'journey-lost')
})

test('a registration', async () => {
  const csv = world.letterCode((await items('letter')).at(-1))
  await visit(`${CLAVE}/register/open`, 'open')
  await answer({ nif: ana.nif, csv: 'ABC' })
  await see('open-wrong')
  await answer({ nif: ana.nif, csv: 'AAAABBBBCCCCDDDD' })
  await see('open-document')
  await answer({ datum: ana.datum })
  await see('open-not-opened')
  await page.goto(`${CLAVE}/register/open`)
  await answer({ nif: ana.nif, csv })
  await answer({ datum: ana.datum })
  await see('phone')
  await answer({ phone: '912345678' })
  await see('phone-wrong')
  await prove('phone', 'sms', world.jordi.phone)
  await see('email')
  await answer({ email: 'ana' })
  await see('email-wrong')
  await prove('email', 'email', ana.email)
  await see('finish')
  await go(page, next)
  await see('finish-not-accepted')
  await page.check('[name=accept]')
  await go(page, next)
  await see('phone-held')
  await go(page, next)
  await see('registered')
  await page.goto(`${CLAVE}/register/open`)
  await answer({ nif: ana.nif, csv })
  await answer({ datum: ana.datum })
  await see('open-used')
})

async function prove(name, channel, to) {
  const old = await items(channel, to)
  await answer({ [name]: to })
  await see(`${name}-code`)
  await answer({ code: '000000' })
  await see(`${name}-code-wrong`)
  await answer({ code: digits(await arrives(channel, to, old)) })
}

test('a registration is frozen', async () => {
  const code = world.letterCode((await items('letter'))[0])
  await visit(`${CLAVE}/freeze`, 'freeze')
  await answer({ code: 'ABC' })
  await see('freeze-wrong')
  for (const state of ['frozen', 'not-frozen']) {
    await page.goto(`${CLAVE}/freeze`)
    await answer({ code })
    await see('freeze-check')
    await go(page, 'main .button-danger')
    await see(state)
  }
})

test('the world around', async () => {
  for (const name of ['', 'phone', 'letters']) await visit(`${WORLD}/${name}`, `world-${name || 'cast'}`)
  await visit(`${WORLD}/phone?to=%2B34600000010`, 'world-phone-silent')
})

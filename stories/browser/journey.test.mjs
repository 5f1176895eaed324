// Whole journeys as people make them: by keyboard alone, without JavaScript, on a phone and at a desk.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { after, before, beforeEach, test } from 'node:test'
import { focused, launch, look, open, press, tabTo, type } from './harness.mjs'
import { ana, arrives, card, carmen, CLAVE, digits, fill, go, items, move, next, SEDE } from './world.mjs'

let browser
before(async () => { browser = await launch() })
beforeEach(() => move('61m')) // no more than three PINs in an hour
after(() => browser?.close())

for (const width of [360, 1280]) {
  test(`a first sign-in by keyboard alone, ${width} pixels wide`, async () => {
    const page = await open(browser, { width })
    const old = await items('sms', carmen.phone)
    await page.goto(SEDE)
    await tabTo(page, 'Saltar al contenido')
    await tabTo(page, 'Entrar con Cl@ve') // to book an appointment
    await go(page, () => page.keyboard.press('Enter'), /\/login\//)
    await type(page, 'DNI o NIE', carmen.nif)
    await go(page, () => page.keyboard.press('Enter'))
    await type(page, 'Fecha de validez de su DNI', '30 6')
    await go(page, () => page.keyboard.press('Enter'))
    assert.deepEqual(await focused(page).then(({ role }) => role), 'alert', 'the errors are read first')
    await press(page, /año con cuatro cifras/)
    assert.equal((await focused(page)).name, 'Fecha de validez de su DNI')
    await page.keyboard.press('Control+A')
    await page.keyboard.type(carmen.datum)
    await go(page, () => press(page, 'Obtener PIN'), /\/pin$/)
    await type(page, 'PIN', digits(await arrives('sms', carmen.phone, old)))
    await go(page, () => page.keyboard.press('Enter'), /\/login\/\w+$/)
    await go(page, () => press(page, 'Continuar'), /\/mi-carpeta$/)
    assert.match(await page.innerText('main'), new RegExp(carmen.name))
    await go(page, () => press(page, 'Salir'))
    assert.match(await page.innerText('main'), /Ha salido de la sede/)
  })
}

test('a sign-in without JavaScript, by visible buttons', async () => {
  const page = await open(browser, { width: 360, js: false })
  const old = await items('sms', carmen.phone)
  await page.goto(SEDE)
  await go(page, () => card(page, 'Pagar un tributo').click())
  await look(page, 'journey/no-script-send')
  await go(page, '#envio button')
  await fill(page, 'nif', carmen.nif)
  await go(page, next)
  await fill(page, 'datum', carmen.datum)
  await go(page, next)
  await look(page, 'journey/no-script-pin')
  await fill(page, 'pin', digits(await arrives('sms', carmen.phone, old)))
  await go(page, next)
  await go(page, next)
  await look(page, 'journey/no-script-return')
  await go(page, next, /\/mi-carpeta$/)
  assert.match(await page.innerText('main'), /sustancial/)
})

test('an impatient double click signs in once, and shows no error', async () => {
  const page = await open(browser)
  const old = await items('sms', carmen.phone)
  await page.goto(SEDE)
  await go(page, () => card(page, 'Solicitar cita').dblclick(), /\/login\//)
  await fill(page, 'nif', carmen.nif)
  await go(page, () => page.locator(next).dblclick())
  await fill(page, 'datum', carmen.datum)
  await go(page, () => page.locator(next).dblclick(), /\/pin$/)
  await fill(page, 'pin', digits(await arrives('sms', carmen.phone, old)))
  await go(page, () => page.locator(next).dblclick(), /\/login\/\w+$/)
  await go(page, () => page.locator(next).dblclick(), /\/mi-carpeta$/)
  assert.equal((await items('sms', carmen.phone)).length, old.length + 1)
})

test('from nothing to the town hall: a letter, a registration, a receipt, a sign-in', async () => {
  const page = await open(browser, { width: 360, dark: true, acceptDownloads: true })
  await page.goto(`${CLAVE}/register/letter`)
  await fill(page, 'nif', ana.nif)
  await go(page, next)
  await fill(page, 'datum', ana.datum)
  await go(page, next)
  await go(page, next)
  await page.goto(scanned(await arrives('letter', '')))
  assert.match(await page.inputValue('[name=csv]'), /^\w{4} \w{4} \w{4} \w{4}$/, 'the scanned code is in its field')
  await look(page, 'journey/open-scanned')
  await fill(page, 'nif', ana.nif)
  await go(page, next)
  assert.equal(new URL(page.url()).hash, '', 'the code has left the address')
  await fill(page, 'datum', ana.datum)
  await go(page, next)
  for (const [name, channel, to] of [['phone', 'sms', ana.phone], ['email', 'email', ana.email]]) {
    await fill(page, name, to)
    await go(page, next)
    await fill(page, 'code', digits(await arrives(channel, to)))
    await go(page, next)
  }
  await page.check('[name=accept]')
  await go(page, next)
  assert.match(await page.innerText('main'), /Ana, ya puede identificarse/)
  await look(page, 'journey/registered')
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(next)])
  assert.match(pdfText(await download.path()), /Ana Iglesias Souto[^]*Código de activación/)

  const old = await items('sms', ana.phone)
  await page.goto(SEDE)
  await go(page, () => card(page, 'Consultar mi padrón').click(), /\/login\//)
  await fill(page, 'nif', ana.nif)
  await go(page, next)
  await fill(page, 'datum', ana.datum)
  await go(page, next)
  await fill(page, 'pin', digits(await arrives('sms', ana.phone, old)))
  await go(page, next, /\/login\/\w+$/)
  await go(page, next, /\/mi-carpeta$/)
  assert.match(await page.innerText('main'), new RegExp(ana.name))
})

/** Reads the QR code of a letter as a phone does. */
function scanned(letter) {
  const picture = execFileSync('pdftoppm', ['-r', '150', '-png', '-singlefile'], { input: Buffer.from(letter.pdf, 'base64') })
  return execFileSync('zbarimg', ['--quiet', '--raw', 'png:-'], { input: picture }).toString().trim()
}

const pdfText = (file) => execFileSync('pdftotext', [file, '-']).toString()

// The judge is judged: a good page passes, and each fault that it exists for is found.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

process.env.SHOTS = mkdtempSync(join(tmpdir(), 'shots-'))
const { arrowTo, focused, launch, look, open, press, tabTo, type } = await import('./harness.mjs')

const style = `
:root { color-scheme: light dark }
body { margin: 1rem; color: #111; background: #fff }
@media (prefers-color-scheme: dark) { body { color: #eee; background: #111 } }
.pale { color: #bbb; background: #fff }
.wide { width: 500px }
label, button { display: block; min-height: 2rem }
.small { display: inline-block; min-height: 0; padding: 0; border: 0; font-size: 6px }
.unseen:focus { outline: none }`

const pages = {
  '/good': `<h1>Hola</h1><noscript><p>Sin JavaScript</p></noscript>
    <form action="/refused"><label>DNI o NIE <input name="nif"></label>
    <fieldset><legend>Aviso</legend><label><input type="radio" name="r" checked> Por SMS</label><label><input type="radio" name="r"> Por carta</label></fieldset>
    <button>Continuar</button></form>`,
  '/pale': '<h1>Hola</h1><p class="pale">No se lee</p>',
  '/unnamed': '<h1>Hola</h1><input name="nif">',
  '/small': '<h1>Hola</h1><button class="small">a</button><button class="small">b</button>',
  '/wide': '<h1>Hola</h1><div class="wide">ancho</div>',
  '/inline': '<h1>Hola</h1><p style="color: red">x</p>',
  '/abroad': '<h1>Hola</h1><img alt="" src="https://fonts.example/x.png">',
  '/missing': '<h1>Hola</h1><img alt="" src="/none.png">',
  '/throwing': '<h1>Hola</h1><script src="/throw.js"></script>',
  '/unseen': '<h1>Hola</h1><button class="unseen">Continuar</button>',
}

function answer(request, response) {
  const path = request.url.split('?')[0]
  const send = (status, kind, text) => response.writeHead(status, {
    'content-type': `${kind}; charset=utf-8`,
    'content-security-policy': "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https://fonts.example; form-action 'self'",
  }).end(text)
  const body = (main) => `<!doctype html><html lang="es"><meta name="viewport" content="width=device-width">
    <title>Prueba</title><link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/style.css"><main>${main}</main></html>`
  if (path === '/style.css') return send(200, 'text/css', style)
  if (path === '/icon.svg') return send(200, 'image/svg+xml', '<svg xmlns="http://www.w3.org/2000/svg"/>')
  if (path === '/throw.js') return send(200, 'text/javascript', 'throw new Error("roto")')
  if (path === '/refused') return send(403, 'text/html', body(`<h1>No</h1><p>${request.url.includes('nif=12345678Z')}</p>`))
  return path in pages ? send(200, 'text/html', body(pages[path])) : send(404, 'text/plain', 'no')
}

let browser, server, address
before(async () => {
  server = createServer(answer)
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening))
  address = `http://127.0.0.1:${server.address().port}`
  browser = await launch()
})
after(async () => {
  await browser?.close()
  server.close()
  rmSync(process.env.SHOTS, { recursive: true })
})

const visit = async (path, options) => {
  const page = await open(browser, options)
  await page.goto(address + path)
  return page
}

for (const options of [
  { width: 360, js: true, dark: true },
  { width: 360, js: false, dark: false },
  { width: 1280, js: true, dark: false },
  { width: 1280, js: false, dark: true },
]) {
  test(`a good page passes: ${JSON.stringify(options)}`, async () => {
    const page = await visit('/good', options)
    await look(page, 'good')
    const picture = await readFile(join(process.env.SHOTS, 'good.png'))
    assert.equal(picture.readUInt32BE(16), options.width)
    assert.equal(await page.locator('noscript p').isVisible(), !options.js)
  })
  test(`a pale text and a field without a name are found: ${JSON.stringify(options)}`, async () => {
    await assert.rejects(look(await visit('/pale', options), 'pale'), /color-contrast/)
    await assert.rejects(look(await visit('/unnamed', options), 'unnamed'), /label: /)
  })
}

for (const [path, options, fault] of [
  ['/small', {}, /target-size/],
  ['/wide', { width: 360 }, /scrolls sideways: \d+ of 360 pixels, from <div class="wide">/],
  ['/inline', {}, /Content Security Policy/],
  ['/inline', { js: false }, /Content Security Policy/],
  ['/abroad', {}, /ERR_NAME_NOT_RESOLVED/],
  ['/missing', {}, /404 \(Not Found\)/],
  ['/throwing', {}, /script: roto/],
]) {
  test(`the fault of ${path} is found ${JSON.stringify(options)}`, async () => {
    await assert.rejects(look(await visit(path, options), 'fault'), fault)
  })
}

test('a person with a keyboard alone fills the form, and its refusal is no fault of the page', async () => {
  const page = await visit('/good', { js: false })
  await type(page, 'DNI o NIE', '12345678Z')
  await tabTo(page, 'Por SMS')
  await arrowTo(page, /carta/)
  assert.deepEqual(await focused(page), { role: 'radio', name: 'Por carta', visible: true })
  await press(page, 'Continuar')
  await page.getByText('true').waitFor()
  await look(page, 'refused')
})

test('what the keyboard cannot reach, or does not show, is found', async () => {
  await assert.rejects(tabTo(await visit('/good'), 'Nada'), /does not reach "Nada", only .*"Continuar"/)
  await assert.rejects(tabTo(await visit('/unseen'), 'Continuar'), /nothing shows that "Continuar" has the focus/)
})

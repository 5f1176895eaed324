// A citizen's browser for tests: Debian's Chromium, driven by Playwright, that reaches nothing but this machine. Every page that is
// looked at is judged: WCAG 2.0 to 2.2, levels A and AA (axe), no scrolling sideways, no error in the console, nothing that the page's own
// Content-Security-Policy had to stop, no request for anything missing.
//
//   const browser = await launch()
//   const page = await open(browser, { width: 360, dark: true, lang: 'ca' })
//   await page.goto(address)
//   await look(page, 'welcome')          // and leaves $SHOTS/welcome.png, where SHOTS names a folder
//   await type(page, 'DNI or NIE', '12345678Z')
//   await press(page, 'Continue')        // by keyboard alone, and the focus must show

import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const shots = process.env.SHOTS // a picture of each page costs as much as all that is judged on it
const levels = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa']

/** Starts a browser with an empty profile; the caller closes it. CHROMIUM names another executable. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
    ],
  })
}

const states = new WeakMap() // page → what was noticed on it since the last look

/**
 * Opens a page in a profile of its own. width is in CSS pixels: 360 a phone, 1280 a desk. js: false is a person without JavaScript.
 * lang is what the browser asks for. Whatever else is given goes to Playwright's newContext (ignoreHTTPSErrors, say).
 */
export async function open(browser, { width = 1280, dark = false, js = true, lang = 'es', ...rest } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 740 : 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
    javaScriptEnabled: js,
    locale: lang,
    ...rest,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  watch(page)
  return page
}

function watch(page) {
  const state = { complaints: [], refusals: new Set() }
  states.set(page, state)
  page.on('pageerror', (error) => state.complaints.push({ text: `script: ${error.message}` }))
  page.on('console', (message) => {
    if (message.type() === 'error') state.complaints.push({ text: message.text(), url: message.location().url })
  })
  page.on('response', (response) => {
    const request = response.request()
    const refused = response.status() >= 400 && response.status() < 500 || response.status() === 503 // a page that has people wait
    if (refused && request.isNavigationRequest() && request.frame() === page.mainFrame()) state.refusals.add(response.url())
  })
}

/** What the console said against the page since it was last asked. A page that refuses somebody (4xx), or has them wait (503), may say so with its status. */
export function complaints(page) {
  const { complaints, refusals } = states.get(page)
  return complaints.splice(0)
    .filter(({ text, url }) => !(refusals.has(url) && text.startsWith('Failed to load resource')))
    .map(({ text, url }) => (url ? `${text} (${url})` : text))
}

/** Judges the page as it is now, saves its picture where pictures are wanted, and throws with every fault found. */
export async function look(page, name) {
  if (shots) await picture(page, join(shots, `${name}.png`))
  const faults = [...(await barriers(page)), ...(await sideways(page)), ...complaints(page)]
  if (faults.length > 0) throw new Error(`${name} (${page.url()}):\n- ${faults.join('\n- ')}`)
}

async function picture(page, file) {
  await mkdir(dirname(file), { recursive: true })
  await page.screenshot({ path: file, fullPage: true, timeout: 60_000 })
}

async function barriers(page) {
  await page.evaluate(prepare)
  await page.evaluate(axe.source)
  const violations = await page.evaluate(async (levels) => {
    // target-size is off unless asked for by name. Without preload axe requests nothing, which the policy of the page would stop.
    const rules = { 'target-size': { enabled: true } }
    return (await window.axe.run({ runOnly: levels, rules, preload: false, resultTypes: ['violations'] })).violations
  }, levels)
  return violations.map(({ id, help, nodes }) =>
    `${id}: ${help}\n${nodes.map((node) => `    ${node.html}\n      ${node.failureSummary.replaceAll('\n', '\n      ')}`).join('\n')}`)
}

// Where JavaScript is off, timers never fire, and axe waits for them between its steps: a step without delay then follows at once.
function prepare() {
  if (window.axe) return
  const timer = window.setTimeout
  window.setTimeout = (step, delay = 0, ...args) => {
    if (delay > 50) return timer(step, delay, ...args)
    Promise.resolve().then(() => step(...args))
    return 0
  }
}

async function sideways(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    if (scrollWidth <= clientWidth) return []
    const wide = [...document.body.querySelectorAll('*')].filter((e) => e.getBoundingClientRect().right > clientWidth + 0.5)
    return [`scrolls sideways: ${scrollWidth} of ${clientWidth} pixels, from ${wide[0]?.outerHTML.slice(0, 200) ?? 'the body'}`]
  })
}

/** Presses Tab until the element with this accessible name (a string, or a RegExp) has the focus. Throws where the focus cannot be seen. */
export const tabTo = (page, name) => moveTo(page, name, 'Tab')

/** The same by arrow, within a group of radio buttons or tabs. */
export const arrowTo = (page, name) => moveTo(page, name, 'ArrowDown')

/** Goes to a control by Tab and presses a key on it: Enter, or Space. */
export async function press(page, name, key = 'Enter') {
  await tabTo(page, name)
  await page.keyboard.press(key)
}

/** Goes to a field by Tab and types. */
export async function type(page, name, text) {
  await tabTo(page, name)
  await page.keyboard.type(text)
}

async function moveTo(page, name, key) {
  const seen = []
  for (let i = 0; i < 100; i++) {
    await page.keyboard.press(key)
    const focus = await focused(page)
    if (!focus.visible) throw new Error(`nothing shows that "${focus.name}" has the focus`)
    if (name instanceof RegExp ? name.test(focus.name) : name === focus.name) return
    seen.push(focus.name)
  }
  throw new Error(`${key} does not reach "${name}", only ${[...new Set(seen)].map((s) => `"${s}"`).join(', ')}`)
}

/** The element that has the focus, as the browser tells a screen reader: its role and name; and whether its focus shows. */
export async function focused(page) {
  const visible = await page.evaluate(() => {
    const style = getComputedStyle(document.activeElement)
    if (document.activeElement === document.body) return true // past the last control, before the first
    return (style.outlineStyle !== 'none' && style.outlineWidth !== '0px') || style.boxShadow !== 'none'
  })
  const devtools = await page.context().newCDPSession(page)
  try {
    const { result } = await devtools.send('Runtime.evaluate', { expression: 'document.activeElement' })
    const { nodes } = await devtools.send('Accessibility.getPartialAXTree', { objectId: result.objectId, fetchRelatives: false })
    return { role: nodes[0].role?.value ?? '', name: nodes[0].name?.value ?? '', visible }
  } finally {
    await devtools.detach()
  }
}

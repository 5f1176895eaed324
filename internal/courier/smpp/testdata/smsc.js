// A message centre made of npm's smpp. It reads orders from its input, a JSON object a line, and writes what happened to
// its output, the same way.
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'
import smpp from 'smpp'

const say = (what) => console.log(JSON.stringify(what))
const sessions = new Set()
const held = []
let server
let port = 0
let ids = 0x1000
let mood = {} // bind: a status; submit: statuses, used up one by one; drop, hold, mute: true

function serve() {
  const tls = process.argv[2] ? { key: readFileSync(process.argv[2]), cert: readFileSync(process.argv[3]) } : {}
  server = smpp.createServer(tls, (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => sessions.delete(session))
    session.on('bind_transceiver', (pdu) => {
      const { system_id, password, system_type, interface_version } = pdu
      session.send(pdu.response({ command_status: mood.bind ?? 0, system_id: 'SMSC' }))
      say({ event: 'bind', system_id, password, system_type, interface_version, status: mood.bind ?? 0 })
    })
    session.on('submit_sm', (pdu) => submit(session, pdu))
    session.on('enquire_link', (pdu) => mood.mute || session.send(pdu.response()))
    session.on('unbind', (pdu) => {
      say({ event: 'unbind' })
      session.send(pdu.response())
      session.close()
    })
    session.on('deliver_sm_resp', (pdu) => say({ event: 'noted', status: pdu.command_status, sequence: pdu.sequence_number }))
  })
  server.listen(port, '127.0.0.1', () => {
    port = server.address().port
    say({ event: 'listening', port })
  })
}

function submit(session, pdu) {
  const id = (ids++).toString(16).toUpperCase()
  const { message, udh } = pdu.short_message
  say({
    event: 'submit', id, text: message.toString(), coding: pdu.data_coding, udh: udh ? [...udh[0]] : [], esm: pdu.esm_class,
    source: pdu.source_addr, source_ton: pdu.source_addr_ton, to: pdu.destination_addr, to_ton: pdu.dest_addr_ton,
    receipt: pdu.registered_delivery, seconds: pdu.validity_period ? Math.round((pdu.validity_period - Date.now()) / 1000) : 0,
  })
  const status = mood.submit?.shift() ?? 0
  if (status === 'drop') return session.destroy()
  const answer = () => session.send(pdu.response(status ? { command_status: status } : { message_id: id }))
  if (status === 'hold' || mood.hold) held.push(answer)
  else answer()
}

const orders = {
  mood: (order) => (mood = order.mood),
  release: () => held.splice(0).forEach((answer) => answer()),
  drop: () => sessions.forEach((session) => session.destroy()),
  unbind: () => sessions.forEach((session) => session.unbind()),
  deliver: (order) => [...sessions][0].deliver_sm(order.pdu),
  stop: () => {
    server.close(() => say({ event: 'stopped' }))
    sessions.forEach((session) => session.destroy())
  },
  start: serve,
}

serve()
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line)
    orders[order.do](order)
    say({ event: 'obeyed' })
  })
  .on('close', () => process.exit())

// A service built on @node-saml/node-saml. Run it with the folder that has the library; each line that it reads or writes is JSON:
// in the options of the library, out its signed request, then in the form fields of answers, out what it makes of each.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const { SAML } = createRequire(resolve(process.argv[2], 'package.json'))('@node-saml/node-saml')
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => { const { value, done } = await lines.next(); return done ? undefined : JSON.parse(value) }
const write = value => console.log(JSON.stringify(value))

const service = new SAML(await read())
write(await service.getAuthorizeMessageAsync('_x8'))
for (let fields; (fields = await read());) {
  try {
    write(await service.validatePostResponseAsync(fields))
  } catch (error) {
    write({ refused: error.message })
  }
}

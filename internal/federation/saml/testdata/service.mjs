// A service built on @node-saml/node-saml. Run it with the folder that has the library; each line that it reads or writes is JSON: in the options of
// the library, out its signed request; then in the fields of forms, out what it makes of each; or in whom to log out, out the signed wish to; or in
// nothing but "metadata", out its own.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'

const require = createRequire(resolve(process.argv[2], 'package.json'))
const { SAML, generateServiceProviderMetadata } = require('@node-saml/node-saml')
const { signSamlPost } = require('@node-saml/node-saml/lib/saml-post-signing')
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const read = async () => { const { value, done } = await lines.next(); return done ? undefined : JSON.parse(value) }
const write = value => console.log(JSON.stringify(value))

const options = await read()
const service = new SAML(options)

const answer = async ask => {
  if (ask.metadata) return { metadata: generateServiceProviderMetadata({ ...options, publicCerts: options.publicCert }) }
  if (ask.leave) return { leave: signSamlPost(await service._generateLogoutRequest(ask.leave), '/*[local-name(.)="LogoutRequest"]', options) }
  if (ask.SAMLRequest) return await service.validatePostRequestAsync(ask)
  return await service.validatePostResponseAsync(ask)
}

write(await service.getAuthorizeMessageAsync('_x8'))
for (let ask; (ask = await read());) {
  try {
    write(await answer(ask))
  } catch (error) {
    write({ refused: error.message })
  }
}

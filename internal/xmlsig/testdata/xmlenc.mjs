// npm xml-encryption, which Node.js services read encrypted assertions with, as judge of ours and maker of its own. Run it with a folder whose
// node_modules has the library; the one line that it reads is a list of jobs in JSON, the one that it writes the list of its answers.

import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'

const xmlenc = createRequire(resolve(process.argv[2], 'package.json'))('xml-encryption')
const encrypt = promisify(xmlenc.encrypt)
const decrypt = promisify(xmlenc.decrypt)

const answers = []
for (const job of JSON.parse(await text(process.stdin))) {
  try {
    answers.push(job.decrypt ? await decrypt(job.decrypt, { key: job.key }) : await encrypt(job.encrypt, {
      rsa_pub: job.public, pem: job.certificate, encryptionAlgorithm: job.content, keyEncryptionAlgorithm: job.transport
    }))
  } catch (error) {
    answers.push(`refused: ${error.message}`)
  }
}
console.log(JSON.stringify(answers))

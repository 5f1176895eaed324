// openid-client judges: every way in, and what must be refused.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import * as client from 'openid-client'
import { BACK, carmen, CLAVE, confirm, heard, includes, jordi, LEFT, PREFIX, privateKey, SECRET, signIn, SUBSTANTIAL, visit } from './world.mjs'

const key = await privateKey()

/** A service, which checks the signature of every ID token beside all else. */
async function service(name, authentication, metadata = { id_token_signed_response_alg: 'ES256' }) {
  const config = await client.discovery(new URL(CLAVE), PREFIX + name, metadata, authentication, { execute: [client.enableNonRepudiationChecks] })
  assert.equal(config.serverMetadata().issuer, CLAVE)
  return config
}

const byKey = () => client.PrivateKeyJwt(key)
const byBasic = () => client.ClientSecretBasic(SECRET)

/** What a service asks, and what it checks in the answer. */
async function request(more = {}) {
  const checks = { pkceCodeVerifier: client.randomPKCECodeVerifier(), expectedState: client.randomState(), expectedNonce: client.randomNonce() }
  const parameters = {
    redirect_uri: BACK, scope: 'openid nif profile', state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(checks.pkceCodeVerifier), code_challenge_method: 'S256', ...more,
  }
  return { parameters, checks }
}

/** Signs in by a plain request, or by what makes an address of it. */
async function tokensOf(config, more, { address = client.buildAuthorizationUrl, how, options } = {}) {
  const { parameters, checks } = await request(more)
  const back = await signIn(await address(config, parameters), how)
  return client.authorizationCodeGrant(config, back, checks, undefined, options)
}

/** That Clave said no, with this code; to who proved nothing it says how to prove it, which is all that the client tells of it. */
const refusal = (code) => (error) => {
  const told = error instanceof client.WWWAuthenticateChallengeError ? 'invalid_client' : error.error
  assert.equal(told, code, String(error.stack))
  return true
}

test('a public client: code, PKCE, state, nonce, max_age, level', async () => {
  const config = await service('public', client.None())
  const { parameters, checks } = await request({ max_age: '600', acr_values: SUBSTANTIAL })
  const back = await signIn(client.buildAuthorizationUrl(config, parameters))
  const tokens = await client.authorizationCodeGrant(config, back, { ...checks, maxAge: 600 })
  const claims = tokens.claims()
  includes(claims, { ...carmen, acr: SUBSTANTIAL, amr: ['otp', 'sms'] })
  includes(await client.fetchUserInfo(config, tokens.access_token, claims.sub), carmen)
  await assert.rejects(client.authorizationCodeGrant(config, back, checks), refusal('invalid_grant'), 'a code twice')
})

test('ID tokens by RS256, for old software', async () => {
  const config = await service('old', client.None(), { id_token_signed_response_alg: 'RS256' })
  includes((await tokensOf(config)).claims(), carmen)
})

test('a changed ID token: this judge does check signatures', async () => {
  const config = await service('public', client.None())
  config[client.customFetch] = async (...call) => {
    const answer = await fetch(...call)
    if (!call[0].endsWith('/token')) return answer
    const body = await answer.json()
    const [header, claims, signature] = body.id_token.split('.')
    return Response.json({ ...body, id_token: `${header}.${claims}.${signature.slice(0, -8)}AAAAAAAA` })
  }
  await assert.rejects(tokensOf(config), ({ cause }) => /signature verification failed/.test(cause))
})

for (const [name, authentication] of [['basic', byBasic()], ['post', client.ClientSecretPost(SECRET)], ['key', byKey()]]) {
  test(`a client that authenticates itself: ${name}`, async () => {
    includes((await tokensOf(await service(name, authentication))).claims(), carmen)
  })
}

test('wrong proofs of a client', async () => {
  const other = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign'])
  const impostors = { basic: client.ClientSecretBasic('wrong'), post: client.ClientSecretPost('wrong'), key: client.PrivateKeyJwt({ ...key, key: other.privateKey }) }
  for (const [name, wrong] of Object.entries(impostors)) {
    await assert.rejects(tokensOf(await service(name, wrong)), refusal('invalid_client'), name)
  }
})

test('refresh tokens rotate, and one that was spent ends all', async () => {
  const config = await service('basic', byBasic())
  const first = await tokensOf(config, { scope: 'openid nif offline_access' })
  const second = await client.refreshTokenGrant(config, first.refresh_token)
  assert.equal(second.claims().sub, first.claims().sub)
  assert.notEqual(second.refresh_token, first.refresh_token)
  includes(await client.fetchUserInfo(config, second.access_token, first.claims().sub), { nif: carmen.nif })
  await assert.rejects(client.refreshTokenGrant(config, first.refresh_token), refusal('invalid_grant'))
  await assert.rejects(client.refreshTokenGrant(config, second.refresh_token), refusal('invalid_grant'))
  await assert.rejects(client.fetchUserInfo(config, second.access_token, first.claims().sub), { status: 401 })
})

test('revocation', async () => {
  const config = await service('key', byKey())
  const tokens = await tokensOf(config, { scope: 'openid offline_access' })
  await client.tokenRevocation(config, tokens.refresh_token)
  await assert.rejects(client.refreshTokenGrant(config, tokens.refresh_token), refusal('invalid_grant'))
})

test('a pushed request', async () => {
  const config = await service('basic', byBasic())
  includes((await tokensOf(config, {}, { address: client.buildAuthorizationUrlWithPAR })).claims(), carmen)
})

test('a signed request; an unsigned one of the same client is refused', async () => {
  const config = await service('signed', byKey())
  const signed = (config, parameters) => client.buildAuthorizationUrlWithJAR(config, parameters, key)
  includes((await tokensOf(config, {}, { address: signed })).claims(), carmen)
  const { location } = await visit(client.buildAuthorizationUrl(config, (await request()).parameters))
  assert.equal(location, undefined)
  const pushed = async (config, parameters) => client.buildAuthorizationUrlWithPAR(config, (await signed(config, parameters)).searchParams)
  includes((await tokensOf(config, {}, { address: pushed })).claims(), carmen)
})

test('FAPI 2.0: pushed, private_key_jwt, DPoP from the code to the last refresh', async () => {
  const config = await service('fapi', byKey())
  const options = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
  const address = (config, parameters) => client.buildAuthorizationUrlWithPAR(config, parameters, options)
  const tokens = await tokensOf(config, { scope: 'openid nif profile offline_access' }, { address, options })
  assert.equal(tokens.token_type, 'dpop')
  includes(await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, options), carmen)
  const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, options)
  includes(await client.fetchUserInfo(config, next.access_token, tokens.claims().sub, options), carmen)
  const thief = { DPoP: client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256')) }
  await assert.rejects(client.fetchUserInfo(config, next.access_token, tokens.claims().sub, thief), { status: 401 })
  await assert.rejects(client.fetchUserInfo(config, next.access_token, tokens.claims().sub), { status: 401 }, 'no proof')
  await assert.rejects(tokensOf(config, {}, { address, options: undefined }), { status: 400 }, 'a token without a key')
  const { location } = await visit(client.buildAuthorizationUrl(config, (await request()).parameters))
  assert.equal(location, undefined, 'not pushed')
})

test('a confirmation by the back channel, polled', async () => {
  const config = await service('poll', byKey())
  const asked = await client.initiateBackchannelAuthentication(config, {
    scope: 'openid nif profile', login_hint: carmen.nif, binding_message: 'Cita 4711', acr_values: SUBSTANTIAL,
  })
  const [tokens] = await Promise.all([client.pollBackchannelAuthenticationGrant(config, asked), confirm('carmen')])
  includes(tokens.claims(), { ...carmen, acr: SUBSTANTIAL })
  includes(await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub), carmen)
  const again = client.genericGrantRequest(config, 'urn:openid:params:grant-type:ciba', { auth_req_id: asked.auth_req_id })
  await assert.rejects(again, ({ error }) => ['invalid_grant', 'slow_down'].includes(error), 'fetched twice')
})

test('a confirmation by the back channel, pinged', async () => {
  const config = await service('ping', byBasic())
  const asked = await client.initiateBackchannelAuthentication(config, {
    scope: 'openid nif', login_hint: jordi.nif, binding_message: 'Cita 4712', client_notification_token: 'its-own-token',
  })
  await confirm('jordi')
  const ping = await heard('ping')
  assert.equal(ping.authorization, 'Bearer its-own-token')
  assert.deepEqual(JSON.parse(ping.body), { auth_req_id: asked.auth_req_id })
  includes((await client.pollBackchannelAuthenticationGrant(config, asked)).claims(), { nif: jordi.nif })
})

test('a logout: who asks is sent back, the other is told by a token', async () => {
  const how = { browser: 'of the logout', who: 'jordi' }
  const told = await service('basic', byBasic())
  const asks = await service('public', client.None())
  const other = await tokensOf(told, {}, { how })
  const tokens = await tokensOf(asks, {}, { how })
  assert.notEqual(other.claims().sid, tokens.claims().sid)
  const { location, asked, text } = await visit(client.buildEndSessionUrl(asks, {
    id_token_hint: tokens.id_token, post_logout_redirect_uri: LEFT, state: 'a state',
  }), how)
  assert.equal(location?.href, `${LEFT}?state=a+state`, text)
  assert.deepEqual(asked, ['logout'])
  const form = new URLSearchParams((await heard('logout')).body)
  const keys = createRemoteJWKSet(new URL(told.serverMetadata().jwks_uri))
  const { payload } = await jwtVerify(form.get('logout_token'), keys, {
    issuer: CLAVE, audience: PREFIX + 'basic', typ: 'logout+jwt', algorithms: ['ES256'], maxTokenAge: 120, requiredClaims: ['jti', 'exp'],
  })
  includes(payload, { sid: other.claims().sid, sub: other.claims().sub, nonce: undefined })
  assert.deepEqual(payload.events, { 'http://schemas.openid.net/event/backchannel-logout': {} })
  await assert.rejects(client.fetchUserInfo(asks, tokens.access_token, tokens.claims().sub), { status: 401 })
})

test('an answer that is not ours, or not to this request', async () => {
  const config = await service('public', client.None())
  const spoil = {
    'another issuer': (query) => query.set('iss', 'https://attacker.example'),
    'no issuer': (query) => query.delete('iss'),
    'another state': (query) => query.set('state', 'another'),
  }
  for (const [name, change] of Object.entries(spoil)) {
    const { parameters, checks } = await request()
    const back = await signIn(client.buildAuthorizationUrl(config, parameters))
    change(back.searchParams)
    await assert.rejects(client.authorizationCodeGrant(config, back, checks), { code: 'OAUTH_INVALID_RESPONSE' }, name)
  }
  const { parameters, checks } = await request()
  const back = await signIn(client.buildAuthorizationUrl(config, parameters))
  const other = { ...checks, pkceCodeVerifier: client.randomPKCECodeVerifier() }
  await assert.rejects(client.authorizationCodeGrant(config, back, other), refusal('invalid_grant'), 'another verifier')
})

test('a person who gives up, and one who would have to be asked', async () => {
  const config = await service('public', client.None())
  for (const [more, how, code] of [
    [{}, { browser: 'new', cancel: true }, 'access_denied'],
    [{ prompt: 'none' }, { browser: 'newer' }, 'login_required'],
    [{ acr_values: 'http://eidas.europa.eu/LoA/high' }, { browser: 'newest', cancel: true }, 'unmet_authentication_requirements'],
    [{ scope: 'profile' }, { browser: 'newest' }, 'invalid_request'],
  ]) {
    await assert.rejects(tokensOf(config, more, { how }), refusal(code), code)
  }
})

test('max_age and prompt=login ask again who is there', async () => {
  const config = await service('public', client.None())
  const before = await tokensOf(config)
  const { parameters, checks } = await request({ prompt: 'login' })
  const { location, asked, text } = await visit(client.buildAuthorizationUrl(config, parameters))
  assert.ok(asked.includes('pin'), asked + text)
  const after = await client.authorizationCodeGrant(config, location, { ...checks, maxAge: 60 })
  assert.equal(after.claims().sub, before.claims().sub)
  assert.ok(after.claims().auth_time >= before.claims().auth_time)
})

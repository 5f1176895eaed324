// oauth4webapi judges: each message by itself, held to its specification, and the FAPI 2.0 Security Profile.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { BACK, carmen, CLAVE, confirm, includes, PREFIX, privateKey, SECRET, signIn, SUBSTANTIAL } from './world.mjs'

const issuer = new URL(CLAVE)
const key = await privateKey()
const server = await discover('oidc')

async function discover(algorithm) {
  return oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm }))
}

const service = (name) => ({ client_id: PREFIX + name, id_token_signed_response_alg: 'ES256' })

/** What a service asks, and what it keeps to check the answer by. */
async function request(more = {}) {
  const kept = { verifier: oauth.generateRandomCodeVerifier(), state: oauth.generateRandomState(), nonce: oauth.generateRandomNonce() }
  const parameters = new URLSearchParams({
    response_type: 'code', redirect_uri: BACK, scope: 'openid nif profile', state: kept.state, nonce: kept.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(kept.verifier), code_challenge_method: 'S256', ...more,
  })
  return { parameters, kept }
}

/** The person's way from an address of our authorization endpoint back to the service: the answer, checked. */
async function answer(client, parameters, state) {
  const url = new URL(server.authorization_endpoint)
  for (const [name, value] of parameters) url.searchParams.set(name, value)
  url.searchParams.set('client_id', client.client_id)
  return oauth.validateAuthResponse(server, client, await signIn(url), state)
}

/** Exchanges a code. The ID token's signature is checked beside all that it claims. */
async function exchange(client, authentication, back, kept, checks = {}, options = {}) {
  const response = await oauth.authorizationCodeGrantRequest(server, client, authentication, back, BACK, kept.verifier, options)
  const copy = response.clone()
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: kept.nonce, requireIdToken: true, ...checks })
  await oauth.validateApplicationLevelSignature(server, response)
  assert.match(copy.headers.get('cache-control'), /no-store/)
  return { ...tokens, claims: oauth.getValidatedIdTokenClaims(tokens) }
}

async function user(client, token, subject, options) {
  return oauth.processUserInfoResponse(server, client, subject, await oauth.userInfoRequest(server, client, token, options))
}

test('both discovery documents say the same, and what FAPI 2.0 wants said', async () => {
  assert.deepEqual(await discover('oauth2'), server)
  includes(server, {
    authorization_response_iss_parameter_supported: true, code_challenge_methods_supported: ['S256'], response_types_supported: ['code'],
    backchannel_logout_supported: true, subject_types_supported: ['pairwise'],
  })
  for (const endpoint of ['authorization', 'token', 'userinfo', 'revocation', 'pushed_authorization_request', 'backchannel_authentication', 'end_session']) {
    assert.ok(server[`${endpoint}_endpoint`]?.startsWith(`${CLAVE}/`), endpoint)
  }
})

for (const [name, authentication] of [
  ['public', oauth.None()], ['basic', oauth.ClientSecretBasic(SECRET)], ['post', oauth.ClientSecretPost(SECRET)], ['key', oauth.PrivateKeyJwt(key)],
]) {
  test(`code flow: ${name}`, async () => {
    const client = service(name)
    const { parameters, kept } = await request({ max_age: '900', acr_values: SUBSTANTIAL })
    const back = await answer(client, parameters, kept.state)
    assert.equal(back.get('iss'), CLAVE)
    const tokens = await exchange(client, authentication, back, kept, { maxAge: 900 })
    includes(tokens.claims, { ...carmen, acr: SUBSTANTIAL })
    includes(await user(client, tokens.access_token, tokens.claims.sub), carmen)
    await assert.rejects(exchange(client, authentication, back, kept), { error: 'invalid_grant' })
  })
}

test('an access token is one of RFC 9068, for us alone', async () => {
  const client = service('public')
  const { parameters, kept } = await request()
  const tokens = await exchange(client, oauth.None(), await answer(client, parameters, kept.state), kept)
  const used = () => new Request(server.userinfo_endpoint, { headers: { authorization: `Bearer ${tokens.access_token}` } })
  const claims = await oauth.validateJwtAccessToken(server, used(), CLAVE, { signingAlgorithms: ['ES256'] })
  includes(claims, { client_id: client.client_id, sub: tokens.claims.sub, nif: undefined })
  await assert.rejects(oauth.validateJwtAccessToken(server, used(), client.client_id))
})

test('refresh, rotation, revocation', async () => {
  const client = service('key')
  const authentication = oauth.PrivateKeyJwt(key)
  const { parameters, kept } = await request({ scope: 'openid offline_access' })
  const first = await exchange(client, authentication, await answer(client, parameters, kept.state), kept)
  const refresh = async ({ refresh_token: token }) => {
    const response = await oauth.refreshTokenGrantRequest(server, client, authentication, token)
    const tokens = await oauth.processRefreshTokenResponse(server, client, response)
    await oauth.validateApplicationLevelSignature(server, response)
    return tokens
  }
  const second = await refresh(first)
  assert.equal(oauth.getValidatedIdTokenClaims(second).sub, first.claims.sub)
  assert.equal(oauth.getValidatedIdTokenClaims(second).auth_time, first.claims.auth_time)
  const third = await refresh(second)
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, third.refresh_token))
  await assert.rejects(refresh(third), { error: 'invalid_grant' })
  await assert.rejects(user(client, third.access_token, first.claims.sub), oauth.WWWAuthenticateChallengeError)
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, authentication, 'nobody knows it'))
})

/** The steps of a client of the FAPI 2.0 Security Profile; change changes what it pushes. */
async function fapi(change = {}) {
  const client = service('fapi')
  const authentication = oauth.PrivateKeyJwt(key)
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const { parameters, kept } = await request({ scope: 'openid nif profile offline_access', ...change })
  const response = await oauth.pushedAuthorizationRequest(server, client, authentication, parameters, { DPoP })
  const pushed = await oauth.processPushedAuthorizationResponse(server, client, response)
  return { client, authentication, DPoP, kept, pushed, parameters: new URLSearchParams({ request_uri: pushed.request_uri }) }
}

test('FAPI 2.0 Security Profile', async () => {
  const { client, authentication, DPoP, kept, pushed, parameters } = await fapi()
  assert.ok(pushed.expires_in < 600, '§5.3.2.2 no. 12')
  const back = await answer(client, parameters, kept.state)
  const tokens = await exchange(client, authentication, back, kept, {}, { DPoP })
  assert.equal(tokens.token_type, 'dpop')
  includes(await user(client, tokens.access_token, tokens.claims.sub, { DPoP }), carmen)
  await assert.rejects(user(client, tokens.access_token, tokens.claims.sub), oauth.WWWAuthenticateChallengeError, 'without proof')
  const other = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  await assert.rejects(user(client, tokens.access_token, tokens.claims.sub, { DPoP: other }), ({ cause }) => {
    const challenge = cause.find(({ scheme }) => scheme === 'dpop')
    return challenge.parameters.error === 'invalid_dpop_proof' && /ES256/.test(challenge.parameters.algs)
  })
  const refreshed = await oauth.processRefreshTokenResponse(server, client,
    await oauth.refreshTokenGrantRequest(server, client, authentication, tokens.refresh_token, { DPoP }))
  includes(await user(client, refreshed.access_token, tokens.claims.sub, { DPoP }), carmen)
})

test('FAPI 2.0: a code belongs to the key that asked for it', async () => {
  const { client, authentication, kept, parameters } = await fapi()
  const back = await answer(client, parameters, kept.state)
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  await assert.rejects(exchange(client, authentication, back, kept, {}, { DPoP }), oauth.ResponseBodyError)
})

test('FAPI 2.0: what its clients may not push', async () => {
  for (const [name, change] of Object.entries({
    'no PKCE': { code_challenge: '' }, 'plain PKCE': { code_challenge_method: 'plain' }, 'another address': { redirect_uri: `${BACK}/` },
    'hybrid flow': { response_type: 'code id_token' },
  })) {
    await assert.rejects(fapi(change), oauth.ResponseBodyError, name)
  }
  const client = service('fapi')
  const { parameters } = await request()
  const push = async (authentication) =>
    oauth.processPushedAuthorizationResponse(server, client, await oauth.pushedAuthorizationRequest(server, client, authentication, parameters))
  const forTheTokenEndpoint = { [oauth.modifyAssertion]: (_, claims) => { claims.aud = server.token_endpoint } }
  await assert.rejects(push(oauth.PrivateKeyJwt(key, forTheTokenEndpoint)), oauth.WWWAuthenticateChallengeError, '§5.3.2.1 no. 8')
  let claimed
  const always = oauth.PrivateKeyJwt(key, { [oauth.modifyAssertion]: (_, claims) => { claims.jti = claimed ??= claims.jti } })
  await push(always)
  await assert.rejects(push(always), oauth.WWWAuthenticateChallengeError, 'an assertion twice')
})

test('a signed request', async () => {
  const client = service('signed')
  const { parameters, kept } = await request()
  parameters.set('client_id', client.client_id)
  const object = await oauth.issueRequestObject(server, client, parameters, key)
  const back = await answer(client, new URLSearchParams({ request: object }), kept.state)
  includes((await exchange(client, oauth.PrivateKeyJwt(key), back, kept)).claims, carmen)
})

test('a confirmation by the back channel', async () => {
  const client = service('poll')
  const authentication = oauth.PrivateKeyJwt(key)
  const parameters = new URLSearchParams({ scope: 'openid nif profile', login_hint: carmen.nif, binding_message: 'Cita 4713' })
  const asked = await oauth.processBackchannelAuthenticationResponse(server, client,
    await oauth.backchannelAuthenticationRequest(server, client, authentication, parameters))
  const fetchTokens = async () => {
    const response = await oauth.backchannelAuthenticationGrantRequest(server, client, authentication, asked.auth_req_id)
    const tokens = await oauth.processBackchannelAuthenticationGrantResponse(server, client, response)
    await oauth.validateApplicationLevelSignature(server, response)
    return tokens
  }
  await assert.rejects(fetchTokens(), { error: 'authorization_pending' })
  await assert.rejects(fetchTokens(), { error: 'slow_down' })
  await confirm('carmen')
  await new Promise((resolve) => setTimeout(resolve, 2 * 1000 * asked.interval)) // slow_down made it longer by five seconds (CIBA §11)
  includes(oauth.getValidatedIdTokenClaims(await fetchTokens()), carmen)
})

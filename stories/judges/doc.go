// Package judges lets other people's clients of OpenID Connect judge a running Clave: openid-client and oauth4webapi for
// Node.js, and mod_auth_openidc in an Apache of the test's own. Signatures are checked by all of them, always.
//
// Clave runs here over TLS, on an embedded database, with people and services of its own. The clients are scripts
// (*.test.mjs); where they need a person, or a service's listening address, they ask the test (hall_test.go).
// There is nothing here but tests.
package judges

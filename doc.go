// Package clave is the root of an open implementation of Cl@ve, the electronic identity that Spain's administrations
// share. It holds no code: docs/architecture.md says where everything lives, and floors_test.go holds it to that.
package clave

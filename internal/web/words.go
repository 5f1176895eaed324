package web

import (
	"slices"

	"clave/internal/assurance"
	"clave/internal/locale"
	"clave/internal/relying"
)

// How pages call what the rules name.
var (
	methodNames = map[assurance.Method]locale.Key{assurance.PIN: "method.pin"}
	levelNames  = map[assurance.Level]locale.Key{assurance.Low: "level.low", assurance.Substantial: "level.substantial", assurance.High: "level.high"}
	dataNames   = map[relying.Attribute]locale.Key{relying.NIF: "data.nif", relying.Names: "data.names"}
)

// dataOf says what a service is told of a person.
func (p page) dataOf(released []relying.Attribute) (list []string) {
	for _, a := range relying.Attributes {
		if slices.Contains(released, a) {
			list = append(list, p.T(dataNames[a]))
		}
	}
	return append(list, p.T("data.level"))
}

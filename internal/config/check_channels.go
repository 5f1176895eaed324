package config

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"clave/internal/courier"
)

func (r *reader) sms(c *Config) {
	names := map[string]bool{}
	for i, s := range c.SMS {
		at := func(key string) string { return fmt.Sprintf("sms#%d.%s", i, key) }
		if r.must(nodeName.MatchString(s.Name) && courier.CheckName(s.Name) == nil, at("name")); names[s.Name] {
			r.tell(at("name"), "another carrier has this name already")
		}
		names[s.Name] = true
		switch s.Type {
		case "smpp":
			_, ok := hostPort(s.Address)
			r.must(ok, at("address"))
			r.must(s.System != "", at("system"))
			r.must(!s.Password.IsZero() || r.told[at("password_file")] || r.told[at("password_env")], at("password"))
			r.must(s.Source != "", at("source"))
			r.onlyFor(at, "http", "url", "token", "receipts")
		case "http":
			u, err := url.Parse(s.URL)
			r.must(err == nil && (u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname())) && u.Host != "" && u.User == nil, at("url"))
			r.must(!s.Token.IsZero() || r.told[at("token_file")] || r.told[at("token_env")], at("token"))
			r.onlyFor(at, "smpp", "address", "system", "password", "system_type", "source", "plain", "window", "binds", "ids")
		default:
			r.must(false, at("type"))
		}
		r.carrier(fmt.Sprintf("sms#%d", i), func() error { _, err := s.carrier(); return err })
	}
}

// carrier tells what a carrier itself says of its section, if nothing is known to be wrong there.
func (r *reader) carrier(section string, make func() error) {
	for told := range r.told {
		if strings.HasPrefix(told, section+".") {
			return
		}
	}
	if err := make(); err != nil {
		r.tell(section, "%v", err)
	}
}

// onlyFor refuses keys that would have no effect.
func (r *reader) onlyFor(at func(string) string, other string, keys ...string) {
	for _, key := range keys {
		if _, ok := r.given[at(key)]; ok {
			r.tell(at(key), "is for carriers of type %q only", other)
		}
	}
}

func (r *reader) mail(c *Config) {
	m := c.Mail
	if m == nil {
		return
	}
	host, ok := hostPort(m.Address)
	r.must(ok, "mail.address")
	r.must(m.Security == "tls" || m.Security == "starttls" || m.Security == "none", "mail.security")
	if m.Security == "none" && ok && !loopback(host) {
		r.tell("mail.address", "with security = \"none\" e-mail would pass in the clear: want an address on loopback, for example \"127.0.0.1:25\", not %q", m.Address)
	}
	r.must(m.From != "", "mail.from")
	r.mailbox(m.Bounce, "mail.bounce")
	if m.User != "" && m.Password.IsZero() && !r.told["mail.password_file"] && !r.told["mail.password_env"] {
		r.tell("mail.password", "missing: want password_file or password_env, because there is a user")
	}
	r.carrier("mail", func() error { _, err := m.carrier(); return err })
}

func (r *reader) letters(c *Config) {
	if c.Letters == nil {
		return
	}
	r.must(c.Letters.Folder != "", "letters.folder")
	_, err := age.ParseRecipients(strings.NewReader(strings.Join(c.Letters.Recipients, "\n")))
	if r.must(err == nil, "letters.recipients"); slices.ContainsFunc(c.Letters.Recipients, isExample) {
		r.tell("letters.recipients", "this is the example's key: nobody can open what is sealed to it; want the printers' own")
	}
	if c.Letters.Folder != "" {
		r.willBeFolder(c.Letters.Folder, "letters.folder")
	}
}

// exampleRecipient stands in deploy/clave.example.toml: that of age's own documentation.
const exampleRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

func isExample(recipient string) bool {
	return strings.EqualFold(strings.TrimSpace(recipient), exampleRecipient)
}

// willBeFolder refuses a path where no folder is and none can be made.
func (r *reader) willBeFolder(folder, path string) {
	info, err := os.Stat(folder)
	if err == nil {
		if !info.IsDir() {
			r.tell(path, "%s is no folder", folder)
		}
		return
	}
	if above, err := os.Stat(filepath.Dir(folder)); err != nil || !above.IsDir() {
		r.tell(path, "the folder %s does not exist, nor does the one that it would be made in", folder)
	}
}

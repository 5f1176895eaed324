package doctor

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/smtp"
)

// Gateway looks whether a carrier that takes messages over HTTP can be reached. It is asked what it can do (OPTIONS),
// without our token: nothing is sent, and no secret is shown to whoever answers there.
func Gateway(ctx context.Context, name, address string, client *http.Client) []Finding {
	r, err := http.NewRequestWithContext(ctx, http.MethodOptions, address, nil)
	if err != nil {
		return []Finding{wrong("Look at its url.", "%s has no address", name)}
	}
	resp, err := client.Do(r)
	if err != nil {
		return []Finding{wrong("Look at its url, and whether the carrier lets this machine's address in.", "%s cannot be reached: %s", name, brief(err))}
	}
	resp.Body.Close()
	if resp.StatusCode >= http.StatusInternalServerError && resp.StatusCode != http.StatusNotImplemented { // it need not know OPTIONS
		return []Finding{warning("Call the carrier.", "%s answers, with %s", name, resp.Status)}
	}
	return []Finding{well("%s answers; whether it takes our token is seen only when something is sent", name)}
}

// Mail is the server that e-mail leaves by.
type Mail struct {
	Address, User, Password string
	Security                string // "tls", "starttls" or "none"
	TLS                     *tls.Config
}

// Check greets the server, turns to TLS, signs in and leaves. No message is begun.
func (m Mail) Check(ctx context.Context) []Finding {
	host, _, err := net.SplitHostPort(m.Address)
	if err != nil {
		return []Finding{wrong("Write host:port.", "the address %q has no port", m.Address)}
	}
	secure := m.TLS.Clone()
	if secure == nil {
		secure = &tls.Config{}
	}
	secure.ServerName = host
	var implicit *tls.Config
	if m.Security == "tls" {
		implicit = secure
	}
	conn, err := dial(ctx, m.Address, implicit)
	if err != nil {
		return []Finding{wrong("Look at address and security: \"tls\" is usually port 465, \"starttls\" 587.", "%s cannot be reached: %s", m.Address, brief(err))}
	}
	defer conn.Close()
	return m.greet(conn, host, secure)
}

func (m Mail) greet(conn net.Conn, host string, secure *tls.Config) []Finding {
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return []Finding{wrong("Look at address and security: what answers there speaks no SMTP.", "%s does not greet: %s", m.Address, brief(err))}
	}
	defer c.Close()
	if m.Security == "starttls" {
		if err := c.StartTLS(secure); err != nil {
			return []Finding{wrong("See whether the server offers STARTTLS and whether its certificate names "+host+".", "%s does not turn to TLS: %s", m.Address, brief(err))}
		}
	}
	if m.User != "" {
		if err := c.Auth(smtp.PlainAuth("", m.User, m.Password, host)); err != nil {
			return []Finding{wrong("Look at user and password.", "%s does not let us sign in: %s", m.Address, brief(err))}
		}
	}
	_ = c.Quit() // we have seen what we wanted
	return []Finding{well("%s greets us and lets us in", m.Address)}
}

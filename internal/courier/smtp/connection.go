package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// connection is one to the mail server, greeted, protected and admitted. One e-mail at a time goes over it.
type connection struct {
	conn   net.Conn
	client *smtp.Client
	used   time.Time
}

// open connects. Its errors name our own server, never what it said, and no reader.
func (c *Carrier) open(ctx context.Context) (*connection, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.config.Address)
	if err != nil {
		return nil, err
	}
	if c.config.Security == None && !conn.RemoteAddr().(*net.TCPAddr).IP.IsLoopback() {
		conn.Close()
		return nil, errors.New("smtp: the server is not on this machine, and the connection would not be protected")
	}
	if c.config.Security == TLS {
		conn = tls.Client(conn, c.config.TLS)
	}
	opened := &connection{conn: conn, used: c.now()}
	if err := opened.until(ctx, func() error { return c.greet(opened) }); err != nil {
		conn.Close()
		return nil, err
	}
	return opened, nil
}

// greet comes as far as the first e-mail. Without STARTTLS, where it is wanted, nothing more is said: a server that does
// not offer it may be somebody between us who took the offer out.
func (c *Carrier) greet(o *connection) (err error) {
	if o.client, err = smtp.NewClient(o.conn, c.host); err != nil {
		return failure("greeting", err)
	}
	o.client.SkipSMTPUTF8(true)             // no address of ours needs it
	o.client.SetDSNMailReturnOption("HDRS") // what comes back repeats no text
	o.client.SetDSNRcptNotifyOption("FAILURE")
	if err := o.client.Hello(c.domain); err != nil {
		return failure("EHLO", err)
	}
	if c.config.Security == StartTLS {
		if err := o.client.StartTLS(c.config.TLS); err != nil {
			return failure("STARTTLS", err)
		}
	}
	if c.config.User == "" {
		return nil
	}
	how, err := c.auth(o.client)
	if err != nil {
		return err
	}
	if err := o.client.Auth(how); err != nil {
		return failure("AUTH", err)
	}
	return nil
}

// auth picks, of what the server offers, what shows it least of the password.
func (c *Carrier) auth(client *smtp.Client) (smtp.Auth, error) {
	_, offered := client.Extension("AUTH")
	for _, how := range strings.Fields(strings.ToUpper(offered)) {
		if how == "SCRAM-SHA-256" {
			return smtp.ScramSHA256Auth(c.config.User, c.config.Password), nil
		}
	}
	for _, how := range strings.Fields(strings.ToUpper(offered)) {
		switch how {
		case "PLAIN":
			return smtp.PlainAuth("", c.config.User, c.config.Password, c.host, false), nil
		case "LOGIN":
			return smtp.LoginAuth(c.config.User, c.config.Password, c.host, false), nil
		}
	}
	return nil, fmt.Errorf("smtp: AUTH: the server offers none of SCRAM-SHA-256, PLAIN, LOGIN")
}

// until lets the connection fail when ctx ends: no answer is waited for longer.
func (o *connection) until(ctx context.Context, do func() error) error {
	stop := context.AfterFunc(ctx, func() { o.conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	return do()
}

// close says goodbye only in so far as nobody waits for the answer.
func (o *connection) close() {
	o.conn.SetDeadline(time.Now().Add(time.Second))
	_, _ = o.client.Text.Cmd("QUIT")
	o.client.Close()
}

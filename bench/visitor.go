package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// visitor is citizen number i at their browser.
type visitor struct {
	house   *house
	browser *browser
	i       int
	waited  int    // times that they were asked for patience
	known   bool   // they have identified themselves in this browser, and are not to be asked again
	clumsy  bool   // they mistype the PIN once
	wrong   bool   // and just have
	sent    []sent // what they have sent since the last request of a service
}

func newVisitor(h *house, i int) *visitor {
	return &visitor{house: h, browser: newBrowser(h.Address, addressOf(i)), i: i}
}

// sent is a form that was sent from a page.
type sent struct {
	from *url.URL
	form form
}

// errAsked means that somebody who has a session was asked who they are.
var errAsked = errors.New("a person with a session was asked who they are")

// maxPages bounds a journey that goes in a circle.
const maxPages = 8

// walk does what pages ask, until one leads back to the service.
func (v *visitor) walk(ctx context.Context, p page) (page, error) {
	v.sent = nil
	var err error
	for range maxPages {
		if p, err = v.patient(ctx, p); err != nil {
			return p, err
		}
		if p.leads() {
			return p, nil
		}
		f, isQuestion, err := v.fill(ctx, p)
		if err != nil {
			return p, err
		}
		if isQuestion && v.known {
			return p, errAsked
		}
		v.sent = append(v.sent, sent{p.at, f})
		if p, err = v.browser.post(ctx, p.at, f.action, f.fields); err != nil && !v.mistyped(err) {
			return p, err
		}
	}
	return p, fmt.Errorf("no answer after %d pages; the last is %q", maxPages, p.heading)
}

// fill types what a page asks for. A page that asks nothing wants to be agreed to; the bool is false then.
func (v *visitor) fill(ctx context.Context, p page) (form, bool, error) {
	who := somebody(v.i)
	for _, question := range []struct {
		field  string
		answer func() (string, error)
	}{
		{"nif", func() (string, error) { return who.NIF.String(), nil }},
		{"datum", func() (string, error) { return typed(who.Datum), nil }},
		{"pin", func() (string, error) { return v.pin(ctx) }},
	} {
		f, ok := p.form(question.field)
		if !ok {
			continue
		}
		answer, err := question.answer()
		f.fields.Set(question.field, answer)
		return f, true, err
	}
	if f, ok := p.formTo("/continue"); ok {
		return f, false, nil
	}
	return form{}, false, fmt.Errorf("%s asks for nothing that we know: %q", p.at.Path, p.heading)
}

// mistyped tells whether a page only says that what was typed is wrong, as it is the first time of somebody clumsy.
func (v *visitor) mistyped(err error) bool {
	var r *refusal
	wrong := v.wrong && errors.As(err, &r) && r.status == http.StatusUnprocessableEntity
	v.wrong = false
	return wrong
}

// pin is the code that came by SMS, or at first not that one.
func (v *visitor) pin(ctx context.Context) (string, error) {
	if v.clumsy {
		v.clumsy, v.wrong = false, true
		return "000000", nil
	}
	return v.house.phones.code(ctx, phoneOf(v.i), claveHost)
}

// leads tells whether a page takes the person back to the service: by a form, or by a redirect.
func (p page) leads() bool {
	_, form := p.form("SAMLResponse")
	return form || p.away != nil
}

// formTo finds the form that is posted to an address with this end.
func (p page) formTo(end string) (form, bool) {
	for _, f := range p.forms {
		if f.post && strings.HasSuffix(f.action.Path, end) {
			return f, true
		}
	}
	return form{}, false
}

// names compares what a service was told with who the visitor is.
func (v *visitor) names(nif, name string) error {
	if p := somebody(v.i); nif != p.NIF.String() || name != p.Name() {
		return errors.New("the answer names somebody else")
	}
	return nil
}

// link is an address of ours.
func link(address string) *url.URL { return must(url.Parse(address)) }

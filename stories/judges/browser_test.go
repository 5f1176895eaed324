package judges_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is one without JavaScript, and the person before it, who does what each page asks.
type browser struct {
	*house
	identity
	client *http.Client
	enters []string // the sites whose pages it opens; to any other it is only sent
	asked  []string // what the pages asked of the person on the last way, by the last part of the form's address
}

func (h *house) browser(who string) *browser {
	jar, err := cookiejar.New(nil)
	check(h.t, err)
	b := &browser{house: h, identity: identities[who], client: h.client(), enters: []string{h.origin}}
	b.client.Jar = jar
	b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return b
}

// place is where a way ended: at another site's address, which was not opened, or on a page that asks nothing more.
type place struct {
	Location string
	Text     string
	Asked    []string
}

// patience is how long an SMS may take.
const patience = 10 * time.Second

// visit goes to an address and on, until it is sent to another site or nothing more is asked. A person who gives up cancels
// at the first page that offers it.
func (b *browser) visit(address string, givesUp bool) (place, error) {
	b.asked = nil
	r, err := http.NewRequest(http.MethodGet, address, nil)
	for range 30 {
		if err != nil {
			return place{}, err
		}
		if !b.mayEnter(r.URL) {
			return place{Location: r.URL.String(), Asked: b.asked}, nil
		}
		var text string
		if r, text, err = b.step(r, givesUp); r == nil && err == nil {
			return place{Text: text, Asked: b.asked}, nil
		}
	}
	return place{}, errors.New("sent round in circles: " + strings.Join(b.asked, ", "))
}

func (b *browser) mayEnter(u *url.URL) bool {
	for _, site := range b.enters {
		if u.Scheme+"://"+u.Host == site {
			return true
		}
	}
	return false
}

// step sends one request, and finds the next: none when the page asks nothing.
func (b *browser) step(r *http.Request, givesUp bool) (next *http.Request, text string, err error) {
	r.Header.Set("Accept", "text/html")
	answer, err := b.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, "", err
	}
	if to, err := answer.Location(); err == nil {
		next, err := http.NewRequest(http.MethodGet, to.String(), nil)
		return next, "", err
	}
	if answer.StatusCode >= http.StatusInternalServerError {
		return nil, "", fmt.Errorf("%s answered %s: %s", r.URL, answer.Status, body)
	}
	page, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		return nil, "", err
	}
	next, err = b.act(r.URL, page, givesUp)
	return next, string(body), err
}

// act fills in the first form that asks something of the person, or the one that gives up.
func (b *browser) act(at *url.URL, page *html.Node, givesUp bool) (*http.Request, error) {
	for form := range elements(page, "form") {
		to, err := at.Parse(attribute(form, "action"))
		if err != nil {
			return nil, err
		}
		question := path.Base(to.Path)
		if strings.HasPrefix(to.Path, "/logout/") && question != "stay" {
			question = "logout"
		}
		if givesUp != (question == "cancel") {
			continue
		}
		name, value, ok, err := b.answer(question)
		if err != nil {
			return nil, err
		}
		if ok {
			b.asked = append(b.asked, question)
			return submit(at, to, form, name, value)
		}
	}
	return nil, nil
}

// answer is what the person puts into a form, and whether there is anything to answer.
func (b *browser) answer(question string) (name, value string, ok bool, err error) {
	switch question {
	case "nif":
		return "nif", b.nif, true, nil
	case "document":
		return "datum", datum, true, nil
	case "pin":
		value, err = b.code()
		return "pin", value, true, err
	case "answer":
		return "answer", "confirmed", true, nil
	case "me", "continue", "cancel", "logout":
		return "", "", true, nil
	default:
		return "", "", false, nil
	}
}

// code reads the phone.
func (b *browser) code() (string, error) {
	select {
	case code := <-b.phones.of(b.phone):
		return code, nil
	case <-time.After(patience):
		return "", errors.New("no SMS came")
	}
}

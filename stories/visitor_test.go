package stories_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"
)

// visitor is a browser without JavaScript, and the person before it.
type visitor struct {
	*world
	lang string // what the browser asks for
	jar  *jar
	page *page
	past []string // the addresses seen before this page
}

func newVisitor(w *world) *visitor { return &visitor{world: w, lang: "es", jar: newJar()} }

// twin is the same browser again, on the same page, with the same cookies.
func (v *visitor) twin() *visitor {
	other := *v
	other.jar = v.jar.clone(v.clave, v.sede)
	page := *v.page
	page.typed = maps.Clone(v.page.typed)
	other.page = &page
	return &other
}

func (v *visitor) open(address string) error {
	return v.navigate(request{method: http.MethodGet, address: address})
}

// request is a navigation.
type request struct {
	method, address string
	form            url.Values
	from            *url.URL // the page that leads there; nil for an address that the person typed
}

// navigate follows a navigation to its page, through redirections and the forms by which one site passes a person to another.
func (v *visitor) navigate(r request) error {
	if v.page != nil {
		v.past = append(v.past, v.page.url.String())
	}
	for range 20 {
		resp, err := v.send(r)
		if err != nil {
			return err
		}
		if next := resp.Header.Get("Location"); next != "" {
			resp.Body.Close()
			u, err := resp.Request.URL.Parse(next)
			if err != nil {
				return err
			}
			r = request{method: http.MethodGet, address: u.String(), from: r.from}
			continue
		}
		if v.page, err = readPage(resp); err != nil {
			return err
		}
		form := v.page.passage()
		if form == nil {
			return nil
		}
		r = v.page.submit(form, nil)
	}
	return fmt.Errorf("sent round in circles, last to %s", r.address)
}

// send sends one request as browsers do: SameSite=Lax cookies stay behind when one site's page posts to another.
func (v *visitor) send(r request) (*http.Response, error) {
	var body io.Reader
	if r.method == http.MethodPost {
		body = strings.NewReader(r.form.Encode())
	}
	q, err := http.NewRequest(r.method, r.address, body)
	if err != nil {
		return nil, err
	}
	site := "none"
	if r.from != nil {
		site = "same-origin"
		if r.from.Host != q.URL.Host {
			site = "cross-site"
		}
	}
	q.Header.Set("Accept-Language", v.lang)
	q.Header.Set("Sec-Fetch-Site", site)
	if r.method == http.MethodPost {
		q.Header.Set("Origin", r.from.Scheme+"://"+r.from.Host)
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if site != "cross-site" || r.method == http.MethodGet {
		for _, c := range v.jar.Cookies(q.URL) {
			q.AddCookie(c)
		}
	}
	resp, err := v.transport.RoundTrip(q)
	if err == nil {
		v.jar.SetCookies(q.URL, resp.Cookies())
	}
	return resp, err
}

func (v *visitor) back() error {
	if len(v.past) == 0 {
		return fmt.Errorf("there is nothing to go back to")
	}
	address := v.past[len(v.past)-1]
	v.past = v.past[:len(v.past)-1]
	v.page = nil
	return v.open(address)
}

func (v *visitor) press(text string) error {
	r, err := v.page.press(text)
	if err != nil {
		return err
	}
	return v.navigate(r)
}

// pressUnder presses the button of the card with that heading.
func (v *visitor) pressUnder(heading string) error {
	r, err := v.page.pressUnder(heading)
	if err != nil {
		return err
	}
	return v.navigate(r)
}

func (v *visitor) write(label, text string) error { return v.page.write(label, text) }

func (v *visitor) choose(label string) error { return v.page.choose(label) }

// answer gives the datum of a document, whatever that document's datum is called, and goes on.
func (v *visitor) answer(datum string) error {
	const name = "datum"
	if v.page.control(name) == nil {
		return fmt.Errorf("no document is asked for on the page:\n%s", v.page.text())
	}
	v.page.typed[name] = datum
	return v.navigate(v.page.submit(v.page.formOf(name), nil))
}

func (v *visitor) sees(text string) error {
	if v.page == nil {
		return fmt.Errorf("no page was opened yet")
	}
	if !strings.Contains(v.page.text(), text) {
		return fmt.Errorf("%s (%d) says:\n%s", v.page.url, v.page.status, v.page.text())
	}
	return nil
}

// wait loads the page again until it says something.
func (v *visitor) wait(text string) error {
	late, tick := time.After(patience), time.NewTicker(50*time.Millisecond)
	defer tick.Stop()
	for v.sees(text) != nil {
		select {
		case <-late:
			return v.sees(text)
		case <-tick.C:
		}
		address := v.page.url.String()
		v.page = nil
		if err := v.open(address); err != nil {
			return err
		}
	}
	return nil
}

// jar keeps cookies, and can be copied.
type jar struct{ *cookiejar.Jar }

func newJar() *jar {
	j, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no reason to
	}
	return &jar{j}
}

func (j *jar) clone(sites ...string) *jar {
	other := newJar()
	for _, site := range sites {
		u, err := url.Parse(site)
		if err != nil {
			panic(err) // our own addresses
		}
		other.SetCookies(u, j.Cookies(u))
	}
	return other
}

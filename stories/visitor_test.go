package stories_test

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"
)

// visitor is a browser without JavaScript, and the person before it.
type visitor struct {
	*world
	lang   string // what the browser asks for
	window        // before their eyes
	other  window
}

// window is a tab of a browser.
type window struct {
	*page
	jar  *cookiejar.Jar // of the browser
	past []string       // the addresses of the pages before this one
}

func newVisitor(w *world) *visitor {
	return &visitor{world: w, lang: "es", window: newWindow(newJar())}
}

func newWindow(jar *cookiejar.Jar) window { return window{page: &page{url: &url.URL{}}, jar: jar} }

// leave lays a window aside and takes another.
func (v *visitor) leave(next window) { v.window, v.other = next, v.window }

func newJar() *cookiejar.Jar {
	j, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it has no reason to
	}
	return j
}

// twin is the same browser again: the same page, the same cookies.
func (v *visitor) twin() *visitor {
	other, page := *v, *v.page
	other.page, other.past, other.jar = &page, slices.Clone(v.past), newJar()
	page.filled = maps.Clone(v.filled)
	for _, site := range []string{v.clave, v.sede} {
		if u, err := url.Parse(site); err == nil {
			other.jar.SetCookies(u, v.jar.Cookies(u))
		}
	}
	return &other
}

// request is a navigation.
type request struct {
	method, address string
	form            url.Values
	from            *url.URL // the page that leads there; nil for an address that the person typed
}

func (v *visitor) open(address string) error {
	v.past = append(v.past, v.url.String())
	return v.follow(request{method: http.MethodGet, address: address}, nil)
}

func (v *visitor) press(words string) error {
	r, err := v.page.press(words)
	v.past = append(v.past, v.url.String())
	return v.follow(r, err)
}

func (v *visitor) back() error {
	if len(v.past) == 0 {
		return errors.New("there is nothing to go back to")
	}
	address := v.past[len(v.past)-1]
	v.past = v.past[:len(v.past)-1]
	return v.follow(request{method: http.MethodGet, address: address}, nil)
}

// follow follows a navigation to its page, through redirections, pages that lead on by themselves, and the forms by which one site passes a person on to
// another.
func (v *visitor) follow(r request, err error) error {
	for range 20 {
		if err != nil {
			return err
		}
		resp, wrong := v.send(r)
		if wrong != nil {
			return wrong
		}
		next, from := resp.Header.Get("Location"), r.from
		if _, address, found := strings.Cut(resp.Header.Get("Refresh"), "url="); found {
			next, from = address, resp.Request.URL
		}
		if next != "" {
			resp.Body.Close()
			var u *url.URL
			u, err = resp.Request.URL.Parse(next)
			r = request{method: http.MethodGet, address: fmt.Sprint(u), from: from}
			continue
		}
		if v.page, err = readPage(resp); err != nil {
			return err
		}
		v.private.shown(v.text())
		form := v.passage()
		if form == nil {
			return nil
		}
		r = v.submit(form, nil)
	}
	return fmt.Errorf("sent round in circles, last to %s", r.address)
}

// send sends one request as browsers do: cookies, which are SameSite=Lax, stay behind when one site's page posts to
// another.
func (v *visitor) send(r request) (*http.Response, error) {
	q, err := http.NewRequest(r.method, r.address, strings.NewReader(r.form.Encode()))
	if err != nil {
		return nil, err
	}
	site := "none"
	if r.from != nil {
		site = map[bool]string{true: "same-origin", false: "cross-site"}[r.from.Host == q.URL.Host]
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
		for _, c := range resp.Cookies() {
			v.private.cookie(c.Value)
		}
	}
	return resp, err
}

// fill writes into the field with a label, or ticks the box with it.
func (v *visitor) fill(label, text string) error {
	n, err := v.labelled(label)
	if err == nil {
		v.filled[n] = text
		v.private.typed(text)
	}
	return err
}

// answer gives the datum of a document, whatever that document's datum is called, and goes on.
func (v *visitor) answer(datum string) error {
	n, err := v.field("name", "datum")
	if err != nil {
		return err
	}
	v.filled[n] = datum
	v.private.typed(datum)
	v.past = append(v.past, v.url.String())
	return v.follow(v.submit(above(n, "form"), nil), nil)
}

func (v *visitor) sees(text string) error {
	if !strings.Contains(v.text(), text) {
		return fmt.Errorf("%s says:\n%s", v.url, v.text())
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
		if err := v.reload(); err != nil {
			return err
		}
	}
	return nil
}

func (v *visitor) reload() error {
	return v.follow(request{method: http.MethodGet, address: v.url.String()}, nil)
}

package web

import (
	"net/url"
	"strings"
	"testing"

	"clave/internal/locale"
)

// Each page puts what is its own into the frame: without its script the answer to a service would wait for a press.
func TestPagesFillTheirFrame(t *testing.T) {
	for file, own := range map[string][]string{
		"login-return.html": {"post.js", "<title>", "data-post"}, "login-pin.html": {"live.js"}, "waiting.html": {"wait.js"},
	} {
		source := framed(written(locale.Match("es"), layoutFile), written(locale.Match("es"), file), file)
		for _, slot := range []string{"title", "head", "main"} {
			if strings.Count(source, `{{template "`+file+" "+slot+`" .}}`) != 1 || strings.Count(source, `{{define "`+file+" "+slot+`"}}`) != 1 {
				t.Errorf("%s does not fill %q", file, slot)
			}
		}
		for _, part := range own {
			if !strings.Contains(source, part) {
				t.Errorf("%s lacks %s", file, part)
			}
		}
	}
}

// The tongues made once are those that each page would make, and an address keeps what it asks.
func TestTongues(t *testing.T) {
	for _, l := range locale.All() {
		at := func(address string, plain bool) page {
			u, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			return page{Lang: l, Languages: tonguesAt(u, l), plain: plain}
		}
		made, err := at("/login/1", true).tongues()
		fresh, again := at("/login/1", false).tongues()
		if err != nil || again != nil || made != fresh || !strings.Contains(string(made), `href="?lang=`) {
			t.Errorf("%s: %q and %q, %v, %v", l.Code(), made, fresh, err, again)
		}
		asked, err := at("/help?q=a%22b", false).tongues()
		if err != nil || !strings.Contains(string(asked), `q=a%22b"`) {
			t.Errorf("%s: %q, %v", l.Code(), asked, err)
		}
		if none, err := (page{Lang: l, plain: true}).tongues(); none != "" || err != nil {
			t.Errorf("a page that cannot be asked for again offers %q, %v", none, err)
		}
	}
}

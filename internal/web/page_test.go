package web

import (
	"net/url"
	"strings"
	"testing"

	"clave/internal/locale"
)

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
		made, err := at("/login/1", true).Tongues()
		fresh, again := at("/login/1", false).Tongues()
		if err != nil || again != nil || made != fresh || !strings.Contains(string(made), `href="?lang=`) {
			t.Errorf("%s: %q and %q, %v, %v", l.Code(), made, fresh, err, again)
		}
		asked, err := at("/help?q=a%22b", false).Tongues()
		if err != nil || !strings.Contains(string(asked), `q=a%22b"`) {
			t.Errorf("%s: %q, %v", l.Code(), asked, err)
		}
		if none, err := (page{Lang: l, plain: true}).Tongues(); none != "" || err != nil {
			t.Errorf("a page that cannot be asked for again offers %q, %v", none, err)
		}
	}
}

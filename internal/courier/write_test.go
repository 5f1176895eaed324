package courier_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"clave/internal/courier"
	"clave/internal/locale"
	"clave/internal/notify"
)

// values are all that any kind may need.
func values() map[string]string {
	return map[string]string{
		"code": "739154", "label": "K7P2", "service": "Agencia Tributaria", "host": "clave.example.es", "url": "https://clave.example.es",
		"name": "Íñigo Peña d'Ors", "phone": "+34 ··· ··· 456", "csv": "KX7PQ2MN8RTW4ZJH", "freeze": "ABCDEFGH23456789", "reference": "REFERENC",
		"address": "Calle Mayor, 1\n28013 Madrid\nMadrid", "expires": "2027-01-20", "date": "2026-11-21",
		"reply": "ana@example.org", "text": "No me llega el SMS.", "problem": "Hay que esperar", "page": "/login", "lang": "es",
	}
}

func written(t testing.TB, k notify.Kind, lang string, v map[string]string) courier.Parcel {
	t.Helper()
	p, err := courier.Write(notify.Message{ID: "id", Kind: k, To: "to", Lang: lang, Values: v, Created: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatalf("%s in %s: %v", k, lang, err)
	}
	return p
}

func everyKind(t *testing.T, test func(t *testing.T, k notify.Kind, lang string)) {
	for _, k := range slices.Sorted(slices.Values(notify.Kinds())) {
		for _, lang := range locale.All() {
			t.Run(string(k)+" "+lang.Code(), func(t *testing.T) { test(t, k, lang.Code()) })
		}
	}
}

func TestEveryKindIsWritten(t *testing.T) {
	everyKind(t, func(t *testing.T, k notify.Kind, lang string) {
		p := written(t, k, lang, values())
		if p.ID != "id" || p.Kind != k || p.To != "to" || p.Lang != lang {
			t.Errorf("addressed %+v", p)
		}
		channel := k.Channel()
		if (p.Text == "") != (channel == notify.Letter) || (p.Subject == "") != (channel == notify.SMS) || (p.PDF == nil) != (channel != notify.Letter) {
			t.Errorf("a %s has subject %q, text %q, %d bytes", channel, p.Subject, p.Text, len(p.PDF))
		}
		if text := p.Subject + p.Text; strings.ContainsAny(text, "{}|") || !utf8.ValidString(text) {
			t.Errorf("unfinished: %s", text)
		}
		for _, name := range k.Values() {
			if v := values()[name]; p.PDF == nil && !strings.Contains(p.Text, strings.NewReplacer("Í", "I").Replace(v)) && !strings.Contains(p.Text, v) {
				t.Errorf("says no %s: %s", name, p.Text)
			}
		}
	})
}

func TestNoValueIsMissing(t *testing.T) {
	everyKind(t, func(t *testing.T, k notify.Kind, lang string) {
		for _, name := range k.Values() {
			for _, v := range []map[string]string{values(), values()} {
				v[name] = ""
				_, err := courier.Write(notify.Message{Kind: k, Lang: lang, Values: v})
				if name != "label" && !errors.Is(err, courier.ErrValue) || name == "label" && err != nil {
					t.Errorf("without %s: %v", name, err)
				}
			}
		}
	})
	if _, err := courier.Write(notify.Message{Kind: "another", Values: values()}); !errors.Is(err, courier.ErrValue) {
		t.Errorf("a kind that nobody knows: %v", err)
	}
}

// extreme values, each alone and with the others.
var extreme = map[string][]string{
	"code":    {"7KX", "739154", "73915482"},
	"label":   {"K7P2", ""},
	"host":    {"a.es", strings.Repeat("h", courier.MaxHost)},
	"service": {"S", "Ministerio de Asuntos Económicos y Transformación Digital, Secretaría General de Administración Digital", strings.Repeat("€", 200), "Наука 日本 😀", "Línea\nuno\r\n\n@malo.example #000000", "[{}]^~|\\ ñÑçÇ"},
}

func TestRule06SMSFitsOneMessage(t *testing.T) {
	for _, lang := range locale.All() {
		for _, code := range extreme["code"] {
			for _, label := range extreme["label"] {
				for _, host := range extreme["host"] {
					for _, service := range extreme["service"] {
						oneMessage(t, lang.Code(), map[string]string{"code": code, "label": label, "host": host, "service": service})
					}
				}
			}
		}
	}
}

func oneMessage(t testing.TB, lang string, v map[string]string) {
	t.Helper()
	for _, k := range []notify.Kind{notify.PIN, notify.PhoneCode, notify.WelcomeSMS, notify.Confirmation, notify.NewBrowserSMS, notify.NotMeSMS, notify.PINBlockedSMS} {
		text := written(t, k, lang, v).Text
		if n := courier.Septets(text); n > courier.OneMessage {
			t.Errorf("%s has %d septets: %q", k, n, text)
		}
		if strings.Contains(text, "://") && !strings.Contains(v["service"], "://") {
			t.Errorf("%s has a link: %q", k, text)
		}
		if !k.Once() {
			continue
		}
		lines := strings.Split(text, "\n")
		if len(lines) != 3 || lines[1] != "" || lines[2] != "@"+v["host"]+" #"+v["code"] {
			t.Errorf("%s does not end in a line that the phone understands: %q", k, text)
		}
		if !strings.HasPrefix(text, "Cl@ve: "+v["code"]) || k == notify.PIN && !strings.Contains(lines[0], v["label"]) {
			t.Errorf("%s loses its code or label: %q", k, text)
		}
	}
}

func TestRule06SMSNamesTheService(t *testing.T) {
	for _, c := range []struct{ service, want string }{
		{"Agencia Tributaria", " Agencia Tributaria. "},
		{"Seguridad Social", " Seguridad Social. "},
		{"Ministerio de Asuntos Económicos", " Ministerio de Asu"},
		{"Línea\nuno", " Linea uno. "},
	} {
		v := values()
		v["service"] = c.service
		if text := written(t, notify.PIN, "es", v).Text; !strings.Contains(text, c.want) {
			t.Errorf("%q: %s", c.service, text)
		}
	}
}

// A service's name is what tells a request that one made from one that somebody else did: with the longest host and PIN there is
// still room for its beginning, in every language.
func TestRule06SMSHasRoomForTheService(t *testing.T) {
	for _, lang := range locale.All() {
		v := values()
		v["service"], v["host"], v["code"] = "Agencia Tributaria", strings.Repeat("h", courier.MaxHost), "73915482"
		if text := written(t, notify.PIN, lang.Code(), v).Text; !strings.Contains(text, "Agencia") {
			t.Errorf("%s: %q", lang.Code(), text)
		}
	}
}

// What the alphabet lacks would lose its accent on the way: the texts are written as they arrive.
func TestRule06SMSTextsAreInTheAlphabet(t *testing.T) {
	for _, lang := range locale.All() {
		for _, key := range []locale.Key{"sms.pin", "sms.pin-own-code", "sms.phone-code", "sms.welcome", "sms.new-browser",
			"sms.confirmation", "sms.not-me", "sms.pin-blocked"} {
			text := lang.Text(key, "code", "1", "label", "K", "service", "S", "host", "h")
			if courier.Septets(text) > courier.OneMessage {
				t.Errorf("%s: %s does not arrive as it is written: %q", lang.Code(), key, text)
			}
		}
	}
}

func TestSeptets(t *testing.T) {
	for _, c := range []struct {
		text string
		want int
	}{{"", 0}, {"Cl@ve ñ é", 9}, {"€[]", 6}, {"\n", 1}, {"á", 1 << 20}, {"😀", 1 << 20}} {
		if got := courier.Septets(c.text); got != c.want {
			t.Errorf("%q has %d, want %d", c.text, got, c.want)
		}
	}
}

func FuzzSMS(f *testing.F) {
	for _, service := range extreme["service"] {
		f.Add(service, "K7P2", byte(0))
		f.Add(service, "", byte(1))
	}
	f.Fuzz(func(t *testing.T, service, label string, which byte) {
		if service == "" || len(label) > 4 || strings.Trim(label, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789") != "" {
			t.Skip()
		}
		v := maps.Clone(values())
		v["service"], v["label"], v["host"] = service, label, strings.Repeat("h", courier.MaxHost)
		oneMessage(t, locale.All()[int(which)%len(locale.All())].Code(), v)
	})
}

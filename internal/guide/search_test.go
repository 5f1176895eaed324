package guide

import (
	"slices"
	"strings"
	"testing"
)

func slugs(found []Article) (all []string) {
	for _, a := range found {
		all = append(all, a.Slug)
	}
	return all
}

// People ask in their own words; the answer stands first, or second where two would do.
func TestSearchFinds(t *testing.T) {
	for _, c := range []struct{ lang, question, want string }{
		{"eu", "ez zait SMSa iristen", "sms"}, {"eu", "bi sim txartel", "sms"}, {"eu", "mugikorra lapurtu didate", "phone"}, {"eu", "gutuna ez da iritsi", "letter-lost"},
		{"eu", "aktibazio kodea galdu dut", "activation"}, {"eu", "ziurtagiri berdea", "foreigners"}, {"eu", "euskarri zenbakia non dago", "document"},
		{"eu", "saioa itxi", "session"}, {"eu", "mezu susmagarria", "not-me"}, {"eu", "PINa iraungi da", "wrong-code"}, {"eu", "nola erregistratu", "what"},
		{"es", "no me llega el SMS", "sms"},
		{"es", "NO ME LLEGAN LOS MENSAJES", "sms"},
		{"es", "dos tarjetas sim", "sms"},
		{"es", "he perdido el movil", "phone"},
		{"es", "teléfonos robados", "phone"},
		{"es", "perdí la carta", "letter-lost"},
		{"es", "codigo de activacion", "activation"},
		{"es", "códigos de activación", "activation"},
		{"es", "mi hija es menor de edad", "minors"},
		{"es", "certificado verde", "foreigners"},
		{"es", "numero de soporte", "document"},
		{"es", "nivel básico insuficiente", "levels"},
		{"es", "cerrar sesión", "session"},
		{"es", "cookies", "browser"},
		{"es", "phishing", "not-me"},
		{"es", "me llaman y piden un código", "never-tell"},
		{"es", "PIN caducado", "wrong-code"},
		{"es", "qué es cl@ve", "what"},
		{"en", "the text message does not arrive", "sms"},
		{"en", "lost phones", "phone"},
		{"en", "letters late", "letter-lost"},
		{"en", "how to log out", "session"},
		{"en", "back button", "browser"},
		{"en", "scam", "not-me"},
		{"ca", "no m'arriba l'SMS", "sms"},
		{"ca", "no em llega el mensaje", "sms"},
		{"ca", "m'han robat el mòbil", "phone"},
		{"ca", "la carta no arriba", "letter-lost"},
		{"ca", "codis d'activació", "activation"},
		{"ca", "la meva filla és menor d'edat", "minors"},
		{"ca", "sessions obertes", "session"},
		{"ca", "eixir de la sessió", "session"},
		{"ca", "galetes", "browser"},
		{"ca", "han entrat amb el meu nom", "not-me"},
		{"ca", "em truquen i em demanen un codi", "never-tell"},
		{"ca", "donar-me d'alta", "what"},
		{"gl", "non me chega o SMS", "sms"},
		{"gl", "no me llega el mensaje", "sms"},
		{"gl", "roubáronme o teléfono", "phone"},
		{"gl", "perdín a carta", "letter-lost"},
		{"gl", "códigos de activación", "activation"},
		{"gl", "a miña filla é menor de idade", "minors"},
		{"gl", "pechar a sesión", "session"},
		{"gl", "cerrar sesión", "session"},
		{"gl", "volver atrás", "browser"},
		{"gl", "entraron no meu nome", "not-me"},
		{"gl", "chámanme e piden un código", "never-tell"},
		{"gl", "darme de alta", "what"},
		{"xx", "no me llega el SMS", "sms"},
	} {
		if found := slugs(Search(c.lang, c.question)); !slices.Contains(found[:min(2, len(found))], c.want) {
			t.Errorf("%s: %q finds %v, want %s", c.lang, c.question, found, c.want)
		}
	}
}

// What leads to another article would cost the person a walk: these come first.
func TestSearchFindsFirst(t *testing.T) {
	for _, c := range []struct{ lang, question, want string }{
		{"es", "segunda sim", "sms"}, {"en", "second SIM", "sms"}, {"ca", "segona SIM", "sms"}, {"gl", "segunda SIM", "sms"}, {"eu", "bigarren SIM", "sms"},
		{"es", "dni caducado", "document"}, {"es", "documento caducado", "document"}, {"es", "PIN caducado", "wrong-code"},
		{"en", "expired document", "document"}, {"en", "expired DNI", "document"}, {"en", "expired PIN", "wrong-code"},
		{"ca", "document caducat", "document"}, {"ca", "DNI caducat", "document"}, {"ca", "PIN caducat", "wrong-code"},
		{"gl", "documento caducado", "document"}, {"gl", "DNI caducado", "document"}, {"gl", "PIN caducado", "wrong-code"},
		{"eu", "agiri iraungita", "document"}, {"eu", "NAN iraungita", "document"}, {"eu", "PINa iraungi da", "wrong-code"},
		{"es", "quien ha entrado con mi nombre", "not-me"}, {"es", "¿quién ha entrado en mi nombre?", "not-me"},
		{"en", "who signed in in my name", "not-me"}, {"ca", "qui ha entrat amb el meu nom", "not-me"},
		{"gl", "quen entrou no meu nome", "not-me"}, {"eu", "nor sartu da nire izenean", "not-me"},
	} {
		if found := slugs(Search(c.lang, c.question)); len(found) == 0 || found[0] != c.want {
			t.Errorf("%s: %q finds %v, want %s first", c.lang, c.question, found, c.want)
		}
	}
}

func TestSearchFindsNothing(t *testing.T) {
	for _, question := range []string{"", "  ", "¿?", "a", "xylophone qwertz", "12345678Z", strings.Repeat("zzzz ", 1000), "\xff\x00"} {
		if found := slugs(Search("es", question)); len(found) > 0 {
			t.Errorf("%q finds %v", question, found)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"¿No me llega el código?", "no me llega el codigo"},
		{"Cl@ve PIN", "clave pin"},
		{"col·legi", "collegi"},
		{"l'SMS", "l sms"},
		{"Ñandú ÇA", "nandu ca"},
	} {
		if got := strings.Join(words(c.text), " "); got != c.want {
			t.Errorf("%q has the words %q, want %q", c.text, got, c.want)
		}
	}
	for _, c := range []struct{ word, want string }{
		{"mensajes", "mensaj"}, {"mensaje", "mensaj"}, {"carta", "cart"}, {"pin", "pin"}, {"sms", "sms"}, {"mezuak", "mezu"}, {"codes", "code"},
	} {
		if got := stem(c.word); got != c.want {
			t.Errorf("%s is cut to %s, want %s", c.word, got, c.want)
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("es", "no me llega el SMS")
	f.Add("xx", "·@\u0301 \xff")
	f.Fuzz(func(t *testing.T, lang, question string) {
		found := slugs(Search(lang, question))
		if len(found) > maxFound {
			t.Errorf("%d answers", len(found))
		}
		sorted := slices.Clone(found)
		slices.Sort(sorted)
		if len(slices.Compact(sorted)) != len(found) {
			t.Errorf("the same answer twice: %v", found)
		}
	})
}

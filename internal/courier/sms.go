package courier

import (
	"strings"
	"unicode"

	"clave/internal/locale"
	"clave/internal/notify"
)

// MaxHost is the longest name, in characters, of our own host with which every SMS fits one message.
const MaxHost = 30

// shorts are the texts of each SMS. Each fits one GSM-7 message: a second part costs twice and may arrive alone. There is
// no link in it, and the last line of a code lets the phone fill it in on our own pages only (the origin-bound one-time-code
// format).
var shorts = map[notify.Kind]func(locale.Lang, map[string]string) string{
	notify.PIN: pin,
	notify.PhoneCode: func(lang locale.Lang, v map[string]string) string {
		return fold(lang.Text("sms.phone-code", "code", v["code"]) + autofill(v))
	},
	notify.WelcomeSMS: func(lang locale.Lang, v map[string]string) string {
		return fold(lang.Text("sms.welcome", "host", v["host"]))
	},
	notify.Confirmation: func(lang locale.Lang, v map[string]string) string {
		return fit(v["service"], func(service string) string {
			return lang.Text("sms.confirmation", "service", service, "host", v["host"])
		})
	},
	notify.NewBrowserSMS: func(lang locale.Lang, v map[string]string) string {
		return fit(v["service"], func(service string) string {
			return lang.Text("sms.new-browser", "service", service, "host", v["host"])
		})
	},
	notify.NotMeSMS: func(lang locale.Lang, v map[string]string) string {
		return fold(lang.Text("sms.not-me", "host", v["host"]))
	},
	notify.PINBlockedSMS: func(lang locale.Lang, v map[string]string) string {
		return fit(v["service"], func(service string) string {
			return lang.Text("sms.pin-blocked", "service", service, "host", v["host"])
		})
	},
}

// pin names the service. What does not fit is cut from that name, never from the rest.
func pin(lang locale.Lang, v map[string]string) string {
	return fit(v["service"], func(service string) string {
		if v["label"] == "" {
			return lang.Text("sms.pin-own-code", "code", v["code"], "service", service) + autofill(v)
		}
		return lang.Text("sms.pin", "code", v["code"], "service", service, "label", v["label"]) + autofill(v)
	})
}

func autofill(values map[string]string) string {
	return "\n\n@" + values["host"] + " #" + values["code"]
}

// fit shortens a name, with a dot after it, as much as what is written around it does not fit one message.
func fit(name string, write func(name string) string) string {
	whole := []rune(oneLine(name))
	name = fold(string(whole[:min(len(whole), OneMessage)]))
	text := fold(write(name))
	if over := Septets(text) - OneMessage; over > 0 {
		text = fold(write(shorten(name, over+len(".")) + "."))
	}
	return text
}

// shorten takes at least so many septets off the end of a name, if it has them.
func shorten(name string, septets int) string {
	short := []rune(name)
	for n := Septets(name) - septets; len(short) > 0 && Septets(string(short)) > n; {
		short = short[:len(short)-1]
	}
	return strings.TrimSpace(string(short))
}

// oneLine takes line breaks out of a name: the last line of the message is ours.
func oneLine(name string) string {
	return strings.Join(strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
}

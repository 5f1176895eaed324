package stories_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// sentence is a form that the sentences of a story may have.
type sentence struct {
	pattern *regexp.Regexp
	do      func(s *story, words []string) error
}

// sentences are all of them. NAME is a person, or she or he for the one named last; TEXT stands in quotation marks; CODE
// is a TEXT, or one of the forms in codes.
var sentences = []sentence{
	form(`the clock moves COUNT (minute|hour|day)s?`, (*story).moveClock),
	form(`Clave is killed and started again`, func(s *story, _ []string) error { return s.restart() }),

	form(`NAME speaks (Spanish|Catalan|Galician|Basque|English)`, func(s *story, w []string) error { s.who(w[0]).lang = tongues[w[1]]; return nil }),
	form(`NAME sits down at NAME's computer`, (*story).share),
	form(`NAME opens a new tab`, func(s *story, w []string) error { p := s.who(w[0]); p.leave(newWindow(p.jar)); return nil }),
	form(`NAME opens another browser`, func(s *story, w []string) error { s.who(w[0]).leave(newWindow(newJar())); return nil }),
	form(`NAME changes to the other (?:tab|browser)`, func(s *story, w []string) error { p := s.who(w[0]); p.leave(p.other); return nil }),
	form(`NAME opens the address of the other tab`, func(s *story, w []string) error { p := s.who(w[0]); return p.open(p.other.url.String()) }),
	form(`NAME looks at the page again`, func(s *story, w []string) error { return s.who(w[0]).reload() }),
	form(`NAME opens TEXT at the SITE`, (*story).enter),
	form(`NAME goes to the SITE`, func(s *story, w []string) error { return s.who(w[0]).open(s.site(w[1]) + "/") }),
	form(`NAME opens the page TEXT`, func(s *story, w []string) error { return s.who(w[0]).open(s.clave + w[1]) }),
	form(`NAME opens the address that NAME sees`, (*story).copyAddress),
	form(`NAME scans the letter to TEXT`, (*story).scan),
	form(`NAME gives TEXT and TEXT`, road(`$1 types "$2" as "DNI o NIE"`, `$1 presses "Continuar"`, `$1 answers with "$3"`)),
	form(`NAME answers with TEXT`, func(s *story, w []string) error { return s.who(w[0]).answer(w[1]) }),
	form(`NAME types CODE as TEXT`, (*story).typeCode),
	form(`NAME chooses TEXT`, func(s *story, w []string) error { return s.who(w[0]).fill(w[1], "") }),
	form(`NAME presses TEXT`, func(s *story, w []string) error { return s.who(w[0]).press(w[1]) }),
	form(`NAME presses TEXT twice at once, and is let in once`, (*story).twice),
	form(`NAME goes back`, func(s *story, w []string) error { return s.who(w[0]).back() }),
	form(`NAME waits until the page says TEXT`, func(s *story, w []string) error { return s.who(w[0]).wait(w[1]) }),

	form(`NAME sees TEXT`, func(s *story, w []string) error { return s.who(w[0]).sees(w[1]) }),
	form(`NAME does not see TEXT`, (*story).doesNotSee),
	form(`NAME is at the SITE as TEXT, level TEXT, method TEXT`, (*story).isInside),
	form(`NAME sees what NAME sees, but for codes and times`, (*story).alike),
	form(`the phone of PHONE shows TEXT`, func(s *story, w []string) error { return s.arrives("sms", w[0], w[1]) }),
	form(`the mailbox of ADDRESS shows TEXT`, func(s *story, w []string) error { return s.arrives("email", w[0], w[1]) }),
	form(`a letter to TEXT says TEXT`, func(s *story, w []string) error { return s.arrives("letter", w[0], w[1]) }),
	form(`NAME asks for a letter with TEXT and TEXT`, road(
		`$1 opens the page "/register/letter"`, `$1 gives "$2" and "$3"`, `$1 presses "Sí, envíenme una carta"`)),
	form(`NAME opens the letter to TEXT with TEXT and TEXT`, road(
		`$1 opens the page "/register/open"`, `$1 types "$3" as "DNI o NIE"`,
		`$1 types the code of the letter to "$2" as "Código seguro de verificación (CSV) de la carta"`, `$1 presses "Continuar"`,
		`$1 answers with "$4"`)),
	form(`NAME proves the phone PHONE`, road(
		`$1 types "$2" as "Teléfono móvil"`, `$1 presses "Enviarme un código"`, `the phone of $2 shows "confirma su telefono"`,
		`$1 types the code sent to $2 as "Código"`, `$1 presses "Confirmar"`)),
	form(`NAME proves the e-mail address ADDRESS`, road(
		`$1 types "$2" as "Correo electrónico"`, `$1 presses "Enviarme un código"`, `the mailbox of $2 shows "Su código es"`,
		`$1 types the code sent to $2 as "Código"`, `$1 presses "Confirmar"`)),
	form(`NAME accepts the conditions`, road(
		`$1 chooses "Los datos son míos y acepto estas condiciones."`, `$1 presses "Registrarme"`)),
	form(`NAME identifies with TEXT, TEXT and the PIN sent to PHONE`, road(
		`$1 gives "$2" and "$3"`, `the phone of $4 shows "es su PIN para entrar"`,
		`$1 types the code sent to $4 as "PIN"`, `$1 presses "Entrar"`)),
	form(`NAME signs in for TEXT with TEXT, TEXT and the PIN sent to PHONE`, road(
		`$1 opens "$2" at the town hall`, `$1 identifies with "$3", "$4" and the PIN sent to $5`, `$1 presses "Continuar"`)),
	form(`NAME signs in for TEXT at the SITE with TEXT, TEXT and the PIN sent to PHONE`, road(
		`$1 opens "$2" at the $3`, `$1 identifies with "$4", "$5" and the PIN sent to $6`, `$1 presses "Continuar"`)),
	form(`NAME goes on to TEXT at the SITE`, road(`$1 opens "$2" at the $3`, `$1 presses "Continuar"`)),

	form(`NAME asks TEXT on the telephone TEXT`, road(
		`$1 goes to the tax office`, `$1 presses "Para el personal: confirmar con un ciudadano al teléfono"`,
		`$1 types "$2" as "NIF del ciudadano"`, `$1 types "$3" as "Lo que leerá el ciudadano"`, `$1 presses "Preguntar"`)),
	form(`the operator changes every key`, (*story).changeKeys),
	form(`the operator brings the database under the new key`, (*story).rehash),
	form(`the service TEXT is removed`, func(s *story, w []string) error { return s.remove(w[0]) }),

	form(`there is no code in the newest message to PHONE`, func(s *story, w []string) error { return s.noCode(w[0]) }),
	form(`the phone of PHONE has nothing new`, func(s *story, w []string) error { return s.nothing("sms", w[0]) }),
	form(`there is no new letter to TEXT`, func(s *story, w []string) error { return s.nothing("letter", w[0]) }),
}

// road is a sentence that stands for others, where a story's point lies elsewhere.
func road(steps ...string) func(*story, []string) error {
	return func(s *story, w []string) error {
		for _, step := range steps {
			for i, word := range w {
				step = strings.ReplaceAll(step, fmt.Sprintf("$%d", i+1), word)
			}
			if err := s.say(step); err != nil {
				return fmt.Errorf("%s\n%w", step, err)
			}
		}
		return nil
	}
}

var words = strings.NewReplacer(
	"NAME", `(\p{Lu}\p{Ll}+|[Ss]he|[Hh]e)`, "TEXT", `"([^"]*)"`, "PHONE", `(\+\d+)`, "ADDRESS", `(\S+@\S+)`, "COUNT", `(\d+)`,
	"CODE", `(".*"|the .*|a wrong code)`, "SITE", "(town hall|tax office|health centre|civil registry)",
)

func form(form string, do func(*story, []string) error) sentence {
	return sentence{regexp.MustCompile("^" + words.Replace(form) + "$"), do}
}

var tongues = map[string]string{"Spanish": "es", "Catalan": "ca", "Galician": "gl", "Basque": "eu", "English": "en"}

func (s *story) moveClock(w []string) error {
	n, err := strconv.Atoi(w[0])
	if err != nil {
		return err
	}
	return s.move(time.Duration(n) * map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}[w[1]])
}

func (s *story) share(w []string) error {
	owner := s.who(w[1])
	s.people[w[0]], s.last = owner, w[0]
	return nil
}

// enter begins a procedure of a service, on its card.
func (s *story) enter(w []string) error {
	p := s.who(w[0])
	if err := p.open(s.site(w[2]) + "/"); err != nil {
		return err
	}
	heading, err := find(p.root, w[1], "h2")
	if err != nil {
		return err
	}
	for button := range all(heading.Parent, "button") {
		return p.follow(p.submit(above(button, "form"), button), nil)
	}
	return fmt.Errorf("nothing to press under %s", w[1])
}

func (s *story) copyAddress(w []string) error {
	address := s.who(w[1]).url.String()
	return s.who(w[0]).open(address)
}

// scan opens what a phone reads from the letter's QR code, which says the same as the letter.
func (s *story) scan(w []string) error {
	address, err := s.qr(w[1])
	if err != nil {
		return err
	}
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if code, err := s.code(`the code of the letter to "` + w[1] + `"`); err != nil || u.Fragment != "csv="+strings.ReplaceAll(code, " ", "") {
		return fmt.Errorf("the QR code says %s, the letter %s (%w)", address, code, err)
	}
	return s.who(w[0]).open(address)
}

func (s *story) typeCode(w []string) error {
	code, err := s.code(w[1])
	if err != nil {
		return err
	}
	return s.who(w[0]).fill(w[2], code)
}

// twice sends the same form two times, as an impatient hand or two thieves do.
func (s *story) twice(w []string) error {
	p := s.who(w[0])
	hands, errs := []*visitor{p, p.twin()}, make([]error, 2)
	var both sync.WaitGroup
	for i, hand := range hands {
		both.Go(func() { errs[i] = hand.press(w[1]) })
	}
	both.Wait()
	inside := slices.DeleteFunc(slices.Clone(hands), func(v *visitor) bool { return v.url.Path != "/mi-carpeta" })
	if err := errors.Join(errs...); err != nil || len(inside) != 1 {
		return fmt.Errorf("%d are let in: %s\n%s\n%w", len(inside), hands[0].text(), hands[1].text(), err)
	}
	s.people[s.last] = inside[0]
	return nil
}

func (s *story) doesNotSee(w []string) error {
	p := s.who(w[0])
	if p.sees(w[1]) == nil {
		return fmt.Errorf("the page says it:\n%s", p.text())
	}
	return nil
}

func (s *story) isInside(w []string) error {
	p := s.who(w[0])
	if p.url.String() != s.site(w[1])+"/mi-carpeta" {
		return fmt.Errorf("the page is %s, and says:\n%s", p.url, p.text())
	}
	for _, want := range []string{"Nombre " + w[2], "Nivel de seguridad " + w[3], w[4]} {
		if err := p.sees(want); err != nil {
			return err
		}
	}
	return nil
}

// own is what may differ between two people's pages: the code of a request, a reference, a time.
var own = regexp.MustCompile(`(Código de esta petición|[Rr]eferencia:|Su referencia para seguir la carta:) \S+|\d+:\d\d|tiempo restante: [^)]*`)

func (s *story) alike(w []string) error {
	one, other := own.ReplaceAllString(s.who(w[0]).text(), "…"), own.ReplaceAllString(s.who(w[1]).text(), "…")
	if one != other {
		return fmt.Errorf("%s sees:\n%s\n%s sees:\n%s", w[0], one, w[1], other)
	}
	return nil
}

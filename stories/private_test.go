package stories_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// private is what the people of a story typed, were sent and hold: nobody else is to read it.
type private struct {
	mu    sync.Mutex
	long  map[string]bool // that appear nowhere by chance, in small letters
	short map[string]bool // digits, which count only when they stand alone
}

func (p *private) add(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.long == nil {
		p.long, p.short = map[string]bool{}, map[string]bool{}
	}
	if strings.Trim(text, "0123456789") == "" {
		p.short[text] = true
		return
	}
	p.long[strings.ToLower(text)] = true
}

var (
	aDay       = regexp.MustCompile(`^(\d\d)/(\d\d)/(\d{4})$`)
	aReference = regexp.MustCompile(`^[A-HJ-NP-Z2-9]{9}$`) // of an error page: made to be found in the log
	groups     = regexp.MustCompile(`\b[A-Z2-9]{4}(?: [A-Z2-9]{4}){3}\b`)
	sixDigits  = regexp.MustCompile(`\b\d{6}\b`)
)

// typed is what somebody wrote into a field: numbers, dates, codes, addresses. Words are everybody's.
func (p *private) typed(text string) {
	text = strings.TrimSpace(text)
	if len(text) < 4 || aReference.MatchString(text) || !strings.ContainsAny(text, "0123456789@") {
		return
	}
	switch day := aDay.FindStringSubmatch(text); {
	case day != nil:
		p.add(text)
		p.add(day[3] + "-" + day[2] + "-" + day[1])
	case strings.HasPrefix(text, "+"):
		p.add(text[1:])
		p.add(strings.TrimPrefix(text, "+34"))
	case strings.Contains(text, "@"):
		p.add(text)
		p.add(strings.ReplaceAll(text, "@", "%40"))
	default:
		p.add(text)
		p.add(strings.NewReplacer(" ", "", "-", "").Replace(text))
	}
}

// sent is what a message says: its codes.
func (p *private) sent(text string) {
	for _, code := range sixDigits.FindAllString(text, -1) {
		p.add(code)
	}
	p.shown(text)
}

// shown is what a page says: the codes that are shown once.
func (p *private) shown(text string) {
	for _, code := range groups.FindAllString(text, -1) {
		p.add(code)
		p.add(strings.ReplaceAll(code, " ", ""))
	}
}

// cookie is what a browser holds of us: whoever has it is the person.
func (p *private) cookie(value string) {
	if len(value) >= 20 {
		p.add(value)
	}
}

// in finds what of it stands in a text.
func (p *private) in(text string) (found []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	text = strings.ToLower(text)
	for secret := range p.long {
		if strings.Contains(text, secret) {
			found = append(found, secret)
		}
	}
	alone := map[string]bool{}
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		alone[strings.Trim(word, ".")] = true
	}
	for _, secret := range slices.Sorted(maps.Keys(p.short)) {
		if alone[secret] {
			found = append(found, secret)
		}
	}
	slices.Sort(found)
	return found
}

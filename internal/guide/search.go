package guide

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// What a word is worth by where it stands.
const (
	inTitle   = 10.0
	inWords   = 6.0
	inSummary = 4.0
	inHeading = 3.0
	inBody    = 1.0
)

// The longest question that is read, in letters and in words, and the most that is answered.
const (
	maxQuestion = 200
	maxWords    = 12
	maxFound    = 8
)

// faintest is how many times better than any other answer the best may be.
const faintest = 4

// indexed is an article with the worth of each of its words.
type indexed struct {
	article Article
	worth   map[string]float64
}

func index(articles map[string]Article) []indexed {
	var all []indexed
	for _, a := range articles {
		x := indexed{a, map[string]float64{}}
		x.add(a.Title, inTitle)
		x.add(a.Words, inWords)
		x.add(a.Summary, inSummary)
		for _, b := range a.Blocks {
			worth := inBody
			if b.Kind == Heading {
				worth = inHeading
			}
			for _, line := range b.Lines {
				x.add(line.Text(), worth)
			}
		}
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b indexed) int { return cmp.Compare(a.article.Slug, b.article.Slug) })
	return all
}

func (x indexed) add(text string, worth float64) {
	for _, w := range words(text) {
		x.worth[w] = max(x.worth[w], worth)
	}
}

// best is the worth of the best word that begins so.
func (x indexed) best(stem string) (worth float64) {
	for w, v := range x.worth {
		if v > worth && strings.HasPrefix(w, stem) {
			worth = v
		}
	}
	return worth
}

// Search finds the articles that a question is about, the best first. Accents, capitals and endings do not count; a word
// that few articles have counts more. An article must have half of the question's words.
func Search(lang, question string) []Article {
	s, ok := centre[lang]
	if !ok {
		s = centre[original]
	}
	stems := stems(question)
	scores := make([]float64, len(s.index))
	hits := make([]int, len(s.index))
	for _, stem := range stems {
		s.count(stem, scores, hits)
	}
	var order []int
	for i := range s.index {
		if hits[i] > 0 && 2*hits[i] >= len(stems) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	var found []Article
	for _, i := range order[:min(len(order), maxFound)] {
		if scores[i]*faintest >= scores[order[0]] {
			found = append(found, s.index[i].article)
		}
	}
	return found
}

func (s shelf) count(stem string, scores []float64, hits []int) {
	worth := make([]float64, len(s.index))
	having := 0
	for i, x := range s.index {
		if worth[i] = x.best(stem); worth[i] > 0 {
			having++
		}
	}
	rare := math.Log(1 + float64(len(s.index))/float64(max(having, 1)))
	for i, v := range worth {
		if v > 0 {
			scores[i] += v * rare
			hits[i]++
		}
	}
}

// stems are the words of a question, without their endings. Words of one or two letters say nothing.
func stems(question string) []string {
	var all []string
	letters := []rune(question)
	for _, w := range words(string(letters[:min(len(letters), maxQuestion)])) {
		if len(w) > 2 && len(all) < maxWords {
			all = append(all, stem(w))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// endings of plurals, genders and persons, in the languages that we speak, the longest first.
var endings = []string{"es", "os", "as", "an", "en", "ak", "ek", "s", "a", "e", "o"}

const shortest = 4 // letters that remain of a word

func stem(w string) string {
	for _, end := range endings {
		if rest, ok := strings.CutSuffix(w, end); ok && len(rest) >= shortest {
			return rest
		}
	}
	return w
}

// words are those of a text in small letters without accents. "Cl@ve" is "clave", as most people write it.
func words(text string) []string {
	folded := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r), r == '·': // l·l
			return -1
		case r == '@':
			return 'a'
		case unicode.IsLetter(r), unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFD.String(text))
	return strings.Fields(folded)
}

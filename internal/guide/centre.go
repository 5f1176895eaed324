package guide

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"clave/internal/locale"
)

//go:embed texts
var texts embed.FS

// centre is all we have to say, by language.
var centre = mustRead(texts)

// original is the language that has everything.
const original = "es"

// shelf is the help centre of one language.
type shelf struct {
	articles, leaflets map[string]Article
	index              []indexed
}

// Topic is a group of articles, in the order in which they are offered.
type Topic struct {
	Title locale.Key
	Slugs []string
}

// Topics holds every article once.
var Topics = []Topic{
	{"help.topic-register", []string{"what", "letter", "letter-lost", "document", "minors", "foreigners"}},
	{"help.topic-use", []string{"pin", "sms", "wrong-code", "phone", "activation"}},
	{"help.topic-services", []string{"session", "levels", "browser", "failure"}},
	{"help.topic-safety", []string{"not-me", "never-tell"}},
}

// Places are the pages of ours that articles may lead to.
var Places = []string{"/register", "/register/letter", "/register/follow", "/register/open", "/freeze", "/account/accesses",
	"/account/sessions", "/account/not-me", "/confirm", "/help", "/help/contact", "/privacy"}

// Find returns an article. A language that lacks it gets it in Spanish: see Article.Lang.
func Find(lang, slug string) (Article, bool) {
	return find(lang, slug, func(s shelf) map[string]Article { return s.articles })
}

// Leaflet returns what is printed under a name, as Find does.
func Leaflet(lang, name string) (Article, bool) {
	return find(lang, name, func(s shelf) map[string]Article { return s.leaflets })
}

// Leaflets are the names of those, in order.
func Leaflets() []string { return slices.Sorted(maps.Keys(centre[original].leaflets)) }

func find(lang, slug string, part func(shelf) map[string]Article) (Article, bool) {
	for _, l := range []string{lang, original} {
		if a, ok := part(centre[l])[slug]; ok {
			return a, true
		}
	}
	return Article{}, false
}

func mustRead(files fs.FS) map[string]shelf {
	all, err := read(files)
	if err != nil {
		panic(err) // our own texts
	}
	return all
}

func read(files fs.FS) (map[string]shelf, error) {
	langs, err := fs.ReadDir(files, "texts")
	if err != nil {
		return nil, err
	}
	all := map[string]shelf{}
	for _, dir := range langs {
		lang := dir.Name()
		articles, err := readAll(files, lang, ".")
		if err != nil {
			return nil, err
		}
		leaflets, err := readAll(files, lang, "leaflets")
		if err != nil {
			return nil, err
		}
		s := shelf{articles: articles, leaflets: leaflets, index: index(articles)}
		if err := errors.Join(s.checkLinks(), s.checkTopics()); err != nil {
			return nil, fmt.Errorf("%s: %w", lang, err)
		}
		all[lang] = s
	}
	return all, nil
}

func readAll(files fs.FS, lang, dir string) (map[string]Article, error) {
	names, err := fs.Glob(files, path.Join("texts", lang, dir, "*.txt"))
	if err != nil {
		return nil, err
	}
	found := map[string]Article{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		a, err := Parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		a.Lang, a.Slug = lang, strings.TrimSuffix(path.Base(name), ".txt")
		found[a.Slug] = a
	}
	return found, nil
}

// checkLinks sees that every link leads somewhere.
func (s shelf) checkLinks() (err error) {
	for _, part := range []map[string]Article{s.articles, s.leaflets} {
		for _, a := range part {
			for _, to := range a.links() {
				if _, ok := s.articles[to]; !ok && !slices.Contains(Places, to) {
					err = errors.Join(err, fmt.Errorf("%w: %s leads to %s, which is nowhere", ErrText, a.Slug, to))
				}
			}
		}
	}
	return err
}

// links is where an article leads, in order.
func (a Article) links() (all []string) {
	for _, b := range a.Blocks {
		for _, line := range b.Lines {
			for _, span := range line {
				if span.To != "" {
					all = append(all, span.To)
				}
			}
		}
	}
	return append(all, a.Related...)
}

// checkTopics sees that every article is offered, once, and every article offered is there.
func (s shelf) checkTopics() error {
	var offered []string
	for _, t := range Topics {
		offered = append(offered, t.Slugs...)
	}
	slices.Sort(offered)
	if there := slices.Sorted(maps.Keys(s.articles)); !slices.Equal(offered, there) {
		return fmt.Errorf("%w: the topics offer %v, there are %v", ErrText, offered, there)
	}
	return nil
}

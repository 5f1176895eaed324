package guide

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"clave/internal/locale"
)

// shape is what every language's version of a text has alike: its blocks, how many lines each has, and where they lead.
func shape(a Article) string {
	var b strings.Builder
	for _, block := range a.Blocks {
		fmt.Fprintf(&b, "%s %d\n", block.Kind, len(block.Lines))
	}
	fmt.Fprintln(&b, a.links())
	return b.String()
}

// Every language that has a folder says the same as Spanish, in the same blocks; none has texts that Spanish lacks.
func TestEveryLanguageSaysTheSame(t *testing.T) {
	for lang, s := range centre {
		if _, ok := locale.Lookup(lang); !ok {
			t.Errorf("nobody is spoken to in %q", lang)
		}
		compare(t, lang, centre[original].articles, s.articles)
		compare(t, lang+" leaflets", centre[original].leaflets, s.leaflets)
	}
}

func compare(t *testing.T, what string, want, got map[string]Article) {
	t.Helper()
	for slug, a := range want {
		other, ok := got[slug]
		if !ok {
			t.Errorf("%s: %s is missing", what, slug)
			continue
		}
		if shape(a) != shape(other) {
			t.Errorf("%s: %s has another shape than in Spanish:\n%s\nSpanish:\n%s", what, slug, shape(other), shape(a))
		}
		if got, want := valuesIn(other), valuesIn(a); !slices.Equal(got, want) {
			t.Errorf("%s: %s has the values %v, in Spanish %v", what, slug, got, want)
		}
	}
	for slug := range got {
		if _, ok := want[slug]; !ok {
			t.Errorf("%s: %s exists only here", what, slug)
		}
	}
}

// valuesIn lists the values of an article, in order.
func valuesIn(a Article) (found []string) {
	for _, b := range a.Blocks {
		for _, line := range b.Lines {
			for _, piece := range strings.Split(line.Text(), "{")[1:] {
				name, _, _ := strings.Cut(piece, "}")
				found = append(found, name)
			}
		}
	}
	slices.Sort(found)
	return found
}

// People who are in trouble read short sentences.
func TestSentencesAreShort(t *testing.T) {
	const most = 25 // words
	for lang, s := range centre {
		for _, part := range []map[string]Article{s.articles, s.leaflets} {
			for slug, a := range part {
				for _, b := range a.Blocks {
					for _, line := range b.Lines {
						for sentence := range strings.SplitSeq(line.Text(), ". ") {
							if n := len(strings.Fields(sentence)); n > most {
								t.Errorf("%s/%s: %d words: %s", lang, slug, n, sentence)
							}
						}
					}
				}
			}
		}
	}
}

func TestFindFallsBackToSpanish(t *testing.T) {
	for _, c := range []struct{ lang, slug, want string }{
		{"es", "sms", "es"}, {"en", "sms", "en"}, {"xx", "sms", "es"}, {"", "sms", "es"}, {"en", "nothing", ""}, {"en", "../es/sms", ""},
	} {
		if a, _ := Find(c.lang, c.slug); a.Lang != c.want {
			t.Errorf("%s/%s is served in %q, want %q", c.lang, c.slug, a.Lang, c.want)
		}
		if a, ok := Leaflet("xx", "pin"); !ok || a.Lang != "es" {
			t.Errorf("a leaflet is served in %q, %v", a.Lang, ok)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	good := fstest.MapFS{}
	for _, topic := range Topics {
		for _, slug := range topic.Slugs {
			good["texts/es/"+slug+".txt"] = &fstest.MapFile{Data: []byte("title: T\nsummary: S\n\nP\n")}
		}
	}
	for _, c := range []struct {
		name, file, text string
		want             string
	}{
		{"as it should be", "pin.txt", "[a](sms) [b](/register)\n", ""},
		{"a link to nowhere", "pin.txt", "[a](nowhere)\n", "pin leads to nowhere"},
		{"a page that is not ours", "pin.txt", "[a](/etc/passwd)\n", "pin leads to /etc/passwd"},
		{"a leaflet that leads nowhere", "leaflets/pin.txt", "[a](nowhere)\n", "pin leads to nowhere"},
		{"an article in no topic", "extra.txt", "P\n", "the topics offer"},
		{"not an article", "pin.txt", "- a\nb\n", "texts/es/pin.txt: guide: not an article: line 5"},
	} {
		files := fstest.MapFS{"texts/es/" + c.file: {Data: []byte("title: T\nsummary: S\n\n" + c.text)}}
		for name, file := range good {
			if files[name] == nil {
				files[name] = file
			}
		}
		_, err := read(files)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := read(fstest.MapFS{"other": {Mode: fs.ModeDir}}); err == nil {
		t.Error("a centre without texts was read")
	}
}

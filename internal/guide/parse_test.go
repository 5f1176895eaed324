package guide

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

const sample = `title: El PIN no llega
summary: Qué mirar cuando no llega el SMS.
words: mensaje código
related: wrong-code phone

Un SMS tarda poco. Si no, [pida otro](pin) o llame al {phone}.

## Compruebe

1. Los datos.
2. El teléfono, en [esta página](/register/open).

- Cobertura.
- Memoria.
`

func TestParse(t *testing.T) {
	got, err := Parse(sample)
	if err != nil {
		t.Fatal(err)
	}
	want := Article{
		Title: "El PIN no llega", Summary: "Qué mirar cuando no llega el SMS.", Words: "mensaje código", Related: []string{"wrong-code", "phone"},
		Blocks: []Block{
			{Paragraph, []Line{{{"Un SMS tarda poco. Si no, ", ""}, {"pida otro", "pin"}, {" o llame al {phone}.", ""}}}},
			{Heading, []Line{{{"Compruebe", ""}}}},
			{Steps, []Line{{{"Los datos.", ""}}, {{"El teléfono, en ", ""}, {"esta página", "/register/open"}, {".", ""}}}},
			{List, []Line{{{"Cobertura.", ""}}, {{"Memoria.", ""}}}},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	filled := got.Fill(Values{Phone: "060"})
	if text := filled.Blocks[0].Lines[0].Text(); text != "Un SMS tarda poco. Si no, pida otro o llame al 060." {
		t.Errorf("filled in: %q", text)
	}
	if reflect.DeepEqual(filled, got) {
		t.Error("filling in changed the article itself")
	}
}

func TestParseRefuses(t *testing.T) {
	const head = "title: T\nsummary: S\n\n"
	for _, c := range []struct{ name, text string }{
		{"nothing", ""},
		{"no line break at the end", "title: T\nsummary: S\n\nP"},
		{"no body", "title: T\nsummary: S\n"},
		{"no summary", "title: T\n\nP\n"},
		{"no title", "summary: S\nwords: w\n\nP\n"},
		{"a header twice", "title: T\ntitle: T\nsummary: S\n\nP\n"},
		{"headers in another order", "summary: S\ntitle: T\n\nP\n"},
		{"an unknown header", "title: T\nsummary: S\ndate: D\n\nP\n"},
		{"a value in a header", "title: {phone}\nsummary: S\n\nP\n"},
		{"a related slug with capitals", "title: T\nsummary: S\nrelated: PIN\n\nP\n"},
		{"two spaces between related slugs", "title: T\nsummary: S\nrelated: a  b\n\nP\n"},
		{"two blank lines", head + "P\n\n\nP\n"},
		{"a blank line at the end", head + "P\n\n"},
		{"space at the end of a line", head + "P \n"},
		{"a tab", head + "a\tb\n"},
		{"a carriage return", head + "P\r\n"},
		{"broken UTF-8", head + "\xff\n"},
		{"a paragraph of two lines", head + "P\nP\n"},
		{"a list that begins in a paragraph", head + "P\n- a\n"},
		{"a list that becomes steps", head + "- a\n1. b\n"},
		{"steps that begin at two", head + "2. a\n"},
		{"steps that jump", head + "1. a\n3. b\n"},
		{"a heading with a paragraph", head + "## H\nP\n"},
		{"a deeper heading", head + "### H\n"},
		{"an empty item", head + "- a\n-\n"},
		{"an item without a space", head + "-a\n"},
		{"a link that does not close", head + "[a](b\n"},
		{"a link to elsewhere", head + "[a](https://example.org)\n"},
		{"a link to nothing", head + "[a]()\n"},
		{"a bracket", head + "a ] b\n"},
		{"an unknown value", head + "a {nif} b\n"},
		{"half a value", head + "a {phone b\n"},
	} {
		if a, err := Parse(c.text); !errors.Is(err, ErrText) {
			t.Errorf("%s: %+v, %v", c.name, a, err)
		}
	}
}

// spelled writes an article as the files have it.
func spelled(a Article) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: %s\nsummary: %s\n", a.Title, a.Summary)
	if a.Words != "" {
		fmt.Fprintf(&b, "words: %s\n", a.Words)
	}
	if a.Related != nil {
		fmt.Fprintf(&b, "related: %s\n", strings.Join(a.Related, " "))
	}
	for _, block := range a.Blocks {
		b.WriteByte('\n')
		for i, line := range block.Lines {
			b.WriteString(map[Kind]string{Heading: "## ", List: "- ", Steps: fmt.Sprintf("%d. ", i+1)}[block.Kind])
			for _, s := range line {
				if s.To != "" {
					fmt.Fprintf(&b, "[%s](%s)", s.Text, s.To)
				} else {
					b.WriteString(s.Text)
				}
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// What is read is all that was written: there is one way to write an article, and nothing of it is lost.
func FuzzParse(f *testing.F) {
	f.Add(sample)
	f.Add("title: T\nsummary: S\n\n[a](b)[c](/d)e{phone}\n\n1. x\n")
	f.Add("title: T\nsummary: S\nwords: \n\n- [a](b-c/d)\n")
	f.Fuzz(func(t *testing.T, text string) {
		a, err := Parse(text)
		if err != nil {
			return
		}
		if again := spelled(a); again != text {
			t.Errorf("%q was read as %q", text, again)
		}
	})
}

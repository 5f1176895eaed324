// Package guide is what we tell people who need help: articles in every language, the way to find them, and the question
// that reaches the help desk.
//
// An article is a small text file, texts/LANGUAGE/SLUG.txt; texts/LANGUAGE/leaflets/ holds those that are printed, each on
// one page. The slug is its name in addresses and links, the same in every language. A line is a whole thing, so that a
// translator sees at once what belongs to what:
//
//	title: El PIN no llega
//	summary: Qué mirar cuando no llega el SMS.
//	words: mensaje código tarjeta            (more words to be found by; not shown)
//	related: wrong-code phone                (articles to read on)
//
//	A paragraph, with [a link](letter) to an article or [to a page of ours](/register).
//
//	## A heading
//
//	1. A step.
//	2. The next one: numbers follow each other.
//
//	- An item.
//
// A blank line ends a block. {phone}, {address} and {origin} stand for what this installation has. Nothing else has a
// meaning, and what is not written so is refused at start. Every language says the same things in the same blocks; one that
// has no folder is served in Spanish.
package guide

import (
	"strings"
)

// Article is a text in one language.
type Article struct {
	Slug, Lang     string
	Title, Summary string
	Words          string   // more words that find it
	Related        []string // slugs
	Blocks         []Block
}

// Block is a heading or a paragraph, which have one line, or the items of a list.
type Block struct {
	Kind  Kind
	Lines []Line
}

// Kind is what a block is.
type Kind string

// The kinds of block.
const (
	Heading   Kind = "heading"
	Paragraph Kind = "paragraph"
	List      Kind = "list"
	Steps     Kind = "steps" // numbered from one
)

// Line is text with links in it.
type Line []Span

// Span is a piece of a line. To is empty, the slug of an article, or the address of a page of ours, which begins with a slash.
type Span struct{ Text, To string }

// Text is the line without its links.
func (l Line) Text() string {
	var b strings.Builder
	for _, s := range l {
		b.WriteString(s.Text)
	}
	return b.String()
}

// Values are what an installation's texts say: how to reach it.
type Values struct{ Phone, Address, Origin string }

func (v Values) replacer() *strings.Replacer {
	return strings.NewReplacer("{phone}", v.Phone, "{address}", v.Address, "{origin}", v.Origin)
}

// Fill returns the article with its values filled in.
func (a Article) Fill(v Values) Article {
	r := v.replacer()
	blocks := make([]Block, len(a.Blocks))
	for i, b := range a.Blocks {
		blocks[i] = Block{b.Kind, make([]Line, len(b.Lines))}
		for j, line := range b.Lines {
			for _, s := range line {
				blocks[i].Lines[j] = append(blocks[i].Lines[j], Span{r.Replace(s.Text), s.To})
			}
		}
	}
	a.Blocks = blocks
	return a
}

// Package pdf lays out and tags the letters and receipts that we print or hand over, so that paper, screen and screen reader tell a
// person the same thing in the same order.
//
// A [Doc] collects blocks in reading order; [Doc.Bytes] breaks them into A4 pages and returns one PDF 1.7 file with a single revision,
// ready to be signed by an incremental update. Every block is part of the structure tree (ISO 32000-1 §14.8) and every line, rule and
// page number is an artifact, as PDF/UA-1 (ISO 14289-1) asks. The same calls with the same date give the same bytes.
//
// The files, in the order of the work: fonts.go and text.go measure, clean and wrap; blocks.go, letter.go, pairs.go, code.go and qr.go
// say what each block looks like; layout.go breaks pages; tags.go keeps the structure tree; finish.go writes it into the file.
package pdf

import (
	"errors"
	"time"
)

var (
	// ErrUntitled refuses a document without language or title: a screen reader would announce a file name in the wrong voice.
	ErrUntitled = errors.New("pdf: document needs a language and a title")
	// ErrCode refuses a code too long to be typed from paper.
	ErrCode = errors.New("pdf: code is empty or longer than four lines")
	// ErrQR refuses a QR whose squares would be too small for a telephone to read from paper.
	ErrQR = errors.New("pdf: too much content for a printed QR")
)

// Doc is an A4 document under construction. It is not safe for concurrent use.
type Doc struct {
	lang, title, footer string
	date                time.Time
	blocks              []block
	err                 error
}

// New begins a document in lang, a BCP 47 tag such as "es" or "ca". The title is what a viewer shows and a screen reader announces.
func New(lang, title string) *Doc {
	return &Doc{lang: visible(lang), title: visible(title)}
}

// SetDate gives the time of creation that the file carries. Without it the file carries none.
func (d *Doc) SetDate(t time.Time) { d.date = t.UTC() }

// Footer puts text and the page number at the foot of every page. It is decoration that a screen reader does not speak: what a person
// must know belongs in the body too.
func (d *Doc) Footer(text string) { d.footer = printable(text) }

// Bytes lays the document out. It returns [ErrUntitled], [ErrCode] or [ErrQR], or what the writer of the file reports.
func (d *Doc) Bytes() ([]byte, error) {
	if d.lang == "" || d.title == "" {
		return nil, ErrUntitled
	}
	if d.err != nil {
		return nil, d.err
	}
	l := newLayout(d)
	l.place(d.blocks)
	l.edges(d)
	return l.finish(d)
}

func (d *Doc) add(b block) { d.blocks = append(d.blocks, b) }

func (d *Doc) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

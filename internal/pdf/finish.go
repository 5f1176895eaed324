package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

var errShape = errors.New("pdf: writer gave a file of unknown shape")

// A file is the objects of a PDF by number, without "n 0 obj" and "endobj"; the first, number 0, is never written.
type file struct{ objects [][]byte }

func (f *file) add(object string) int {
	f.objects = append(f.objects, []byte(object))
	return len(f.objects) - 1
}

// finish closes the pages and writes the structure tree among their objects.
func (l *layout) finish(d *Doc) ([]byte, error) {
	var raw bytes.Buffer
	if err := l.f.Output(&raw); err != nil {
		return nil, fmt.Errorf("pdf: %w", err)
	}
	f, err := parse(raw.Bytes())
	if err != nil {
		return nil, err
	}
	catalog, info := len(f.objects)-1, len(f.objects)-2
	f.objects[info] = []byte(d.info())
	pages := f.tagPages()
	if len(pages) != len(l.marks) || !bytes.Contains(f.objects[catalog], []byte("/Type /Catalog")) {
		return nil, errShape
	}
	f.mapUnicode()
	tree := l.tree(f, pages)
	metadata := d.metadata()
	meta := f.add(fmt.Sprintf("<</Type /Metadata /Subtype /XML /Length %d>>\nstream\n%s\nendstream", len(metadata), metadata))
	f.objects[catalog] = fmt.Appendf(nil, "<</Type /Catalog /Pages 1 0 R /Lang %s /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R"+
		" /ViewerPreferences <</DisplayDocTitle true>> /Metadata %d 0 R>>", textString(d.lang), tree, meta)
	return f.bytes(catalog, info), nil
}

// parse takes apart what fpdf writes: one cross-reference table, objects one after the other, the catalog last.
func parse(raw []byte) (*file, error) {
	at := bytes.LastIndex(raw, []byte("\nxref\n0 "))
	if at < 0 {
		return nil, errShape
	}
	table := bytes.Split(raw[at+len("\nxref\n"):], []byte("\n"))
	count, err := strconv.Atoi(strings.TrimPrefix(string(table[0]), "0 "))
	if err != nil || count < 3 || len(table) < count+1 {
		return nil, errShape
	}
	f := &file{objects: make([][]byte, count)}
	for n := 1; n < count; n++ {
		if f.objects[n], err = object(raw, n, string(table[n+1])); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// object cuts out the object to which a row of the table points. Compressed streams may hold the word endobj; their length decides.
func object(raw []byte, n int, row string) ([]byte, error) {
	offset, err := strconv.Atoi(strings.SplitN(row, " ", 2)[0])
	head := strconv.Itoa(n) + " 0 obj\n"
	if err != nil || offset >= len(raw) || !bytes.HasPrefix(raw[offset:], []byte(head)) {
		return nil, errShape
	}
	body := raw[offset+len(head):]
	end := bytes.Index(body, []byte("endobj"))
	if stream := bytes.Index(body, []byte("stream\n")); stream >= 0 && stream < end {
		_, length, _ := bytes.Cut(body[:stream], []byte("/Length "))
		digits := bytes.IndexFunc(length, func(r rune) bool { return r < '0' || r > '9' })
		size, err := strconv.Atoi(string(length[:max(digits, 0)]))
		if err != nil || stream+size > len(body) {
			return nil, errShape
		}
		after := stream + len("stream\n") + size
		end = after + bytes.Index(body[after:], []byte("endobj"))
	}
	if end < 0 {
		return nil, errShape
	}
	return bytes.TrimSpace(body[:end]), nil
}

// tagPages gives each page its row in the parent tree and the tab order of the structure, and returns the pages' numbers.
func (f *file) tagPages() []int {
	var pages []int
	head := []byte("<</Type /Page\n")
	for n, object := range f.objects {
		if bytes.HasPrefix(object, head) {
			added := fmt.Appendf(nil, "<</Type /Page /StructParents %d /Tabs /S\n", len(pages))
			f.objects[n] = append(added, object[len(head):]...)
			pages = append(pages, n)
		}
	}
	return pages
}

// mapUnicode replaces fpdf's map from codes to Unicode, one range longer than a CMap allows, which leaves screen readers without the
// letters above U+00FF (PDF/UA-1 §7.21.7).
func (f *file) mapUnicode() {
	for n, object := range f.objects {
		if bytes.HasPrefix(object, []byte("<</Length")) && bytes.Contains(object, []byte("begincmap")) {
			f.objects[n] = toUnicode()
		}
	}
}

// toUnicode maps every code that we draw to itself, in ranges of one high byte.
var toUnicode = sync.OnceValue(func() []byte {
	var ranges []string
	for first := rune(0); first < 0x10000; first += 0x100 {
		for r := first; r < first+0x100; r++ {
			if drawable(r) {
				ranges = append(ranges, fmt.Sprintf("<%04X> <%04X> <%04X>", r, first+0xFF, r))
				break
			}
		}
	}
	cmap := fmt.Sprintf("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CIDSystemInfo <</Registry (Adobe) /Ordering (UCS)"+
		" /Supplement 0>> def /CMapName /Adobe-Identity-UCS def /CMapType 2 def 1 begincodespacerange <0000> <FFFF> endcodespacerange\n"+
		"%d beginbfrange\n%s\nendbfrange endcmap CMapName currentdict /CMap defineresource pop end end", len(ranges), strings.Join(ranges, "\n"))
	return fmt.Appendf(nil, "<</Length %d>>\nstream\n%s\nendstream", len(cmap), cmap)
})

// tree adds the structure elements, the parent tree and their root, whose number it returns.
func (l *layout) tree(f *file, pages []int) int {
	root := f.add("")
	l.root.walk(func(n *node) { n.object = f.add("") })
	l.root.walk(func(n *node) {
		parent := root
		if n.parent != nil {
			parent = n.parent.object
		}
		f.objects[n.object] = []byte(n.dictionary(parent, pages))
	})
	var rows strings.Builder
	for page, marks := range l.marks {
		fmt.Fprintf(&rows, "%d [", page)
		for _, n := range marks {
			fmt.Fprintf(&rows, "%d 0 R ", n.object)
		}
		rows.WriteString("] ")
	}
	f.objects[root] = fmt.Appendf(nil, "<</Type /StructTreeRoot /K [%d 0 R] /ParentTree <</Nums [%s]>> /ParentTreeNextKey %d>>",
		l.root.object, rows.String(), len(pages))
	return root
}

func (f *file) bytes(catalog, info int) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(f.objects))
	for n, object := range f.objects[1:] {
		offsets[n+1] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n+1, object)
	}
	id := sha256.Sum256(b.Bytes())
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets))
	for _, offset := range offsets[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n",
		len(offsets), catalog, info, id[:16], id[:16], start)
	return b.Bytes()
}

func (d *Doc) info() string {
	s := "<</Producer (Clave) /Title " + textString(d.title)
	if !d.date.IsZero() {
		s += d.date.Format(" /CreationDate (D:20060102150405Z) /ModDate (D:20060102150405Z)")
	}
	return s + ">>"
}

// metadata says again, as PDF/UA-1 §5 and §7.1 ask, what the document is called, and that it keeps to PDF/UA-1.
func (d *Doc) metadata() string {
	var title, lang strings.Builder
	_ = xml.EscapeText(&title, []byte(d.title))
	_ = xml.EscapeText(&lang, []byte(d.lang))
	return `<?xpacket begin="` + "\uFEFF" + `" id="W5M0MpCehiHzreSzNTczkc9d"?>` +
		`<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">` +
		`<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">` +
		`<pdfuaid:part>1</pdfuaid:part>` +
		`<dc:title><rdf:Alt><rdf:li xml:lang="x-default">` + title.String() + `</rdf:li></rdf:Alt></dc:title>` +
		`<dc:language><rdf:Bag><rdf:li>` + lang.String() + `</rdf:li></rdf:Bag></dc:language>` +
		`</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`
}

// textString is a text string in UTF-16 with its byte order mark (ISO 32000-1 §7.9.2.2).
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, unit := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", unit)
	}
	b.WriteString(">")
	return b.String()
}

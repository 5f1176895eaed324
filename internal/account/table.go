package account

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table writes rows for a spreadsheet: the mark and the semicolons are what those of our countries expect.
func Table(rows [][]string) ([]byte, error) {
	b := bytes.NewBufferString("\ufeff")
	w := csv.NewWriter(b)
	w.Comma, w.UseCRLF = ';', true
	for _, row := range rows {
		safe := make([]string, len(row))
		for i, cell := range row {
			safe[i] = plain(cell)
		}
		if err := w.Write(safe); err != nil {
			return nil, fmt.Errorf("table: %w", err)
		}
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

// plain puts an apostrophe before what a spreadsheet would take for a formula and run: names, services and browsers are other
// people's words (OWASP, CSV injection).
func plain(cell string) string {
	if r, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", r) {
		return "'" + cell
	}
	return cell
}

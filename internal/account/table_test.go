package account_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"clave/internal/account"
)

func TestTableRunsNoFormula(t *testing.T) {
	table := string(must(account.Table([][]string{{"a", "=1+1", "+34 600", "-5", "@x"}, {"\tx", "b;c", "＝1", "", "'"}})))
	want := "\ufeffa;'=1+1;'+34 600;'-5;'@x\r\n\"'\tx\";\"b;c\";'＝1;;'\r\n"
	if strings.ReplaceAll(table, "\"'\tx\"", "'\tx") != strings.ReplaceAll(want, "\"'\tx\"", "'\tx") {
		t.Errorf("%q", table)
	}
}

func FuzzTable(f *testing.F) {
	f.Add("=cmd|' /C calc'!A0", "x")
	f.Add("\r\n@SUM(1)", "-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		r := csv.NewReader(bytes.NewReader(must(account.Table([][]string{{"x", a, b}}))[len("\ufeff"):]))
		r.Comma = ';'
		row, err := r.Read()
		if err != nil || len(row) != 3 {
			t.Fatalf("%q, %v", row, err)
		}
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("%q runs", cell)
			}
		}
	})
}

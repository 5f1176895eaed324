package main

import (
	"fmt"
	"io"
	"strings"
)

// figure is what is compared from one version to the next.
type figure struct {
	name   string
	value  float64
	digits int     // after the point
	bar    float64 // zero: nobody said
	least  bool    // the value may not be below the bar; otherwise not above it
}

// sheet is where a run is written down. It remembers the bars that were missed.
type sheet struct {
	io.Writer
	missed []string
}

// note writes a figure alone on its line, after what it may be.
func (s *sheet) note(f figure) error {
	if f.bar != 0 {
		word := "met"
		if f.misses() {
			word = "missed"
			s.missed = append(s.missed, f.name)
		}
		fmt.Fprintf(s, "bar %s %s %s\n", f.name, f.allows(), word)
	}
	_, err := fmt.Fprintf(s, "figure %s %.*f\n", f.name, f.digits, f.value)
	return err
}

func (f figure) misses() bool {
	if f.least {
		return f.value < f.bar
	}
	return f.value > f.bar
}

// allows is the bar in words.
func (f figure) allows() string {
	words := "at most"
	if f.least {
		words = "at least"
	}
	return fmt.Sprintf("%s %g", words, f.bar)
}

// verdict is an error when bars were missed.
func (s *sheet) verdict() error {
	if len(s.missed) == 0 {
		return nil
	}
	return fmt.Errorf("missed: %s", strings.Join(s.missed, ", "))
}

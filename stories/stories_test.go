package stories_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"clave/internal/store/storetest"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(newLog())) // the stories go wrong on purpose
	os.Exit(inScratch(func() int { return storetest.Main(m) }))
}

// scratch is a folder for what is made once and used by many stories.
var scratch string

func inScratch(run func() int) int {
	var err error
	if scratch, err = os.MkdirTemp("", "clave-stories-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(scratch)
	return run()
}

// TestStories tells every story on the embedded database.
func TestStories(t *testing.T) {
	each(t, func(*testing.T) string { return "" })
}

// TestStoriesPostgres tells them on PostgreSQL, where three nodes answer in turn: the page, what is typed on it, and the next
// page each meet another node.
func TestStoriesPostgres(t *testing.T) {
	each(t, func(t *testing.T) string { return storetest.Postgres(t) })
}

func each(t *testing.T, database func(*testing.T) string) {
	files, err := filepath.Glob("testdata/stories/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no stories", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			lines, err := read(file)
			if err != nil {
				t.Fatal(err)
			}
			tell(t, lines, database(t))
		})
	}
}

// line is a sentence of a story, and where it stands.
type line struct{ place, text string }

// read reads a story: a line that begins with # is for the reader, every other is one sentence.
func read(file string) ([]line, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var lines []line
	for i, text := range strings.Split(string(text), "\n") {
		if text = strings.TrimSpace(text); text != "" && !strings.HasPrefix(text, "#") {
			lines = append(lines, line{fmt.Sprintf("%s:%d", file, i+1), text})
		}
	}
	return lines, nil
}

func tell(t *testing.T, lines []line, database string) {
	s := &story{forms: sentences, world: newWorld(t, lines, database), people: map[string]*visitor{}, got: map[string][]string{}}
	for _, l := range lines {
		if err := s.say(l.text); err != nil {
			t.Fatalf("%s: %s\n%v", l.place, l.text, err)
		}
	}
}

// story is what has happened so far.
type story struct {
	forms []sentence
	*world
	people map[string]*visitor
	last   string              // who was named last: "she" and "he"
	got    map[string][]string // the messages that were read, by phone, e-mail address or name on the letter
}

// say makes one sentence true, or finds that it is not.
func (s *story) say(text string) error {
	for _, form := range s.forms {
		if found := form.pattern.FindStringSubmatch(text); found != nil {
			return form.do(s, found[1:])
		}
	}
	return fmt.Errorf("no sentence has this form; see sentences_test.go")
}

// who finds a person, with a browser of their own from the first time they are named.
func (s *story) who(name string) *visitor {
	if strings.EqualFold(name, "she") || strings.EqualFold(name, "he") {
		name = s.last
	}
	s.last = name
	if s.people[name] == nil {
		s.people[name] = newVisitor(s.world)
	}
	return s.people[name]
}

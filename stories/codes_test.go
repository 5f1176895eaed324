package stories_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"clave/internal/demo"
)

// patience is how long a message or a page may take to come, in real time.
const patience = 10 * time.Second

// items asks the demonstration what came by a channel to a phone, an address, or a name on an envelope; the oldest first.
func (s *story) items(channel, to string) ([]demo.Item, error) {
	query := url.Values{"channel": {channel}}
	if channel != "letter" {
		query.Set("to", to)
	}
	resp, err := http.Get(s.hall + "/api/items?" + query.Encode())
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var items, theirs []demo.Item
	if err := json.NewDecoder(resp.Body).Decode(&items); err != nil {
		return nil, err
	}
	for _, i := range slices.Backward(items) {
		if channel == "letter" {
			if i.Text, err = pdfText(i.PDF); err != nil {
				return nil, err
			}
		}
		if channel != "letter" || strings.Contains(i.Text, to) {
			theirs = append(theirs, i)
		}
	}
	return theirs, nil
}

// arrives waits for the next message that nobody has read yet, and reads it.
func (s *story) arrives(channel, to, want string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	events, err := s.events(ctx)
	if err != nil {
		return err
	}
	defer events.Close()
	for {
		items, err := s.items(channel, to)
		if err != nil {
			return err
		}
		if n := len(s.got[to]); n < len(items) {
			text := oneLine(items[n].Subject + " " + items[n].Text)
			s.got[to] = append(s.got[to], text)
			s.private.typed(to)
			s.private.sent(text)
			if !strings.Contains(text, want) {
				return fmt.Errorf("it says: %s", text)
			}
			return nil
		}
		if _, err := events.Read(make([]byte, 1024)); err != nil {
			return fmt.Errorf("nothing came: %w", err)
		}
	}
}

// events tells when something comes.
func (s *story) events(ctx context.Context) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.hall+"/events", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

func (s *story) nothing(channel, to string) error {
	items, err := s.items(channel, to)
	if err == nil && len(items) > len(s.got[to]) {
		return fmt.Errorf("it has: %s", oneLine(items[len(items)-1].Text))
	}
	return err
}

// codes are the forms that CODE may have beside a TEXT. The message must have been read in the story before.
var codes = []*regexp.Regexp{
	regexp.MustCompile(`^the (first )?code sent to (\S+)$`),
	regexp.MustCompile(`^the (first )?code of the letter to "([^"]+)"$`),
}

// inText finds a code in a message: the last line of an SMS, the six digits of an e-mail, the groups of four of a letter.
var inText = regexp.MustCompile(`#(\d{6})$|\b(\d{6})\b|\b([A-Z2-9]{4}(?: [A-Z2-9]{4}){3})\b`)

// noCode finds that nothing in a message that was read looks like a code.
func (s *story) noCode(to string) error {
	got := s.got[to]
	if len(got) == 0 {
		return errors.New("no message to them was read yet")
	}
	if text := got[len(got)-1]; inText.MatchString(text) {
		return fmt.Errorf("it says: %s", text)
	}
	return nil
}

func (s *story) code(words string) (string, error) {
	if strings.HasPrefix(words, `"`) {
		return strings.Trim(words, `"`), nil
	}
	if words == "a wrong code" {
		return "000000", nil // the odds that it is right are those of any guess
	}
	for _, form := range codes {
		w := form.FindStringSubmatch(words)
		if w == nil {
			continue
		}
		got := s.got[w[2]]
		if len(got) == 0 {
			return "", errors.New("no message to them was read yet")
		}
		text := got[len(got)-1]
		if w[1] != "" {
			text = got[0]
		}
		found := inText.FindStringSubmatch(text)
		if found == nil {
			return "", fmt.Errorf("no code in: %s", text)
		}
		return found[1] + found[2] + found[3], nil
	}
	return "", errors.New("no code is called that; see codes_test.go")
}

func pdfText(pdf []byte) (string, error) {
	cmd := exec.Command("pdftotext", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("pdftotext: %w", err)
	}
	return oneLine(string(out)), nil
}

// qr reads the QR code of the newest letter to somebody, as a phone's camera does.
func (s *story) qr(to string) (string, error) {
	items, err := s.items("letter", to)
	if err != nil || len(items) == 0 {
		return "", fmt.Errorf("no letter: %w", err)
	}
	dir, err := os.MkdirTemp("", "letter-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	draw := exec.Command("pdftoppm", "-r", "150", "-png", "-singlefile", "-", filepath.Join(dir, "page"))
	draw.Stdin = bytes.NewReader(items[len(items)-1].PDF)
	if out, err := draw.CombinedOutput(); err != nil {
		return "", fmt.Errorf("pdftoppm: %w: %s", err, out)
	}
	out, err := exec.Command("zbarimg", "--quiet", "--raw", filepath.Join(dir, "page.png")).Output()
	return strings.TrimSpace(string(out)), err
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

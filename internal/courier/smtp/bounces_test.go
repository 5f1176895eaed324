package smtp_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"clave/internal/courier"
	"clave/internal/courier/couriertest"
	"clave/internal/courier/smtp"
	"clave/internal/notify"
)

// The server takes an e-mail and finds out later that its reader is gone: it says so to the address that names the e-mail.
func TestABounceNamesItsEmail(t *testing.T) {
	h := startHouse(t)
	c, p := carrier(t, h.config()), parcel(moved)
	if _, err := c.Send(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	back := h.arrived(t, "bounces", 1)[0]
	if strings.Contains(back, "Bon dia") || strings.Contains(back, "Adeu") {
		t.Errorf("it repeats the text: %s", back)
	}
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	c.Report(ctx, func(_ context.Context, list []courier.Receipt) error {
		want := courier.Receipt{Ref: "id:" + p.ID, State: notify.Refused}
		if len(list) != 1 || list[0] != want {
			t.Errorf("got %v, want %v", list, want)
		}
		if n := len(h.mailbox("bounces")); n != 1 {
			t.Errorf("%d mails before it was noted", n)
		}
		if tries++; tries == 1 {
			return errors.New("the database is away") // what is not noted stays
		}
		cancel()
		return nil
	})
	if n := len(h.mailbox("bounces")); n != 0 {
		t.Errorf("%d mails remain", n)
	}
	if log := logged.String(); !strings.Contains(log, p.ID) || strings.Contains(log, "moved") {
		t.Errorf("the operator reads %q", log)
	}
}

const id = "01ARZ3NDEKTSV4RRFFQ69G5FAV"

const head = "Return-Path: <>\r\nEnvelope-To: bounce+" + id + "@correo.example\r\nFrom: Mail Delivery System <Mailer-Daemon@example.org>\r\n"

// dsn is a notification with a part for programs.
func dsn(fields string) string {
	return head + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n" +
		"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n" + fields + "\r\n--b--\r\n"
}

var mails = map[string]struct {
	text string
	want notify.State
}{
	"failed":              {dsn("Action: failed\r\nFinal-Recipient: rfc822; ana@correo.example\r\nStatus: 5.1.1\r\n"), notify.Refused},
	"given up":            {dsn("Action: Failed (after 5 days)\r\nStatus: 4.4.7 (timeout)\r\n"), notify.Refused},
	"delayed":             {dsn("Action: delayed\r\nStatus: 4.4.1\r\n"), ""},
	"relayed":             {dsn("Action: relayed\r\nStatus: 2.1.9\r\n"), ""},
	"delivered":           {dsn("Action: delivered\r\nStatus: 2.1.5\r\n"), notify.Delivered},
	"one of two":          {dsn("Action: failed\r\nStatus: 5.0.0\r\n\r\nAction: delivered\r\nStatus: 2.0.0\r\n"), notify.Delivered},
	"says nothing":        {dsn("Status: 5.1.1\r\n"), ""},
	"small letters":       {strings.ReplaceAll(dsn("Action: failed\r\nStatus: 5.1.1\r\n"), id, strings.ToLower(id)), notify.Refused},
	"to":                  {strings.ReplaceAll(dsn("Action: failed\r\n"), "Envelope-To", "To"), notify.Refused},
	"exim, long ago":      {head + "X-Failed-Recipients: ana@correo.example\r\n\r\nSorry.\r\n", notify.Refused},
	"somebody says so":    {strings.Replace(head, "<>", "<eve@example.org>", 1) + "X-Failed-Recipients: ana@correo.example\r\n\r\nSorry.\r\n", ""},
	"holidays":            {strings.Replace(head, "<>", "<ana@correo.example>", 1) + "Auto-Submitted: auto-replied\r\nSubject: Estoy de vacaciones\r\n\r\nHasta luego.\r\n", ""},
	"names none":          {strings.ReplaceAll(dsn("Action: failed\r\n"), "bounce+"+id, "bounce"), ""},
	"another's":           {strings.ReplaceAll(dsn("Action: failed\r\n"), "@correo.example", "@correo.example.org"), ""},
	"not quite ours":      {strings.ReplaceAll(dsn("Action: failed\r\n"), "bounce+", "not-bounce+"), ""},
	"no id":               {strings.ReplaceAll(dsn("Action: failed\r\n"), id, "U"+id[1:]), ""},
	"no mail":             {"\x00\xff", ""},
	"nothing":             {"", ""},
	"a part within":       {head + "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n", ""},
	"no boundary":         {head + "Content-Type: multipart/report; report-type=delivery-status\r\n\r\n--b\r\n", ""},
	"longer than is read": {dsn("X: " + strings.Repeat("a", 1<<20) + "\r\nAction: failed\r\n"), ""},
}

// Everything that lies in the folder is read once, and is erased when what it says is noted, or when it says nothing.
func TestWhatComesBack(t *testing.T) {
	folder := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		must(t, os.Mkdir(filepath.Join(folder, sub), 0o700))
	}
	c := carrier(t, smtp.Config{Address: "127.0.0.1:1", Security: smtp.None, From: "no-reply@clave.example", Bounce: "bounce@correo.example", Bounces: folder, Look: 1})
	for name, m := range mails {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(folder, "new", "1.mail")
			must(t, os.WriteFile(file, []byte(m.text), 0o600))
			noted := ""
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				c.Report(ctx, func(_ context.Context, list []courier.Receipt) error {
					noted += fmt.Sprint(list)
					return nil
				})
			}()
			couriertest.Await(t, "the mail to be read", func() bool { _, err := os.Stat(file); return err != nil })
			cancel()
			<-done
			want := ""
			if m.want != "" {
				want = fmt.Sprint([]courier.Receipt{{Ref: "id:" + id, State: m.want}})
			}
			if noted != want {
				t.Errorf("noted %q, want %q", noted, want)
			}
		})
	}
}

// The mail server's user writes into the folder: nothing there leads to a file of ours, keeps us waiting, or stands before
// the rest.
func TestAFolderOfTraps(t *testing.T) {
	folder, ours := t.TempDir(), filepath.Join(t.TempDir(), "keys.json")
	must(t, os.Mkdir(filepath.Join(folder, "new"), 0o700))
	must(t, os.Mkdir(filepath.Join(folder, "cur"), 0o700))
	must(t, os.WriteFile(ours, []byte(dsn("Action: failed\r\n")), 0o600))
	must(t, os.Symlink(ours, filepath.Join(folder, "new", "0.link")))
	must(t, syscall.Mkfifo(filepath.Join(folder, "new", "1.pipe"), 0o600))
	must(t, os.Mkdir(filepath.Join(folder, "new", "2.folder"), 0o700))
	must(t, os.WriteFile(filepath.Join(folder, "cur", "3.mail"), []byte(dsn("Action: failed\r\n")), 0o600))
	c := carrier(t, smtp.Config{Address: "127.0.0.1:1", Security: smtp.None, From: "no-reply@clave.example", Bounce: "bounce@correo.example", Bounces: folder, Look: 1})
	ctx, cancel := context.WithCancel(t.Context())
	noted := 0
	c.Report(ctx, func(_ context.Context, list []courier.Receipt) error {
		noted += len(list)
		cancel()
		return nil
	})
	if _, err := os.Stat(ours); noted != 1 || err != nil {
		t.Errorf("%d noted, %v", noted, err)
	}
}

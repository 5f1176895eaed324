package demo_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clave/internal/demo"
	"clave/internal/notify"
)

// A question from the help page comes to the desk's mailbox, and can be answered from there.
func TestQuestionComesToTheMailbox(t *testing.T) {
	d := start(t, demo.Options{})
	answer, err := http.PostForm(d.Clave+"/help/contact", url.Values{"text": {"No llega."}, "email": {"ana@example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK || !strings.HasSuffix(answer.Request.URL.Path, "/sent") {
		t.Fatalf("%s at %s", answer.Status, answer.Request.URL)
	}
	const mailbox = "ayuda@clave.example"
	changed := d.Inbox.Changed() // before looking, so that no arrival is missed
	for len(d.Inbox.Items(notify.Email, mailbox)) == 0 {
		<-changed
		changed = d.Inbox.Changed()
	}
	if got := d.Inbox.Items(notify.Email, mailbox)[0]; got.ReplyTo != "ana@example.org" || !strings.Contains(got.Text, "> No llega.") {
		t.Errorf("the mailbox has %+v", got)
	}
	if _, page := get(t, d.World+"/letters", nil); !strings.Contains(page, "Responder a ana@example.org") {
		t.Errorf("the page of all mail says\n%s", page)
	}
}

package main

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"filippo.io/age"
)

const carriersToml = `[[sms]]
name = "lines"
type = "smpp"
address = "127.0.0.1:1"
system = "clave"
password_file = "sms"
source = "CLAVE"
plain = true
[[sms]]
name = "web"
type = "http"
url = "http://127.0.0.1:1/messages"
token_env = "CLAVE_TEST_TOKEN"
receipts_file = "receipts"
[mail]
address = "127.0.0.1:1"
security = "none"
from = "Cl@ve <no-responder@clave.test>"
[letters]
folder = "letters"
recipients = ["PRINTER"]
`

// A node starts while no carrier can be reached; receipts are taken at the operator's port, of whoever shows their token.
func TestServeWithCarriersThatAreAway(t *testing.T) {
	printer, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	f := newFolder(t, servedToml+strings.Replace(carriersToml, "PRINTER", printer.Recipient().String(), 1))
	t.Setenv("CLAVE_TEST_TOKEN", "hunter2-token")
	f.put("sms", "hunter2-sms")
	f.put("receipts", "hunter2-receipts-hunter2")
	f.liveRing()
	f.runs("lines (smpp), then web (http)", "check-config", "-config", "clave.toml")
	if _, err := os.Stat(f.in("letters")); err == nil {
		t.Error("check-config made a folder")
	}
	s := f.serve()
	for _, tt := range []struct {
		carrier, token string
		want           int
	}{{"web", "", 401}, {"web", "hunter2-token", 401}, {"web", "hunter2-receipts-hunter2", 400}, {"lines", "hunter2-receipts-hunter2", 404}, {"nobody", "", 404}} {
		r, err := http.NewRequest("POST", "http://"+s.at["admin"]+"/sms/"+tt.carrier+"/receipts", strings.NewReader("no receipts"))
		f.must(err)
		r.Header.Set("Authorization", "Bearer "+tt.token)
		answer, err := http.DefaultClient.Do(r)
		f.must(err)
		if answer.Body.Close(); answer.StatusCode != tt.want {
			t.Errorf("receipts of %s with %q: %s, want %d", tt.carrier, tt.token, answer.Status, tt.want)
		}
	}
	if answer, _ := s.get("https://clave.test/sms/web/receipts"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("receipts at the citizens' port: %s", answer.Status)
	}
	f.must(s.cmd.Process.Signal(os.Interrupt))
	for range s.lines {
	}
	f.must(s.cmd.Wait())
	if strings.Contains(s.log.String(), "hunter2") {
		t.Error("a secret is in the log")
	}
}

package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"clave/internal/store/storetest"
)

const deploy = "../../deploy"

func readDeployed(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What the unit must have, whoever edits it: little power, a restart after every end, and an orderly one.
func TestSystemdUnit(t *testing.T) {
	text := readDeployed(t, "clave.service")
	for _, line := range []string{
		"Type=notify", "User=clave", "Restart=always", "RestartPreventExitStatus=78", "StateDirectory=clave", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
		"CapabilityBoundingSet=CAP_NET_BIND_SERVICE", "ExecStart=/usr/local/bin/clave serve -config /etc/clave/clave.toml", "UMask=0077",
	} {
		if !strings.Contains(text, "\n"+line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if strings.Contains(text, "\nExecStartPre=") { // systemd looks at the exit status of the main process only
		t.Error("what fails before the start is started again for ever")
	}
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Log("no systemd-analyze on this machine: only the keys were looked at")
		return
	}
	unit := filepath.Join(t.TempDir(), "clave.service")
	text = strings.ReplaceAll(text, "/usr/local/bin/clave", os.Args[0])
	if err := os.WriteFile(unit, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", unit).CombinedOutput(); err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// The image runs as nobody, and asks itself whether it lives by a command that there is.
func TestContainerfile(t *testing.T) {
	text := readDeployed(t, "Containerfile")
	for _, line := range []string{"FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/clave"]`, `["/clave", "healthcheck"]`} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s", line)
		}
	}
}

// systemd waits for READY=1 before it takes the node for started.
func TestServeTellsSystemd(t *testing.T) {
	f := newFolder(t, servedToml)
	f.liveRing()
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: f.in("notify"), Net: "unixgram"})
	f.must(err)
	defer l.Close()
	t.Setenv("NOTIFY_SOCKET", f.in("notify"))
	s := f.serve()
	said := make([]byte, 100)
	told := func(want string) {
		n, err := l.Read(said)
		f.must(err)
		if got := string(said[:n]); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	told("READY=1")
	f.must(s.cmd.Process.Signal(os.Interrupt))
	told("STOPPING=1")
	for range s.lines {
	}
	f.must(s.cmd.Wait())
}

// On PostgreSQL, whose password stands in a file of its own.
func TestServeOnPostgreSQL(t *testing.T) {
	f := newFolder(t, strings.Replace(servedToml, `address = "clave.db"`, "address_file = \"database\"\nsingle_node = true", 1))
	f.put("database", storetest.Postgres(t)+"\n")
	f.liveRing()
	f.runs("it was at 0.", "migrate", "-config", "clave.toml")
	s := f.serve()
	if answer, _ := s.get("https://clave.test/"); answer.StatusCode != 200 {
		t.Error(answer.Status)
	}
	f.must(s.cmd.Process.Signal(os.Interrupt))
	for range s.lines {
	}
	f.must(s.cmd.Wait())
}

package spool_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"

	"clave/internal/courier"
	"clave/internal/courier/spool"
	"clave/internal/notify"
)

const crampedFolder = "CLAVE_SPOOL_TEST_CRAMPED"

// cramped sends a letter where a file has no room for it.
func cramped(folder string) {
	signal.Ignore(syscall.SIGXFSZ)
	var p courier.Parcel
	err := json.NewDecoder(os.Stdin).Decode(&p)
	var c *spool.Carrier
	if err == nil {
		c, err = spool.New(spool.Config{Folder: folder, Node: "a"})
	}
	if err == nil {
		err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1000, Max: 1000})
	}
	if err == nil {
		_, err = c.Send(context.Background(), p)
	}
	fmt.Println(errors.Is(err, courier.ErrBusy), err)
}

// On a full disk nothing half-written remains, and the letter waits.
func TestAFullDisk(t *testing.T) {
	folder, p := t.TempDir(), letter(t)
	in, out, err := os.Pipe()
	must(t, err)
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env, child.Stdin = append(os.Environ(), crampedFolder+"="+folder), in
	go func() {
		json.NewEncoder(out).Encode(p)
		out.Close()
	}()
	said, err := child.Output()
	must(t, err)
	if string(said[:4]) != "true" {
		t.Errorf("it said %s", said)
	}
	count(t, folder, 0, "new", "*")
	count(t, folder, 0, "open", "*", "*")
	send(t, carrier(t, folder, "a", nil), p, notify.Accepted)
}

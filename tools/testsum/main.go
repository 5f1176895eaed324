// Command testsum runs "go test" with the arguments it is given and reports what happened: a line for each package as go test prints
// it, the whole output of every test that did not pass, and at the end, alone on a line, how many tests passed, failed and were
// skipped. Subtests count. It fails when go test failed, when a test was skipped (a check nobody ran is no check) and when there
// was no test at all.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

func main() {
	ok, err := run(os.Args[1:], os.Stdout)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// run says whether every test of "go test args..." passed, and writes the report to out.
func run(args []string, out io.Writer) (bool, error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	r := newReport(out)
	if err := read(events, r); err != nil {
		return false, errors.Join(err, cmd.Wait())
	}
	err = cmd.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return false, err
	}
	r.close()
	return err == nil && r.good(), nil
}

// read hands every line of the event stream to r.
func read(events io.Reader, r *report) error {
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			r.line(line)
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

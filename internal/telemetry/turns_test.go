package telemetry

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestTurnsAreToldOnce(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out, nil))
	var turns Turns
	away := errors.New("away")
	for _, err := range []error{nil, away, away, away, nil, nil, away} {
		turns.Tell(t.Context(), log, "sweep", err)
		turns.Tell(t.Context(), log, "forget", nil)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	turns.Tell(ended, log, "forget", away)
	got := out.String()
	if strings.Count(got, "\n") != 3 || strings.Count(got, "sweep: fails from now on") != 2 || strings.Count(got, "sweep: is well again") != 1 {
		t.Error(got)
	}
}

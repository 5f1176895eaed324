package smtp_test

import (
	"strings"
	"testing"
	"time"

	"clave/internal/courier/couriertest"
	"clave/internal/notify"
	"clave/internal/secret"
)

// An e-mail that is owed goes out through the courier; one that comes back is told as refused, and the other is not.
func TestThroughTheCourier(t *testing.T) {
	h := startHouse(t)
	s := couriertest.Run(t, notify.Email, carrier(t, h.config()))
	now := time.Now()
	ids := map[string]string{}
	for _, to := range []string{ana, moved, nobody} {
		ids[to] = secret.ID(now)
		couriertest.Owe(t, s, notify.Message{ID: ids[to], Kind: notify.AskedAgain, To: to, Lang: "gl", Created: now, Until: now.Add(time.Hour),
			Values: map[string]string{"url": "https://clave.example"}})
	}
	for to, want := range map[string]notify.State{ana: notify.Accepted, moved: notify.Refused, nobody: notify.Refused} {
		couriertest.Becomes(t, s, ids[to], want)
	}
	if text := h.arrived(t, "ana", 1)[0]; !strings.Contains(text, ids[ana]) || !strings.Contains(text, "https://clave.example") {
		t.Error(text)
	}
	if log := logged.String(); strings.Contains(log, "@correo.example") {
		t.Errorf("the log tells who: %s", log)
	}
}

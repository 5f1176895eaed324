package smpp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/couriertest"
	"clave/internal/courier/smpp"
	"clave/internal/notify"
)

func TestBindsAndSends(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	if b := p.next("bind"); b.System != "clave" || b.Password != "geheim" || b.SystemType != "gov" || b.Version != 0x34 {
		t.Errorf("bound as %+v", b)
	}
	taken := sends(t, c, "Cl@ve: 123456 ñ é € [x]", nil)
	e := p.next("submit")
	if e.Text != "Cl@ve: 123456 ñ é € [x]" || e.Coding != 0 || e.Source != "Clave" || e.SourceTON != 5 || e.To != "34600123456" || e.ToTON != 1 ||
		e.Receipt != 1 || e.ESM != 0 || e.Seconds < 550 || e.Seconds > 610 {
		t.Errorf("it got %+v", e)
	}
	if want := "one:" + strings.ToLower(e.ID); taken.Ref != want {
		t.Errorf("called %q, want %q", taken.Ref, want)
	}
}

func TestUCS2(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	sends(t, c, "Привет 日本 😀", nil)
	if e := p.next("submit"); e.Text != "Привет 日本 😀" || e.Coding != 8 {
		t.Errorf("it got %+v", e)
	}
}

func TestLongMessages(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	for _, text := range []string{strings.Repeat("ñ", 161), strings.Repeat("a", 152) + "€" + strings.Repeat("b", 20), strings.Repeat("ы", 60) + strings.Repeat("😀", 10)} {
		taken := sends(t, c, text, nil)
		one, two := p.next("submit"), p.next("submit")
		if one.Text+two.Text != text || one.ESM != 0x40 || two.ESM != 0x40 {
			t.Errorf("arrived %q and %q", one.Text, two.Text)
		}
		// [id, length, number, parts, part]
		if len(one.UDH) != 5 || len(two.UDH) != 5 || one.UDH[2] != two.UDH[2] || one.UDH[3] != 2 || one.UDH[4] != 1 || two.UDH[4] != 2 {
			t.Errorf("headers %v, %v", one.UDH, two.UDH)
		}
		if one.Receipt != 0 || two.Receipt != 1 || taken.Ref != "one:"+strings.ToLower(two.ID) {
			t.Errorf("receipts %d, %d, of %q", one.Receipt, two.Receipt, taken.Ref)
		}
	}
	sends(t, c, strings.Repeat("a", 160), nil)
	if e := p.next("submit"); len(e.UDH) != 0 {
		t.Error("160 characters are one message")
	}
	sends(t, c, strings.Repeat("a", 5000), courier.ErrRefused)
}

// A part refused after another was taken: nobody knows what arrives.
func TestPartRefused(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	for _, status := range []int{0x0b, 0x58} {
		p.mood(order{"submit": []int{0, status}})
		sends(t, c, strings.Repeat("a", 161), errUnknown)
	}
}

func TestWhatTheCentreAnswers(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	for _, a := range []struct {
		status int
		want   error
	}{
		{0x0b, courier.ErrRefused}, // invalid destination
		{0x01, courier.ErrRefused}, // invalid length
		{0x66, courier.ErrRefused}, // rejected
		{0x08, courier.ErrBusy},    // system error
		{0x0a, courier.ErrBusy},    // invalid source: of ours
		{0x45, courier.ErrBusy},    // failed
		{0x14, courier.ErrBusy},    // queue full
		{0x58, courier.ErrBusy},    // throttled
		{0x400, courier.ErrBusy},   // its own
		{0xff, errUnknown},
	} {
		c, _ := p.bound(p.config())
		p.mood(order{"submit": []int{a.status}})
		if sends(t, c, "hola", a.want); t.Failed() {
			t.Fatalf("after 0x%x", a.status)
		}
	}
}

// A centre that says that it gets too much is asked again later.
func TestThrottled(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	p.mood(order{"submit": []int{0x58}})
	sends(t, c, "hola", courier.ErrBusy)
	couriertest.Await(t, "a message to be taken", func() bool { _, err := c.Send(t.Context(), parcel("hola")); return err == nil })
}

// The link breaks in the middle of a submit: the centre has the code, and nobody knows.
func TestPast20LinkDroppedInTheMiddle(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	p.mood(order{"submit": []any{"drop"}})
	sends(t, c, "one", errUnknown)
	p.next("submit")
	couriertest.Await(t, "a message to be taken", func() bool { _, err := c.Send(t.Context(), parcel("two")); return err == nil })
	if e := p.next("submit"); e.Text != "two" {
		t.Errorf("sent again: %+v", e)
	}
}

func TestServerGoneAndBack(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, _ := p.bound(p.config())
	p.do("stop")
	p.next("stopped")
	couriertest.Await(t, "no bind", func() bool { n, _ := c.Bound(); return n == 0 })
	sends(t, c, "hola", courier.ErrBusy)
	p.do("start")
	p.next("bind")
	couriertest.Await(t, "a message to be taken", func() bool { _, err := c.Send(t.Context(), parcel("hola")); return err == nil })
}

func TestUnboundByTheCentre(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.bound(p.config())
	p.next("bind")
	p.do("unbind")
	p.next("bind")
}

func TestEnquireLinkSilence(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	config := p.config()
	config.Enquire, config.Answer = 20*time.Millisecond, 300*time.Millisecond
	p.bound(config)
	p.next("bind")
	p.mood(order{"mute": true})
	p.next("bind") // again
}

func TestBindRefused(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	p.mood(order{"bind": 0x0e})
	c, _ := p.carries(p.config())
	for range 2 {
		if b := p.next("bind"); b.Status != 0x0e {
			t.Errorf("answered %d", b.Status)
		}
	}
	sends(t, c, "hola", courier.ErrBusy)
	p.mood(order{})
	couriertest.Await(t, "a bind", func() bool { n, _ := c.Bound(); return n == 1 })
}

func TestSlowCentre(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	config := p.config()
	config.Answer = 300 * time.Millisecond
	c, _ := p.bound(config)
	p.mood(order{"submit": []any{"hold"}})
	sends(t, c, "late", errUnknown)
	p.do("release") // its answer finds nobody, and harms nobody
	sends(t, c, "hola", nil)
}

func TestWindow(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	config := p.config()
	config.Window, config.Binds = 2, 2
	c, _ := p.bound(config)
	p.mood(order{"hold": true})
	var sending sync.WaitGroup
	for range 4 {
		sending.Go(func() { sends(t, c, "held", nil) })
	}
	for range 4 {
		p.next("submit")
	}
	sends(t, c, "too much", courier.ErrBusy) // after its patience
	p.none("submit")
	p.mood(order{})
	p.do("release")
	sending.Wait()
	sends(t, c, "hola", nil)
}

func TestRate(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	config := p.config()
	config.Rate, config.Window = 1, 100
	c, _ := p.bound(config)
	var mu sync.Mutex
	taken, busy := 0, 0
	var sending sync.WaitGroup
	for range 50 {
		sending.Go(func() {
			_, err := c.Send(t.Context(), parcel("hola"))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				taken++
			} else if errors.Is(err, courier.ErrBusy) {
				busy++
			}
		})
	}
	sending.Wait()
	if taken+busy != 50 || taken < 1 || taken > 5 { // one at once, and two in the time that a message waits
		t.Errorf("%d were taken, %d not", taken, busy)
	}
}

const receiptText = "id:%s sub:001 dlvrd:001 submit date:2611220910 done date:2611220910 stat:%s err:000 text:Cl@ve"

func TestReceipts(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, n := p.bound(p.config())
	for _, r := range []struct {
		name string
		pdu  func(id string) order
		want notify.State
	}{
		{"text", func(id string) order {
			return order{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, id, "DELIVRD")}
		}, notify.Delivered},
		{"text, refused", func(id string) order {
			return order{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, id, "UNDELIV")}
		}, notify.Refused},
		{"TLV", func(id string) order { return order{"esm_class": 4, "receipted_message_id": id, "message_state": 2} }, notify.Delivered},
		{"TLV, expired", func(id string) order { return order{"esm_class": 4, "receipted_message_id": id, "message_state": 3} }, notify.Refused},
		{"in the payload", func(id string) order {
			return order{"esm_class": 4, "message_payload": fmt.Sprintf(receiptText, id, "REJECTD")}
		}, notify.Refused},
	} {
		taken := sends(t, c, "hola", nil)
		p.do("deliver", order{"pdu": r.pdu(p.next("submit").ID)})
		if got := n.next(t); got != (courier.Receipt{Ref: taken.Ref, State: r.want}) {
			t.Errorf("%s: got %+v", r.name, got)
		}
		if e := p.next("noted"); e.Status != 0 {
			t.Errorf("%s: answered %d", r.name, e.Status)
		}
	}
	// On its way, no receipt at all, and nonsense: answered, and not noted.
	for _, m := range []order{
		{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, "1", "ENROUTE")},
		{"esm_class": 0, "short_message": fmt.Sprintf(receiptText, "1", "DELIVRD")},
		{"esm_class": 4, "short_message": "hola"},
	} {
		p.do("deliver", order{"pdu": m})
		if e := p.next("noted"); e.Status != 0 || len(n.list) > 0 {
			t.Errorf("%v: answered %d, noted %d", m, e.Status, len(n.list))
		}
	}
}

func TestReceiptIDsInDecimal(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	config := p.config()
	config.IDs = smpp.HexDecimal
	c, n := p.bound(config)
	taken := sends(t, c, "hola", nil)
	if p.next("submit").ID != "1000" {
		t.Fatal("the first id")
	}
	p.do("deliver", order{"pdu": order{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, "0000004096", "DELIVRD")}})
	if got := n.next(t); got.Ref != taken.Ref {
		t.Errorf("the receipt is of %q, the message is %q", got.Ref, taken.Ref)
	}
}

// A receipt is only answered when it is noted: the centre keeps it until then.
func TestReceiptIsNotedFirst(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	_, n := p.bound(p.config())
	receipt := order{"pdu": order{"esm_class": 4, "short_message": fmt.Sprintf(receiptText, "1", "DELIVRD")}}
	n.failing(errors.New("the disk is full"))
	p.do("deliver", receipt)
	if e := p.next("noted"); e.Status != 0x64 {
		t.Errorf("answered %d", e.Status)
	}
	n.failing(nil)
	p.do("deliver", receipt)
	if e := p.next("noted"); e.Status != 0 || len(n.list) != 1 {
		t.Errorf("answered %d, noted %d", e.Status, len(n.list))
	}
}

func TestTLS(t *testing.T) {
	t.Parallel()
	key, certificate, roots := paired(t)
	p := newPeer(t, key, certificate)
	config := p.config()
	config.TLS = &tls.Config{RootCAs: roots}
	c, _ := p.bound(config)
	sends(t, c, "hola", nil)
	config.TLS = &tls.Config{} // whose roots do not know it
	stranger, _ := p.carries(config)
	sends(t, stranger, "hola", courier.ErrBusy)
}

// paired makes a key and its certificate, as files.
func paired(t *testing.T) (key, certificate string, roots *x509.CertPool) {
	t.Helper()
	pair := httptest.NewTLSServer(nil)
	t.Cleanup(pair.Close)
	roots = x509.NewCertPool()
	roots.AddCert(pair.Certificate())
	private, err := x509.MarshalPKCS8PrivateKey(pair.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	save := func(name, kind string, octets []byte) string {
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: octets}), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	return save("key.pem", "PRIVATE KEY", private), save("certificate.pem", "CERTIFICATE", pair.Certificate().Raw), roots
}

func TestUnbindsAtTheEnd(t *testing.T) {
	t.Parallel()
	p := newPeer(t)
	c, err := smpp.New(p.config())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		c.Report(ctx, func(context.Context, []courier.Receipt) error { return nil })
		close(done)
	}()
	couriertest.Await(t, "a bind", func() bool { n, _ := c.Bound(); return n == 1 })
	stop()
	<-done
	p.next("unbind")
}

package gateway_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"clave/internal/courier"
	"clave/internal/courier/gateway"
	"clave/internal/notify"
)

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	os.Exit(m.Run())
}

const shown, receiptsToken = "token-of-ours", "token-of-their-receipts"

func carrier(t *testing.T, url string) *gateway.Carrier {
	t.Helper()
	c, err := gateway.New(gateway.Config{Name: "two", URL: url, Token: shown, Receipts: receiptsToken})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serve(t *testing.T, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func parcel() courier.Parcel {
	return courier.Parcel{ID: "01ABC", Kind: notify.PIN, To: "+34600123456", Text: "Cl@ve: 123456 ñ", Until: time.Date(2026, 11, 22, 9, 10, 0, 0, time.UTC)}
}

func TestSends(t *testing.T) {
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var m map[string]string
		json.NewDecoder(r.Body).Decode(&m)
		if r.Method != "POST" || r.Header.Get("Authorization") != "Bearer "+shown || m["id"] != "01ABC" || m["to"] != "+34600123456" ||
			m["text"] != "Cl@ve: 123456 ñ" || m["until"] != "2026-11-22T09:10:00Z" {
			t.Errorf("it got %v %v", r.Header, m)
		}
		w.WriteHeader(http.StatusAccepted)
		fmt.Fprint(w, `{"ref": "abc"}`)
	})
	taken, err := carrier(t, at).Send(t.Context(), parcel())
	if err != nil || taken != (courier.Taken{State: notify.Accepted, Ref: "two:abc"}) {
		t.Errorf("got %+v, %v", taken, err)
	}
}

var errUnknown = errors.New("unknown")

func outcome(t *testing.T, name string, err, want error) {
	t.Helper()
	if want == errUnknown {
		if err == nil || errors.Is(err, courier.ErrBusy) || errors.Is(err, courier.ErrRefused) {
			t.Errorf("%s: %v, want an unknown outcome", name, err)
		}
	} else if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
	if err != nil && (strings.Contains(err.Error(), "600123456") || strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), shown)) {
		t.Errorf("%s tells too much: %v", name, err)
	}
}

func TestWhatTheGatewayAnswers(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   error
	}{
		{200, `{"ref":"a"}`, nil}, {204, "", nil}, {200, "not json", nil}, {201, strings.Repeat("x", 1<<20), nil},
		{429, "", courier.ErrBusy}, {503, "", courier.ErrBusy},
		{401, "", courier.ErrBusy}, {403, "", courier.ErrBusy}, {404, "", courier.ErrBusy}, {405, "", courier.ErrBusy}, {302, "", courier.ErrBusy},
		{400, `{"error":"+34600123456"}`, courier.ErrRefused}, {413, "", courier.ErrRefused}, {422, "", courier.ErrNobody},
		{408, "", errUnknown}, {409, "", errUnknown}, {500, "+34600123456", errUnknown}, {502, "", errUnknown}, {504, "", errUnknown},
	} {
		asked := atomic.Int64{}
		at := serve(t, func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(c.status)
			io.WriteString(w, c.body)
		})
		_, err := carrier(t, at).Send(t.Context(), parcel())
		outcome(t, fmt.Sprint(c.status), err, c.want)
		if asked.Load() != 1 {
			t.Errorf("%d: asked %d times", c.status, asked.Load())
		}
	}
}

func TestRetryAfter(t *testing.T) {
	asked := atomic.Int64{}
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("Retry-After", "3600")
		w.WriteHeader(503)
	})
	c := carrier(t, at)
	for range 3 {
		_, err := c.Send(t.Context(), parcel())
		outcome(t, "resting", err, courier.ErrBusy)
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestNotConnected(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free.Close()
	_, err = carrier(t, "http://"+free.Addr().String()).Send(t.Context(), parcel())
	outcome(t, "nobody listens", err, courier.ErrBusy)
}

// It has the code, and says nothing: it is not sent again, by whomever.
func TestCutOffAfterwards(t *testing.T) {
	asked := atomic.Int64{}
	at := serve(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		if asked.Add(1) > 1 { // the first warms a connection, which a client may think stale
			conn, _, _ := w.(http.Hijacker).Hijack()
			conn.Close()
		}
	})
	c := carrier(t, at)
	_, err := c.Send(t.Context(), parcel())
	outcome(t, "the first", err, nil)
	_, err = c.Send(t.Context(), parcel())
	outcome(t, "cut off", err, errUnknown)
	if asked.Load() != 2 {
		t.Errorf("asked %d times", asked.Load())
	}
}

func TestSilent(t *testing.T) {
	let := make(chan struct{})
	at := serve(t, func(w http.ResponseWriter, r *http.Request) { <-let })
	defer close(let)
	c, err := gateway.New(gateway.Config{Name: "two", URL: at, Token: shown, Client: &http.Client{Timeout: 50 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Send(t.Context(), parcel())
	outcome(t, "silence", err, errUnknown)
}

func TestConfig(t *testing.T) {
	for _, c := range []struct {
		config gateway.Config
		want   error
	}{
		{gateway.Config{Name: "a", URL: "https://sms.example/send", Token: shown}, nil},
		{gateway.Config{Name: "a", URL: "http://127.0.0.1:8080/", Token: shown}, nil},
		{gateway.Config{Name: "a", URL: "http://[::1]:8080/", Token: shown}, nil},
		{gateway.Config{Name: "a", URL: "http://sms.example/send", Token: shown}, gateway.ErrConfig},
		{gateway.Config{Name: "a", URL: "https://user:word@sms.example/send", Token: shown}, gateway.ErrConfig},
		{gateway.Config{Name: "a", URL: "sms.example", Token: shown}, gateway.ErrConfig},
		{gateway.Config{Name: "", URL: "https://sms.example/send", Token: shown}, gateway.ErrConfig},
		{gateway.Config{Name: "id", URL: "https://sms.example/send", Token: shown}, gateway.ErrConfig}, // its refs would pass for our own ids
		{gateway.Config{Name: "a:b", URL: "https://sms.example/send", Token: shown}, gateway.ErrConfig},
		{gateway.Config{Name: "a", URL: "https://sms.example/send"}, gateway.ErrConfig},
		{gateway.Config{Name: "a", URL: "https://sms.example/send", Token: shown, Receipts: "short"}, gateway.ErrConfig},
	} {
		if _, err := gateway.New(c.config); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", c.config.URL, err)
		}
		if text := fmt.Sprintf("%v %+v %#v", c.config, c.config, c.config); strings.Contains(text, shown) {
			t.Error(text)
		}
	}
}

func post(c *gateway.Carrier, token, body string) int {
	r := httptest.NewRequest("POST", "/receipts", strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	c.ServeHTTP(w, r)
	return w.Code
}

func TestReceipts(t *testing.T) {
	c := carrier(t, "https://sms.example")
	const one = `{"receipts":[{"ref":"abc","state":"delivered"}]}`
	if got := post(c, receiptsToken, one); got != http.StatusServiceUnavailable {
		t.Errorf("before it runs: %d", got)
	}
	var noted []courier.Receipt
	var fail error
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		c.Report(ctx, func(_ context.Context, list []courier.Receipt) error { noted = append(noted, list...); return fail })
		close(done)
	}()
	for post(c, receiptsToken, `{"receipts":[]}`) != http.StatusNoContent {
		time.Sleep(time.Millisecond)
	}
	for _, r := range []struct {
		name, token, body string
		want              int
		noted             []courier.Receipt
	}{
		{"one", receiptsToken, one, 204, []courier.Receipt{{Ref: "two:abc", State: notify.Delivered}}},
		{"by our id", receiptsToken, `{"receipts":[{"id":"01ABC","state":"refused"}]}`, 204, nil},
		{"as our id", receiptsToken, `{"receipts":[{"ref":"id:01ABC","state":"refused"}]}`, 204, []courier.Receipt{{Ref: "two:id:01ABC", State: notify.Refused}}},
		{"no end", receiptsToken, `{"receipts":[{"ref":"abc","state":"accepted"},{"ref":"abc","state":"lost"},{"state":"delivered"}]}`, 204, nil},
		{"a long name", receiptsToken, `{"receipts":[{"ref":"` + strings.Repeat("x", 200) + `","state":"delivered"}]}`, 204, nil},
		{"no token", "", one, 401, nil},
		{"our own token", shown, one, 401, nil},
		{"nearly", receiptsToken[1:], one, 401, nil},
		{"nonsense", receiptsToken, `[`, 400, nil},
		{"another thing", receiptsToken, `{"x":1}`, 400, nil},
		{"too much", receiptsToken, `{"receipts":[{"ref":"` + strings.Repeat("x", 1<<20) + `"}]}`, 400, nil},
	} {
		noted = nil
		if got := post(c, r.token, r.body); got != r.want || fmt.Sprint(noted) != fmt.Sprint(r.noted) {
			t.Errorf("%s: %d, noted %v", r.name, got, noted)
		}
	}
	fail = errors.New("the disk is full")
	if got := post(c, receiptsToken, one); got != http.StatusServiceUnavailable {
		t.Errorf("not noted: %d", got)
	}
	stop()
	<-done
	if got := post(c, receiptsToken, one); got != http.StatusServiceUnavailable {
		t.Errorf("afterwards: %d", got)
	}
	open, _ := gateway.New(gateway.Config{Name: "two", URL: "https://sms.example", Token: shown})
	if got := post(open, "", one); got != http.StatusUnauthorized {
		t.Errorf("without a token of its own: %d", got)
	}
}

func FuzzReceipts(f *testing.F) {
	f.Add(`{"receipts":[{"ref":"abc","state":"delivered"},{"id":"x","state":"refused"}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		c, err := gateway.New(gateway.Config{Name: "two", URL: "https://sms.example", Token: shown, Receipts: receiptsToken})
		if err != nil {
			t.Fatal(err)
		}
		list, _ := c.Read(strings.NewReader(body))
		for _, r := range list {
			if r.State != notify.Delivered && r.State != notify.Refused || len(r.Ref) > 150 || !strings.HasPrefix(r.Ref, "two:") {
				t.Errorf("%+v", r)
			}
		}
	})
}

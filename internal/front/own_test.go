package front_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"clave/internal/front"
)

// A page that an operator looks at has its own name lead to the operator's port (attacks row 12).
func TestPast12OperatorsPortAnswersNoForeignName(t *testing.T) {
	h := front.Own([]string{"node-a.example", ""}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for host, want := range map[string]int{
		"": 200, "127.0.0.1:9090": 200, "10.20.1.11": 200, "[::1]:9090": 200, "[::1]": 200, "localhost:9090": 200, "LOCALHOST": 200,
		"node-a.example:9090": 200, "Node-A.example.": 200,
		"evil.example:9090": 421, "127.0.0.1.evil.example": 421, "localhost.evil.example": 421, "node-a.example.evil.example": 421, "x.localhost": 421,
		":9090": 421, ".": 421, "0x7f000001": 421, "2130706433": 421,
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.Host = host
		w := httptest.NewRecorder()
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("Host %q: %d, want %d", host, w.Code, want)
		}
	}
}

package judges_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// hall is where a client that is no browser finds people, and where a service's own addresses are:
//
//	POST /visit {"who": …, "browser": …, "url": …, "cancel": …}  a person goes there: {"Location": …, "Text": …, "Asked": […]}
//	POST /service/{name}                                        what Clave posts to a service
//	GET  /heard/{name}                                          waits for the next of those: {"Authorization": …, "Body": …}
type hall struct {
	*httptest.Server
	*house
	mu       sync.Mutex
	browsers map[string]*browser
	posts    map[string]chan post
}

type post struct{ Authorization, Body string }

func (h *house) hall() *hall {
	l := &hall{house: h, browsers: map[string]*browser{}, posts: map[string]chan post{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /visit", l.visit)
	mux.HandleFunc("POST /service/{name}", l.take)
	mux.HandleFunc("GET /heard/{name}", l.heard)
	l.Server = httptest.NewServer(mux)
	h.t.Cleanup(l.Close)
	return l
}

func (l *hall) visit(w http.ResponseWriter, r *http.Request) {
	var ask struct {
		Who, Browser, URL string
		Cancel            bool
	}
	if err := json.NewDecoder(r.Body).Decode(&ask); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	at, err := l.browserOf(ask.Who, ask.Browser).visit(ask.URL, ask.Cancel)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(at)
}

// browserOf is a person's browser of that name, the same each time.
func (l *hall) browserOf(who, name string) *browser {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.browsers[who+" "+name] == nil {
		l.browsers[who+" "+name] = l.browser(who)
	}
	return l.browsers[who+" "+name]
}

func (l *hall) box(name string) chan post {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.posts[name] == nil {
		l.posts[name] = make(chan post, 100)
	}
	return l.posts[name]
}

func (l *hall) take(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	l.box(r.PathValue("name")) <- post{r.Header.Get("Authorization"), string(body)}
}

func (l *hall) heard(w http.ResponseWriter, r *http.Request) {
	select {
	case p := <-l.box(r.PathValue("name")):
		_ = json.NewEncoder(w).Encode(p)
	case <-time.After(patience):
		http.Error(w, "nothing came", http.StatusGatewayTimeout)
	}
}

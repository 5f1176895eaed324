package web

import (
	"errors"
	"log/slog"
	"net/http"

	"clave/internal/federation/saml"
	"clave/internal/login"
)

func (s *Server) serviceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+saml.Path, withoutCookies(s.takeRequest))
	mux.HandleFunc("GET "+saml.Path, s.forServices)
}

// withoutCookies keeps a service's post from anything that the browser holds of us: what a foreign page sends is never
// mixed with what the person did here. Everything is decided on our own pages.
func withoutCookies(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Cookie")
		next(w, r)
	}
}

func (s *Server) forServices(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Allow", http.MethodPost)
	s.problem(w, r, problem{status: http.StatusMethodNotAllowed, key: "for-services"})
}

// takeRequest begins a login for a service, and leaves everything else to our own pages.
func (s *Server) takeRequest(w http.ResponseWriter, r *http.Request) {
	fields, err := readServiceForm(r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	request, err := s.SAML.Parse(r.Context(), fields["SAMLRequest"], fields["RelayState"])
	if errors.Is(err, saml.ErrPassive) {
		s.fails(w, r, request, login.Passive)
		return
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.beginLogin(w, r, request)
}

// beginLogin puts the login into the browser. One that no method can complete begins too: its page says so, and lets the
// person go back.
func (s *Server) beginLogin(w http.ResponseWriter, r *http.Request, request login.Request) {
	l, err := s.Broker.Begin(r.Context(), request)
	if err != nil && !errors.Is(err, login.ErrMethod) {
		s.refuse(w, r, err)
		return
	}
	if _, err := s.sealFlow(loginFlow, l.ID, l.Began, fullest(l)); err != nil {
		s.refuse(w, r, err)
		return
	}
	if err := s.saveFlow(w, r, loginFlow, l.ID, l.Began, signIn{Login: l}); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, loginPath(l.ID, ""), http.StatusSeeOther)
}

// refuse shows that a service's request is not taken. Nobody is sent anywhere: nothing shows yet that the request is the
// service's. The log has the reason, in a word.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	why := refusal(err)
	if why.reason == "" {
		s.fail(w, r, err)
		return
	}
	reference := newReference()
	slog.WarnContext(r.Context(), "request refused", "reason", why.reason, "reference", reference, "from", from(r))
	s.problem(w, r, problem{status: why.status, key: why.key, reference: reference})
}

// refused is how a service's request is refused: a stable word for the log, and what the person is told.
type refused struct {
	reason string
	status int
	key    string
}

// refusal is empty when the error is not about the request.
func refusal(err error) refused {
	tooLong := new(http.MaxBytesError)
	code := saml.Code(err)
	switch {
	case errors.Is(err, errLogout):
		return refused{"logout", http.StatusNotImplemented, "logout"}
	case errors.Is(err, errForm):
		return refused{"form", http.StatusBadRequest, "request"}
	case errors.As(err, &tooLong), errors.Is(err, errBigFlow), errors.Is(err, login.ErrRelay):
		return refused{string(saml.ErrSize), http.StatusRequestEntityTooLarge, "request"}
	case errors.Is(err, saml.ErrStale):
		return refused{code, http.StatusBadRequest, "stale"}
	case code != "internal":
		return refused{code, http.StatusBadRequest, "request"}
	default:
		return refused{}
	}
}

package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/locale"
	"clave/internal/login"
	"clave/internal/relying"
	"clave/internal/throttle"
)

func (s *Server) serviceRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST "+saml.Path, withoutCookies(s.takeRequest))
	mux.HandleFunc("GET "+saml.Path, s.forServices)
	mux.HandleFunc("GET "+saml.MetadataPath, s.metadata)
	if s.OIDC != nil {
		mux.Handle(oidc.Path+"/", s.OIDC.Handler())
		mux.Handle("/.well-known/", s.OIDC.Handler())
	}
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
	purpose, err := saml.PurposeOf(fields)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	switch purpose {
	case saml.AsksLogout:
		s.takeLogout(w, r, fields)
	case saml.AnswersLogout:
		s.takeLogoutAnswer(w, r, fields)
	default:
		s.takeLogin(w, r, fields)
	}
}

func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request, fields map[string]string) {
	done := s.signing(r, "saml.verify")
	request, err := s.SAML.Parse(r.Context(), fields["SAMLRequest"], fields["RelayState"])
	done()
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.BeginLogin(w, r, request)
}

// BeginLogin puts the login into the browser. One that no method can complete begins too: its page says so, and lets the
// person go back.
func (s *Server) BeginLogin(w http.ResponseWriter, r *http.Request, request login.Request) {
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
	s.Seen.Login(request.Protocol, "begun")
	http.Redirect(w, r, loginPath(l.ID, "")+inLanguage(request.Echo[oidc.EchoLocales]), http.StatusSeeOther)
}

// inLanguage is what an address needs to show a page in the first language of a service's list that we speak: "ca es".
func inLanguage(wished string) string {
	for code := range strings.FieldsSeq(wished) {
		code, _, _ = strings.Cut(code, "-")
		if lang, ok := locale.Lookup(code); ok {
			return "?" + langWish + "=" + lang.Code()
		}
	}
	return ""
}

func (s *Server) metadata(w http.ResponseWriter, r *http.Request) {
	text, err := s.SAML.Metadata()
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", saml.MetadataType)
	w.Header().Set("Cache-Control", "public, max-age=600")
	_, _ = w.Write(text) // the visitor may have gone
}

// Refuse shows why a service's request over OpenID Connect is not taken, as refuse does.
func (s *Server) Refuse(w http.ResponseWriter, r *http.Request, reason string) {
	s.sayRefused(w, r, refused{reason, http.StatusBadRequest, "request"})
}

// refuse shows that a service's request is not taken. Nobody is sent anywhere: nothing shows yet that the request is the
// service's. The log has the reason, in a word.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	why := refusal(err)
	if why.reason == "" {
		s.fail(w, r, err)
		return
	}
	s.sayRefused(w, r, why, skew(err)...)
}

// skew is for the log: how many seconds the request's clock is behind ours, when that is why.
func skew(err error) []any {
	if e, ok := errors.AsType[saml.Skewed](err); ok {
		return []any{"behind", int64(e.Behind.Seconds())}
	}
	return nil
}

func (s *Server) sayRefused(w http.ResponseWriter, r *http.Request, why refused, more ...any) {
	reference := s.newReference(why.key)
	more = append([]any{"reason", why.reason, "reference", reference, "from", throttle.Neighbourhood(from(r))}, more...)
	slog.WarnContext(r.Context(), "request refused", more...)
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
	case errors.Is(err, errForm):
		return refused{"form", http.StatusBadRequest, "request"}
	case errors.As(err, &tooLong), errors.Is(err, errBigFlow), errors.Is(err, login.ErrRelay):
		return refused{string(saml.ErrSize), http.StatusRequestEntityTooLarge, "request"}
	case errors.Is(err, saml.ErrStale):
		return refused{code, http.StatusBadRequest, "stale"}
	case errors.Is(err, relying.ErrUnknown): // struck off while somebody was on their way there
		return refused{"unknown party", http.StatusGone, "request"}
	case code != "internal":
		return refused{code, http.StatusBadRequest, "request"}
	default:
		return refused{}
	}
}

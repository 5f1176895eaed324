package web

import (
	"context"
	"net/http"
	"net/url"

	"clave/internal/federation/oidc"
	"clave/internal/federation/saml"
	"clave/internal/login"
)

// completed is what became of a login in its last unit of work.
type completed struct {
	result   login.Result
	refusal  login.Refusal
	location string // where OpenID Connect answers
}

// complete spends the session for the login, with whatever its protocol has to keep of it, in the unit of ctx.
func (s *Server) complete(ctx context.Context, v *visit, mine string) (done completed, err error) {
	agreed := login.Agreed{Mine: mine, Token: s.sessionToken(v.r), Seen: v.r.PostForm.Get("seen")}
	if v.Login.Request.Protocol == oidc.Protocol {
		agreed.Mistaken = func(ctx context.Context, citizen string) (bool, error) {
			return s.OIDC.Mistaken(ctx, v.Login.Request, citizen)
		}
	}
	done.result, done.refusal, err = s.Broker.Complete(ctx, v.Login, agreed, visitor(v.r))
	if err != nil || done.refusal != login.None || v.Login.Request.Protocol != oidc.Protocol {
		return done, err
	}
	answer, err := s.OIDC.Answer(ctx, done.result)
	done.location = answer.Location
	return done, err
}

// answer takes a committed answer to the service, in its own protocol.
func (s *Server) answer(v *visit, done completed) error {
	s.Seen.Login(v.Login.Request.Protocol, "completed")
	switch v.Login.Request.Protocol {
	case saml.Protocol:
		signed := s.signing(v.r, "saml.sign")
		form, err := s.SAML.Respond(v.r.Context(), done.result)
		signed()
		if err != nil {
			return err
		}
		s.sendBack(v.w, v.r, v.Login.Request, returnPage{Form: form})
		return nil
	default:
		http.Redirect(v.w, v.r, done.location, http.StatusSeeOther)
		return nil
	}
}

// fails tells a service, in its own protocol, that nobody was identified. The request has been consumed.
func (s *Server) fails(w http.ResponseWriter, r *http.Request, request login.Request, why login.Failure) {
	s.Seen.Login(request.Protocol, string(why))
	var err error
	switch request.Protocol {
	case saml.Protocol:
		var form saml.Form
		if form, err = s.SAML.Fail(request, why); err == nil {
			s.sendBack(w, r, request, returnPage{Form: form, Failed: true})
		}
	case oidc.Protocol:
		var answer oidc.Answer
		if answer, err = s.OIDC.Fail(r.Context(), request, why); err == nil {
			http.Redirect(w, r, answer.Location, http.StatusSeeOther)
		}
	default: // our own pages
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
	if err != nil {
		s.fail(w, r, err)
	}
}

// answersTo is the origin that a form on a login's page may end at: browsers hold a form's policy against the redirect that
// answers it, and OpenID Connect answers so.
func (s *Server) answersTo(request login.Request) string {
	if request.Protocol != oidc.Protocol {
		return ""
	}
	return originOf(request.ReturnTo)
}

// originOf is the origin of an address, as a policy lists it after others; empty for what is no address.
func originOf(address string) string {
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return ""
	}
	return " " + target.Scheme + "://" + target.Host
}

package web

import (
	"clave/internal/login"
	"clave/internal/nif"
)

type nifForm struct {
	loginFrame
	Lead    string
	Time    string // until when the login can be completed
	NIF     field
	Notices []notice
	Buttons []button
}

func (s *Server) nifPage(v *visit) error { return s.askLoginNIF(v, v.NIF.String(), nil) }

// makeRoomFor drops older logins now: the post that began this one read no cookie, and so could not see them.
func (s *Server) makeRoomFor(v *visit) {
	name := s.cookieName(loginFlow + "-" + v.Login.ID)
	if c, err := v.r.Cookie(name); err == nil {
		s.makeRoom(v.w, v.r, name, len(c.Value))
	}
}

func (s *Server) askLoginNIF(v *visit, typed string, wrong error) error {
	data := nifForm{loginFrame: s.inLogin(v), Notices: s.beforeTyping(v)}
	until := data.Lang.Clock(v.Login.Began.Add(login.Lifetime))
	data.Lead, data.Time = data.T("login.nif-lead", "service", data.Service), data.T("login.time", "time", until)
	if data.Ours != nil {
		data.Lead, data.Time = data.T(data.Ours.Typing), data.T(data.Ours.Time, "time", until)
	}
	data.NIF = data.nifField(typed, wrong)
	data.Buttons = []button{{Kind: "primary", Text: data.T("login.nif-next")}}
	s.show(v.w, v.r, data.status(), "login-nif.html", data)
	return nil
}

// takeLoginNIF forgets what was asked for another number.
func (s *Server) takeLoginNIF(v *visit) error {
	typed := v.r.PostForm.Get("nif")
	n, err := nif.Parse(typed)
	if err != nil {
		return s.askLoginNIF(v, typed, err)
	}
	if n != v.NIF {
		v.signIn = signIn{Login: v.Login, NIF: n}
	}
	return s.goTo(v, "document")
}

package web

import (
	"net/http"

	"clave/internal/locale"
)

// way is a way to register: all are named, those too that are not offered yet, so that nobody is told too late.
type way struct {
	Title   string
	Rows    []row
	Off     string // why it cannot be used now
	Buttons []button
}

type registerPage struct {
	page
	Ways []way
}

func (s *Server) registerPage(w http.ResponseWriter, r *http.Request) {
	data := registerPage{page: s.page(r)}
	for _, way := range []struct {
		title, needs, takes, gives locale.Key
		off                        locale.Key // why it is not offered on this page
		button                     button
	}{
		{"register.letter", "register.letter-needs", "register.letter-takes", "register.letter-gives", "",
			button{Kind: "primary", Text: data.T("register.letter-button"), URL: string(asking)}},
		{"register.certificate", "register.certificate-needs", "register.at-once", "register.advanced-gives", "register.not-yet", button{}},
		{"register.office", "register.office-needs", "register.at-once", "register.advanced-gives", "register.in-person", button{}},
		{"register.video", "register.video-needs", "register.at-once", "register.letter-gives", "register.not-yet", button{}},
	} {
		data.Ways = append(data.Ways, data.way(way.title, way.needs, way.takes, way.gives, way.off, way.button))
	}
	s.show(w, r, http.StatusOK, "register.html", data)
}

func (p page) way(title, needs, takes, gives, off locale.Key, b button) way {
	made := way{Title: p.T(title), Buttons: []button{b}, Rows: []row{
		{Term: p.T("register.needs"), Text: p.T(needs)},
		{Term: p.T("register.takes"), Text: p.T(takes)},
		{Term: p.T("register.gives"), Text: p.T(gives)},
	}}
	if off != "" {
		made.Off = p.T(off)
	}
	return made
}

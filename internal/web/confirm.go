package web

import (
	"net/http"
	"time"

	"clave/internal/confirm"
)

// Here people answer what a service asks them to confirm. They come by themselves: nothing that a caller could say, and no
// link, leads to the answer of anything (safety rule 7).
func (s *Server) confirmRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /confirm", s.own(s.confirmPage))
	mux.HandleFunc("GET /confirm/{id}", s.own(s.confirmationPage))
	mux.HandleFunc("POST /confirm/{id}/answer", s.own(s.takeConfirmation))
	mux.HandleFunc("GET /confirm/{id}/answer", func(w http.ResponseWriter, r *http.Request) { // a change of language on an answer
		http.Redirect(w, r, confirmPath(r.PathValue("id")), http.StatusSeeOther)
	})
}

func confirmPath(id string) string { return "/confirm/" + id }

type confirmPage struct {
	page
	Who       string
	Waiting   []askedCard
	Missed    []askedCard
	Countdown countdown // while one waits
	Over      notice    // shown by the script when its time is over
	Careful   notice
	Buttons   []button
}

// askedCard is one confirmation as its person sees it.
type askedCard struct {
	ID, At  string
	Party   string
	Logo    string
	Title   string
	Message string
	Data    []string // what the service would be told
	Rows    []row
	Lacks   []notice // what the person lacks to confirm
	Buttons []button
}

func (s *Server) confirmPage(v *ownVisit) error {
	waiting, err := s.Confirm.Waiting(v.r.Context(), v.citizen.ID)
	if err != nil {
		return err
	}
	missed, err := s.Confirm.Missed(v.r.Context(), v.citizen.ID)
	if err != nil {
		return err
	}
	return s.showConfirmations(v, waiting, missed)
}

func (s *Server) showConfirmations(v *ownVisit, waiting, missed []confirm.Asked) error {
	data := confirmPage{page: v.page, Who: v.citizen.Masked()}
	data.Careful = notice{Kind: "warning", Text: []string{data.T("confirm.careful")}}
	data.Over = notice{Kind: "error", Text: []string{data.T("confirm.over")}}
	data.Buttons = []button{{Kind: "quiet", Text: data.T("register.home"), URL: "/"}}
	for _, a := range waiting {
		card, err := s.waitingCard(v, a)
		if err != nil {
			return err
		}
		if len(waiting) == 1 {
			data.Countdown = s.timeToConfirm(data.page, a)
		} else {
			card.Rows = append(card.Rows, row{Term: data.T("confirm.until"), Text: data.Lang.Clock(a.Expires)})
		}
		data.Waiting = append(data.Waiting, card)
	}
	for _, a := range missed {
		card := s.card(v, a)
		card.Title = data.T("confirm.missed-one", "service", card.Party, "date", data.Lang.Date(a.At), "time", data.Lang.Clock(a.At))
		card.Buttons = []button{data.reportButton(card.Party)}
		data.Missed = append(data.Missed, card)
	}
	s.show(v.w, v.r, http.StatusOK, "confirm-list.html", data)
	return nil
}

func (s *Server) timeToConfirm(p page, a confirm.Asked) countdown {
	left := a.Expires.Sub(s.Now())
	return countdown{
		Lang: p.Lang, Text: p.T("confirm.until-text", "time", p.Lang.Clock(a.Expires)), Until: a.Expires,
		Left: left, Total: a.Expires.Sub(a.At), Soon: left <= time.Minute,
	}
}

func (s *Server) card(v *ownVisit, a confirm.Asked) askedCard {
	c := askedCard{ID: a.ID, At: confirmPath(a.ID), Party: s.partyName(v.r, a.Party, v.Lang), Message: a.Message}
	if party, err := s.Parties.Party(v.r.Context(), a.Party); err == nil {
		c.Logo = logoURL(party)
	}
	return c
}

// waitingCard says who asks, for what, and which data would go. Who lacks what it takes to confirm can still refuse and
// report.
func (s *Server) waitingCard(v *ownVisit, a confirm.Asked) (askedCard, error) {
	c := s.card(v, a)
	c.Title = v.T("confirm.asks", "service", c.Party)
	c.Data = v.dataOf(a.Released)
	c.Rows = []row{{Term: v.T("confirm.asked"), Text: v.T("confirm.asked-when", "date", v.Lang.Date(a.At), "time", v.Lang.Clock(a.At))}}
	lacks, err := s.Confirm.Short(v.r.Context(), a, v.means())
	switch lacks {
	case confirm.None:
		c.Buttons = []button{{Kind: "primary", Text: v.T("confirm.yes"), About: c.Party, Name: "answer", Value: string(confirm.Confirmed)}}
	case confirm.TooLow:
		c.Lacks = []notice{{Kind: "info", Text: []string{v.T("confirm.too-low")}}}
	default:
		c.Lacks = []notice{{Kind: "info", Text: []string{v.T("confirm.not-asked")}}}
	}
	c.Buttons = append(c.Buttons,
		button{Kind: "secondary", Text: v.T("confirm.no"), About: c.Party, Name: "answer", Value: string(confirm.Refused)}, v.reportButton(c.Party))
	return c, err
}

func (p page) reportButton(party string) button {
	return button{Kind: "quiet-danger", Text: p.T("confirm.report"), About: party, Name: "answer", Value: string(confirm.Reported)}
}

func (v *ownVisit) means() confirm.Means {
	return confirm.Means{Session: v.session.ID, Method: v.held.Method, Level: v.held.Level, At: v.held.At}
}

// confirmCard leads to what waits for a person's answer.
func (p page) confirmCard() method {
	return method{Title: p.T("confirm.title"), About: p.T("confirm.about"),
		Button: button{Kind: "secondary", Text: p.T("confirm.open"), URL: "/confirm"}}
}

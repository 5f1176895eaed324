package web

import (
	"net/http"
	"slices"

	"clave/internal/confirm"
	"clave/internal/locale"
)

// confirmationPage is one confirmation, in whatever state it is; one that is not this person's leads to those that are.
func (s *Server) confirmationPage(v *ownVisit) error {
	a, found, err := s.Confirm.Find(v.r.Context(), v.r.PathValue("id"), v.citizen.ID)
	switch {
	case err != nil:
		return err
	case !found:
		http.Redirect(v.w, v.r, "/confirm", http.StatusSeeOther)
		return nil
	case a.StateAt(s.Now()) == confirm.Waiting:
		return s.showConfirmations(v, []confirm.Asked{a}, nil)
	}
	s.showAnswered(v, a)
	return nil
}

// verdicts are what the buttons say.
var verdicts = []confirm.State{confirm.Confirmed, confirm.Refused, confirm.Reported}

// takeConfirmation leads to what became of the confirmation, and says why an answer was not taken. Whoever identified
// themselves too long ago does so again, and answers then.
func (s *Server) takeConfirmation(v *ownVisit) error {
	id, verdict := v.r.PathValue("id"), confirm.State(v.r.PostFormValue("answer"))
	if slices.Contains(verdicts, verdict) {
		a, why, err := s.Confirm.Answer(v.r.Context(), confirm.Answer{
			ID: id, Citizen: v.citizen.ID, Means: v.means(), Verdict: verdict, From: visitor(v.r),
		})
		switch {
		case err != nil:
			return err
		case why == confirm.Stale:
			return s.beginOwn(v)
		case why == confirm.None && !s.mayRead(v):
			return s.goToDeed(v, deed{Kind: answeredDeed, Of: a.ID})
		}
	}
	http.Redirect(v.w, v.r, confirmPath(id), http.StatusSeeOther)
	return nil
}

// answeredPage is a confirmation that is over.
type answeredPage struct {
	page
	Title, Lead string
	Text        []string
	At          string
	Report      []button // of one that nobody answered
	Buttons     []button
}

// endings are the texts of a confirmation that is over: what happened, and what next.
var endings = map[confirm.State]struct{ title, lead, next locale.Key }{
	confirm.Confirmed: {"confirm.given-title", "confirm.given", "confirm.given-next"},
	confirm.Refused:   {"confirm.refused-title", "confirm.refused", "confirm.refused-next"},
	confirm.Reported:  {"confirm.reported-title", "confirm.reported", "confirm.reported-next"},
	confirm.Waiting:   {"confirm.expired-title", "confirm.expired", "confirm.expired-next"},
}

func (s *Server) showAnswered(v *ownVisit, a confirm.Asked) {
	data := answeredPage{page: v.page, At: confirmPath(a.ID)}
	party := s.partyName(v.r, a.Party, v.Lang)
	said := endings[a.State]
	data.Title, data.Lead = data.T(said.title), data.T(said.lead, "service", party)
	switch {
	case a.State == confirm.Waiting:
		data.Report = []button{data.reportButton(party)}
	case a.State == confirm.Confirmed && !a.Spent.IsZero():
		data.Text = []string{data.T("confirm.told", "time", data.Lang.Clock(a.Spent))}
	case a.State == confirm.Confirmed && a.StateAt(s.Now()) == confirm.Confirmed:
		data.Text = []string{data.T("confirm.telling")}
	case a.State == confirm.Confirmed:
		data.Text = []string{data.T("confirm.not-fetched")}
	}
	data.Text = append(data.Text, data.T(said.next))
	data.Buttons = []button{
		{Kind: "primary", Text: data.T("confirm.others"), URL: "/confirm"},
		{Kind: "quiet", Text: data.T("register.home"), URL: "/"},
	}
	s.show(v.w, v.r, http.StatusOK, "confirm-done.html", data)
}

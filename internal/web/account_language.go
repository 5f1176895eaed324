package web

import (
	"net/http"

	"clave/internal/locale"
)

type languagePage struct {
	page
	Title, Lead string
	Choice      choices
	Buttons     []button
	Back        []button
}

// languagePage lets the person choose in which language we write to them.
func (s *Server) languagePage(v *ownVisit) error {
	data := languagePage{page: v.page, Title: v.T("account.language"), Lead: v.T("account.language-lead")}
	data.Choice = choices{Lang: v.Lang, Name: "language", Legend: data.Title}
	for _, l := range locale.All() {
		data.Choice.Options = append(data.Choice.Options, option{Value: l.Code(), Text: l.Name(), Checked: l == locale.Match(v.citizen.Lang)})
	}
	data.Buttons = []button{{Kind: "primary", Text: data.T("account.language-save")}}
	data.Back = []button{data.toAccount()}
	s.show(v.w, v.r, http.StatusOK, "account-language.html", data)
	return nil
}

func (s *Server) takeLanguage(v *ownVisit) error {
	chosen, known := locale.Lookup(v.r.PostFormValue("language"))
	if !known { // none of our buttons
		http.Redirect(v.w, v.r, "/account/language", http.StatusSeeOther)
		return nil
	}
	if err := s.Account.SetLanguage(v.r.Context(), v.citizen.ID, chosen, visitor(v.r)); err != nil {
		return err
	}
	return s.goToDeed(v, deed{Kind: languageDeed, Of: chosen.Code()})
}

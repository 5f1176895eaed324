package saml

import (
	"slices"
	"strings"
)

// Purpose is what a form that was posted to us is for, and so who reads it.
type Purpose int

// The purposes.
const (
	AsksLogin     Purpose = iota // Parse
	AsksLogout                   // ParseLogout
	AnswersLogout                // ParseLogoutAnswer
)

// The fields that carry a message. Kits send logoutRequest, RedIRIS samlRequestLogout or both, other software SAMLRequest; answers likewise.
const (
	samlRequest  = "SAMLRequest"
	samlResponse = "SAMLResponse"
)

var (
	logoutRequests = []string{"logoutRequest", "samlRequestLogout"}
	logoutAnswers  = []string{"logoutResponse", "samlResponseLogout"}

	logoutCarriers       = append([]string{samlRequest}, logoutRequests...)
	logoutAnswerCarriers = append([]string{samlResponse}, logoutAnswers...)
	carriers             = append(logoutCarriers[:len(logoutCarriers):len(logoutCarriers)], logoutAnswerCarriers...)
)

// PurposeOf tells what a form is for by its fields' names, and what a SAMLRequest is by its first tag. It verifies nothing: a message that lies here is
// refused by its reader. Errors: ErrEncoding without a message, ErrMessage with two of different kinds.
func PurposeOf(fields map[string]string) (Purpose, error) {
	_, asks := fields[samlRequest]
	ends, answers := hasAny(fields, logoutRequests), hasAny(fields, logoutAnswerCarriers)
	switch {
	case answers && (asks || ends):
		return 0, ErrMessage
	case answers:
		return AnswersLogout, nil
	case ends || asks && firstTag(fields[samlRequest]) == logoutRequest.name:
		return AsksLogout, nil
	case asks:
		return AsksLogin, nil
	}
	return 0, ErrEncoding
}

func hasAny(fields map[string]string, names []string) bool {
	for _, name := range names {
		if _, ok := fields[name]; ok {
			return true
		}
	}
	return false
}

// firstTag is the local name of the first start tag, "" when there is none to see.
func firstTag(field string) string {
	message, err := decode(field)
	if err != nil {
		return ""
	}
	rest := strings.TrimLeft(string(message), "\ufeff \t\r\n")
	if strings.HasPrefix(rest, "<?xml") {
		_, rest, _ = strings.Cut(rest, "?>")
	}
	rest, found := strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), "<")
	end := strings.IndexAny(rest, " \t\r\n/>")
	if !found || end < 0 {
		return ""
	}
	name := rest[:end]
	return name[strings.LastIndexByte(name, ':')+1:]
}

// carried is the message of a form: in one of these fields, or the very same in several, and no other beside it.
func carried(fields map[string]string, in []string) ([]byte, error) {
	value, found := "", false
	for _, name := range in {
		given, ok := fields[name]
		if ok && found && given != value {
			return nil, ErrMessage
		}
		if ok {
			value, found = given, true
		}
	}
	for _, name := range carriers {
		if _, ok := fields[name]; ok && !slices.Contains(in, name) {
			return nil, ErrMessage
		}
	}
	return decode(value)
}

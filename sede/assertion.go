package sede

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/beevik/etree"
	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
	dsig "github.com/russellhaering/goxmldsig"
)

// addressed checks what every answer must say, good news or bad: who speaks, to whom, and about which request.
func addressed(cfg Config, response *types.Response, id string) error {
	switch {
	case response.Issuer == nil || response.Issuer.Value != cfg.GatewayIssuer:
		return errors.New("issuer is not the gateway")
	case response.Destination != cfg.acs():
		return fmt.Errorf("destination is %q", response.Destination)
	case id == "" || response.InResponseTo != id:
		return errors.New("answers another request")
	}
	return nil
}

func status(verified *etree.Element) Identity {
	var who Identity
	if code := verified.FindElement("./Status/StatusCode"); code != nil {
		who.StatusCode = code.SelectAttrValue("Value", "")
	}
	if code := verified.FindElement("./Status/StatusCode/StatusCode"); code != nil {
		who.StatusReason = code.SelectAttrValue("Value", "")
	}
	if message := verified.FindElement("./Status/StatusMessage"); message != nil {
		who.StatusMessage = strings.TrimSpace(message.Text())
	}
	return who
}

// valid checks the assertion: that there is one, for us, for this request, and for now.
func valid(cfg Config, response *types.Response, id string, now time.Time) error {
	if len(response.Assertions) != 1 || len(response.EncryptedAssertions) != 0 {
		return errors.New("one plain assertion was expected")
	}
	sp := &saml2.SAMLServiceProvider{
		IdentityProviderIssuer:      cfg.GatewayIssuer,
		AssertionConsumerServiceURL: cfg.acs(),
		AudienceURI:                 cfg.acs(),
		Clock:                       dsig.NewFakeClockAt(now),
	}
	if err := sp.Validate(response); err != nil {
		return err
	}
	assertion := &response.Assertions[0]
	warning, err := sp.VerifyAssertionConditions(assertion)
	switch {
	case err != nil:
		return err
	case !inTime(assertion.Conditions, now):
		return errors.New("outside its time window")
	case warning.NotInAudience || len(assertion.Conditions.AudienceRestrictions) == 0:
		return errors.New("meant for another audience")
	case assertion.Subject.SubjectConfirmation.SubjectConfirmationData.InResponseTo != id:
		return errors.New("subject confirmed for another request")
	}
	return nil
}

// inTime forgives the gateway a clock that runs up to a minute ahead of ours, and nothing at the end of the window. gosaml2
// forgives nothing at the beginning, where people who identify themselves fast would meet it.
func inTime(conditions *types.Conditions, now time.Time) bool {
	from, err := time.Parse(time.RFC3339, conditions.NotBefore)
	if err != nil {
		return false
	}
	until, err := time.Parse(time.RFC3339, conditions.NotOnOrAfter)
	return err == nil && !now.Add(time.Minute).Before(from) && now.Before(until)
}

// fill reads the person from the assertion, and refuses one identified below the level that was asked.
func (who *Identity) fill(assertion *types.Assertion, least string) error {
	authn := assertion.AuthnStatement
	if authn == nil || authn.AuthnInstant == nil || authn.AuthnContext == nil || authn.AuthnContext.AuthnContextClassRef == nil {
		return errors.New("does not say how the citizen was identified")
	}
	level := strings.TrimPrefix(authn.AuthnContext.AuthnContextClassRef.Value, levelPrefix)
	if levels[level] == 0 || levels[level] < levels[least] {
		return fmt.Errorf("level %q is not enough", level)
	}
	attributes := saml2.Values{}
	if assertion.AttributeStatement != nil {
		for _, a := range assertion.AttributeStatement.Attributes {
			attributes[a.Name] = a
		}
	}
	who.NIF = strings.TrimPrefix(attributes.Get(naturalPrefix+"PersonIdentifier"), "ES/ES/")
	who.GivenName = attributes.Get(naturalPrefix + "CurrentGivenName")
	who.FamilyName = attributes.Get(naturalPrefix + "CurrentFamilyName")
	who.FirstSurname = attributes.Get(clavePrefix + "FirstSurname")
	who.Method = attributes.Get(clavePrefix + "SelectedIdP")
	who.Level, who.At = level, *authn.AuthnInstant
	if who.NIF == "" {
		return errors.New("names no one")
	}
	return nil
}

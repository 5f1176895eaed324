package sede

import (
	"encoding/xml"
	"errors"
	"fmt"
	"time"

	"github.com/beevik/etree"
	saml2 "github.com/russellhaering/gosaml2"
	"github.com/russellhaering/gosaml2/types"
)

var (
	// ErrRefused: the answer is not what it should be, and nothing in it may be believed. The wrapped text says why, for the log.
	ErrRefused = errors.New("sede: answer refused")
	// ErrNobody: the gateway truly answers that nobody was identified. The Identity that comes with it has only the status.
	ErrNobody = errors.New("sede: nobody was identified")
)

// ReadResponse reads the SAMLResponse field that the gateway posted, as the answer to the request with the given ID.
//
// goxmldsig verifies the signature and gosaml2 checks the assertion. gosaml2's own ValidateEncodedResponse does not serve
// here, for it also takes unsigned responses around signed assertions and has no way to read an answer without an assertion,
// which is how Cl@ve says that the citizen did not identify themselves. Nor does gosaml2 compare InResponseTo, demand a
// Destination, refuse SHA-1 or look at the level: these checks are ours.
func ReadResponse(cfg Config, samlResponse, id string, now time.Time) (Identity, error) {
	verified, err := verify(cfg, samlResponse, now)
	if err != nil {
		return Identity{}, refused(err)
	}
	response, err := decode(verified)
	if err != nil {
		return Identity{}, refused(err)
	}
	if err := addressed(cfg, response, id); err != nil {
		return Identity{}, refused(err)
	}
	who := status(verified)
	if who.StatusCode != saml2.StatusCodeSuccess {
		return who, ErrNobody
	}
	if err := valid(cfg, response, id, now); err != nil {
		return Identity{}, refused(err)
	}
	if err := who.fill(&response.Assertions[0], cfg.Level); err != nil {
		return Identity{}, refused(err)
	}
	return who, nil
}

func refused(why error) error { return fmt.Errorf("%w: %w", ErrRefused, why) }

// decode turns verified XML into gosaml2's types.
func decode(verified *etree.Element) (*types.Response, error) {
	canonical, err := etree.NewDocumentWithRoot(verified.Copy()).WriteToBytes()
	if err != nil {
		return nil, err
	}
	var response types.Response
	return &response, xml.Unmarshal(canonical, &response)
}

package oidc

import (
	"context"
	"net/http"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"clave/internal/relying"
)

// How long things live, in seconds.
const (
	codeLife    = 60 // FAPI 2.0 SP §5.3.2.1 no. 11
	pushedLife  = 90
	tokenLife   = 300
	idTokenLife = 600
	proofLife   = 300 // the longest of a client's assertion, and the oldest proof of possession
	leeway      = 10  // between a service's clock and ours (FAPI 2.0 SP §5.3.2.1 no. 13)
)

// Scopes that a service may ask for.
const (
	scopeOpenID  = "openid"
	scopeNIF     = "nif"
	scopeProfile = "profile"
	scopeOffline = "offline_access" // asks for a refresh token, which lives no longer than the session
)

var scopes = []string{scopeOpenID, scopeNIF, scopeProfile, scopeOffline}

// The algorithms. What we sign is ES256, or RS256 for ID tokens of software that knows nothing newer.
var (
	ours    = []goidc.SignatureAlgorithm{goidc.SigAlgES256, goidc.SigAlgRS256}
	clients = []goidc.SignatureAlgorithm{goidc.SigAlgES256, goidc.SigAlgPS256, goidc.SigAlgRS256}
	strict  = []goidc.SignatureAlgorithm{goidc.SigAlgES256, goidc.SigAlgPS256} // FAPI 2.0 SP §5.4.1
)

// frame sets up the library, once for the process. Of its endpoints only those that Handler leads to can be reached: that
// for registering clients exists because the library asks only there for clients that are not fixed at start.
func (p *Provider) frame() error {
	m := &manager{p}
	options := []provider.Option{
		provider.WithSigner(p.signer), provider.WithHTTPClientFunc(func(context.Context) *http.Client { return nowhere }),
		provider.WithJWKSEndpoint(KeysPath), provider.WithTokenEndpoint(tokenPath), provider.WithAuthorizeEndpoint(authorizePath), provider.WithUserInfoEndpoint(userPath),
		provider.WithErrorRenderer(renderProblem), provider.WithErrorHandler(p.noteError),
		provider.WithJWTLifetime(proofLife), provider.WithJWTLeewayTime(leeway), provider.WithJTIConsumer(p.useOnce),
		provider.WithScopes(libraryScopes()...), provider.WithOpenIDScopeRequired(),
		provider.WithClaims(claimNames...), provider.WithACRs(libraryLevels()...),
		provider.WithDisplayValues(goidc.DisplayValuePage, goidc.DisplayValuePopup, goidc.DisplayValueTouch, goidc.DisplayValueWAP),
		provider.WithIDTokenClaims(idTokenClaims), provider.WithUserInfoClaims(userClaims), provider.WithTokenClaims(p.tokenClaims),
		provider.WithSubjectIdentifiers([]goidc.SubIdentifierType{goidc.SubIdentifierPairwise}, provider.WithPairwiseSubjectFunc(alreadyPairwise)),
		provider.WithPrivateKeyJWTAuthn(clients...), provider.WithSecretBasicAuthn(), provider.WithSecretPostAuthn(), provider.WithNoneAuthn(),
		provider.WithClientSecretVerifier(verifySecret), provider.WithDCR(m),
		provider.WithIDTokenLifetime(idTokenLife), provider.WithTokenOptions(tokenOptions), provider.WithDPoP(strict),
		provider.WithAuthCodeGrant(provider.AuthCodeGrantConfig{Manager: m, ResponseTypes: []goidc.ResponseType{goidc.ResponseTypeCode}},
			provider.WithAuthCodeLifetime(codeLife), provider.WithIssuerResponseParameter(), provider.WithClaimsParameter(),
			provider.WithPKCE([]goidc.CodeChallengeMethod{goidc.CodeChallengeMethodSHA256}, provider.WithPKCERequired()),
			provider.WithPAR(m, provider.WithPAREndpoint(pushPath), provider.WithPARLifetime(pushedLife), provider.WithPARIDFunc(newHandle), provider.WithPARSessionHandler(p.pushed)),
			provider.WithJAR(clients), provider.WithAuthPolicies(p.policy()),
		),
		provider.WithRefreshTokenGrant(m, provider.WithRefreshTokenRotation(), provider.WithRefreshTokenFunc(nextRefresh), provider.WithRefreshTokenShouldIssue(never)),
		provider.WithTokenRevocation(anyClient, provider.WithTokenRevocationRevokeGrantOnAccessToken(), provider.WithTokenRevocationEndpoint(revokePath)),
	}
	if p.Confirm != nil {
		options = append(options, provider.WithCIBAGrant(
			provider.CIBAGrantConfig{Manager: m, DeliveryModes: []goidc.CIBATokenDeliveryMode{goidc.CIBADeliveryModePoll, goidc.CIBADeliveryModePing}},
			provider.WithCIBAEndpoint(askPath), provider.WithCIBAPollingInterval(int(interval.Seconds())), provider.WithCIBALifetime(int(askLife.Seconds())),
			provider.WithCIBAIDFunc(newHandle), provider.WithCIBASessionHandler(p.ask)))
	}
	library, err := provider.New(provider.Config{Issuer: p.Issuer, Manager: m, JWKS: p.publicKeys, IDTokenAlgs: ours}, options...)
	if err != nil {
		return err
	}
	p.library = library.Handler()
	return nil
}

func libraryScopes() (list []goidc.Scope) {
	for _, s := range scopes {
		list = append(list, goidc.NewScope(s))
	}
	return list
}

func libraryLevels() (list []goidc.ACR) {
	for _, l := range levels {
		list = append(list, goidc.ACR(l.uri))
	}
	return list
}

func tokenOptions(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
	return goidc.NewJWTTokenOptions(goidc.SigAlgES256, tokenLife)
}

// alreadyPairwise: the grant knows the person by what this party's sector calls them.
func alreadyPairwise(_ context.Context, subject string, _ *goidc.Client) string { return subject }

// never: a refresh token is made when the code is exchanged, so that only its hash is ever kept.
func never(context.Context, *goidc.Client, *goidc.Grant) bool { return false }

func anyClient(context.Context, *goidc.Client) bool { return true }

// clientOf is a party as the library knows it, with its keys at hand: inside a unit of work nothing is fetched.
func clientOf(p relying.Party, keys *goidc.JSONWebKeySet) *goidc.Client {
	o := p.OIDC
	c := &goidc.Client{ID: p.ID, Secret: packHashes(o.SecretHashes), ClientMeta: goidc.ClientMeta{
		RedirectURIs: o.Redirects, ResponseTypes: []goidc.ResponseType{goidc.ResponseTypeCode},
		GrantTypes: []goidc.GrantType{goidc.GrantAuthorizationCode, goidc.GrantRefreshToken},
		JWKS:       keys, ScopeIDs: scopeList, TokenAuthnMethod: goidc.AuthnMethod(o.Auth),
		JARRequired: o.SignedOnly, PARRequired: o.FAPI, DPoPTokenBindingRequired: o.FAPI,
	}}
	if o.RS256 {
		c.IDTokenSigAlg = goidc.SigAlgRS256
	}
	if o.CIBA != "" && o.Auth != relying.None {
		c.GrantTypes = append(c.GrantTypes, goidc.GrantCIBA)
		c.CIBATokenDeliveryMode = goidc.CIBATokenDeliveryMode(o.CIBA)
	}
	return c
}

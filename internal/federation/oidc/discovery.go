package oidc

import (
	"encoding/json"
	"net/http"
	"net/url"

	"clave/internal/relying"
)

// describe makes the discovery document: the library's, without what is not served and with what is ours.
func (p *Provider) describe() error {
	held := newAnswer()
	p.library.ServeHTTP(held, &http.Request{Method: http.MethodGet, URL: &url.URL{Path: discoveryPath}, Header: http.Header{}})
	doc := map[string]any{}
	if err := json.Unmarshal(held.body.Bytes(), &doc); err != nil {
		return err
	}
	delete(doc, "registration_endpoint")
	for name, value := range map[string]any{
		"end_session_endpoint":                  p.Issuer + logoutPath,
		"backchannel_logout_supported":          true,
		"backchannel_logout_session_supported":  true,
		"response_modes_supported":              []string{"query"},
		"request_uri_parameter_supported":       false,
		"ui_locales_supported":                  relying.Langs,
		"prompt_values_supported":               []string{"none", "login", "consent", "select_account"},
		"claims_supported":                      claimNames,
		"token_endpoint_auth_methods_supported": []string{"private_key_jwt", "client_secret_basic", "client_secret_post", "none"},
	} {
		doc[name] = value
	}
	data, err := json.Marshal(doc)
	p.discovery = data
	return err
}

func (p *Provider) serveDiscovery(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "public, max-age=600")
	w.Write(p.discovery)
}

package tokensource

import (
	"errors"
	"fmt"
	"slices"
)

// reserved are the parameters that this package writes itself, or that would change
// the meaning of an answer (RFC 6749, section 4.4; RFC 7521; RFC 8693; RFC 8707).
var reserved = []string{
	"grant_type", "scope", "audience", "resource",
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "assertion",
	"subject_token", "subject_token_type", "actor_token", "actor_token_type",
	"requested_token_type", "requested_token_use",
}

// Parameter adds a parameter to every token request, as some providers require:
// Dex, for example, its connector_id. By default there is none. [New] refuses an
// empty name, a name that is given twice, and the parameters that this package
// writes itself.
func Parameter(name, value string) OAuthOption {
	return oauthOption(func(o *oauthOptions) {
		o.parameters = append(o.parameters, [2]string{name, value})
	})
}

func (o *oauthOptions) checkParameters() error {
	var seen []string
	for _, p := range o.parameters {
		switch name := p[0]; {
		case name == "":
			return errors.New("tokensource: parameter without a name")
		case slices.Contains(reserved, name):
			return fmt.Errorf("tokensource: parameter %q is written by this package itself", name)
		case slices.Contains(seen, name):
			return fmt.Errorf("tokensource: parameter %q is given twice", name)
		}
		seen = append(seen, p[0])
	}
	return nil
}

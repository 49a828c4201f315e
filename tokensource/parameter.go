package tokensource

import (
	"errors"
	"fmt"
	"slices"
)

// reserved are the parameters that the source itself writes, or that would change
// what an answer means (RFC 6749, section 4.4; RFC 7521; RFC 8693; RFC 8707).
var reserved = []string{
	"grant_type", "scope", "audience", "resource",
	"client_id", "client_secret", "client_assertion", "client_assertion_type", "assertion",
	"subject_token", "subject_token_type", "actor_token", "actor_token_type",
	"requested_token_type", "requested_token_use",
}

// Parameter adds a parameter to every token request, as a provider may want it:
// Dex, for one, its connector_id. There is none by default. [New] refuses an empty
// name, a name given twice, and those that the source itself writes.
func Parameter(name, value string) Option {
	return option(func(o *options) {
		o.server.parameters = append(o.server.parameters, [2]string{name, value})
	})
}

// checkParameters refuses those that the server could not tell from ours.
func (o *serverOptions) checkParameters() error {
	var seen []string
	for _, p := range o.parameters {
		switch name := p[0]; {
		case name == "":
			return errors.New("tokensource: parameter without a name")
		case slices.Contains(reserved, name):
			return fmt.Errorf("tokensource: parameter %q is one that the source itself writes", name)
		case slices.Contains(seen, name):
			return fmt.Errorf("tokensource: parameter %q is given twice", name)
		}
		seen = append(seen, p[0])
	}
	return nil
}

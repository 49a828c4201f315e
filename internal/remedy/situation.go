package remedy

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// Situation is what is known of a failure: of a token that was refused or, with an
// Endpoint, of a request that failed. What is not known is empty. Texts of others,
// such as claims, are quoted and cut in a remedy.
type Situation struct {
	provider.Names

	// Preset names the kind of provider; empty is the default.
	Preset string

	// Credential says with what the client authenticates.
	Credential Credential

	// Cause and Reason say why a token was refused, as in package audience.
	Cause, Reason string

	// Got and Want are the values that were compared, such as those of aud.
	Got, Want []string

	// Missing is the name of a claim that a token must have and lacks.
	Missing string

	// Closed says that the matrix lists the method under closed.
	Closed bool

	// NoEntry is the place of the entries of the service, such as
	// "services.orders.allow (access.yaml:7)", if none of them is for the client.
	NoEntry string

	// Callers says for whom the entry is, "users" or "services", if the caller is the
	// other.
	Callers string

	// Algorithm is the alg header of the token, if that is refused.
	Algorithm string

	// Type is the typ header of the token, if that is refused, and Kind the claim that
	// says what kind of token it is.
	Type        string
	TypeRefused bool
	Kind        string

	// Marked says that a claim marks the token as a token of another kind.
	Marked bool

	// Claims are the claims of the token. They are not verified.
	Claims map[string]any

	// Lifetime is how long the token lives, in the form of the file's durations.
	Lifetime string

	Answer
}

// Credential says with what a client authenticates.
type Credential struct {
	// Kind is "secret", "key", "assertion" or "certificate".
	Kind string

	// Place is where it comes from, such as "environment variable X (access.yaml:12)".
	Place string
}

// of returns the credential of a client as a part of a sentence.
func (c Credential) of(client string) string {
	text := "the " + cmp.Or(c.Kind, "secret or key") + " of " + client
	if c.Place != "" {
		text += ", from " + c.Place + ","
	}
	return text
}

// Remedy returns the likely mistake and what to change; empty if nothing is known.
func (s Situation) Remedy() string {
	if s.Endpoint != "" {
		return s.fill(s.ofAnswer())
	}
	return s.fill(s.ofRefusal())
}

// jwtLike matches a text that may be a token or a part of one.
var jwtLike = regexp.MustCompile(`eyJ[\w.~+/=-]*`)

// fill returns text with its placeholders replaced.
func (s Situation) fill(text string) string {
	text = strings.ReplaceAll(text, "{credential}", s.Credential.of("{client}"))
	return jwtLike.ReplaceAllString(s.Fill(text), "[redacted]")
}

// provider returns what is known of the provider.
func (s Situation) provider() provider.Provider {
	p, ok := provider.Lookup(s.Preset)
	if !ok {
		return provider.Custom()
	}
	return p
}

// join joins the parts of a remedy that are not empty.
func join(parts ...string) string {
	var all []string
	for _, part := range parts {
		if part != "" {
			all = append(all, part)
		}
	}
	return strings.Join(all, "; ")
}

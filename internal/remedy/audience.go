package remedy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// howToAsk returns how a client gets a token for the audience.
func (s Situation) howToAsk() string {
	return cmp.Or(s.provider().Advice.Audience, "have {client} request a token for the audience {audience} from {issuer}")
}

// unlessNoEntry returns a remedy that advises nothing at the provider if the matrix does
// not let the client call: the token would open what the matrix forbids.
func unlessNoEntry(of func(Situation) string) func(Situation) string {
	return func(s Situation) string {
		if s.NoEntry != "" {
			return "the matrix does not let {client} call {service}: see " + s.NoEntry + ", which must name the client if it may call; until then, change nothing at the issuer"
		}
		return of(s)
	}
}

// EntriesPlace returns the path of the entries of a service, with their place as a
// policy knows it.
func EntriesPlace(place func(path ...string) string, path ...string) string {
	text := strings.Join(path, ".")
	if at := cmp.Or(place(path...), place(path[:2]...)); at != "" {
		text += " (" + at + ")"
	}
	return text
}

// ofAudienceReason explains a refused audience if the peer was told no more. Got is the
// token's aud, as far as it is known, and Want are the audiences of the service.
func (s Situation) ofAudienceReason() string {
	names := slices.ContainsFunc(s.Got, func(aud string) bool { return slices.Contains(s.Want, aud) })
	if len(s.Got) == 0 || names {
		return unlessNoEntry(Situation.howToAsk)(s)
	}
	other := fmt.Sprintf("the token is for another audience: it has %s, and {service} wants %s", describe(s.Got), describe(s.Want))
	return join(other, unlessNoEntry(Situation.ofOtherAudience)(s))
}

func (s Situation) ofMissingAudience() string {
	if s.provider().Token.NoAudience {
		return s.howToAsk()
	}
	return "the client asked for a token without an audience, or the issuer ignored the one it asked for; " + s.howToAsk()
}

// ofOtherAudience explains why aud does not name the service. Got is the token's aud and
// Want are the audiences of the service.
func (s Situation) ofOtherAudience() string {
	got := s.Got[:min(len(s.Got), mostCompared)]
	if form := otherForm(got, s.Want); form != "" {
		return form
	}
	if g, w, by := nearest(got, s.Want, "audiences"); by != "" {
		return fmt.Sprintf("%.128q differs from %q only by %s, and audiences are compared exactly: have the client request the one that the service has; if both name this service and no other, add the other to audience of services.%s", g, w, by, cmp.Or(s.Service, "SERVICE"))
	}
	switch {
	case s.Client != "" && slices.Contains(s.Got, s.Client):
		return join(fmt.Sprintf("%.128q is the client itself: it asked for no audience, or this is an ID token", s.Client), IDToken, s.howToAsk())
	case slices.ContainsFunc(got, isDefault):
		return defaultAudience(got, s.Names)
	case len(got) > 0 && IsGUID(got[0]) && !slices.ContainsFunc(s.Want, IsGUID):
		return fmt.Sprintf("%q is an id and not a name: if the issuer knows this service by it, write it as the audience of the service", got[0])
	}
	return s.howToAsk()
}

// otherForm explains that a provider writes an audience in two forms.
func otherForm(got, want []string) string {
	for _, p := range provider.All() {
		prefix := p.Audiences.URIPrefix
		if prefix == "" {
			continue
		}
		for _, g := range got {
			for _, w := range want {
				if IsGUID(g) && strings.HasPrefix(w, prefix) || IsGUID(w) && strings.HasPrefix(g, prefix) {
					return p.Advice.AudienceForm
				}
			}
		}
	}
	return ""
}

// isDefault reports whether a provider writes this audience into tokens by itself.
func isDefault(aud string) bool {
	_, _, is := provider.LookupDefaultAudience(aud)
	return is
}

// defaultAudience says which provider has written one of the audiences by itself, and
// what to change.
func defaultAudience(got []string, names provider.Names) string {
	aud := got[slices.IndexFunc(got, isDefault)]
	p, d, _ := provider.LookupDefaultAudience(aud)
	advice := names.Fill(cmp.Or(p.Advice.MissingAudience, p.Advice.Audience))
	return strings.TrimSuffix(fmt.Sprintf("%.128q is what %s puts into %s: %s", aud, d.By, d.Into, advice), ": ")
}

// Mismatch returns why a provider may have issued a token for other audiences than the
// requested one, and what to change. Got is the aud of the token.
func (s Situation) Mismatch() string {
	p, want := s.provider(), []string{s.Audience}
	_, _, by := nearest(s.Got, want, "audiences")
	switch {
	case by != "":
		return s.fill(fmt.Sprintf("the names differ only in %s; they must be the same", by))
	case s.Preset != "" && s.Preset != provider.Default && p.Advice.MissingAudience != "":
		return s.fill(fmt.Sprintf("%s returned %s: %s", p.Product, describe(s.Got), p.Advice.MissingAudience))
	case len(s.Got) == 0:
		return "the issuer ignored the audience, or knows none for this client" + s.otherParameter()
	case len(s.Got) == 1 && isDefault(s.Got[0]):
		return defaultAudience(s.Got, s.Names)
	case s.Client != "" && slices.Equal(s.Got, []string{s.Client}):
		return "the issuer addressed the token to the client itself: it ignored the audience" + s.otherParameter()
	}
	return "the issuer chose other audiences: check which ones this client may request there"
}

// otherParameter says in which other way an issuer without a preset can be asked for
// an audience.
func (s Situation) otherParameter() string {
	if s.Preset != provider.Default {
		return ""
	}
	return s.fill("; the default preset asks with the parameter audience: if it wants another, write ask: resource, or a scope, in {issuer_place}")
}

// Wider returns what to change for a client that gets a token for a service which it may
// not call.
func (s Situation) Wider() string {
	return s.fill(cmp.Or(s.provider().Advice.Wider, "let {issuer} give {client} no token for {audience}") + "; or let the client call in the matrix")
}

// describe returns the aud of a token as a part of a sentence.
func describe(aud []string) string {
	switch len(aud) {
	case 0:
		return "no aud"
	case 1:
		return fmt.Sprintf("aud %.200q", aud[0])
	}
	return fmt.Sprintf("aud %.200q", aud[:min(len(aud), mostCompared)])
}

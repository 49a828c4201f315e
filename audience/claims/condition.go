package claims

import (
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// isService reports whether the token of client is that client's own.
func (r *reader) isService(s provider.Service, client string) bool {
	for _, all := range s.AnyOf {
		if r.meetsAll(all, client) {
			return true
		}
	}
	return false
}

func (r *reader) meetsAll(all []provider.Condition, client string) bool {
	for _, c := range all {
		if !r.meets(c, client) {
			return false
		}
	}
	return true
}

// meets reports whether a token of client satisfies c.
func (r *reader) meets(c provider.Condition, client string) bool {
	value, present := r.at(c.Claim)
	switch {
	case c.Absent:
		return !present
	case c.Not != "":
		return value != any(c.Not)
	case c.Value == "":
		return present
	case !present:
		return c.Optional
	}
	text, ok := value.(string)
	before, id, after, has := template(c.Value, client)
	if !has {
		return ok && text == c.Value
	}
	return ok && id != "" && len(text) == len(before)+len(id)+len(after) && surrounded(text, before, after) && text[len(before):len(before)+len(id)] == id
}

// isAccount reports whether the subject has the form of a client's account, which
// account describes; false if account is nil.
func (r *reader) isAccount(account *provider.Condition) bool {
	if account == nil {
		return false
	}
	value, _ := r.at(account.Claim)
	text, _ := value.(string)
	if account.Value == provider.ClientDex {
		return provider.IsDexSubject(text)
	}
	before, _, after, _ := template(account.Value, "")
	return len(text) >= len(before)+len(after) && surrounded(text, before, after)
}

func surrounded(text, before, after string) bool {
	return strings.HasPrefix(text, before) && strings.HasSuffix(text, after)
}

// template returns the text around the place of the client's id in a value of a
// condition, and the id in the spelling for that place; has reports whether the value
// has such a place.
func template(value, client string) (before, id, after string, has bool) {
	if before, after, has = strings.Cut(value, provider.Client); has {
		return before, client, after, true
	}
	if before, after, has = strings.Cut(value, provider.ClientDex); has {
		return before, provider.DexSubject(client), after, true
	}
	before, after, has = strings.Cut(value, provider.ClientLower)
	return before, strings.ToLower(client), after, has
}

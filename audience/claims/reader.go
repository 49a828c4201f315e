package claims

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/jsonvalue"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/scope"
)

// maxActors is how long a chain of act claims may be.
const maxActors = 8

// reader reads members by their types and keeps the first error.
type reader struct {
	members map[string]any
	err     error
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("claim %s is not %s", name, want)
	}
}

// takeError returns the first error and clears it, so that it does not make the token
// malformed.
func (r *reader) takeError() error {
	err := r.err
	r.err = nil
	return err
}

func (r *reader) has(p provider.Place) bool {
	_, ok := r.at(p)
	return ok
}

// at returns the value at a place.
func (r *reader) at(p provider.Place) (any, bool) { return provider.ValueAt(r.members, p) }

// first returns the first of these places that is in the token, with its value; false if
// none is.
func (r *reader) first(places []provider.Place) (provider.Place, any, bool) {
	for _, p := range places {
		if v, ok := r.at(p); ok {
			return p, v, true
		}
	}
	return "", nil, false
}

// text reads a string that is not empty, short, and free of control
// characters; "" if there is none.
func (r *reader) text(p provider.Place) string {
	v, ok := r.at(p)
	if !ok {
		return ""
	}
	text, err := plain(v)
	if err != nil {
		r.fail(p, err.Error())
	}
	return text
}

// is reports whether the value at a place is exactly this string.
func (r *reader) is(p provider.Place, text string) bool {
	v, _ := r.at(p)
	return v == text
}

func plain(v any) (string, error) {
	const longest = 1024
	text, ok := v.(string)
	switch {
	case !ok || text == "":
		return "", errors.New("a string that is not empty")
	case len(text) > longest:
		return "", fmt.Errorf("a string of at most %d bytes", longest)
	case strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "", errors.New("a string without control characters")
	}
	return text, nil
}

// audience reads aud: a string, or an array of strings (RFC 7519, section
// 4.1.3); nil if there is none, and empty if the array is. It is never split.
func (r *reader) audience() []string {
	v, ok := r.members["aud"]
	if !ok {
		return nil
	}
	if text, ok := v.(string); ok && text != "" {
		return []string{text}
	}
	audience, ok := jsonvalue.Strings(v)
	if !ok {
		r.fail("aud", "a string or an array of strings, none of them empty")
		return nil
	}
	return audience
}

// scopes reads the first of these places that is in the token: a string of scopes that
// are separated by spaces (RFC 8693, section 4.2), or, with lists, an array of scopes. A scope consists of visible characters (RFC 6749, section 3.3). If one scope
// has another form, such as white space other than the space, no scope is granted.
func (r *reader) scopes(places []provider.Place, lists bool) []string {
	place, v, ok := r.first(places)
	if !ok {
		return nil
	}
	text, ok := v.(string)
	scopes := strings.FieldsFunc(text, func(c rune) bool { return c == ' ' })
	if !ok && lists {
		scopes, ok = jsonvalue.Strings(v)
	}
	switch {
	case !ok:
		r.fail(place, "made of strings as the issuer's preset has it")
		return nil
	case slices.ContainsFunc(scopes, func(s string) bool { return !scope.Valid(s) }):
		return nil
	}
	return scopes
}

// date reads a NumericDate; the zero time if there is none.
func (r *reader) date(name string) time.Time {
	v, ok := r.members[name]
	if !ok {
		return time.Time{}
	}
	date, ok := jsonvalue.Date(v)
	if !ok {
		r.fail(name, "a number of seconds since 1970")
	}
	return date
}

// login reports whether the token tells of a person's login (OpenID Connect
// Core, section 2; sid: OpenID Connect Back-Channel Logout, section 2.1). An auth_time
// that is a text, as AD FS writes it into every token, does not count.
func (r *reader) login() bool {
	_, text := r.members["auth_time"].(string)
	return r.has("sid") || r.has("auth_time") && !text
}

// actors reads the chain of act claims (RFC 8693, section 4.1), the present
// actor first.
func (r *reader) actors() []string {
	var actors []string
	members := r.members
	for {
		v, ok := members["act"]
		if !ok {
			return actors
		}
		if members, ok = v.(map[string]any); !ok || len(actors) == maxActors {
			r.fail("act", fmt.Sprintf("a chain of at most %d objects", maxActors))
			return nil
		}
		actor, err := plain(members["sub"])
		if err != nil {
			r.fail("sub in act", err.Error())
			return nil
		}
		actors = append(actors, actor)
	}
}

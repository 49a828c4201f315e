package matrixissuer

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// tokenWriter writes the claims of tokens as the provider of an issuer does. It is
// immutable.
type tokenWriter struct {
	token    provider.Token
	rights   map[target]rights
	users    map[string]testutil.User
	subjects map[string]bool // the sub of clients that call as themselves
	acr      string          // of every login; empty for none
}

// target is an audience, as a client may have it.
type target struct{ client, audience string }

// typ returns the header of the provider's tokens; empty for none.
func typ(t provider.Token) string {
	if t.Types[0] == "jwt" {
		return "JWT" // as RFC 7519, section 5.1, recommends
	}
	return t.Types[0]
}

// write returns the claims of a token for g. c has the claims of RFC 9068, and azp.
func (w *tokenWriter) write(g testutil.Grant, c testutil.Claims) testutil.Claims {
	for _, name := range []string{"azp", "client_id", "scope", "roles"} {
		delete(c, name)
	}
	for place, value := range w.token.Values {
		set(c, place, value)
	}
	for _, place := range w.token.Required {
		switch _, ok := provider.ValueAt(c, place); {
		case ok, place == "iat", place == "jti":
		case slices.Contains(w.token.Scopes, place):
			set(c, place, "") // if none is granted
		default:
			set(c, place, g.Client) // as client_id; nothing is known of others
		}
	}
	g.Subject = strings.TrimPrefix(g.Subject, w.token.SubjectPrefix)
	user, known := w.users[g.Subject]
	switch {
	case g.Subject == g.Client:
		w.writeService(g, c)
	case known || !w.subjects[g.Subject]:
		user.Name = g.Subject
		w.writeUser(g, c, user)
	default: // the exchanged token was one that a client got for itself
		w.writeScopes(g, c)
	}
	w.placeSubject(c)
	w.verify(c)
	for _, place := range w.token.Forbidden {
		unset(c, place)
	}
	if len(w.token.Clients) > 0 && w.token.Clients[0] != "sub" {
		set(c, w.token.Clients[0], g.Client)
	}
	return c
}

// placeSubject writes the subject as the provider has it.
func (w *tokenWriter) placeSubject(c testutil.Claims) {
	subject, _ := c["sub"].(string)
	if !strings.HasPrefix(subject, w.token.SubjectPrefix) {
		subject = w.token.SubjectPrefix + subject
	}
	if place := w.token.Subject; place != "" && subject != "" {
		set(c, place, subject)
	} else if subject != "" {
		c["sub"] = subject
	}
}

// verify writes the claims that must be true so that claims which say who calls count.
func (w *tokenWriter) verify(c testutil.Claims) {
	for _, caller := range w.token.CallerClaims {
		_, verified := provider.ValueAt(c, caller.VerifiedBy)
		if _, ok := provider.ValueAt(c, caller.Claim); ok && caller.VerifiedBy != "" && !verified {
			set(c, caller.VerifiedBy, true)
		}
	}
}

// writeService writes the claims of a client that calls as itself.
func (w *tokenWriter) writeService(g testutil.Grant, c testutil.Claims) {
	var roles []string
	for _, audience := range g.Audiences {
		granted := w.rights[target{g.Client, audience}]
		roles = append(roles, granted.roles...)
		for name, value := range granted.claims {
			c[name] = value
		}
	}
	w.writeScopes(g, c)
	w.writeRoles(roles, c)
	for _, all := range w.token.Service.AnyOf {
		if !slices.ContainsFunc(all, func(cond provider.Condition) bool { return cond.Claim == "sub" && cond.Absent }) {
			for _, cond := range all {
				meet(cond, g.Client, c)
			}
			return
		}
	}
}

// subject returns the sub of a client that calls as itself.
func (w *tokenWriter) subject(client string) string {
	c := testutil.Claims{"sub": client}
	w.writeService(testutil.Grant{Client: client}, c)
	subject, _ := c["sub"].(string)
	return subject
}

// writeUser writes the claims of a user for whom a client calls.
func (w *tokenWriter) writeUser(g testutil.Grant, c testutil.Claims, user testutil.User) {
	w.writeScopes(g, c)
	w.writeRoles(user.Roles, c)
	if _, ok := c["auth_time"]; !ok {
		c["auth_time"] = time.Now().Unix()
	}
	if w.acr != "" {
		c["acr"] = w.acr
	}
	maps.Copy(c, user.Claims)
	if _, ok := c["sid"]; !ok { // the token is not of a login
		c["sid"] = "session of " + user.Name
	}
	for _, cond := range w.token.Service.Proxy.User {
		if !slices.Contains(w.token.Scopes, cond.Claim) { // which a login does not grant
			meet(cond, user.Name, c)
		}
	}
	for _, all := range w.token.Service.AnyOf {
		w.breakOne(all, g.Client, user.Name, c)
	}
}

// writeScopes writes the granted scopes, and the scopes that are granted unrequested.
func (w *tokenWriter) writeScopes(g testutil.Grant, c testutil.Claims) {
	scopes := slices.Clone(g.Scopes)
	for _, audience := range g.Audiences {
		for _, choice := range w.rights[target{g.Client, audience}].choices {
			if !slices.ContainsFunc(choice, func(s string) bool { return slices.Contains(scopes, s) }) {
				scopes = append(scopes, choice[0])
			}
		}
	}
	scopes = slices.Compact(slices.Sorted(slices.Values(scopes)))
	if len(w.token.Scopes) > 0 && len(scopes) > 0 {
		set(c, w.token.Scopes[0], strings.Join(scopes, " "))
	}
}

// meet changes c so that a condition holds.
func meet(cond provider.Condition, name string, c testutil.Claims) {
	value, has := provider.ValueAt(c, cond.Claim)
	switch {
	case cond.Absent, cond.Not != "" && value == cond.Not:
		unset(c, cond.Claim)
	case cond.Value != "":
		set(c, cond.Claim, fill(cond.Value, name))
	case cond.Not == "" && !has:
		set(c, cond.Claim, name)
	}
}

// breakOne changes c so that one of the conditions does not hold, unless that is so
// already.
func (w *tokenWriter) breakOne(all []provider.Condition, client, user string, c testutil.Claims) {
	for _, cond := range all {
		value, has := provider.ValueAt(c, cond.Claim)
		if cond.Absent && has || cond.Not != "" && value == cond.Not || cond.Value != "" && value != fill(cond.Value, client) {
			return
		}
	}
	for _, cond := range all {
		switch {
		case cond.Not != "":
			set(c, cond.Claim, cond.Not)
			return
		case cond.Absent && !slices.Contains(w.token.Scopes, cond.Claim):
			set(c, cond.Claim, user)
			return
		}
	}
}

// fill returns the value of a condition for a client.
func fill(value, client string) string {
	value = strings.ReplaceAll(value, provider.ClientDex, provider.DexSubject(client))
	value = strings.ReplaceAll(value, provider.ClientLower, strings.ToLower(client))
	return strings.ReplaceAll(value, provider.Client, client)
}

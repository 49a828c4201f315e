// Package conformance tests this module with real authorization servers, and with a real
// proxy: the company of the examples at each of them, through the packages that users
// import.
package conformance_test

import "testing"

const (
	withAZP    = "several audiences, with `azp`"
	withoutAZP = "several audiences, without `azp`"
	logoutRow  = "a logout token is no access token"
	loggedOut  = "a logout at the provider ends the streams of that login"
	assertions = "`private_key_jwt`"
	bound      = "mutual TLS, with tokens that are bound to the certificate"
	compared   = "`grpcaud diff` finds what was changed by hand, and `doctor` too"
)

// rows are the tests that every provider must pass, by their names in the table of
// compatibility. Tests of what only some providers offer have their own names.
var rows = []struct {
	name string
	hold func(*testing.T, *company)
}{
	{"every client at every service, unary and streaming", theMatrix},
	{withAZP, severalAudiences(withAZP)},
	{withoutAZP, severalAudiences(withoutAZP)},
	{"an audience that is not granted: the error says what to change", refusedAudience},
	{"on behalf of a user who logged in, down two hops", onBehalf},
	{"an ID token and a refresh token are no access tokens", otherTokens},
	{logoutRow, logoutToken},
	{loggedOut, logoutEnds},
	{"keys rotate under load, and nobody is refused", rotation},
	{"the provider stops, and comes back", outage},
	{assertions, privateKey},
	{bound, mutualTLS},
	{"introspection", introspection},
	{"`grpcaud doctor` finds nothing to fix", doctor},
	{compared, drift},
}

func TestConformance(t *testing.T) {
	found := newTable()
	for i, p := range providers {
		t.Run(p.name, func(t *testing.T) {
			c := open(t, p)
			found[0][1+i] = c.Product
			for j, row := range rows {
				t.Run(row.name, func(t *testing.T) {
					cell := &found[1+j][1+i]
					if why := p.lacks[row.name]; why != "" {
						*cell = "not offered: " + why
						t.Log(*cell)
						return
					}
					row.hold(t, c)
					*cell = "yes"
				})
			}
		})
	}
	if !t.Failed() {
		found.check(t)
	}
}

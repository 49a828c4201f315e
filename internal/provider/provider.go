// Package provider holds what is known of each kind of authorization server: how its
// tokens read, how it is asked for an audience, what its addresses look like, and what
// to change there when something is wrong.
//
// A file describes one provider, as data; the packages that read tokens, ask for them
// and explain refusals interpret it. So a further provider is a further file here, and
// a line in the list below.
package provider

import (
	"slices"
)

// Provider is one kind of authorization server. Values are shared: do not change their
// slices and maps.
type Provider struct {
	// Preset is its name in the access matrix.
	Preset string

	// Product is its name in sentences.
	Product string

	// Page is the page of the documentation about it, in docs; empty if there is none.
	Page string

	Token     Token
	Request   Request
	Addresses Addresses
	Audiences Audiences
	Advice    Advice

	// EverySession is the id by which its security events name all sessions of a user;
	// empty if there is none.
	EverySession string
}

// Default is the preset of an issuer that names none.
const Default = "rfc9068"

// CustomPreset is the name of the preset of [Custom].
const CustomPreset = "custom"

// Custom returns what is known of an issuer whose tokens and requests the matrix
// describes: what is known of any issuer. Its preset is a name that a matrix cannot
// have.
func Custom() Provider {
	return Provider{Preset: CustomPreset, Product: rfc9068.Product, Addresses: rfc9068.Addresses, Advice: rfc9068.Advice}
}

// list has a row for each provider.
var list = []Provider{
	rfc9068, oidcProvider, keycloak, auth0, auth0RFC9068, okta, entra, entraV1, hydra, zitadel, zitadelOIDC,
	google, cognito, pingOne, duende, dex, spiffe, kubernetes, spring, authentik, firebase, supabase, logto,
	githubActions, gitlab, azureB2C, adfs, vault,
}

// Lookup returns the provider of a preset; an empty name is [Default].
func Lookup(preset string) (Provider, bool) {
	if preset == "" {
		preset = Default
	}
	if i := slices.IndexFunc(list, func(p Provider) bool { return p.Preset == preset }); i >= 0 {
		return list[i], true
	}
	return Provider{}, false
}

// Presets returns the names of all presets, sorted.
func Presets() []string {
	var names []string
	for _, p := range list {
		names = append(names, p.Preset)
	}
	slices.Sort(names)
	return names
}

// All returns all providers, in no particular order.
func All() []Provider { return slices.Clone(list) }

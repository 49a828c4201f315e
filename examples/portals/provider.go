package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/internal/company"
)

// provider is a real authorization server, as the flags name it.
type provider struct{ issuer, preset, audience string }

// check refuses flags that say something of a provider that is not there.
func (p provider) check() error {
	if p.issuer == "" && (p.preset != "" || p.audience != "") {
		return errors.New("-preset and -audience are about a real authorization server: name it with -issuer")
	}
	return nil
}

// of returns the provider for the company; nil for the embedded authorization server.
func (p provider) of() *company.Provider {
	if p.issuer == "" {
		return nil
	}
	return &company.Provider{URL: p.issuer, Preset: p.preset, Audience: p.audience}
}

// loginName is the name by which the company knows a user. The subject of Keycloak is a random
// text, and the name with which the user logs in is a claim of its tokens.
func loginName(c audience.Caller) string {
	if name, err := audience.Claim[string](c, "preferred_username"); err == nil {
		return name
	}
	return c.User
}

// describeProvider prints what a real authorization server must know of the portals.
func (p *portals) describeProvider(out io.Writer) {
	fmt.Fprintf(out, "\nUsers sign in at %s. It must know these addresses:\n", p.config.provider.issuer)
	for _, each := range p.all {
		known := frontEnd(each.site.Origin)
		fmt.Fprintf(out, "\n  client %s\n    redirect                %s\n    after a logout          %s\n    back-channel logout     %s\n",
			each.client, strings.Join(known.RedirectURIs, " "), strings.Join(known.PostLogoutRedirectURIs, " "), each.logoutAddress())
	}
	if p.config.provider.preset == "" { // that of access.yaml, which is Keycloak's
		fmt.Fprintf(out, "\nA realm of Keycloak has them after\n\n  grpcaud export examples/backoffice/access.yaml %s\n", strings.Join(p.exportFlags(), " "))
	}
	fmt.Fprintf(out, "\nThe company knows these users by their names:\n\n  customers        %s\n  employees        %s\n\nCtrl-C stops everything.\n",
		strings.Join(customers, ", "), strings.Join(employees, ", "))
}

// exportFlags are the flags with which grpcaud export writes a realm of Keycloak that knows the
// portals. The back-office portal exchanges the tokens of its users.
func (p *portals) exportFlags() []string {
	flags := []string{"--to", "keycloak", "--exchange", company.BackofficePortal}
	for _, each := range p.all {
		known := frontEnd(each.site.Origin)
		flags = append(flags, "--login", each.client+"="+known.RedirectURIs[0],
			"--after-logout", each.client+"="+known.PostLogoutRedirectURIs[0], "--logout", each.client+"="+each.logoutAddress())
	}
	return flags
}

// logoutAddress is where a program that does not know the name of the portal can tell it of a
// logout: names below localhost are for browsers.
func (p *portal) logoutAddress() string {
	return "http://" + p.listener.Addr().String() + logoutPath
}

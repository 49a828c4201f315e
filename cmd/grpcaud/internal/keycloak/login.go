package keycloak

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

// The attributes of clients at which users log in.
const (
	pkce           = "pkce.code.challenge.method"
	logoutURL      = "backchannel.logout.url"
	logoutSession  = "backchannel.logout.session.required"
	afterLogoutURI = "post.logout.redirect.uris"
)

// applyLogins registers the addresses of the clients at which users log in.
func (e *exporter) applyLogins(o Options) error {
	for _, name := range slices.Sorted(maps.Keys(o.Logins)) {
		client, err := e.client(name)
		if err != nil {
			return err
		}
		for _, uri := range o.Logins[name] {
			if strings.Contains(uri, "*") {
				return fmt.Errorf("got redirect URI %q of client %q, want it to the letter: what a star lets in gets the codes (RFC 9700, section 2.1)", uri, name)
			}
		}
		client.Code, client.RedirectURIs = true, o.Logins[name]
		client.Attributes[pkce] = "S256"
		e.addProfile(client)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Logouts)) {
		if err := e.applyLogout(o, name); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.AfterLogout)) {
		if err := e.applyAfterLogout(o, name); err != nil {
			return err
		}
	}
	return nil
}

// profileScope is the scope with which a client asks who the user is (OpenID Connect Core,
// section 5.4).
const profileScope = "profile"

// addProfile lets a client request the name of its user, in ID tokens and not in the access
// tokens that services see.
func (e *exporter) addProfile(client *Client) {
	named := scope(profileScope, "Who the user is, for the client at which the user logs in", false,
		idClaim("name", mapsFullName), idClaim("preferred_username", mapsAttribute, "user.attribute", "username"))
	if taken, ok := e.scopes[profileScope]; ok && taken.Description != named.Description {
		e.note("the scope %q, with which clients ask who the user is: the matrix has a permission or an audience of that name", profileScope)
		return
	}
	e.scopes[profileScope] = named
	client.Optional = append(client.Optional, profileScope)
	slices.Sort(client.Optional)
}

// idClaim returns a mapper that writes a claim into ID tokens alone.
func idClaim(name, kind string, settings ...string) Mapper {
	m := claim(name, kind, settings...)
	m.Config["id.token.claim"], m.Config["userinfo.token.claim"] = "true", "true"
	m.Config[intoAccessToken], m.Config[intoAnswer] = "false", "false"
	return m
}

// applyLogout registers where a client is told of the end of a session. Its logout tokens
// name the session, so that the others of the user go on.
func (e *exporter) applyLogout(o Options, name string) error {
	client, err := e.loginClient(o, "logout", name)
	if err != nil {
		return err
	}
	if len(o.Logouts[name]) > 1 {
		return fmt.Errorf("--logout: got %d URLs of client %q, want one: Keycloak tells a client once", len(o.Logouts[name]), name)
	}
	at := o.Logouts[name][0]
	if !reachable(at) {
		return fmt.Errorf("--logout: got %q of client %q, want https://HOST/PATH, or http at a loopback address, without # and a user", at, name)
	}
	client.Attributes[logoutURL], client.Attributes[logoutSession] = at, "true"
	return nil
}

// reachable reports whether logout tokens can be sent to an address without being read on
// the way.
func reachable(at string) bool {
	u, err := url.Parse(at)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || u.User != nil {
		return false
	}
	local := loopback.Host(u.Hostname()) || strings.HasSuffix(u.Hostname(), ".localhost") // RFC 6761, section 6.3
	return u.Scheme == "https" || u.Scheme == "http" && local
}

// applyAfterLogout registers where a client sends a browser after a logout.
func (e *exporter) applyAfterLogout(o Options, name string) error {
	client, err := e.loginClient(o, "after-logout", name)
	if err != nil {
		return err
	}
	const separator = "##"
	for _, uri := range o.AfterLogout[name] {
		// Keycloak reads + as all redirect URIs of the client, and - as none.
		if u, err := url.Parse(uri); err != nil || u.Scheme == "" || strings.Contains(uri, "*") || strings.Contains(uri, separator) {
			return fmt.Errorf("--after-logout: got %q of client %q, want an address with its scheme, such as https://portal.example.com/, without * and %s", uri, name, separator)
		}
	}
	client.Attributes[afterLogoutURI] = strings.Join(o.AfterLogout[name], separator)
	return nil
}

// loginClient returns a client that users log in at.
func (e *exporter) loginClient(o Options, flag, name string) (*Client, error) {
	if len(o.Logins[name]) == 0 {
		return nil, fmt.Errorf("--%s: client %q has no --login, so nobody can log out of it", flag, name)
	}
	return e.client(name)
}

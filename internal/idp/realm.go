package idp

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"
)

// adminName is the name of Keycloak's administrator, and the password.
const adminName = "admin"

// Realm is a realm of a running Keycloak. [Server.Stop] stops all of Keycloak;
// the rest is the realm's own.
type Realm struct {
	*Server

	// Name is the realm's name.
	Name string

	base string // the server's URL
}

func newRealm(s *Server, name string) *Realm {
	below := "/realms/" + url.PathEscape(name)
	r := &Realm{Server: new(*s), Name: name, base: s.Issuer}
	r.Issuer, r.TLS, r.rotate, r.tell = s.Issuer+below, s.TLS+below, r.addKey, r.setLogoutURL
	return r
}

// Admin calls Keycloak's admin API. Path is below the realm's, such as
// /clients, or empty for the realm itself. Body is sent as JSON, unless it is
// nil; the answer's JSON is decoded into answer, unless that is nil. A status
// other than of the 200s is an error with the words of the answer.
func (r *Realm) Admin(ctx context.Context, method, path string, body, answer any) error {
	if err := r.admin(ctx, method, "/"+url.PathEscape(r.Name)+path, body, answer); err != nil {
		return fmt.Errorf("idp: %w", err)
	}
	return nil
}

// ClientSecret returns the secret of client, which Keycloak makes where the
// realm's JSON has none.
func (r *Realm) ClientSecret(ctx context.Context, client string) (string, error) {
	var found []struct{ Secret string }
	err := r.Admin(ctx, http.MethodGet, "/clients?clientId="+url.QueryEscape(client), nil, &found)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("idp: realm %s has no client %q", r.Name, client)
	}
	if err != nil {
		return "", err
	}
	return found[0].Secret, nil
}

// admin calls path below all realms.
func (r *Realm) admin(ctx context.Context, method, path string, body, answer any) error {
	var grant Grant
	err := call(ctx, http.MethodPost, r.base+"/realms/master/protocol/openid-connect/token", "", url.Values{
		"grant_type": {"password"}, "client_id": {"admin-cli"}, "username": {adminName}, "password": {adminName},
	}, &grant)
	if err != nil {
		return err
	}
	return call(ctx, method, r.base+"/admin/realms"+path, "Bearer "+grant.AccessToken, body, answer)
}

// addKey adds a key that goes before those that are there.
func (r *Realm) addKey(ctx context.Context) error {
	return r.Admin(ctx, http.MethodPost, "/components", map[string]any{
		"name": "rotated", "providerType": "org.keycloak.keys.KeyProvider", "providerId": "rsa-generated",
		"config": map[string][]string{"priority": {strconv.FormatInt(time.Now().UnixMilli(), 10)}, "algorithm": {"RS256"}},
	}, nil)
}

// setLogoutURL changes the address at which a client is told of logouts.
func (r *Realm) setLogoutURL(ctx context.Context, client, uri string) error {
	var found []map[string]any
	err := r.Admin(ctx, http.MethodGet, "/clients?clientId="+url.QueryEscape(client), nil, &found)
	if err == nil && len(found) != 1 {
		err = fmt.Errorf("idp: realm %s has no client %q", r.Name, client)
	}
	if err != nil {
		return err
	}
	attributes, _ := found[0]["attributes"].(map[string]any)
	if attributes == nil {
		attributes = map[string]any{}
		found[0]["attributes"] = attributes
	}
	attributes["backchannel.logout.url"], attributes["backchannel.logout.session.required"] = uri, "true"
	return r.Admin(ctx, http.MethodPut, fmt.Sprintf("/clients/%v", found[0]["id"]), found[0], nil)
}

// remove deletes the realm when its test has ended.
func (r *Realm) remove(t testing.TB) {
	ctx := context.WithoutCancel(t.Context())
	if err := r.Admin(ctx, http.MethodDelete, "", nil, nil); err != nil {
		t.Errorf("idp: keycloak: %v", err)
	}
}

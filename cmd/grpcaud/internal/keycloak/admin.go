package keycloak

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/webclient"
)

// Admin reads a realm of a running Keycloak. The zero value is of no use.
type Admin struct {
	// URL is that of Keycloak itself, without a realm: https, or http on a loopback address.
	// Required.
	URL string

	// Realm is the name of the realm. Required.
	Realm string

	// Token is an access token for the admin API. If it is empty, Client and Secret get one, as a
	// client of Realm.
	Token, Client, Secret string

	// Transport sends the requests; nil is [http.DefaultTransport].
	Transport http.RoundTripper
}

// Limits of one response.
const (
	maxAnswer = 64 << 20 // bytes
	timeout   = 30 * time.Second
)

// Fetch reads the realm. It changes nothing there.
func (a Admin) Fetch(ctx context.Context) (Realm, error) {
	base, err := a.base()
	if err != nil {
		return Realm{}, err
	}
	token := a.Token
	if token == "" {
		if token, err = a.login(ctx, base); err != nil {
			return Realm{}, err
		}
	}
	r := Realm{Name: a.Realm, Enabled: true}
	below := base + "/admin/realms/" + url.PathEscape(a.Realm)
	if err := a.get(ctx, below+"/clients", token, &r.Clients); err != nil {
		return Realm{}, err
	}
	if len(r.Clients) == 0 { // every realm has some
		return Realm{}, fmt.Errorf("%s/clients: the admin sees no client: give it the role view-clients of the client realm-management", below)
	}
	return r, a.get(ctx, below+"/client-scopes", token, &r.Scopes)
}

// base returns the URL without a final slash, if secrets may be sent there.
func (a Admin) base() (string, error) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("got %q, want the URL of a Keycloak, such as https://sso.example.com", a.URL)
	}
	ip := net.ParseIP(u.Hostname())
	loopback := u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && loopback) {
		return "", fmt.Errorf("%s: want https, or http on a loopback address: the admin's token goes there", a.URL)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// login requests a token with client credentials (RFC 6749, section 4.4).
func (a Admin) login(ctx context.Context, base string) (string, error) {
	form := url.Values{"grant_type": {"client_credentials"}}
	to := base + "/realms/" + url.PathEscape(a.Realm) + "/protocol/openid-connect/token"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(a.Client), url.QueryEscape(a.Secret))
	var grant struct {
		Token string `json:"access_token"`
		Code  string `json:"error"`
	}
	status, err := a.ask(req, &grant)
	switch {
	case err != nil:
		return "", err
	case status == http.StatusNotFound:
		return "", fmt.Errorf("%s: there is no realm %q", a.URL, a.Realm)
	case status != http.StatusOK || grant.Token == "":
		return "", fmt.Errorf("%s gave client %q of realm %q no token: %d %.64q; is the secret right, and are service accounts switched on?", a.URL, a.Client, a.Realm, status, grant.Code)
	}
	return grant.Token, nil
}

// get reads from the admin API.
func (a Admin) get(ctx context.Context, from, token string, answer any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	switch status, err := a.ask(req, answer); {
	case err != nil:
		return err
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%s: 401: the admin's token is refused: it may have expired, or be of another realm", from)
	case status == http.StatusForbidden:
		return fmt.Errorf("%s: 403: the admin may not look: give it the roles view-clients and view-realm of the client realm-management (%s-realm, for an admin of the realm master)", from, a.Realm)
	case status == http.StatusNotFound:
		return fmt.Errorf("%s: 404: there is no realm %q, or %s is not Keycloak's own URL", from, a.Realm, a.URL)
	case status != http.StatusOK:
		return fmt.Errorf("%s: %d %s", from, status, http.StatusText(status))
	}
	return nil
}

// ask sends a request, and reads the response if it is a success or an error in JSON.
func (a Admin) ask(req *http.Request, answer any) (status int, err error) {
	transport := a.Transport
	if transport == nil {
		transport = http.DefaultTransport
	}
	res, err := webclient.New(transport, timeout).Do(req)
	if err != nil {
		return 0, fmt.Errorf("cannot ask Keycloak: %w", err)
	}
	defer res.Body.Close()
	body, err := webclient.Read(res.Body, maxAnswer)
	if _, large := errors.AsType[webclient.TooLargeError](err); large {
		return 0, fmt.Errorf("%s: the answer has more than %d MiB", req.URL, maxAnswer>>20)
	}
	if err != nil {
		return 0, fmt.Errorf("cannot ask Keycloak: %w", err)
	}
	kind := res.Header.Get("Content-Type")
	err = json.Unmarshal(body, answer)
	switch {
	case err != nil && strings.HasPrefix(kind, "text/html"):
		return 0, fmt.Errorf("%s: %s, with a page instead of JSON: this is not Keycloak's own URL, or something stands before it", req.URL, res.Status)
	case err != nil && res.StatusCode == http.StatusOK:
		return 0, fmt.Errorf("%s: the answer is not the JSON of Keycloak: %w", req.URL, err)
	}
	return res.StatusCode, nil
}

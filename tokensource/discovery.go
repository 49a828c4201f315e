package tokensource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

const rediscovered = time.Hour

// endpoint is where tokens are asked for, and how.
type endpoint struct {
	url   string
	style Style
}

// metadata is what a source looks at in an issuer's metadata (RFC 8414, section 2;
// RFC 8705, section 5).
type metadata struct {
	Issuer        string   `json:"issuer"`
	TokenEndpoint string   `json:"token_endpoint"`
	AuthMethods   []string `json:"token_endpoint_auth_methods_supported"`
	MutualTLS     struct {
		TokenEndpoint string `json:"token_endpoint"`
	} `json:"mtls_endpoint_aliases"`
}

// forever is later than any time that is compared with it.
var forever = time.Unix(1<<40, 0)

// discover finds the token endpoint (OpenID Connect Discovery 1.0, section 4). An
// endpoint once found stays good until another one is.
func (s *server) discover(ctx context.Context) (kept[endpoint], error) {
	if s.options.server.tokenURL != "" {
		known := endpoint{s.options.server.tokenURL, s.options.server.style}
		return kept[endpoint]{known, forever, forever}, nil
	}
	var doc metadata
	err := s.read(ctx, strings.TrimSuffix(s.issuer, "/")+"/.well-known/openid-configuration", &doc)
	if err != nil {
		return kept[endpoint]{}, err
	}
	if doc.Issuer != s.issuer {
		return kept[endpoint]{}, fmt.Errorf("%w: discovery: got issuer %s, want %q, to the letter", ErrUnavailable, quote(doc.Issuer), s.issuer)
	}
	style, err := s.style(doc.AuthMethods)
	if err != nil {
		return kept[endpoint]{}, err
	}
	name, at, near := "token_endpoint", doc.TokenEndpoint, sameHost
	if _, ok := s.auth.(*mutualTLS); ok && doc.MutualTLS.TokenEndpoint != "" {
		name, at, near = "mtls_endpoint_aliases: token_endpoint", doc.MutualTLS.TokenEndpoint, below
	}
	if err := s.options.checkURL(at); err != nil {
		return kept[endpoint]{}, fmt.Errorf("%w: discovery: %s: %w", ErrUnavailable, name, err)
	}
	if !near(at, s.issuer) {
		return kept[endpoint]{}, fmt.Errorf("%w: discovery: %s: got %s, want one on the issuer's host; if it is right, set TokenURL", ErrUnavailable, name, quote(at))
	}
	return kept[endpoint]{endpoint{at, style}, forever, time.Now().Add(rediscovered).Round(0)}, nil
}

// style returns how the secret is sent, if there is one. A server that lists ways
// of authentication (RFC 8414, section 2) but not the client's would refuse it.
func (s *server) style(supported []string) (Style, error) {
	ours := s.auth.methods()
	if style := s.options.server.style; style != 0 || len(supported) == 0 || len(ours) == 0 {
		return style, nil
	}
	at := slices.IndexFunc(ours, func(method string) bool { return slices.Contains(supported, method) })
	switch {
	case at < 0:
		return 0, fmt.Errorf("%w: discovery: the issuer authenticates clients by %s, this one authenticates by %q; if discovery is wrong, set TokenURL",
			ErrRefused, sanitize(fmt.Sprintf("%q", supported)), ours)
	case ours[at] == methodPost:
		return Post, nil
	}
	return 0, nil
}

// read decodes the JSON document at u.
func (s *server) read(ctx context.Context, u string, doc any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return fmt.Errorf("%w: discovery: %w", ErrUnavailable, err)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return unreached("discovery", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		hint := redirected(resp.StatusCode)
		if resp.StatusCode == http.StatusNotFound {
			hint = "; the issuer must be what its tokens have in iss, to the letter"
		}
		return &outage{fmt.Sprintf("discovery: %s answered status %d%s", u, resp.StatusCode, hint), retryAfter(resp.Header, time.Now())}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("%w: discovery: %w", ErrUnavailable, err)
	}
	if json.Unmarshal(body, doc) != nil {
		return fmt.Errorf("%w: discovery: document is not the JSON we expect", ErrUnavailable)
	}
	return nil
}

// checkURL refuses a URL that a secret must not be sent to.
func (o *options) checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.User != nil || u.Host == "" && strings.Contains(text, "@"): // the text may hold a password
		return errors.New("want a URL, and no user and password in it")
	case u.Host == "" || u.Fragment != "":
		return fmt.Errorf("got %s, want an https URL with a host and no fragment", quote(text))
	case u.Scheme == "https", u.Scheme == "http" && o.loopback && loopback.Host(u.Hostname()):
		return nil
	case u.Scheme == "http" && loopback.Host(u.Hostname()):
		return errors.New("got http, want https (or the option InsecureLoopback)")
	}
	return fmt.Errorf("got scheme %s, want https", quote(u.Scheme))
}

// sameHost reports whether two good URLs lead to one host, so that no document
// can have the client's secret sent elsewhere.
func sameHost(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && x.Host == y.Host
}

// below reports whether the first of two good URLs leads to the second's host, at
// whatever port, or to one below it: where the endpoint for mutual TLS may be.
func below(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && (x.Hostname() == y.Hostname() || strings.HasSuffix(x.Hostname(), "."+y.Hostname()))
}

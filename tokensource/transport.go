package tokensource

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// NewTransport returns a transport that adds the token for r to each HTTP request
// (RFC 6750, section 2.1). It sends requests over https only, and only to these hosts.
// A host is written as in a URL, with the port unless it is 443. At least one is
// required. The requests go over base; nil means [http.DefaultTransport]. The
// transport is safe for concurrent use.
//
// A request fails before it is sent if it is not https or goes to another host, if
// a redirect from another host led to it, if it has an Authorization header already,
// or if there is no token. Every request fails if tokens is nil or hosts is empty.
func NewTransport(tokens Source, r Request, base http.RoundTripper, hosts ...string) http.RoundTripper {
	t := &bearerTransport{tokens: tokens, request: r, base: base}
	if base == nil {
		t.base = http.DefaultTransport
	}
	for _, host := range hosts {
		t.hosts = append(t.hosts, canonicalHost(host))
	}
	return t
}

type bearerTransport struct {
	tokens  Source
	request Request
	base    http.RoundTripper
	hosts   []string
}

// RoundTrip implements [http.RoundTripper].
func (t *bearerTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	sent, err := t.authorize(r)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return t.base.RoundTrip(sent)
}

// authorize returns r with a token. It gets the token last, after all checks.
func (t *bearerTransport) authorize(r *http.Request) (*http.Request, error) {
	if err := t.check(r); err != nil {
		return nil, fmt.Errorf("tokensource: request not sent: %w", err)
	}
	token, err := t.tokens.Token(r.Context(), t.request)
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	if sent.Header == nil {
		sent.Header = http.Header{}
	}
	sent.Header.Set("Authorization", token.Bearer())
	return sent, nil
}

func (t *bearerTransport) check(r *http.Request) error {
	host := hostOf(r.URL)
	switch {
	case t.tokens == nil:
		return errors.New("no source of tokens")
	case len(t.hosts) == 0:
		return errors.New("no host is set that may get the token")
	case r.URL.Scheme != "https":
		return fmt.Errorf("got scheme %s, want https", quote(r.URL.Scheme))
	case host == "", !slices.Contains(t.hosts, host):
		return fmt.Errorf("the token must not be sent to %s, only to %q", quote(host), t.hosts)
	case r.Host != "" && canonicalHost(r.Host) != host:
		return fmt.Errorf("got header Host %s, want %s", quote(r.Host), quote(host))
	case r.Response != nil && r.Response.Request != nil && hostOf(r.Response.Request.URL) != host:
		return fmt.Errorf("a redirect led from another host to %s", quote(host))
	case len(r.Header.Values("Authorization")) > 0:
		return errors.New("it has an Authorization header already")
	}
	return nil
}

func hostOf(u *url.URL) string { return canonicalHost(u.Host) }

// canonicalHost returns host in lower case, without the port of https. Letters
// beyond ASCII are not changed: the lower case of U+0130 contains an i, but names
// with the two are different hosts.
func canonicalHost(host string) string {
	lower := func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}
	return strings.TrimSuffix(strings.Map(lower, host), ":443")
}

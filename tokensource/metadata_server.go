package tokensource

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/tokensource/internal/jwt"
)

// NewMetadataServer returns a cache of the tokens that the metadata server of a cloud
// gives to this machine: the body of the answer to GET url is the token. In url,
// {audience} is replaced by the audience, as in
//
//	http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}
//
// Header is sent with each request; that server requires Metadata-Flavor: Google. No
// proxy is used, except by a [Transport] that uses one, and redirects are not
// followed.
//
// NewMetadataServer does no network I/O. It fails if url is neither https nor http
// to a loopback or link-local address or to metadata.google.internal. The scopes of a
// request are ignored, and a request with a Subject is refused.
func NewMetadataServer(url string, header http.Header, opts ...Option) (*Cache, error) {
	if err := checkMetadataURL(url); err != nil {
		return nil, fmt.Errorf("tokensource: metadata URL: %w", err)
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	m := &metadataServer{url: url, header: header.Clone(), limiter: newEndpointLimiter()}
	transport := o.roundTripper()
	if t, ok := transport.(*http.Transport); ok && o.transport == nil {
		t = t.Clone()
		t.Proxy = nil // a proxy would get the token of its own machine
		m.own, transport = t, t
	}
	m.client = newClient(transport)
	return newCache(m, o, newBackground())
}

// metadataServer fetches from the metadata server of a cloud.
type metadataServer struct {
	url     string
	header  http.Header
	client  *http.Client
	own     *http.Transport // nil if the caller gave one
	limiter *endpointLimiter
}

func (m *metadataServer) check(r Request) error { return r.checkOwn("a metadata server") }

func (m *metadataServer) fetch(ctx context.Context, r Request) (fetchedToken, error) {
	return m.limiter.do(ctx, func() (fetchedToken, error) { return m.request(ctx, r) })
}

// request sends one request.
func (m *metadataServer) request(ctx context.Context, r Request) (fetchedToken, error) {
	const what = "metadata server"
	u := strings.ReplaceAll(m.url, placeholder, url.QueryEscape(r.Audience))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return fetchedToken{}, unreachable(what, err)
	}
	if m.header != nil {
		req.Header = m.header.Clone()
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return fetchedToken{}, unreachable(what, err)
	}
	defer resp.Body.Close()
	if busy := busyError(what, resp); busy != nil {
		return fetchedToken{}, busy
	}
	if resp.StatusCode != http.StatusOK {
		return fetchedToken{}, &TokenError{Status: resp.StatusCode}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return fetchedToken{}, unreachable(what, err)
	}
	text := strings.TrimSpace(string(body))
	claims, _ := jwt.Read(text)
	return fetchedToken{text: text, issued: claims.IssuedAt}, nil
}

func (m *metadataServer) close() {
	if m.own != nil {
		m.own.CloseIdleConnections()
	}
}

// checkMetadataURL refuses a URL to which requests would go unencrypted over a
// network.
func checkMetadataURL(text string) error {
	u, err := url.Parse(strings.ReplaceAll(text, placeholder, "audience"))
	switch {
	case err != nil || u.User != nil || u.Host == "" && strings.Contains(text, "@"):
		return errors.New("want a URL, and no user and password in it")
	case u.Host == "" || u.Fragment != "":
		return fmt.Errorf("got %s, want a URL with a host and no fragment", quote(text))
	case u.Scheme == "https", u.Scheme == "http" && isLocal(u.Hostname()):
		return nil
	}
	return fmt.Errorf("got %s, want https, or http to a loopback or link-local address", quote(u.Scheme+"://"+u.Host))
}

// isLocal reports whether requests to host stay on the machine or its link.
func isLocal(host string) bool {
	addr, err := netip.ParseAddr(host)
	return loopback.Host(host) || host == "metadata.google.internal" || err == nil && addr.IsLinkLocalUnicast()
}

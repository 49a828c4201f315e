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
)

// NewMetadata returns a source of what a metadata server of a cloud gives to this
// machine: the body of the answer to GET url is the token. In url, {audience} stands
// for the audience, as in
//
//	http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}
//
// and header is sent along, there Metadata-Flavor: Google. The server is asked
// without a proxy, unless [Transport] says otherwise, and redirects are not followed.
//
// NewMetadata does no network I/O. It fails if url is not https, or http to a
// loopback or link-local address or to metadata.google.internal, or if an option
// says how an authorization server is asked. The scopes of a request are not looked
// at, and one with a Subject is refused.
func NewMetadata(url string, header http.Header, opts ...Option) (*Cache, error) {
	if err := checkMetadata(url); err != nil {
		return nil, fmt.Errorf("tokensource: metadata URL: %w", err)
	}
	o, err := engineOptions(opts)
	if err != nil {
		return nil, err
	}
	m := &machine{url: url, header: header.Clone(), lane: newLane(o.parallel)}
	transport := o.carrier()
	if t, ok := transport.(*http.Transport); ok && o.transport == nil {
		t = t.Clone()
		t.Proxy = nil
		m.own, transport = t, t
	}
	m.client = newClient(transport)
	return newSource(o).start(m)
}

// machine mints what a metadata server says of this machine.
type machine struct {
	url    string
	header http.Header
	client *http.Client
	own    *http.Transport // nil if the caller brought one
	lane   *lane
}

func (m *machine) check(r Request) error { return r.checkOwn("a metadata server") }

func (m *machine) mint(ctx context.Context, r Request) (answer, error) {
	return m.lane.do(ctx, func() (answer, error) { return m.request(ctx, r) })
}

// request asks once.
func (m *machine) request(ctx context.Context, r Request) (answer, error) {
	const what = "metadata server"
	u := strings.ReplaceAll(m.url, placeholder, url.QueryEscape(r.Audience))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return answer{}, unreached(what, err)
	}
	if m.header != nil {
		req.Header = m.header.Clone()
	}
	resp, err := m.client.Do(req)
	if err != nil {
		return answer{}, unreached(what, err)
	}
	defer resp.Body.Close()
	if o := busy(what, resp); o != nil {
		return answer{}, o
	}
	if resp.StatusCode != http.StatusOK {
		return answer{}, &TokenError{Status: resp.StatusCode}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, unreached(what, err)
	}
	text := strings.TrimSpace(string(body))
	claims, _ := peek(text)
	return answer{text: text, born: claims.issued}, nil
}

func (m *machine) close() {
	if m.own != nil {
		m.own.CloseIdleConnections()
	}
}

// checkMetadata refuses a URL that leads over a network in the clear.
func checkMetadata(text string) error {
	u, err := url.Parse(strings.ReplaceAll(text, placeholder, "audience"))
	switch {
	case err != nil || u.User != nil || u.Host == "" && strings.Contains(text, "@"):
		return errors.New("want a URL, and no user and password in it")
	case u.Host == "" || u.Fragment != "":
		return fmt.Errorf("got %s, want one with a host and no fragment", quote(text))
	case u.Scheme == "https", u.Scheme == "http" && isNear(u.Hostname()):
		return nil
	}
	return fmt.Errorf("got %s, want https, or http to a loopback or link-local address", quote(u.Scheme+"://"+u.Host))
}

// isNear reports whether what is sent to host stays on the machine or its link.
func isNear(host string) bool {
	addr, err := netip.ParseAddr(host)
	return loopback.Host(host) || host == "metadata.google.internal" || err == nil && addr.IsLinkLocalUnicast()
}

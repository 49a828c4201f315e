package verifier

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

const (
	fetchTimeout = 5 * time.Second // of one fetch of keys, with discovery
	maxDocument  = 1 << 20         // bytes of a document

	// How long keys are used before they are fetched again: what the answer's
	// Cache-Control says, within bounds.
	defaultAge = 15 * time.Minute
	leastAge   = time.Minute
	mostAge    = time.Hour
)

// fetcher gets the keys of one issuer. It is used by one fetch at a time.
type fetcher struct {
	issuer audience.Issuer
	client *http.Client
	jwks   string // what discovery found; "" before it did
}

func newFetcher(issuer audience.Issuer, transport http.RoundTripper) *fetcher {
	return &fetcher{issuer: issuer, client: &http.Client{
		Transport:     transport,
		Timeout:       fetchTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func defaultTransport() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	return t
}

// fetch returns the keys and how long they may be used unasked. After a
// failure it discovers afresh: the address of the keys may have changed.
func (f *fetcher) fetch(ctx context.Context) (*snapshot, time.Duration, error) {
	keys, age, err := f.keys(ctx)
	if err != nil {
		f.jwks = ""
	}
	return keys, age, err
}

func (f *fetcher) keys(ctx context.Context) (*snapshot, time.Duration, error) {
	address, err := f.address(ctx)
	if err != nil {
		return nil, 0, err
	}
	body, header, err := f.get(ctx, address)
	if err != nil {
		return nil, 0, err
	}
	keys, err := parseKeys(body)
	if err != nil {
		return nil, 0, err
	}
	return keys, maxAge(header), nil
}

// address returns where the keys are: as configured, else as the issuer's
// metadata says (OpenID Connect Discovery, section 4).
func (f *fetcher) address(ctx context.Context) (string, error) {
	switch {
	case f.issuer.JWKS != "":
		return f.issuer.JWKS, nil
	case f.jwks != "":
		return f.jwks, nil
	}
	location := f.issuer.Discovery
	if location == "" {
		location = strings.TrimSuffix(f.issuer.URL, "/") + "/.well-known/openid-configuration"
	}
	body, _, err := f.get(ctx, location)
	if err != nil {
		return "", err
	}
	metadata, err := strictjson.Object(body)
	if err != nil {
		return "", fmt.Errorf("metadata: %w", err)
	}
	if metadata["issuer"] != f.issuer.URL {
		return "", fmt.Errorf("metadata: issuer is %.128q, want %q; if services reach it by another name, set discovery", fmt.Sprint(metadata["issuer"]), f.issuer.URL)
	}
	jwks, _ := metadata["jwks_uri"].(string)
	if err := sameHost(jwks, location); err != nil {
		return "", fmt.Errorf("metadata: jwks_uri: %w; if it is right, set jwks", err)
	}
	f.jwks = jwks
	return jwks, nil
}

// sameHost admits an address that a document names only on the host, and with
// the scheme, that the document came from, so that no document can send us
// elsewhere.
func sameHost(address, origin string) error {
	a, err := url.Parse(address)
	if err != nil || a.Host == "" {
		return errors.New("not an absolute URL")
	}
	o, err := url.Parse(origin)
	if err != nil {
		return err
	}
	if a.Scheme != o.Scheme || a.Host != o.Host || a.User != nil {
		return fmt.Errorf("%s://%s is another host than %s://%s", a.Scheme, a.Host, o.Scheme, o.Host)
	}
	return nil
}

// get fetches a document. Its error never holds what came.
func (f *fetcher) get(ctx context.Context, address string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := f.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %d", address, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxDocument+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", address, err)
	case len(body) > maxDocument:
		return nil, nil, fmt.Errorf("%s answered more than %d bytes", address, maxDocument)
	}
	return body, response.Header, nil
}

// maxAge reads how long an answer may be kept (RFC 9111, section 5.2.2.1).
func maxAge(header http.Header) time.Duration {
	for directive := range strings.SplitSeq(header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		seconds, err := strconv.Atoi(strings.Trim(value, `"`))
		if strings.EqualFold(name, "max-age") && err == nil && seconds >= 0 {
			return min(max(time.Duration(min(seconds, int(mostAge/time.Second)))*time.Second, leastAge), mostAge)
		}
	}
	return defaultAge
}

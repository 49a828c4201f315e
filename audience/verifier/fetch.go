package verifier

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/metadata"
)

// Keys are fetched again after the time that the answer says, but within these limits.
// within bounds.
const (
	defaultAge = 15 * time.Minute
	leastAge   = time.Minute
	mostAge    = time.Hour
)

// fetcher fetches the keys of one issuer. Only one fetch at a time may use it.
type fetcher struct {
	issuer access.Issuer
	web    *web
	jwks   string    // the jwks_uri of the metadata
	found  time.Time // when the metadata was read; zero if it must be read
}

// fetch returns the keys, and how long they are used before the next fetch. After a
// failure it reads the metadata again, since the address of the keys may have changed.
func (f *fetcher) fetch(ctx context.Context) (*snapshot, time.Duration, error) {
	keys, age, err := f.keys(ctx)
	if err != nil {
		f.found = time.Time{}
	}
	return keys, age, err
}

func (f *fetcher) keys(ctx context.Context) (*snapshot, time.Duration, error) {
	address, err := f.address(ctx)
	if err != nil {
		return nil, 0, err
	}
	body, header, err := f.web.get(ctx, address)
	if err != nil {
		return nil, 0, err
	}
	keys, err := parseKeys(body, sourceOf(f.issuer).uses())
	if err != nil {
		return nil, 0, err
	}
	return keys, maxAge(header), nil
}

// address returns the address of the keys: the configured one, or otherwise that of
// the issuer's metadata.
func (f *fetcher) address(ctx context.Context) (string, error) {
	switch {
	case f.issuer.JWKS != "":
		return f.issuer.JWKS, nil
	case time.Since(f.found) < metadata.Lifetime:
		return f.jwks, nil
	}
	document, err := metadata.Read(ctx, f.web.client, metadataOf(f.issuer))
	if err != nil {
		return "", err
	}
	if f.jwks, err = document.Endpoint("jwks_uri"); err == nil {
		f.found = time.Now()
	}
	return f.jwks, err
}

// metadataOf returns where the metadata of an issuer is, and which hosts it may name.
func metadataOf(i access.Issuer) metadata.Issuer {
	return metadata.Issuer{URL: i.URL, Discovery: i.Discovery, Hosts: i.Hosts, Addresses: i.Provider().Addresses}
}

// maxAge returns how long an answer may be kept (RFC 9111, sections 5.2.2.1 and 5.3).
func maxAge(header http.Header) time.Duration {
	for directive := range strings.SplitSeq(header.Get("Cache-Control"), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		seconds, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
		if strings.EqualFold(name, "max-age") && err == nil {
			return bounded(time.Duration(seconds) * time.Second)
		}
	}
	if expires, err := http.ParseTime(header.Get("Expires")); err == nil {
		return bounded(time.Until(expires))
	}
	return defaultAge
}

func bounded(age time.Duration) time.Duration { return min(max(age, leastAge), mostAge) }

package verifier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// rediscover is how long what the metadata says is used unasked.
const rediscover = time.Hour

// metadata is what an issuer publishes about itself (OpenID Connect Discovery
// 1.0, section 3; RFC 8414, section 2).
type metadata struct {
	members  map[string]any
	location string // where it was found
}

// discover fetches the metadata of an issuer: the OpenID document, or, if there
// is no such page, that of RFC 8414.
func discover(ctx context.Context, w *web, issuer access.Issuer) (*metadata, error) {
	var missing []error
	for _, location := range locations(issuer) {
		body, _, err := w.get(ctx, location)
		if answer, ok := errors.AsType[answerError](err); ok && answer.code == http.StatusNotFound {
			missing = append(missing, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		return parseMetadata(body, issuer.URL, location)
	}
	return nil, errors.Join(missing...)
}

// locations lists where the metadata may be: where the configuration says, else
// behind the issuer's path (OpenID Connect Discovery 1.0, section 4), else
// before it (RFC 8414, section 3.1). A slash at the end of the issuer does not
// count.
func locations(issuer access.Issuer) []string {
	if issuer.Discovery != "" {
		return []string{issuer.Discovery}
	}
	base := strings.TrimRight(issuer.URL, "/")
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, found := strings.Cut(rest, "/")
	if found {
		path = "/" + path
	}
	return []string{
		base + "/.well-known/openid-configuration",
		scheme + "://" + host + "/.well-known/oauth-authorization-server" + path,
	}
}

// parseMetadata reads the document that was found at location. It must name the
// issuer to the byte (RFC 8414, section 3.3).
func parseMetadata(body []byte, issuer, location string) (*metadata, error) {
	members, err := strictjson.Object(body)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if got := members["issuer"]; got != issuer {
		return nil, fmt.Errorf("metadata: issuer is %.128q, want %q; if services reach it by another name, set discovery", fmt.Sprint(got), issuer)
	}
	return &metadata{members, location}, nil
}

// endpoint returns the address that m gives by this name. It must be on the
// host, and have the scheme, that m came from, so that no document can send us
// elsewhere.
func (m *metadata) endpoint(name string) (string, error) {
	address, _ := m.members[name].(string)
	if address == "" {
		return "", fmt.Errorf("metadata: no %s", name)
	}
	if err := sameHost(address, m.location); err != nil {
		return "", fmt.Errorf("metadata: %s: %w; if it is right, set that address", name, err)
	}
	return address, nil
}

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
		return fmt.Errorf("%.128q is not on %s://%s", a.Redacted(), o.Scheme, o.Host)
	}
	return nil
}

// Package metadata reads what an issuer publishes about itself: the documents of
// OpenID Connect Discovery 1.0 and RFC 8414.
//
// Servers and clients read it by the same rules: at the same addresses, with the
// same limits, and with the same refusal of a document that names another issuer
// or names an endpoint on another host.
package metadata

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/strictjson"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

const (
	// Lifetime is how long a document is used before it is read again.
	Lifetime = time.Hour

	timeout = 5 * time.Second // of one request
	maxSize = 1 << 20         // bytes of one document
)

// Document is the metadata of one issuer (OpenID Connect Discovery 1.0, section 3;
// RFC 8414, section 2).
type Document struct {
	members  map[string]any
	issuer   Issuer
	location string // the address from which it was read
}

// Read reads the metadata of issuer from the first of its [Locations] that does
// not answer 404. The client must not follow redirects, as those of package
// webclient do not. Each request has 5 s, and the document at most 1 MiB. An
// answer other than 200 is a [*StatusError].
func Read(ctx context.Context, client *http.Client, issuer Issuer) (*Document, error) {
	var missing error
	for _, location := range issuer.Locations() {
		body, err := get(ctx, client, location)
		if answer, ok := errors.AsType[*StatusError](err); ok && answer.Code == http.StatusNotFound {
			missing = errors.Join(missing, err)
			continue
		}
		if err != nil {
			return nil, err
		}
		return Parse(body, issuer, location)
	}
	return nil, missing
}

// Locations lists the addresses at which the metadata of i may be: Discovery alone if
// it is not empty; else the URL with the well-known path after its own path (OpenID
// Connect Discovery 1.0, section 4), then before it (RFC 8414, section 3.1). Slashes
// at the end of the URL are left out.
func (i Issuer) Locations() []string {
	if i.Discovery != "" {
		return []string{i.Discovery}
	}
	base := strings.TrimRight(i.URL, "/")
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

func get(ctx context.Context, client *http.Client, location string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, location, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, &StatusError{Address: request.URL.Redacted(), Code: response.StatusCode, Header: response.Header}
	}
	body, err := webclient.Read(response.Body, maxSize)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", request.URL.Redacted(), err)
	}
	return body, nil
}

// StatusError is an answer other than 200.
type StatusError struct {
	Address string // without a password
	Code    int
	Header  http.Header
}

// Error names the address and the status.
func (e *StatusError) Error() string { return fmt.Sprintf("%s answered %d", e.Address, e.Code) }

// Parse reads the document that was found at location. It must name the issuer byte
// for byte (RFC 8414, section 3.3).
func Parse(body []byte, issuer Issuer, location string) (*Document, error) {
	members, err := strictjson.Object(body)
	if err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if got := members["issuer"]; got != issuer.URL {
		text, _ := got.(string)
		return nil, &IssuerError{Got: text, Want: issuer.URL}
	}
	return &Document{members, issuer, location}, nil
}

// IssuerError means that the metadata belongs to another issuer.
type IssuerError struct {
	Got  string // empty if the document names none
	Want string
}

// Error names both issuers.
func (e *IssuerError) Error() string {
	return fmt.Sprintf("metadata: issuer is %.128q, want %q", e.Got, e.Want)
}

// Endpoint returns the address with this name in the document. It must have the
// scheme, host and port of the document, or be https on one of the hosts of the
// [Issuer], so that no document can send a secret to another host, or take keys from
// one.
func (d *Document) Endpoint(name string) (string, error) {
	return endpoint(d.members[name], name, func(address string) (string, error) {
		return d.issuer.endpoint(name, address, d.location)
	})
}

// MutualTLSEndpoint returns the address with this name for clients with a certificate
// (RFC 8705, section 5); if there is none, that of [Document.Endpoint]. It must be on
// a host that Endpoint allows, or on a subdomain of the document's host, at any port.
func (d *Document) MutualTLSEndpoint(name string) (string, error) {
	aliases, _ := d.members["mtls_endpoint_aliases"].(map[string]any)
	alias, ok := aliases[name]
	if !ok || alias == "" {
		return d.Endpoint(name)
	}
	return endpoint(alias, "mtls_endpoint_aliases: "+name, func(address string) (string, error) {
		if address, err := d.issuer.endpoint(name, address, d.location); err == nil {
			return address, nil
		}
		return address, subdomain(address, d.location)
	})
}

func endpoint(value any, name string, check func(address string) (string, error)) (string, error) {
	address, _ := value.(string)
	if address == "" {
		return "", fmt.Errorf("metadata: no %s", name)
	}
	checked, err := check(address)
	if err != nil {
		return "", fmt.Errorf("metadata: %s: %w; if it is right, list its host under hosts, or set that address", name, err)
	}
	return checked, nil
}

// Strings returns the list of strings with this name in the document; nil if there is
// none. Members of the list that are not strings are left out.
func (d *Document) Strings(name string) []string {
	list, _ := d.members[name].([]any)
	var texts []string
	for _, v := range list {
		if text, ok := v.(string); ok {
			texts = append(texts, text)
		}
	}
	return slices.Clip(texts)
}

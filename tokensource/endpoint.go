package tokensource

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// endpoint is a token endpoint, and how a client secret is sent to it.
type endpoint struct {
	url    string
	secret secretStyle
}

// never is a time later than any that it is compared with.
var never = time.Unix(1<<40, 0)

// discover finds the token endpoint. An endpoint stays usable until another one is
// found.
func (s *authorizationServer) discover(ctx context.Context) (timed[endpoint], error) {
	if s.options.tokenURL != "" {
		return timed[endpoint]{endpoint{s.options.tokenURL, s.options.secret}, never, never}, nil
	}
	document, err := metadata.Read(ctx, s.client, s.metadata())
	if err != nil {
		return timed[endpoint]{}, s.withDiscoveryRemedy(discoveryError(err), err)
	}
	secret, err := s.secretStyle(document.Strings("token_endpoint_auth_methods_supported"))
	if err != nil {
		return timed[endpoint]{}, err
	}
	const name = "token_endpoint"
	at, err := document.Endpoint(name)
	if _, ok := s.auth.(authmethod.ConnectionMethod); ok {
		at, err = document.MutualTLSEndpoint(name)
	}
	if err == nil {
		err = s.options.plain.check(at)
	}
	if err != nil {
		return timed[endpoint]{}, s.withDiscoveryRemedy(discoveryError(err), err)
	}
	return timed[endpoint]{endpoint{at, secret}, never, time.Now().Add(metadata.Lifetime).Round(0)}, nil
}

// metadata says where the metadata is, and which hosts it may name.
func (s *authorizationServer) metadata() metadata.Issuer {
	return metadata.Issuer{URL: s.issuer, Discovery: s.options.discovery, Hosts: s.options.hosts, Addresses: s.provider.Addresses}
}

// discoveryError translates an error of package metadata, whose text may repeat what
// the document says.
func discoveryError(err error) error {
	answer, ok := errors.AsType[*metadata.StatusError](err)
	if !ok {
		return &documentError{err}
	}
	return newUnavailableError("discovery: "+answer.Error(), answer.Code, answer.Header)
}

// documentError is an [ErrUnavailable] whose cause is not printed with a token.
type documentError struct{ cause error }

func (e *documentError) Error() string {
	return ErrUnavailable.Error() + ": discovery: " + withoutJWTs(e.cause.Error())
}

func (e *documentError) Unwrap() []error { return []error{ErrUnavailable, e.cause} }

// secretStyle returns how the client secret is sent, if there is one. It refuses an
// issuer that lists ways of authentication (RFC 8414, section 2) without the
// client's: such an issuer would refuse the client, after it has got the secret.
func (s *authorizationServer) secretStyle(supported []string) (secretStyle, error) {
	ours := s.auth.Names()
	if style := s.options.secret; style != 0 || len(supported) == 0 || len(ours) == 0 {
		return style, nil
	}
	at := slices.IndexFunc(ours, func(method string) bool { return slices.Contains(supported, method) })
	switch {
	case at < 0:
		return 0, fmt.Errorf("%w: discovery: the issuer authenticates clients by %s, this client authenticates by %q; if the metadata is wrong, set the token endpoint's address",
			ErrRefused, sanitize(fmt.Sprintf("%q", supported)), ours)
	case ours[at] == methodPost:
		return secretInForm, nil
	}
	return 0, nil
}

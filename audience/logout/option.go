package logout

import (
	"context"
	"log/slog"
	"net/http"
	"slices"

	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
)

// Option adjusts a [Receiver].
type Option interface{ apply(*options) }

type options struct {
	revoke    func(context.Context, revocation.Entry) error
	told      func(context.Context, *claims.Logout) error
	types     []string
	every     bool
	transport http.RoundTripper
	log       *slog.Logger
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// RevokeIn revokes the tokens of a login that has ended in this list, for as long as the
// matrix accepts tokens of the issuer. The default is no list. While the list is full, the
// issuer is answered 503.
func RevokeIn(list *revocation.List) Option {
	return optionFunc(func(o *options) {
		if o.revoke = nil; list != nil {
			o.revoke = func(_ context.Context, e revocation.Entry) error { return list.Revoke(e) }
		}
	})
}

// RevokeWith is [RevokeIn] for a list of another kind: the method Revoke of a list that
// replicas share, such as that of package shared. It may be called concurrently. If it
// returns an error, the issuer is answered 503.
func RevokeWith(revoke func(ctx context.Context, e revocation.Entry) error) Option {
	return optionFunc(func(o *options) { o.revoke = revoke })
}

// OnLogout calls told for each login that has ended, after the tokens are revoked, or could
// not be, and before the issuer is answered; 503 if told returns an error, so that the
// issuer can send the logout token again. If the logout has a Session, that one has ended; if it has none, all
// sessions of its Subject that began at or before IssuedAt. told may be called concurrently,
// and again for a login that has ended before. The default is nothing.
func OnLogout(told func(ctx context.Context, ended *claims.Logout) error) Option {
	return optionFunc(func(o *options) { o.told = told })
}

// Types sets the accepted values of typ in the header of logout tokens. The default is
// "logout+jwt". Auth0, and Keycloak before version 25, write "JWT": what tells their logout
// tokens from others is the claim events, and that there is no nonce.
func Types(types ...string) Option {
	return optionFunc(func(o *options) { o.types = slices.Clone(types) })
}

// EverySession makes a logout of one session revoke all tokens of its user that were issued
// before, if the logout token has a sub. It is for issuers whose access tokens have no sid,
// such as Auth0: by default the tokens of the session alone are revoked, and a token
// without sid is of none. It does not change what [OnLogout] is told.
func EverySession() Option {
	return optionFunc(func(o *options) { o.every = true })
}

// Transport sets what carries requests for the keys of the issuer: see
// [verifier.Transport], which has the default.
func Transport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.transport = t })
}

// Logger sets where logouts and refusals are logged; [slog.Default] by default. Refusals of
// one cause share a line a second.
func Logger(log *slog.Logger) Option {
	return optionFunc(func(o *options) { o.log = log })
}

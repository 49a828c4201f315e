package logout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/logline"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/seen"
)

// maxAge is the time after iat for which a logout token is accepted, whatever its exp.
const maxAge = 10 * time.Minute

// ErrReplayed says that a logout token came before.
var ErrReplayed = errors.New("logout: the logout token came before")

// Receiver is the [http.Handler] of the address that a client has registered for logout
// tokens. It is safe for concurrent use. Make one with [NewReceiver].
type Receiver struct {
	options  options
	issuer   access.Issuer
	client   string // its id at the issuer
	verifier *verifier.Verifier
	seen     seen.IDs
	lines    logline.Limiter
}

// NewReceiver returns a receiver of the logout tokens for a client, by its name in the
// matrix of the policy. It needs [RevokeIn], [RevokeWith] or [OnLogout]. It does no network I/O: the keys
// of the issuer are fetched for the first logout token. It keeps the issuer and the id that
// the policy has now: after a policy that changes them, make a new one. Close it when it is
// no longer used.
func NewReceiver(policy *access.Policy, client string, opts ...Option) (*Receiver, error) {
	r := &Receiver{options: options{types: []string{"logout+jwt"}, log: slog.Default()}}
	for _, opt := range opts {
		opt.apply(&r.options)
	}
	if err := r.configure(policy, client); err != nil {
		return nil, fmt.Errorf("logout: %w", err)
	}
	issuer := r.issuer
	issuer.Introspection = access.Introspection{} // a logout token is a JWT, whatever its access tokens are
	var err error
	r.verifier, err = verifier.New([]access.Issuer{issuer}, verifier.Transport(r.options.transport))
	if err != nil {
		return nil, fmt.Errorf("logout: %w", err)
	}
	return r, nil
}

// configure takes over what the policy says of the client.
func (r *Receiver) configure(policy *access.Policy, client string) error {
	switch {
	case policy == nil:
		return errors.New("no policy")
	case r.options.revoke == nil && r.options.told == nil:
		return errors.New("nothing would follow from a logout: want RevokeIn, RevokeWith or OnLogout")
	case r.options.log == nil:
		return errors.New("no logger")
	case len(r.options.types) == 0 || slices.Contains(r.options.types, ""):
		return errors.New("an empty typ is accepted of no logout token: want names such as logout+jwt")
	}
	m := policy.Matrix()
	c, ok := m.Clients[client]
	if !ok {
		return fmt.Errorf("the matrix has no client %q: want one of %q", client, slices.Sorted(maps.Keys(m.Clients)))
	}
	r.issuer, r.client = m.Issuers[c.Issuer], c.ID
	if r.issuer.Provider().Token.Service.Everybody() {
		return fmt.Errorf("client %q: nobody logs in at issuer %q, whose tokens are those of services", client, c.Issuer)
	}
	return nil
}

// Close ends the background work of r.
func (r *Receiver) Close() { r.verifier.Close() }

// receive ends the login of a logout token.
func (r *Receiver) receive(ctx context.Context, raw string) error {
	ended, err := r.verifier.VerifyLogout(ctx, raw, r.options.types...)
	if err != nil {
		return err
	}
	now := time.Now().Round(0)
	if err := r.judge(ended, now); err != nil {
		return err
	}
	leeway := r.leeway()
	end := ended.IssuedAt.Add(maxAge)
	if ended.Expiry.Before(end) {
		end = ended.Expiry
	}
	switch err := r.seen.Add(ended.ID, "", now, end.Add(leeway)); {
	case errors.Is(err, seen.ErrSeen):
		return ErrReplayed
	case err != nil:
		return fmt.Errorf("logout: %w", err)
	}
	if err := r.end(ctx, ended, now); err != nil {
		r.seen.Remove(ended.ID) // it may come again
		return err
	}
	return nil
}

func (r *Receiver) leeway() time.Duration { return cmp.Or(r.issuer.Leeway, access.DefaultLeeway) }

// judge refuses a genuine logout token that is for another client or another time.
func (r *Receiver) judge(l *claims.Logout, now time.Time) error {
	leeway := r.leeway()
	switch {
	case !slices.Contains(l.Audience, r.client):
		return &audience.Refusal{Cause: audience.CauseAudienceMismatch, Got: "aud " + quote.List(l.Audience...), Want: quote.List(r.client)}
	case now.After(l.Expiry.Add(leeway)):
		return &audience.Refusal{Cause: audience.CauseExpired, Got: "exp " + l.Expiry.UTC().Format(time.RFC3339), Want: "a time after " + now.Add(-leeway).UTC().Format(time.RFC3339)}
	case l.IssuedAt.After(now.Add(leeway)):
		return &audience.Refusal{Cause: audience.CauseNotYetValid, Got: "iat " + l.IssuedAt.UTC().Format(time.RFC3339), Want: "a time before " + now.Add(leeway).UTC().Format(time.RFC3339)}
	case now.After(l.IssuedAt.Add(maxAge + leeway)):
		return &audience.Refusal{Cause: audience.CauseTokenTooOld, Got: "iat " + l.IssuedAt.UTC().Format(time.RFC3339), Want: fmt.Sprintf("at most %v before", maxAge)}
	}
	return nil
}

// end revokes the tokens of a login, and tells the program. What can end does, also if the
// rest cannot: not every issuer sends a logout token again.
func (r *Receiver) end(ctx context.Context, ended *claims.Logout, now time.Time) error {
	var failed []error
	if r.options.revoke != nil {
		for _, entry := range r.entries(ended, now) {
			failed = append(failed, r.options.revoke(ctx, entry))
		}
	}
	if r.options.told != nil {
		told := *ended
		told.Audience = slices.Clone(ended.Audience)
		failed = append(failed, r.options.told(ctx, &told))
	}
	return errors.Join(failed...)
}

// entries returns the revocations that follow from a logout. Issuers write whole seconds:
// a token of the same second as the logout may have been issued before it.
func (r *Receiver) entries(ended *claims.Logout, now time.Time) []revocation.Entry {
	var all []revocation.Entry
	last := now.Add(r.issuer.LongestLifetime())
	if ended.Session != "" {
		all = append(all, revocation.Entry{Issuer: r.issuer.URL, Session: ended.Session, Expires: last})
	}
	if ended.Subject != "" && (ended.Session == "" || r.options.every) {
		all = append(all, revocation.Entry{
			Issuer: r.issuer.URL, Subject: ended.Subject, IssuedBefore: ended.IssuedAt.Truncate(time.Second).Add(time.Second), Expires: last,
		})
	}
	return all
}

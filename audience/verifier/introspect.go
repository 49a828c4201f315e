package verifier

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/internal/clientcert"
	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

const (
	staleAfter = time.Second     // how long a call waits for an answer before it uses a stale one
	askAgain   = 5 * time.Second // between two checks of a stream while the issuer cannot be asked
)

// introspector asks one issuer about its tokens (RFC 7662): about each of them, or, if
// its tokens are JWTs, about those of calls that demand it. It caches the answers for a
// short time, and asks once for all calls with the same token.
type introspector struct {
	issuer      access.Issuer
	preset      claims.Preset
	web         *web
	certificate *clientcert.Transport // that web presents; nil for none
	ttl         time.Duration
	cache       *introspectionCache
	queue       *requestQueue
	lookup      *endpointLookup
	requests    requestLog

	staleAnswers atomic.Uint64 // used after their time, since the issuer could not be asked
}

func newIntrospector(issuer access.Issuer, preset claims.Preset, o *options) (*introspector, error) {
	i := &introspector{
		issuer: issuer, preset: preset, ttl: o.introspectionTTL, cache: newIntrospectionCache(),
	}
	if err := i.connect(o.web); err != nil {
		return nil, err
	}
	i.lookup = newEndpointLookup(i.readEndpoint)
	i.queue = newRequestQueue(i.ask, i.down, i.cache.store)
	return i, nil
}

// serves reports whether i asks in the way that config says.
func (i *introspector) serves(config access.Issuer) bool {
	return sourceOf(i.issuer) == sourceOf(config) && i.preset.Equal(config.TokenPreset()) &&
		i.issuer.Introspection == config.Introspection && i.issuer.AuthStyle == config.AuthStyle
}

func (i *introspector) close() {
	i.queue.close()
	i.retire()
}

// verify returns the claims of a token that the issuer calls active. Its error is an
// [audience.Refusal], or ctx's error if ctx ended first.
// [audience.CauseIntrospectionUnavailable] says that nothing is known about the token.
func (i *introspector) verify(ctx context.Context, raw string) (*claims.Claims, error) {
	key := i.cache.keyer.key(raw)
	kept, err := i.answer(ctx, key, raw)
	if err != nil {
		return nil, err
	}
	return kept.claims, kept.err
}

// answer returns the answer about a token that is valid now: the cached one, or a new
// one of the issuer. While the issuer cannot be asked, an expired answer is valid for
// some time longer. Shortly before the deadline of a call, the answer is that nothing
// is known. The error is ctx's.
func (i *introspector) answer(ctx context.Context, key tokenKey, raw string) (*answer, error) {
	now := time.Now()
	kept, last := i.cache.fresh(key, now), i.cache.lastActive(key, now)
	if kept != nil && !mayBeStale(kept) {
		return kept, nil
	}
	if kept == nil {
		until, cancel := answerable(ctx)
		defer cancel()
		if last != nil && now.Before(last.stale) {
			until, cancel = context.WithTimeout(until, staleAfter)
			defer cancel()
		}
		kept = i.question(until, key, raw, last != nil, time.Time{})
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case mayBeStale(kept) && last != nil && time.Now().Before(last.stale):
		i.staleAnswers.Add(1)
		return last, nil
	}
	return kept, nil
}

// mayBeStale reports whether a is not an answer of the issuer. Then an older answer
// may be used instead.
func mayBeStale(a *answer) bool { return errors.Is(a.err, audience.CauseIntrospectionUnavailable) }

// question asks the issuer, and waits for the answer until the context ends. The request
// is sent at the time since or later.
func (i *introspector) question(until context.Context, key tokenKey, raw string, known bool, since time.Time) *answer {
	if a := i.down(); a != nil {
		return a
	}
	switch a, err := i.queue.put(until, key, raw, known, since); {
	case err == nil:
		return a
	case until.Err() != nil:
		return &answer{err: unavailable(errNoTime, firstRetry)}
	default:
		return &answer{err: unavailable(err, firstRetry)}
	}
}

// down returns the answer while the issuer must not be asked; nil if it may be asked.
func (i *introspector) down() *answer {
	if wait, err := i.requests.pause(); err != nil {
		return &answer{err: unavailable(err, wait)}
	}
	return nil
}

// recheck is [Verifier.Recheck] for a token about which the issuer is asked.
func (i *introspector) recheck(ctx context.Context, raw string, now time.Time) (*claims.Claims, time.Time, error) {
	a, err := i.answer(ctx, i.cache.keyer.key(raw), raw)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case a.err != nil:
		return nil, time.Time{}, a.err
	case now.Before(a.until):
		return a.claims, a.until, nil
	case now.Before(a.stale):
		return a.claims, earlier(a.stale, now.Add(askAgain)), nil
	default: // the token has ended, and the issuer calls it active
		return a.claims, now.Add(firstRetry), nil
	}
}

// checkOpaque refuses a text that cannot be a token (RFC 6750, section 2.1), so that
// the issuer is not asked about it.
func checkOpaque(raw string) error {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
	if raw == "" || strings.Trim(strings.TrimRight(raw, "="), alphabet) != "" {
		return &audience.Refusal{Cause: audience.CauseTokenMalformed, Want: "letters, digits and -._~+/ only"}
	}
	first, _, dotted := strings.Cut(raw, ".")
	if header, err := base64url.DecodeString(first); dotted && err == nil {
		if members, err := strictjson.Object(header); err == nil && members["alg"] != nil {
			return misshapen(raw) // a JWT that is cut, too long or encrypted
		}
	}
	return nil
}

func unavailable(err error, wait time.Duration) *audience.Refusal {
	hint, err := remedy.Split(err)
	return &audience.Refusal{Cause: audience.CauseIntrospectionUnavailable, Hint: hint, Err: err, RetryAfter: wait}
}

// ask asks the issuer about a token. The answer is valid from the time before the
// request. limited means that the issuer limits its requests (429), and after is how
// long it asks to wait.
func (i *introspector) ask(ctx context.Context, raw string) (a *answer, limited bool, after time.Duration) {
	began := time.Now()
	claims, err := i.post(ctx, raw)
	refusal, aboutIt := errors.AsType[*audience.Refusal](err)
	told := answerOf(err)
	switch {
	case err == nil:
		i.requests.ended(nil, false)
		return i.active(claims, began), false, 0
	case told.code == http.StatusTooManyRequests && told.after <= longestPause && i.queue.answering():
		i.requests.ended(err, false)
		return &answer{err: unavailable(err, firstRetry)}, true, told.after
	case !aboutIt:
		refusal = unavailable(err, max(firstRetry, told.after))
	case refusal.Cause != audience.CauseIntrospectionUnavailable:
		i.requests.ended(nil, false)
		return notActive(refusal, began, min(i.ttl, inactiveTTL)), false, 0
	}
	i.requests.ended(err, !aboutIt)
	refusal.RetryAfter = max(firstRetry, refusal.RetryAfter)
	return notActive(refusal, began, min(i.ttl, firstRetry)), false, 0
}

// active returns the answer that a token is active. No answer is valid after the
// token's exp (RFC 7662, section 4).
func (i *introspector) active(claims *claims.Claims, began time.Time) *answer {
	until, end := began.Round(0).Add(i.ttl), claims.Expiry()
	return &answer{claims: claims, began: began, until: earlier(until, end), stale: earlier(until.Add(maxStaleAnswer), end), end: end}
}

// notActive returns any other answer, which is valid for the time ttl.
func notActive(err error, began time.Time, ttl time.Duration) *answer {
	until := began.Round(0).Add(ttl)
	return &answer{err: err, began: began, until: until, stale: until, end: until}
}

// post sends a token to the issuer (RFC 7662, section 2.1) and reads the answer. Its
// error is a Refusal only if it is about this token. Any other error would also come
// for other tokens.
func (i *introspector) post(ctx context.Context, raw string) (*claims.Claims, error) {
	address, err := i.find(ctx)
	if err != nil {
		return nil, err
	}
	request, err := i.request(ctx, address, raw)
	if err != nil {
		return nil, err
	}
	body, _, err := i.web.do(request, maxAnswer)
	switch {
	case aboutOne(err):
		return nil, unavailable(withRemedy(err, i.situation()), firstRetry)
	case err != nil:
		return nil, withRemedy(err, i.situation())
	}
	if i.issuer.Introspection.OnlineOnly {
		return i.confirmed(raw, body)
	}
	return i.preset.Introspected(body, i.issuer.URL)
}

// aboutOne reports whether an error may be about one token only. It is not if it is
// about our own credentials, or comes from a gateway in front of a failed issuer. An
// error about one token must not delay other tokens, since an unknown token could
// cause it.
func aboutOne(err error) bool {
	answer, answered := errors.AsType[answerError](err)
	switch answer.code {
	case http.StatusUnauthorized, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return answered
}

// find returns the introspection endpoint: the configured one, or otherwise that of
// the issuer's metadata.
func (i *introspector) find(ctx context.Context) (string, error) {
	if address := i.issuer.Introspection.URL; address != "" {
		return address, nil
	}
	return i.lookup.find(ctx)
}

func (i *introspector) readEndpoint(ctx context.Context) (string, error) {
	document, err := metadata.Read(ctx, i.web.client, metadataOf(i.issuer))
	if err != nil {
		return "", withRemedy(err, i.situation())
	}
	if i.certificate != nil {
		return document.MutualTLSEndpoint("introspection_endpoint")
	}
	return document.Endpoint("introspection_endpoint")
}

// ready returns an error if the issuer cannot be asked: its endpoint, or the client's
// secret or certificate, is not known, or the pause after a failed request lasts.
func (i *introspector) ready(ctx context.Context) error {
	if wait, err := i.requests.pause(); err != nil {
		return unavailable(err, wait)
	}
	address, err := i.find(ctx)
	if err == nil {
		_, err = i.request(ctx, address, "")
	}
	if err == nil && i.certificate != nil {
		err = i.certificate.Ready()
	}
	if err != nil {
		return unavailable(err, firstRetry)
	}
	return nil
}

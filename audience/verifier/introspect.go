package verifier

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

const (
	maxAsking = 64              // tokens that one issuer is asked about at once
	askAgain  = 5 * time.Second // after which a stream asks again while the issuer cannot be asked
)

// introspector asks one issuer about its tokens (RFC 7662). What it hears is
// kept for a short time; the issuer is asked once for all who hold a token.
type introspector struct {
	issuer   audience.Issuer
	preset   audience.Preset
	web      *web
	ttl      time.Duration
	answers  *answers
	asking   *flights[tokenKey, *answer]
	finding  *flights[struct{}, error]
	endpoint atomic.Pointer[endpoint]
	outage   outage

	staleAnswers atomic.Uint64 // given after their time, since the issuer could not be asked
}

// endpoint is where to ask.
type endpoint struct {
	address string
	until   time.Time
}

func newIntrospector(issuer audience.Issuer, preset audience.Preset, o *options) *introspector {
	return &introspector{
		issuer: issuer, preset: preset, web: o.web, ttl: o.introspectionTTL, answers: newAnswers(),
		asking: newFlights[tokenKey, *answer](maxAsking), finding: newFlights[struct{}, error](1),
	}
}

// serves reports whether i asks as config would have it.
func (i *introspector) serves(config audience.Issuer) bool {
	return sourceOf(i.issuer) == sourceOf(config) && i.issuer.Preset == config.Preset && i.issuer.Introspection == config.Introspection
}

func (i *introspector) close() {
	i.asking.close()
	i.finding.close()
}

// verify returns the claims of a token that the issuer calls active. Its error
// is a [audience.Refusal], or ctx's error if that ended first.
// [audience.CauseIntrospectionUnavailable] says that nothing is known of the
// token.
func (i *introspector) verify(ctx context.Context, raw string) (*audience.Claims, error) {
	if err := checkOpaque(raw); err != nil {
		return nil, err
	}
	key := i.answers.key(raw)
	kept, err := i.answer(ctx, key, raw)
	if err != nil {
		return nil, err
	}
	return kept.claims, kept.err
}

// answer returns what counts of a token now: what is known, else what the issuer
// says. While the issuer cannot be asked, an answer whose time is over counts for
// a while longer. Its error is ctx's.
func (i *introspector) answer(ctx context.Context, key tokenKey, raw string) (*answer, error) {
	now := time.Now()
	if kept := i.answers.fresh(key, now); kept != nil && !i.mayBeStale(kept) {
		return kept, nil
	}
	asked, err := i.question(ctx, key, raw)
	if err != nil || !i.mayBeStale(asked) {
		return asked, err
	}
	if last := i.answers.lastActive(key, now); last != nil && now.Before(last.stale) {
		i.staleAnswers.Add(1)
		return last, nil
	}
	return asked, nil
}

// mayBeStale reports whether a says that nothing was found out, so that an older
// answer counts.
func (i *introspector) mayBeStale(a *answer) bool {
	return errors.Is(a.err, audience.CauseIntrospectionUnavailable)
}

func (i *introspector) question(ctx context.Context, key tokenKey, raw string) (*answer, error) {
	if kept := i.answers.fresh(key, time.Now()); kept != nil {
		return kept, nil
	}
	if wait, err := i.outage.wait(); err != nil {
		return &answer{err: unavailable(err, wait)}, nil
	}
	a, err := i.asking.do(ctx, key, func(ctx context.Context) *answer {
		a := i.ask(ctx, raw)
		i.answers.store(key, a)
		return a
	})
	if errors.Is(err, errCrowded) || errors.Is(err, errClosed) {
		return &answer{err: unavailable(err, firstRetry)}, nil
	}
	return a, err
}

// recheck is [Verifier.Recheck] for a token that the issuer is asked about.
func (i *introspector) recheck(ctx context.Context, raw string, now time.Time) (*audience.Claims, time.Time, error) {
	a, err := i.answer(ctx, i.answers.key(raw), raw)
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

// checkOpaque refuses what can be no token (RFC 6750, section 2.1), so that
// nobody is asked about it.
func checkOpaque(raw string) error {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
	if raw == "" || strings.Trim(strings.TrimRight(raw, "="), alphabet) != "" {
		return &audience.Refusal{Cause: audience.CauseTokenMalformed, Want: "letters, digits and -._~+/ only"}
	}
	return nil
}

func unavailable(err error, wait time.Duration) *audience.Refusal {
	return &audience.Refusal{Cause: audience.CauseIntrospectionUnavailable, Err: err, RetryAfter: wait}
}

// ask asks about a token, and says how long the answer counts: from before the
// question, for then the issuer knew no better.
func (i *introspector) ask(ctx context.Context, raw string) *answer {
	began := time.Now().Round(0)
	claims, err := i.post(ctx, raw)
	refusal, aboutIt := errors.AsType[*audience.Refusal](err)
	switch {
	case err == nil:
		i.outage.ended(nil, false)
		return i.active(claims, began)
	case !aboutIt:
		refusal = unavailable(err, firstRetry)
	case refusal.Cause != audience.CauseIntrospectionUnavailable:
		i.outage.ended(nil, false)
		return notActive(refusal, began.Add(min(i.ttl, inactiveTTL)))
	}
	i.outage.ended(err, !aboutIt)
	refusal.RetryAfter = firstRetry
	return notActive(refusal, began.Add(min(i.ttl, firstRetry)))
}

// active is the answer that a token is active. No answer counts for longer than
// its token lives (RFC 7662, section 4).
func (i *introspector) active(claims *audience.Claims, began time.Time) *answer {
	until, end := began.Add(i.ttl), claims.Expiry()
	return &answer{claims: claims, until: earlier(until, end), stale: earlier(until.Add(maxStaleAnswer), end), end: end}
}

// notActive is any other answer.
func notActive(err error, until time.Time) *answer {
	return &answer{err: err, until: until, stale: until, end: until}
}

// post sends a token to the issuer (RFC 7662, section 2.1) as the client that
// the configuration names (RFC 6749, section 2.3.1), and reads the answer. Its
// error is a Refusal only if it is about this token: any other says that no
// token would fare better.
func (i *introspector) post(ctx context.Context, raw string) (*audience.Claims, error) {
	address, err := i.find(ctx)
	if err != nil {
		return nil, err
	}
	secret, err := reveal(i.issuer.Introspection.Secret)
	if err != nil {
		return nil, err
	}
	form := url.Values{"token": {raw}, "token_type_hint": {"access_token"}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(i.issuer.Introspection.ClientID), url.QueryEscape(secret))
	body, _, err := i.web.do(request, maxAnswer)
	switch {
	case aboutOne(err):
		return nil, unavailable(err, firstRetry)
	case err != nil:
		return nil, err
	}
	return i.preset.Introspected(body, i.issuer.URL)
}

// aboutOne reports whether a request was answered in a way that need not befall
// others: neither about us, nor by a gateway before a dead issuer. It must not
// keep other tokens waiting, for a stranger could bring it about.
func aboutOne(err error) bool {
	answer, answered := errors.AsType[answerError](err)
	switch answer.code {
	case http.StatusUnauthorized, http.StatusTooManyRequests,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return false
	}
	return answered
}

// find returns where to ask: as configured, else as the issuer's metadata says,
// which is fetched once for all who ask.
func (i *introspector) find(ctx context.Context) (string, error) {
	if address := i.issuer.Introspection.URL; address != "" {
		return address, nil
	}
	if known := i.endpoint.Load(); known != nil && time.Now().Before(known.until) {
		return known.address, nil
	}
	failed, err := i.finding.do(ctx, struct{}{}, func(ctx context.Context) error {
		m, err := discover(ctx, i.web, i.issuer)
		if err != nil {
			return err
		}
		address, err := m.endpoint("introspection_endpoint")
		if err == nil {
			i.endpoint.Store(&endpoint{address, time.Now().Add(rediscover)})
		}
		return err
	})
	if err = errors.Join(err, failed); err != nil {
		return "", err
	}
	return i.endpoint.Load().address, nil
}

// ready tells whether the issuer could be asked: it is known where and as whom,
// and the last request did not say that others would fail.
func (i *introspector) ready(ctx context.Context) error {
	if wait, err := i.outage.wait(); err != nil {
		return unavailable(err, wait)
	}
	_, err := i.find(ctx)
	if err == nil {
		_, err = reveal(i.issuer.Introspection.Secret)
	}
	if err != nil {
		return unavailable(err, firstRetry)
	}
	return nil
}

package signals

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/internal/quote"
)

const (
	caep = "https://schemas.openid.net/secevent/caep/event-type/"
	risc = "https://schemas.openid.net/secevent/risc/event-type/"
	ssf  = "https://schemas.openid.net/secevent/ssf/event-type/"
)

// scope is which tokens an event withdraws.
type scope int

const (
	none    scope = iota
	session       // those of the session, if the event names one, else those of the user
	account       // those of the user, if the event names one, else those of the session
)

// events are the types that are understood (CAEP 1.0, section 3; RISC 1.0, section 2; Shared
// Signals Framework 1.0, section 8.1).
var events = map[string]struct {
	label string
	scope scope
}{
	caep + "session-revoked":                    {"session-revoked", session},
	caep + "token-claims-change":                {"token-claims-change", session},
	caep + "credential-change":                  {"credential-change", session},
	risc + "sessions-revoked":                   {"sessions-revoked", account},
	risc + "account-disabled":                   {"account-disabled", account},
	risc + "account-purged":                     {"account-purged", account},
	risc + "account-credential-change-required": {"account-credential-change-required", account},
	risc + "credential-compromise":              {"credential-compromise", account},
	ssf + "verification":                        {"verification", none},
	ssf + "stream-updated":                      {"stream-updated", none},
}

// kindOf returns what an event is called in logs and metrics: its first type that is
// understood, "other" if there is none, and "unknown" for what cannot be read.
func kindOf(e *claims.SecurityEvent) string {
	if e == nil {
		return "unknown"
	}
	for _, uri := range slices.Sorted(maps.Keys(e.Events)) {
		if known, ok := events[uri]; ok {
			return known.label
		}
	}
	return "other"
}

// entries returns the revocations that follow from an event: none from types that are not
// understood.
func (r *Receiver) entries(ctx context.Context, e *claims.SecurityEvent) ([]revocation.Entry, error) {
	var all []revocation.Entry
	for _, uri := range slices.Sorted(maps.Keys(e.Events)) {
		scope := events[uri].scope
		if scope == none {
			continue
		}
		whose, err := r.whose(ctx, e)
		if err != nil {
			return nil, err
		}
		at, err := e.HappenedAt(e.Events[uri])
		if err != nil {
			return nil, err
		}
		all = append(all, r.entry(whose, scope, at, e.IssuedAt)...)
	}
	return all, nil
}

// subject is whose tokens an event is about.
type subject struct {
	session string // its sid
	user    string // the sub
}

// entry returns the revocation for a subject; none if that is nobody. Issuers write whole
// seconds: a token of the same second as the event may have been issued before it. An
// entry ends with the last token that was issued before the event, so that an event which
// comes again changes nothing.
func (r *Receiver) entry(whose subject, s scope, at, issued time.Time) []revocation.Entry {
	e := revocation.Entry{Issuer: r.issuer.URL, Expires: issued.Add(r.issuer.LongestLifetime())}
	switch {
	case whose.session != "" && (s == session || whose.user == ""):
		e.Session = whose.session
	case whose.user != "":
		e.Subject, e.IssuedBefore = whose.user, at.Truncate(time.Second).Add(time.Second)
	default:
		return nil
	}
	return []revocation.Entry{e}
}

// whose returns whose tokens an event is about.
func (r *Receiver) whose(ctx context.Context, e *claims.SecurityEvent) (subject, error) {
	id, err := e.Subject()
	if err != nil {
		return subject{}, err
	}
	if id.Format != "complex" {
		user, err := r.userOf(ctx, id)
		return subject{user: user}, err
	}
	var found subject
	if id.User != nil {
		if found.user, err = r.userOf(ctx, id.User); err != nil {
			return subject{}, err
		}
	}
	if id.Session == nil {
		return found, nil
	}
	return r.withSession(found, id.Session, id.User != nil)
}

// withSession adds the session of a complex subject. It is dropped if its id stands for all
// sessions of the user.
func (r *Receiver) withSession(found subject, id *claims.SubjectID, hasUser bool) (subject, error) {
	every := r.issuer.Provider().EverySession
	switch {
	case id.Format != "opaque":
		return subject{}, misread("session of sub_id in format "+quote.List(id.Format), "opaque")
	case id.ID != every:
		found.session = id.ID
	case !hasUser:
		return subject{}, misread("session "+quote.List(every)+", which is every session", "a user beside it")
	}
	return found, nil
}

// userOf returns the sub of the tokens of a user; empty if there is no such user here.
func (r *Receiver) userOf(ctx context.Context, id *claims.SubjectID) (string, error) {
	switch {
	case id.Format == "opaque":
		return id.ID, nil
	case id.Format == "email" && r.options.email == nil:
		return "", misread("a user by email address", "the option Emails, or another format of subjects, such as iss_sub, at the issuer")
	case id.Format == "email":
		user, err := r.options.email(ctx, id.Email)
		if err != nil {
			err = fmt.Errorf("signals: the user of an email address: %w", err)
		}
		return user, err
	case id.Format != "iss_sub":
		return "", misread("a user in format "+quote.List(id.Format), "iss_sub, opaque or email")
	case id.Issuer != r.issuer.URL:
		return "", &audience.Refusal{Cause: audience.CauseIssuerUnknown, Got: "sub_id with iss " + quote.List(id.Issuer), Want: "a user of " + quote.List(r.issuer.URL)}
	}
	return id.Subject, nil
}

func misread(got, want string) error {
	return &audience.Refusal{Cause: audience.CauseClaimsMalformed, Got: got, Want: want}
}

// errNotStored says that an event may be taken later.
var errNotStored = errors.New("signals: not stored")

// temporary reports whether an event may be taken later. What is unknown does not make it
// bad.
func temporary(err error) bool {
	bad, ok := errors.AsType[*audience.Refusal](err)
	return errors.Is(err, errNotStored) || !ok || bad.Cause == audience.CauseKeysUnavailable
}

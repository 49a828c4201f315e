package claims

import (
	"errors"
	"fmt"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/jsonvalue"
)

// maxEvents is how many events a security event token may have. Most have one.
const maxEvents = 16

// SecurityEvent is what a security event token says (SET, RFC 8417): what happened to a
// subject.
type SecurityEvent struct {
	// Issuer is the iss, and ID the jti of the token. Audience has the receivers that it
	// is for.
	Issuer, ID string
	Audience   []string

	// IssuedAt is the iat of the token. A SET has no exp.
	IssuedAt time.Time

	// Events has what happened, by the URI of its type. Values are those of JSON, with
	// numbers as [json.Number].
	Events map[string]map[string]any

	subject any // sub_id, not read yet
	has     bool
}

// SecurityEvent reads the claims of a security event token as the Shared Signals
// Framework 1.0 has them (section 4.1: no sub and no exp). As with [Payload.Claims], the
// signature is the caller's to verify. What is malformed, or is another kind of token, is
// refused with [audience.CauseClaimsMalformed] or [audience.CauseClaimMissing].
func (p Payload) SecurityEvent() (*SecurityEvent, error) {
	for _, name := range []string{"iss", "aud", "iat", "jti", "events"} {
		if _, ok := p.members[name]; !ok {
			return nil, &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "a security event token, which has " + name}
		}
	}
	for _, name := range []string{"sub", "exp", "nonce"} {
		if _, ok := p.members[name]; ok {
			return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: fmt.Errorf("a security event token has no %s: this may be another kind of token", name)}
		}
	}
	r := reader{members: p.members}
	e := &SecurityEvent{Issuer: r.text("iss"), ID: r.text("jti"), Audience: r.audience(), IssuedAt: r.date("iat")}
	e.subject, e.has = p.members["sub_id"]
	var err error
	if e.Events, err = events(p.members["events"]); err != nil && r.err == nil {
		r.err = err
	}
	if r.err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: r.err}
	}
	return e, nil
}

// events reads the claim events (RFC 8417, section 2.2).
func events(v any) (map[string]map[string]any, error) {
	members, ok := v.(map[string]any)
	if !ok || len(members) == 0 || len(members) > maxEvents {
		return nil, fmt.Errorf("claim events is not an object with 1 to %d events", maxEvents)
	}
	all := make(map[string]map[string]any, len(members))
	for uri, v := range members {
		if _, err := plain(uri); err != nil {
			return nil, errors.New("an event in events has a type that is empty, too long, or has control characters")
		}
		if all[uri], ok = v.(map[string]any); !ok {
			return nil, fmt.Errorf("event %.128q is not an object", uri)
		}
	}
	return all, nil
}

// HappenedAt returns when an event happened: its event_timestamp (CAEP 1.0, section 2), or
// IssuedAt if it has none, or one that is later.
func (e *SecurityEvent) HappenedAt(event map[string]any) (time.Time, error) {
	v, ok := event["event_timestamp"]
	if !ok {
		return e.IssuedAt, nil
	}
	at, ok := jsonvalue.Date(v)
	if !ok {
		return time.Time{}, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: errors.New("event_timestamp is not a number of seconds since 1970")}
	}
	if at.After(e.IssuedAt) {
		return e.IssuedAt, nil
	}
	return at, nil
}

// Subject reads the claim sub_id. Its errors are those of [Payload.SecurityEvent].
func (e *SecurityEvent) Subject() (*SubjectID, error) {
	if !e.has {
		return nil, &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "a security event token, which has sub_id"}
	}
	id, err := subjectID(e.subject, true)
	if err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: fmt.Errorf("sub_id: %w", err)}
	}
	return id, nil
}

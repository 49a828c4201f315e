package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// The verdicts of a story.
const (
	admitted = "admitted"
	refused  = "refused"
	unclear  = "unknown" // whether the token is genuine could not be found out
	fetched  = "fetched" // it is for others to judge
)

// story is what became of a token at a method, and why.
type story struct {
	Verdict string         `json:"verdict"`
	Service string         `json:"service"`
	Method  string         `json:"method"`
	Entry   string         `json:"entry,omitempty"`
	Cause   audience.Cause `json:"cause,omitempty"`
	Peer    *peer          `json:"peer,omitempty"`
	Mode    string         `json:"mode,omitempty"` // unless the rules are enforced
	Fix     string         `json:"fix,omitempty"`
	Steps   []step         `json:"steps"`
	Notes   []string       `json:"notes,omitempty"`
	decoded

	now time.Time
}

// peer is what the caller is told.
type peer struct {
	Code   audience.Status `json:"code"`
	Phrase string          `json:"phrase"`
	Reason audience.Reason `json:"reason"`
	Error  string          `json:"error,omitempty"` // of the challenge (RFC 6750, section 3)
	Scopes []string        `json:"scope,omitempty"`
}

// step is one question with its answer.
type step struct {
	Question string         `json:"question"`
	OK       bool           `json:"ok"`
	Got      string         `json:"got,omitempty"`
	Want     string         `json:"want,omitempty"`
	Cause    audience.Cause `json:"cause,omitempty"`
	Hint     string         `json:"hint,omitempty"`
}

// judge has the verifier and the rule of the server judge a token.
func (t *target) judge(ctx context.Context, v *verifier.Verifier, token string, now time.Time) *story {
	s := &story{Verdict: admitted, Service: t.name, Method: t.method, Steps: []step{}, decoded: decode(token), now: now}
	s.caution()
	s.misspelled(t)
	switch {
	case t.rule == nil:
		s.refuse(t, &audience.Refusal{Cause: audience.CauseNoRule}, refused)
		return s
	case t.rule.Public():
		s.note("the method is public: no token is asked for, and one that comes is not judged")
		return s
	}
	claims, refusal := verify(ctx, v, token)
	switch {
	case refusal == nil:
		s.Steps = append(s.Steps, step{Question: "genuine", OK: true, Got: "a token of " + claims.Issuer(), Want: "one that its issuer vouches for"})
		s.ask(t, claims)
	case refusal.Reason() == audience.ReasonIssuerUnavailable:
		s.doubt(t, refusal)
	default:
		s.stumble(refusal)
		s.refuse(t, refusal, refused)
	}
	if mode := t.rule.Mode(claims, now); s.Verdict == refused && mode != access.Enforce {
		s.Mode = mode.String()
		s.note("the rule is not enforced yet (%s): a server lets the call through, without a caller", mode)
	}
	return s
}

// ask puts the questions of the rule to the claims.
func (s *story) ask(t *target, claims *claims.Claims) {
	told := t.rule.ExplainOffline(claims, s.now)
	s.Entry = told.Entry
	for _, q := range told.Checks {
		s.Steps = append(s.Steps, step{q.Name, q.OK, q.Got, q.Want, q.Cause, q.Hint})
	}
	if refusal, ok := errors.AsType[*audience.Refusal](t.rule.Judge(claims, access.Presentation{Time: s.now, Certificate: claims.Binding()})); ok {
		s.refuse(t, refusal, refused)
	}
	if told.Unproven {
		s.note("the token is bound to a certificate: a server admits it only over a connection that shows that one, which was not checked here")
	}
}

// doubt tells of a token whose issuer could not be asked. What the rule would
// refuse in any case is refused.
func (s *story) doubt(t *target, why *audience.Refusal) {
	s.stumble(why)
	issuer, _ := t.issuerOf(s.decoded)
	preset, _ := claims.LookupPreset(issuer.Preset)
	claims, err := preset.Claims(s.payload)
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok && s.payload != nil {
		s.stumble(refusal)
		s.refuse(t, refusal, refused)
		return
	}
	if claims != nil {
		s.ask(t, claims)
	}
	if s.Verdict == admitted {
		s.refuse(t, why, unclear)
		if claims != nil {
			s.note("if the token is genuine it is admitted: all else is well")
		}
		return
	}
	s.note("whether the token is genuine could not be found out, but the rule refuses it in any case")
}

// stumble adds the question that a token failed before the rule was asked.
func (s *story) stumble(r *audience.Refusal) {
	got := r.Got
	switch {
	case errors.Is(r.Err, errOffline):
		got = errOffline.Error()
	case r.Err != nil:
		got = strings.TrimPrefix(got+": "+r.Err.Error(), ": ")
	}
	s.Steps = append(s.Steps, step{Question: "genuine", Got: cmp.Or(got, "a token"), Want: cmp.Or(r.Want, "one that its issuer vouches for"), Cause: r.Cause, Hint: r.Hint})
}

func (s *story) refuse(t *target, r *audience.Refusal, verdict string) {
	s.Verdict, s.Cause = verdict, r.Cause
	reason := r.Reason()
	s.Peer = &peer{reason.Status(), reason.Phrase(), reason, reason.Challenge(), r.Challenge.Scopes}
	s.Fix = t.fix(s, r)
}

// caution warns of tokens that are worth stealing.
func (s *story) caution() {
	if left, ok := s.live(s.now); ok {
		s.note("this token is live for %s: do not paste it into chats or tickets", span(left.Round(time.Second)))
	}
}

// misspelled tells of a method whose rule is that of all methods, or none, since
// it may be another that was meant.
func (s *story) misspelled(t *target) {
	if text := t.misspelled(); text != "" {
		s.note("%s", text)
	}
}

func (s *story) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// exit is the status that s ends the process with.
func (s *story) exit() error {
	switch s.Verdict {
	case admitted, fetched:
		return nil
	case refused:
		return no
	default:
		return unknown
	}
}

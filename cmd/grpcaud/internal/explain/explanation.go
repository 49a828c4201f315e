package explain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// The verdicts.
const (
	Admitted = "admitted"
	Refused  = "refused"
	Unclear  = "unknown" // the token could not be verified
	Fetched  = "fetched" // the token is for an API of others
)

// Explanation is the verdict on a token at a method, with each check.
type Explanation struct {
	Verdict string         `json:"verdict"`
	Service string         `json:"service"`
	Method  string         `json:"method"`
	Entry   string         `json:"entry,omitempty"`
	Cause   audience.Cause `json:"cause,omitempty"`
	Peer    *peer          `json:"peer,omitempty"`
	Mode    string         `json:"mode,omitempty"` // empty if the rules are enforced
	Fix     string         `json:"fix,omitempty"`
	Checks  []Check        `json:"checks"`
	Notes   []string       `json:"notes,omitempty"`
	Decoded

	now time.Time
}

// peer is the answer that the caller gets.
type peer struct {
	Code   audience.Status `json:"code"`
	Phrase string          `json:"phrase"`
	Reason audience.Reason `json:"reason"`
	Error  string          `json:"error,omitempty"` // of the challenge (RFC 6750, section 3)
	Scopes []string        `json:"scope,omitempty"`
}

// Check is one check of a token.
type Check struct {
	Name  string         `json:"check"`
	OK    bool           `json:"ok"`
	Got   string         `json:"got,omitempty"`
	Want  string         `json:"want,omitempty"`
	Cause audience.Cause `json:"cause,omitempty"`
	Hint  string         `json:"hint,omitempty"`
}

// Explain judges a token with the verifier and the rule that the server has.
func (t *GuardedMethod) Explain(ctx context.Context, v *verifier.Verifier, token string, now time.Time) *Explanation {
	return t.explain(func() verified { return verify(ctx, v, token) }, token, now)
}

// explain judges a token with the rule that the server has. It verifies the token if the
// rule asks for one.
func (t *GuardedMethod) explain(verify func() verified, token string, now time.Time) *Explanation {
	s := &Explanation{Verdict: Admitted, Service: t.serviceName, Method: t.Method, Checks: []Check{}, Decoded: Decode(token), now: now}
	s.warnLive()
	s.noteMisspelling(t)
	switch {
	case t.rule == nil:
		s.setRefusal(t, &audience.Refusal{Cause: audience.CauseNoRule}, Refused)
		return s
	case t.rule.Public():
		s.addNote("the method is public: no token is required, and one that is sent is not judged")
		return s
	}
	v := verify()
	switch {
	case v.refusal == nil:
		s.Checks = append(s.Checks, Check{Name: "genuine", OK: true, Got: "a token of " + v.claims.Issuer(), Want: "one that its issuer vouches for"})
		s.explainRule(t, v.claims)
	case v.refusal.Reason() == audience.ReasonIssuerUnavailable:
		s.explainUnverified(t, v.refusal)
	default:
		s.addFailedCheck(v.refusal)
		s.setRefusal(t, v.refusal, Refused)
	}
	if mode := t.rule.Mode(v.claims, now); s.Verdict == Refused && mode != access.Enforce {
		s.Mode = mode.String()
		s.addNote("the rule is not enforced yet (%s): a server lets the call through, without a caller", mode)
	}
	return s
}

// NewExternal returns the explanation of a token for an API of others: nobody here
// knows its rules, so that the token is only decoded.
func NewExternal(service, token string, now time.Time) *Explanation {
	s := &Explanation{Verdict: Fetched, Service: service, Checks: []Check{}, Decoded: Decode(token), now: now}
	s.addNote("this is an API of others: its rules are not known here")
	return s
}

// explainRule adds the checks of the rule.
func (s *Explanation) explainRule(t *GuardedMethod, claims *claims.Claims) {
	explained := t.rule.ExplainOffline(claims, s.now)
	s.Entry = explained.Entry
	for _, q := range explained.Checks {
		s.Checks = append(s.Checks, Check{q.Name, q.OK, q.Got, q.Want, q.Cause, q.Hint})
	}
	if refusal, ok := errors.AsType[*audience.Refusal](t.rule.Judge(claims, access.Presentation{Time: s.now, Certificate: claims.Binding()})); ok {
		s.setRefusal(t, refusal, Refused)
	}
	if explained.Unproven {
		s.addNote("the token is bound to a certificate: a server admits it only over a connection with that certificate, which was not checked here")
	}
}

// explainUnverified explains a token whose issuer could not be asked. It is refused if
// the rule refuses it in any case.
func (s *Explanation) explainUnverified(t *GuardedMethod, why *audience.Refusal) {
	s.addFailedCheck(why)
	issuer, _ := t.IssuerOf(s.Decoded)
	claims, err := issuer.TokenPreset().Claims(s.payload)
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok && s.payload != nil {
		s.addFailedCheck(refusal)
		s.setRefusal(t, refusal, Refused)
		return
	}
	if claims != nil {
		s.explainRule(t, claims)
	}
	if s.Verdict == Admitted {
		s.setRefusal(t, why, Unclear)
		if claims != nil {
			s.addNote("if the token is genuine it is admitted: all other checks succeed")
		}
		return
	}
	s.addNote("the token could not be verified, but the rule refuses it in any case")
}

// addFailedCheck adds the check that failed before the rule was reached.
func (s *Explanation) addFailedCheck(r *audience.Refusal) {
	got := r.Got
	switch {
	case errors.Is(r.Err, errOffline):
		got = "a token that was not verified, since the issuer was not asked (--offline)"
	case r.Reason() == audience.ReasonIssuerUnavailable && r.Err != nil:
		got = "a token that could not be verified: " + r.Err.Error()
	case r.Err != nil:
		got = strings.TrimPrefix(got+": "+r.Err.Error(), ": ")
	}
	s.Checks = append(s.Checks, Check{Name: "genuine", Got: cmp.Or(got, "a token"), Want: cmp.Or(r.Want, "one that its issuer vouches for"), Cause: r.Cause, Hint: r.Hint})
}

func (s *Explanation) setRefusal(t *GuardedMethod, r *audience.Refusal, verdict string) {
	s.Verdict, s.Cause = verdict, r.Cause
	reason := r.Reason()
	s.Peer = &peer{reason.Status(), reason.Phrase(), reason, reason.Challenge(), r.Challenge.Scopes}
	s.Fix = t.fix(s, r)
}

// warnLive adds a note to a token that somebody could misuse.
func (s *Explanation) warnLive() {
	if left, ok := s.remainingLife(s.now); ok {
		s.addNote("this token is valid for %s: do not paste it into chats or tickets", formatDuration(left.Round(time.Second)))
	}
}

// noteMisspelling adds a note if the file does not name the method, but one like it.
func (s *Explanation) noteMisspelling(t *GuardedMethod) {
	if text := t.Misspelling(); text != "" {
		s.addNote("%s", text)
	}
}

func (s *Explanation) addNote(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// Exit implements [output.Answer].
func (s *Explanation) Exit() error {
	switch s.Verdict {
	case Admitted, Fetched:
		return nil
	case Refused:
		return output.No
	default:
		return output.Unknown
	}
}

// FailedCheck describes the first check that failed; empty if none did.
func (s *Explanation) FailedCheck() string {
	i := slices.IndexFunc(s.Checks, func(q Check) bool { return !q.OK })
	if i < 0 {
		return ""
	}
	text := fmt.Sprintf("got %s, want %s", s.Checks[i].Got, s.Checks[i].Want)
	if hint := s.Checks[i].Hint; hint != "" && hint != s.Fix {
		text += "; " + hint
	}
	return text
}

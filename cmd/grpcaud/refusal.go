package main

import (
	"cmp"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
)

// refusal is a call that a server refused. As an error it is the answer no, or
// none, where the server could not find out.
type refusal struct {
	Verdict   string          `json:"verdict"`
	Method    string          `json:"method"`
	Code      string          `json:"code"`
	Phrase    string          `json:"phrase"`
	Reason    audience.Reason `json:"reason,omitempty"`
	Challenge string          `json:"challenge,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Fix       string          `json:"fix,omitempty"`
}

// refused tells of a call that was refused with this token.
func (a *asker) refused(full, token string, e *interceptor.RefusedError) *refusal {
	r := &refusal{
		Verdict: refused, Method: full, Code: e.Code.String(), Phrase: status.Convert(e.Unwrap()).Message(),
		Reason: e.Reason, RequestID: e.RequestID,
	}
	if e.Reason == audience.ReasonIssuerUnavailable {
		r.Verdict = unclear
	}
	if e.Challenge.Realm != "" || e.Challenge.Error != "" {
		r.Challenge = e.Challenge.String()
	}
	r.Fix = trouble{
		reason: e.Reason, issuer: a.target.Issuer, audience: a.target.Audience, client: decode(token).client(),
		service: a.target.Service, method: full, scopes: e.Challenge.Wanted.Scopes,
	}.fix()
	if e.Code == codes.PermissionDenied {
		r.Fix = cmp.Or(a.misspelled(full), r.Fix)
	}
	return r
}

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%s: %s: %s", r.Verdict, r.Method, r.Phrase) }

// write tells r in one of the formats of the command.
func (r *refusal) write(p *page, format string) {
	if format == "json" {
		p.json(r)
		return
	}
	colour := bad
	if r.Verdict == unclear {
		colour = doubt
	}
	p.printf("%s\n", p.in(colour, r.Verdict+": "+printable(string(r.Reason))))
	var lines [][]string
	for _, line := range [][]string{
		{"method", r.Method},
		{"status", r.Code + ": " + r.Phrase},
		{"challenge", r.Challenge},
		{"request", r.RequestID},
		{"to mend it", r.Fix},
	} {
		if line[1] != "" {
			lines = append(lines, []string{line[0], printable(line[1])})
		}
	}
	p.table("  ", lines)
}

// exit is the status that r ends the process with.
func (r *refusal) exit() error {
	if r.Verdict == unclear {
		return unknown
	}
	return no
}

package remote

import (
	"cmp"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Refusal is the server's refusal of a call. As an error the answer is no, or unknown if
// the server could not verify the token.
type Refusal struct {
	Verdict   string          `json:"verdict"`
	Method    string          `json:"method"`
	Code      string          `json:"code"`
	Phrase    string          `json:"phrase"`
	Reason    audience.Reason `json:"reason,omitempty"`
	Challenge string          `json:"challenge,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Fix       string          `json:"fix,omitempty"`
}

// NewRefusal returns the refusal of a call with this token.
func NewRefusal(a *tokenrequest.Request, full, token string, e *interceptor.RefusedError) *Refusal {
	r := &Refusal{
		Verdict: explain.Refused, Method: full, Code: e.Code.String(), Phrase: status.Convert(e.Unwrap()).Message(),
		Reason: e.Reason, RequestID: e.RequestID,
	}
	if e.Reason == audience.ReasonIssuerUnavailable {
		r.Verdict = explain.Unclear
	}
	if e.Challenge.Realm != "" || e.Challenge.Error != "" {
		r.Challenge = e.Challenge.String()
	}
	about := a.Situation(e.Reason, token)
	about.Method, about.Scopes = full, e.Challenge.Wanted.Scopes
	r.Fix = about.Remedy()
	if e.Code == codes.PermissionDenied {
		r.Fix = cmp.Or(a.Misspelling(full), r.Fix)
	}
	return r
}

// Error implements error.
func (r *Refusal) Error() string { return fmt.Sprintf("%s: %s: %s", r.Verdict, r.Method, r.Phrase) }

// Write implements [output.Answer].
func (r *Refusal) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(r)
		return
	}
	colour := output.Bad
	if r.Verdict == explain.Unclear {
		colour = output.Doubt
	}
	p.Printf("%s\n", p.Colour(colour, r.Verdict+": "+output.Printable(string(r.Reason))))
	var lines [][]string
	for _, line := range [][]string{
		{"method", r.Method},
		{"status", r.Code + ": " + r.Phrase},
		{"challenge", r.Challenge},
		{"request", r.RequestID},
		{"fix", r.Fix},
	} {
		if line[1] != "" {
			lines = append(lines, []string{line[0], output.Printable(line[1])})
		}
	}
	p.Table("  ", lines)
}

// Exit implements [output.Answer].
func (r *Refusal) Exit() error {
	if r.Verdict == explain.Unclear {
		return output.Unknown
	}
	return output.No
}

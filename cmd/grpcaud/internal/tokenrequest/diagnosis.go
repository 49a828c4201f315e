package tokenrequest

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/tokensource"
)

// The results of a diagnosis, beside refused and unclear.
const (
	OK         = "ok"
	noToken    = "no token"    // the issuer gives none
	noAudience = "no audience" // the issuer gives one for others
	Broad      = "broad"       // the token is good at other services too
	Wider      = "wider"       // the issuer gives one that the matrix has no use for
	notAllowed = "not allowed" // the matrix does not let the client call
	Skipped    = "skipped"
)

// Diagnosis is what became of a client's token for a service. As an error it says
// that there is none.
type Diagnosis struct {
	Client  string `json:"client"`
	Service string `json:"service"`
	Result  string `json:"result"`
	Text    string `json:"text,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

// Error implements error.
func (d *Diagnosis) Error() string {
	return fmt.Sprintf("%s: %s for %s: %s", d.Result, d.Client, d.Service, d.Text)
}

// Diagnose says why a client has no token for its target, be it its own or one in
// exchange.
func Diagnose(client string, target access.Target, exchanged bool, err error) *Diagnosis {
	d := &Diagnosis{Client: client, Service: target.Service, Result: explain.Unclear, Text: output.StripPackage(err.Error())}
	lack := explain.Situation{
		Reason: audience.ReasonAudienceMismatch, Issuer: target.Issuer, Audience: target.Audience,
		Client: client, Service: target.Service, Scopes: target.Scopes,
	}
	if mismatch, ok := errors.AsType[*tokensource.MismatchError](err); ok {
		d.Result, d.Fix = noAudience, mismatch.Hint
		d.Text = fmt.Sprintf("the token has aud %q, want %q", mismatch.Got, mismatch.Want)
		return d
	}
	switch {
	case errors.Is(err, tokensource.ErrRefused):
		d.Result = noToken
	case errors.Is(err, tokensource.ErrUnavailable):
		d.Fix = fmt.Sprintf("see that %s can be reached from here, and is well; if a private authority vouches for it, give --issuer-ca", target.Issuer.URL)
	}
	if refusal, ok := errors.AsType[*tokensource.TokenError](err); ok {
		short := *refusal
		short.Hint = "" // which is for those who write code
		d.Text, d.Fix = output.StripPackage(short.Error()), cmp.Or(clientAdvice[refusal.Code], lack.Fix())
		plain := cmp.Or(target.Issuer.Preset, provider.Default) == provider.Default
		if exchanged || plain && refusal.Code == "invalid_target" {
			d.Fix = cmp.Or(refusal.Hint, d.Fix)
		}
	}
	return d
}

// clientAdvice are what to do where an issuer refuses a client for its own sake (RFC
// 6749, section 5.2).
var clientAdvice = map[string]string{
	"invalid_client":         "see that the issuer knows the client by this id, and that the secret or key is the one that the issuer has",
	"unauthorized_client":    "let the client use the grant client_credentials at the issuer",
	"unsupported_grant_type": "let the client use this grant at the issuer",
	"invalid_grant":          "see that the token to exchange is in force, and that its aud names the client that exchanges it",
}

// Write tells d in one of the formats of a command.
func (d *Diagnosis) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(d)
		return
	}
	p.Printf("%s: %s for %s\n", p.Colour(d.Colour(), d.Result), output.Printable(d.Client), output.Printable(d.Service))
	p.Table("  ", d.lines())
}

func (d *Diagnosis) lines() [][]string {
	lines := [][]string{{"why", output.Printable(d.Text)}}
	if d.Fix != "" {
		lines = append(lines, []string{"to mend it", output.Printable(d.Fix)})
	}
	return lines
}

func (d *Diagnosis) Colour() string {
	switch d.Result {
	case OK:
		return output.Good
	case explain.Unclear:
		return output.Doubt
	case Skipped:
		return output.Faint
	default:
		return output.Bad
	}
}

// Exit is the status that d ends the process with.
func (d *Diagnosis) Exit() error {
	switch d.Result {
	case OK:
		return nil
	case explain.Unclear, Skipped:
		return output.Unknown
	default:
		return output.No
	}
}

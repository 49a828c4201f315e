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

// The results, beside [explain.Refused] and [explain.Unclear].
const (
	OK         = "ok"
	noToken    = "no token"    // the issuer refuses to give one
	noAudience = "no audience" // the issuer gives one for another audience
	Broad      = "broad"       // other services accept the token too
	Wider      = "wider"       // the issuer gives a token that the matrix does not allow
	notAllowed = "not allowed" // the matrix does not let the client call
	Skipped    = "skipped"
)

// Diagnosis is the result of a client's request for a token for a service. As an error
// it says that there is none.
type Diagnosis struct {
	Client  string `json:"client"`
	Service string `json:"service"`
	Result  string `json:"result"`
	Text    string `json:"text,omitempty"`
	Fix     string `json:"fix,omitempty"`

	// Cause and Methods are why, and where, the service refuses the token.
	Cause   audience.Cause `json:"cause,omitempty"`
	Methods []string       `json:"methods,omitempty"`

	// Accepting are the other services that accept the token.
	Accepting []string `json:"accepting,omitempty"`
}

// Why is the text for people, with everything that is known.
func (d *Diagnosis) Why() string {
	switch {
	case d.Cause != "":
		return fmt.Sprintf("%s at %s: %s", string(d.Cause), output.Few(d.Methods), output.Printable(d.Text))
	case len(d.Accepting) > 0:
		return fmt.Sprintf("%s: %s", output.Printable(d.Text), output.List(d.Accepting))
	}
	return output.Printable(d.Text)
}

// Error implements error.
func (d *Diagnosis) Error() string {
	return fmt.Sprintf("%s: %s for %s: %s", d.Result, d.Client, d.Service, d.Text)
}

// Diagnose says why a client has no token for its target: its own, or an exchanged
// one.
func Diagnose(client string, target access.Target, exchanged bool, err error) *Diagnosis {
	d := &Diagnosis{Client: client, Service: target.Service, Result: explain.Unclear, Text: output.StripPackage(err.Error())}
	situation := explain.Situation{
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
		d.Fix = fmt.Sprintf("check that %s can be reached from here and works; if its certificate is from a private authority, give --issuer-ca", target.Issuer.URL)
	}
	if refusal, ok := errors.AsType[*tokensource.TokenError](err); ok {
		short := *refusal
		short.Hint = "" // which is for programmers
		d.Text, d.Fix = output.StripPackage(short.Error()), cmp.Or(clientAdvice[refusal.Code], situation.Fix())
		plain := cmp.Or(target.Issuer.Preset, provider.Default) == provider.Default // a dialect has no name
		if exchanged || plain && refusal.Code == "invalid_target" {
			d.Fix = cmp.Or(refusal.Hint, d.Fix)
		}
	}
	return d
}

// clientAdvice is what to change if an issuer refuses the client itself, by the error
// code (RFC 6749, section 5.2).
var clientAdvice = map[string]string{
	"invalid_client":         "check that the issuer knows the client by this id, and that the secret or key is the one that the issuer has",
	"unauthorized_client":    "let the client use the grant client_credentials at the issuer",
	"unsupported_grant_type": "let the client use this grant at the issuer",
	"invalid_grant":          "check that the token to exchange is still valid, and that its aud names the client that exchanges it",
}

// Write implements [output.Answer].
func (d *Diagnosis) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(d)
		return
	}
	p.Printf("%s: %s for %s\n", p.Colour(d.Colour(), d.Result), output.Printable(d.Client), output.Printable(d.Service))
	p.Table("  ", d.lines())
}

func (d *Diagnosis) lines() [][]string {
	lines := [][]string{{"why", d.Why()}}
	if d.Fix != "" {
		lines = append(lines, []string{"fix", output.Printable(d.Fix)})
	}
	return lines
}

// Colour returns the colour of the result.
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

// Exit implements [output.Answer].
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

package tokenrequest

import (
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/tokensource"
)

// The results, beside [explain.Refused] and [explain.Unclear].
const (
	OK         = "ok"
	NoToken    = "no token"    // the issuer refuses to give one
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

	// Cause is why the service refuses the token, Reason what the peer is told, and
	// Methods the methods that refuse it.
	Cause   audience.Cause  `json:"cause,omitempty"`
	Reason  audience.Reason `json:"reason,omitempty"`
	Methods []string        `json:"methods,omitempty"`

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

// Diagnose says why a client has no token for its target.
func Diagnose(client string, target access.Target, err error) *Diagnosis {
	d := &Diagnosis{Client: client, Service: target.Service, Result: explain.Unclear}
	if errors.Is(err, tokensource.ErrRefused) {
		d.Result = NoToken
	}
	if mismatch, ok := errors.AsType[*tokensource.MismatchError](err); ok {
		d.Result, d.Fix = noAudience, mismatch.Hint
		d.Text = fmt.Sprintf("the token has aud %q, want %q", mismatch.Got, mismatch.Want)
		return d
	}
	if refusal, ok := errors.AsType[*tokensource.TokenError](err); ok {
		own := *refusal
		own.Hint, err, d.Fix = "", &own, refusal.Hint
	} else {
		d.Fix, err = remedy.Split(err)
	}
	d.Text = output.StripPackage(err.Error())
	return d
}

// refusesToken reports whether an issuer that knows the client gives it no token for its
// target.
func refusesToken(err error) bool {
	refusal, ok := errors.AsType[*tokensource.TokenError](err)
	return errors.Is(err, tokensource.ErrRefused) && (!ok || refusal.Code != "invalid_client")
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

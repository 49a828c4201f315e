package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/tokensource"
)

// The results of a diagnosis, beside refused and unclear.
const (
	works      = "ok"
	noToken    = "no token"    // the issuer gives none
	noAudience = "no audience" // the issuer gives one for others
	broad      = "broad"       // the token is good at other services too
	wider      = "wider"       // the issuer gives one that the matrix has no use for
	notAllowed = "not allowed" // the matrix does not let the client call
	skipped    = "skipped"
)

// diagnosis is what became of a client's token for a service. As an error it says
// that there is none.
type diagnosis struct {
	Client  string `json:"client"`
	Service string `json:"service"`
	Result  string `json:"result"`
	Text    string `json:"text,omitempty"`
	Fix     string `json:"fix,omitempty"`
}

// Error implements error.
func (d *diagnosis) Error() string {
	return fmt.Sprintf("%s: %s for %s: %s", d.Result, d.Client, d.Service, d.Text)
}

// denied says why a client has no token for its target, be it its own or one in
// exchange.
func denied(client string, target access.Target, exchanged bool, err error) *diagnosis {
	d := &diagnosis{Client: client, Service: target.Service, Result: unclear, Text: bare(err.Error())}
	lack := trouble{
		reason: audience.ReasonAudienceMismatch, issuer: target.Issuer, audience: target.Audience,
		client: client, service: target.Service, scopes: target.Scopes,
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
		d.Text, d.Fix = bare(short.Error()), cmp.Or(refusals[refusal.Code], lack.fix())
		plain := cmp.Or(target.Issuer.Preset, provider.Default) == provider.Default
		if exchanged || plain && refusal.Code == "invalid_target" {
			d.Fix = cmp.Or(refusal.Hint, d.Fix)
		}
	}
	return d
}

// refusals are what to do where an issuer refuses a client for its own sake (RFC
// 6749, section 5.2).
var refusals = map[string]string{
	"invalid_client":         "see that the issuer knows the client by this id, and that the secret or key is the one that the issuer has",
	"unauthorized_client":    "let the client use the grant client_credentials at the issuer",
	"unsupported_grant_type": "let the client use this grant at the issuer",
	"invalid_grant":          "see that the token to exchange is in force, and that its aud names the client that exchanges it",
}

// write tells d in one of the formats of a command.
func (d *diagnosis) write(p *page, format string) {
	if format == "json" {
		p.json(d)
		return
	}
	p.printf("%s: %s for %s\n", p.in(d.colour(), d.Result), printable(d.Client), printable(d.Service))
	p.table("  ", d.lines())
}

func (d *diagnosis) lines() [][]string {
	lines := [][]string{{"why", printable(d.Text)}}
	if d.Fix != "" {
		lines = append(lines, []string{"to mend it", printable(d.Fix)})
	}
	return lines
}

func (d *diagnosis) colour() string {
	switch d.Result {
	case works:
		return good
	case unclear:
		return doubt
	case skipped:
		return faint
	default:
		return bad
	}
}

// exit is the status that d ends the process with.
func (d *diagnosis) exit() error {
	switch d.Result {
	case works:
		return nil
	case unclear, skipped:
		return unknown
	default:
		return no
	}
}

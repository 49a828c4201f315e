package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/tokensource"
)

// visit asks for the token of a client for a service, and finds what is wrong
// with what comes.
func (c *clinic) visit(ctx context.Context, v visit) row {
	r := row{Allowed: lets(c.policy, v.client, v.service)}
	r.diagnosis = diagnosis{Client: v.client, Service: v.service, Result: works}
	s, ours := c.matrix.Services[v.service]
	if why := c.pointless(v, s, r.Allowed && ours); why != "" {
		r.Result, r.Text = skipped, why
		return r
	}
	target, err := c.wide.Target(v.client, v.service)
	if err != nil {
		panic(err) // there are visits under this policy only
	}
	token, err := fetch(ctx, c.clients[v.client], v.service, "")
	switch {
	case err != nil && r.Allowed:
		r.diagnosis = *denied(v.client, target, false, err)
	case err != nil:
		r.rightly(denied(v.client, target, false, err), err)
	case !r.Allowed:
		c.tooWide(&r, target)
	case ours:
		c.judge(ctx, &r, token, target)
	}
	if r.Result == works && r.Allowed {
		c.tooBroad(&r, token)
	}
	return r
}

// pointless says why there is no use in asking; empty if there is.
func (c *clinic) pointless(v visit, s access.Service, guarded bool) string {
	files := c.matrix.Clients[v.client].TokenFiles
	switch {
	case len(files) > 0 && files[v.service] == "":
		return "token_files has none for it"
	case guarded && len(asItself(s, v.client)) == 0:
		return "calls are for users: see grpcaud token --on-behalf-of-file"
	}
	return ""
}

// asItself lists the methods of a service that a client may call as itself.
func asItself(s access.Service, client string) []string {
	var methods []string
	for _, a := range s.Allow {
		users := a.Callers == access.UsersOnly || len(a.ACR) > 0 || a.MaxAuthAge > 0
		if !users && (a.AnyClient || slices.Contains(a.Clients, client)) {
			methods = append(methods, a.Methods...)
		}
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// rightly tells of a client that got no token for what it may not call. That is
// as it should be, unless it says nothing: the issuer cannot be asked, or does not
// know the client, which is told where it may call.
func (r *row) rightly(d *diagnosis, err error) {
	refusal, _ := errors.AsType[*tokensource.TokenError](err)
	switch {
	case d.Result == unclear:
		r.diagnosis = *d
	case refusal != nil && refusal.Code == "invalid_client":
		r.Result, r.Text = skipped, d.Text
	}
}

// tooWide tells of a token that the matrix has no use for. Where every client has
// one for every audience, that is no news.
func (c *clinic) tooWide(r *row, target access.Target) {
	preset, _ := claims.LookupPreset(target.Issuer.Preset)
	if preset.MintsAnyAudience() {
		r.Text = "this kind of issuer gives every client a token for every audience"
		return
	}
	r.Result = wider
	r.Text = fmt.Sprintf("the issuer gives %s a token for %s; the matrix does not let it call", r.Client, target.Audience)
	r.Fix = fmt.Sprintf("take the audience %s away from client %q at %s, or name the client in the matrix", target.Audience, r.Client, target.Issuer.URL)
}

// tooBroad tells of a token that is good at other services of the matrix, too.
func (c *clinic) tooBroad(r *row, token string) {
	var others []string
	for _, aud := range audiences(token) {
		if name := c.owner(aud); name != "" && name != r.Service && aud != c.matrix.Clients[r.Client].ID {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		r.Result = broad
		r.Text = fmt.Sprintf("the token is good at %s as well: %s can call there with it", words(others), r.Service)
		r.Fix = "have the issuer put one audience into a token: the one that is asked for"
	}
}

// audiences are whom a JWT is for.
func audiences(token string) []string {
	switch aud := decode(token).Claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var all []string
		for _, one := range aud {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// owner returns who answers to an audience; empty if nobody does.
func (c *clinic) owner(aud string) string {
	for _, name := range serviceNames(c.matrix) {
		if slices.Contains(c.matrix.Services[name].Audiences, aud) || c.matrix.External[name].Audience == aud {
			return name
		}
	}
	return ""
}

// judge has the service judge a token wherever the client may call as itself, and
// tells of the first refusal.
func (c *clinic) judge(ctx context.Context, r *row, token string, target access.Target) {
	var at []string
	var first *story
	for _, method := range asItself(c.matrix.Services[r.Service], r.Client) {
		t, err := targetAt(c.policy, r.Service, target.GRPC[0]+"/"+method)
		if err != nil {
			panic(err) // a method of the service's own
		}
		s := t.judge(ctx, c.judges[r.Service], token, time.Now())
		if s.Verdict == admitted || first != nil && s.Cause != first.Cause {
			continue
		}
		if first == nil {
			first = s
		}
		at = append(at, method)
	}
	if first != nil {
		r.Result, r.Fix = first.Verdict, first.Fix
		r.Text = fmt.Sprintf("%s at %s%s", string(first.Cause), few(at), first.stumbled())
	}
}

// stumbled says what came and what was wanted where a token was refused.
func (s *story) stumbled() string {
	i := slices.IndexFunc(s.Steps, func(q step) bool { return !q.OK })
	if i < 0 {
		return ""
	}
	return strings.TrimSuffix(fmt.Sprintf(": got %s, want %s; %s", s.Steps[i].Got, s.Steps[i].Want, s.Steps[i].Hint), "; ")
}

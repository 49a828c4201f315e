package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/tokensource"
)

// examinePair asks for the token of a client for a service, and finds what is wrong
// with what comes.
func (c *Examiner) examinePair(ctx context.Context, v pair) row {
	r := row{Allowed: tokenrequest.MayCall(c.policy, v.client, v.service)}
	r.Diagnosis = tokenrequest.Diagnosis{Client: v.client, Service: v.service, Result: tokenrequest.OK}
	s, ours := c.matrix.Services[v.service]
	if why := c.skipReason(v, s, r.Allowed && ours); why != "" {
		r.Result, r.Text = tokenrequest.Skipped, why
		return r
	}
	target, err := c.permissive.Target(v.client, v.service)
	if err != nil {
		panic(err) // there are visits under this policy only
	}
	token, err := tokenrequest.Fetch(ctx, c.clients[v.client], v.service, "")
	switch {
	case err != nil && r.Allowed:
		r.Diagnosis = *tokenrequest.Diagnose(v.client, target, false, err)
	case err != nil:
		r.expectedDenial(tokenrequest.Diagnose(v.client, target, false, err), err)
	case !r.Allowed:
		c.markWider(&r, target)
	case ours:
		c.markVerdict(ctx, &r, token, target)
	}
	if r.Result == tokenrequest.OK && r.Allowed {
		c.markBroad(&r, token)
	}
	return r
}

// skipReason says why there is no use in asking; empty if there is.
func (c *Examiner) skipReason(v pair, s access.Service, guarded bool) string {
	files := c.matrix.Clients[v.client].TokenFiles
	switch {
	case len(files) > 0 && files[v.service] == "":
		return "token_files has none for it"
	case guarded && len(methodsAsService(s, v.client)) == 0:
		return "calls are for users: see grpcaud token --on-behalf-of-file"
	}
	return ""
}

// methodsAsService lists the methods of a service that a client may call as itself.
func methodsAsService(s access.Service, client string) []string {
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

// expectedDenial tells of a client that got no token for what it may not call. That is
// as it should be, unless it says nothing: the issuer cannot be asked, or does not
// know the client, which is told where it may call.
func (r *row) expectedDenial(d *tokenrequest.Diagnosis, err error) {
	refusal, _ := errors.AsType[*tokensource.TokenError](err)
	switch {
	case d.Result == explain.Unclear:
		r.Diagnosis = *d
	case refusal != nil && refusal.Code == "invalid_client":
		r.Result, r.Text = tokenrequest.Skipped, d.Text
	}
}

// markWider tells of a token that the matrix has no use for. Where every client has
// one for every audience, that is no news.
func (c *Examiner) markWider(r *row, target access.Target) {
	preset, _ := claims.LookupPreset(target.Issuer.Preset)
	if preset.MintsAnyAudience() {
		r.Text = "this kind of issuer gives every client a token for every audience"
		return
	}
	r.Result = tokenrequest.Wider
	r.Text = fmt.Sprintf("the issuer gives %s a token for %s; the matrix does not let it call", r.Client, target.Audience)
	r.Fix = fmt.Sprintf("take the audience %s away from client %q at %s, or name the client in the matrix", target.Audience, r.Client, target.Issuer.URL)
}

// markBroad tells of a token that is good at other services of the matrix, too.
func (c *Examiner) markBroad(r *row, token string) {
	var others []string
	for _, aud := range audiences(token) {
		if name := c.serviceOfAudience(aud); name != "" && name != r.Service && aud != c.matrix.Clients[r.Client].ID {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		r.Result = tokenrequest.Broad
		r.Text = fmt.Sprintf("the token is good at %s as well: %s can call there with it", output.List(others), r.Service)
		r.Fix = "have the issuer put one audience into a token: the one that is asked for"
	}
}

// audiences are whom a JWT is for.
func audiences(token string) []string {
	switch aud := explain.Decode(token).Claims["aud"].(type) {
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

// serviceOfAudience returns who answers to an audience; empty if nobody does.
func (c *Examiner) serviceOfAudience(aud string) string {
	for _, name := range files.ServiceNames(c.matrix) {
		if slices.Contains(c.matrix.Services[name].Audiences, aud) || c.matrix.External[name].Audience == aud {
			return name
		}
	}
	return ""
}

// markVerdict has the service judge a token wherever the client may call as itself, and
// tells of the first refusal.
func (c *Examiner) markVerdict(ctx context.Context, r *row, token string, target access.Target) {
	var at []string
	var first *explain.Explanation
	for _, method := range methodsAsService(c.matrix.Services[r.Service], r.Client) {
		t, err := explain.GuardedMethodAt(c.policy, r.Service, target.GRPC[0]+"/"+method)
		if err != nil {
			panic(err) // a method of the service's own
		}
		s := t.Explain(ctx, c.verifiers[r.Service], token, time.Now())
		if s.Verdict == explain.Admitted || first != nil && s.Cause != first.Cause {
			continue
		}
		if first == nil {
			first = s
		}
		at = append(at, method)
	}
	if first != nil {
		r.Result, r.Fix = first.Verdict, first.Fix
		r.Text = fmt.Sprintf("%s at %s%s", string(first.Cause), output.Few(at), first.FailedCheck())
	}
}

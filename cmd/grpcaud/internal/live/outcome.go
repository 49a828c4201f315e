package live

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
	"github.com/grpcaud/grpcaud/interceptor"
)

// errReplied ends a call whose first reply has arrived.
var errReplied = errors.New("the server replied")

// judge records what the outcome of a call says: err is its error. An answer that is not
// a guard's counts as the handler's, unless there was no answer.
func (p *probe) judge(err error) {
	if refusal, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		p.judgeRefusal(refusal)
		return
	}
	st := status.Convert(err)
	text := fmt.Sprintf("%s: %s", st.Code(), output.StripPackage(st.Message()))
	if why := remote.NoTLS(st); why != "" {
		text = fmt.Sprintf("%s: %s", st.Code(), why)
	}
	switch {
	case err == nil || errors.Is(err, errReplied):
		p.Result, p.Text = admitted, "the handler replied"
	case slices.Contains(refusalCodes, st.Code()):
		p.Result, p.Text = refused, text+" (this server does not say why)"
	case slices.Contains(silentCodes, st.Code()) || strings.Contains(st.Message(), foreignAnswer):
		p.Result, p.Text = unknown, text
	default:
		p.Result, p.Text = admitted, "the handler replied "+text
	}
}

// refusalCodes are the codes with which guards of any kind refuse a call.
var refusalCodes = []codes.Code{codes.Unauthenticated, codes.PermissionDenied}

// silentCodes are the codes of calls that perhaps neither a guard nor a handler has
// answered. A server that does not have the method answers Unimplemented.
var silentCodes = []codes.Code{codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Unimplemented}

// foreignAnswer is in the status text of gRPC if the answer was not from a gRPC server.
const foreignAnswer = "unexpected HTTP status code"

// judgeRefusal records the refusal of a guard.
func (p *probe) judgeRefusal(e *interceptor.RefusedError) {
	p.Result, p.Got = refused, e.Reason
	switch {
	case e.Reason == "":
		p.Text = "this server does not say why"
	case e.Reason == audience.ReasonIssuerUnavailable:
		p.Result, p.Text = unknown, "the server cannot reach the issuer, and refuses everything"
	case p.Want == audience.ReasonAudienceMismatch && slices.Contains(afterAudience, e.Reason):
		p.Result, p.Text = accepted, fmt.Sprintf("the server accepts this audience, and refused the call for %s alone", e.Reason)
	case e.Reason != p.Want:
		p.Result, p.Text = unknown, fmt.Sprintf("refused for %s before that check: the server may follow another matrix", e.Reason)
	}
}

// afterAudience are the reasons of checks that a guard makes only if the token is for its
// service.
var afterAudience = []audience.Reason{
	audience.ReasonClientNotAllowed, audience.ReasonScopeInsufficient, audience.ReasonRoleInsufficient,
	audience.ReasonClaimNotAllowed, audience.ReasonStepUpRequired,
}

// judgeUnimplemented decides about the calls that ended with Unimplemented. If a guard of
// this module has refused another call of the method, the handler answered them.
func judgeUnimplemented(probes []*probe) {
	guarded := slices.ContainsFunc(probes, func(p *probe) bool { return p.Result == refused && p.Got != "" })
	for _, p := range probes {
		if p.Result != unknown || !strings.HasPrefix(p.Text, codes.Unimplemented.String()+":") {
			continue
		}
		if guarded {
			p.Result, p.Text = admitted, "the handler replied "+p.Text
		} else {
			p.Text += "; name a method that the server has"
		}
	}
}

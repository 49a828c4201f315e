package interceptor

import (
	"context"
	"strings"

	"google.golang.org/grpc/credentials"

	"github.com/grpcaud/grpcaud/internal/serving"
)

// Outgoing returns what presents the tokens of c for a service of the matrix over another
// transport than gRPC, by the rules of [Client.Dial]. Only packages of this module can
// call it.
func (c *Client) Outgoing(_ serving.Internal, whose serving.Propagation, service string) (serving.Presenter, error) {
	creds := &serviceCredentials{client: c, propagation: propagation(whose), services: []string{service}}
	if err := creds.current().err; err != nil {
		return serving.Presenter{}, err
	}
	c.mu.Lock()
	c.connected[service] = true
	c.mu.Unlock()
	r := &retrier{budget: c.retryBudget(creds.services), services: creds, refusals: c.refusals}
	return serving.Presenter{UntilLogout: r.untilLogout, Present: func(ctx context.Context, call serving.Outgoing) (serving.Presented, error) {
		if err := r.check(ctx, call.Method); err != nil {
			return serving.Presented{}, err
		}
		return r.present(ctx, call)
	}}, nil
}

// present returns what one attempt of a call carries.
func (r *retrier) present(ctx context.Context, call serving.Outgoing) (serving.Presented, error) {
	a := &attempt{
		Context: ctx, retrier: r, name: newAttemptName(), method: call.Method,
		connection: &connection{authority: call.Authority},
	}
	service := call.Method[:max(0, strings.LastIndexByte(call.Method, '/'))]
	info := credentials.RequestInfo{Method: call.Method, AuthInfo: otherConnection(call.Kind)}
	header, err := r.services.present(a, []string{"https://" + call.Authority + service}, info, a)
	if err != nil {
		r.report(ctx, call.Method, err, true)
		return serving.Presented{}, err
	}
	carried := map[string]string{attemptHeader: a.name}
	for name, value := range header {
		carried[name] = value
	}
	return serving.Presented{Header: carried, Ended: func(answer serving.Answer, attempts int) (error, bool) {
		err := a.refusal(answer.Err, answer.Trailer)
		r.recordOutcome(attempts, err)
		if err != nil && attempts == 1 && r.retryable(a, err) {
			return err, true
		}
		r.report(ctx, call.Method, err, false)
		return err, false
	}}, nil
}

// otherConnection tells [wire] about a connection that gRPC did not make.
type otherConnection serving.ConnectionKind

// AuthType implements [credentials.AuthInfo].
func (c otherConnection) AuthType() string { return string(c) }

// GetCommonAuthInfo says how private the connection is.
func (c otherConnection) GetCommonAuthInfo() credentials.CommonAuthInfo {
	level := credentials.NoSecurity
	if serving.ConnectionKind(c) == serving.TLS {
		level = credentials.PrivacyAndIntegrity
	}
	return credentials.CommonAuthInfo{SecurityLevel: level}
}

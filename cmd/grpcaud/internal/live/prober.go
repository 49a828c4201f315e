package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Options say which server to call, and with which tokens.
type Options struct {
	// Service is its name in the matrix, and Method the only method that is called.
	Service, Method string

	// Other is the service whose tokens may be sent to the server; empty means that the
	// server gets only tokens that it can request itself.
	Other string

	// Clients are the names of the clients whose tokens may be requested.
	Clients []string

	// Files are further tokens that the server must refuse, by the names of their files.
	Files map[string]string

	Connection *remote.Connection
	Transport  http.RoundTripper // for requests to issuers; nil is the default
	Timeout    time.Duration     // for each call, and for each token with its verdict
}

// Prober calls a server. Close it.
type Prober struct {
	Options
	permissive *access.Policy // see tokenrequest.Permissive
	policy     *access.Policy
	matrix     access.Matrix
	service    access.Service
	at         *explain.GuardedMethod
	verifier   *verifier.Verifier
	clients    map[string]*interceptor.Client
	conn       *grpc.ClientConn
}

// New returns a prober. It makes no network requests. A method that anybody may call is
// an error: nothing is refused there.
func New(policy *access.Policy, o Options) (*Prober, error) {
	p := &Prober{Options: o, policy: policy, matrix: policy.Matrix(), clients: map[string]*interceptor.Client{}}
	p.service = p.matrix.Services[o.Service]
	var err error
	if p.at, err = explain.NewGuardedMethod(policy, o.Service, o.Method); err != nil {
		return nil, err
	}
	switch rule := p.at.Guard.Rule(p.at.Method); {
	case rule == nil || rule.WithoutEntry():
		return nil, fmt.Errorf("no rule lets anybody call %s: name a method that some clients may call", p.at.Method)
	case rule.Public() || rule.Optional():
		return nil, fmt.Errorf("anybody may call %s, without a token: name a method that needs one", p.at.Method)
	}
	if p.permissive, err = tokenrequest.Permissive(policy); err != nil {
		return nil, err
	}
	dial, err := o.Connection.DialOptions()
	if err != nil {
		return nil, err
	}
	if p.conn, err = grpc.NewClient(o.Connection.Addr, append(dial, interceptor.Retry()...)...); err != nil {
		return nil, err
	}
	if p.verifier, err = explain.NewVerifier(p.at.Guard, o.Transport); err != nil {
		return nil, errors.Join(err, p.conn.Close())
	}
	return p, nil
}

// Close releases the connection, the clients and the verifier.
func (p *Prober) Close() {
	p.conn.Close()
	for _, client := range p.clients {
		client.Close()
	}
	p.verifier.Close()
}

// Examine makes the calls one after the other. If the call without a token is not refused,
// or a call with a token that no server accepts is admitted, it is the last: the server
// gets no real token.
func (p *Prober) Examine(ctx context.Context) *Report {
	r := &Report{Service: p.Service, Target: p.Connection.Addr, Method: p.at.Method, Probes: []*probe{}}
	if text := p.at.Misspelling(); text != "" {
		r.Notes = append(r.Notes, text)
	}
	if mode := p.at.Guard.Rule(p.at.Method).Mode(nil, time.Now()); mode != access.Enforce {
		r.Notes = append(r.Notes, fmt.Sprintf("the matrix has mode: %s for the method, with which a server lets such calls through", mode))
	}
	for _, prepare := range p.preparations() {
		next := p.examine(ctx, prepare)
		r.Probes = append(r.Probes, next)
		if next.harmless && next.Result == admitted || next.token == "" && next.Result == unknown {
			r.Notes = append(r.Notes, "no further call was made: a server that does not refuse a call with "+next.What+" gets no real token")
			break
		}
	}
	judgeUnimplemented(r.Probes)
	if p.Other == "" && slices.ContainsFunc(r.Probes, func(x *probe) bool { return x.What == otherService && x.Result == refused && x.Got == "" }) {
		r.Notes = append(r.Notes, "this server does not say why it refused the token for another service; its client may not call either: --live-other tries one that may")
	}
	return r
}

// examine makes one call, if its token is there.
func (p *Prober) examine(ctx context.Context, prepare func(context.Context) *probe) *probe {
	inTime, cancel := context.WithTimeout(ctx, p.Timeout)
	defer cancel()
	next := prepare(inTime)
	if next.Result == "" {
		ctx, cancel := context.WithTimeout(ctx, p.Timeout)
		defer cancel()
		p.call(ctx, next)
	}
	return next
}

// call makes a call with one empty message, and ends it at the first reply.
func (p *Prober) call(ctx context.Context, next *probe) {
	m := &remote.Method{FullName: p.at.Method}
	bearer := p.Connection.Bearer(next.token, p.conn, p.service.Authorities)
	var opts []grpc.CallOption
	if next.token != "" {
		opts = append(opts, bearer.Option())
	}
	err := m.Call(ctx, p.conn, []proto.Message{&emptypb.Empty{}}, func(any) error { return errReplied }, opts...)
	if unsent := bearer.Unsent(); unsent != nil {
		next.Result, next.Text = unknown, unsent.Error()
		return
	}
	next.judge(err)
}

package doctor

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Options say what to examine, and how.
type Options struct {
	// Clients and Services are the names of those to examine.
	Clients, Services []string

	// IssuerCA is a file with further certificates to trust for issuers; empty for none.
	IssuerCA string

	// Subject is the token of a user, to examine the calls for users; the zero value is
	// none.
	Subject tokenrequest.Subject

	// Timeout is the time limit for each token and its verdict.
	Timeout time.Duration
}

// Examiner requests tokens and judges them. Close it.
type Examiner struct {
	policy     *access.Policy // as written in the file
	matrix     access.Matrix
	permissive *access.Policy // see tokenrequest.Permissive
	clients    map[string]*interceptor.Client
	verifiers  map[string]*verifier.Verifier // by service
	services   []string                      // to examine
	subject    tokenrequest.Subject
	report     *Report
	pairs      []pair
	timeout    time.Duration
}

// pair is a client and a service to examine together.
type pair struct{ client, service string }

// parallel is how many pairs are examined at a time.
const parallel = 8

// New returns an examiner. It makes no network requests.
func New(policy *access.Policy, o Options) (*Examiner, error) {
	transport, err := files.IssuerTransport(o.IssuerCA)
	if err != nil {
		return nil, err
	}
	c := &Examiner{
		policy: policy, matrix: policy.Matrix(), report: &Report{}, timeout: o.Timeout,
		services: o.Services, subject: o.Subject,
		clients: map[string]*interceptor.Client{}, verifiers: map[string]*verifier.Verifier{},
	}
	if c.permissive, err = tokenrequest.Permissive(policy); err != nil {
		return nil, err
	}
	for _, name := range o.Clients {
		c.addClient(name, transport)
	}
	for _, name := range o.Services {
		if err := c.addVerifier(name, transport); err != nil {
			c.Close()
			return nil, err
		}
	}
	for _, client := range c.clientNames() {
		for _, service := range o.Services {
			if tokenrequest.MayCall(c.permissive, client, service) && !(c.hasUser() && c.onlyForUsers(client, service)) {
				c.pairs = append(c.pairs, pair{client, service})
			}
		}
	}
	return c, nil
}

// clientNames returns the names of the clients to examine, sorted.
func (c *Examiner) clientNames() []string { return slices.Sorted(maps.Keys(c.clients)) }

// hasUser reports whether calls for users are examined.
func (c *Examiner) hasUser() bool { return !c.subject.Token.IsZero() }

// addClient prepares the client of that name, if its credentials can be read.
func (c *Examiner) addClient(name string, transport http.RoundTripper) {
	err := tokenrequest.CheckCredentials(c.matrix.Clients[name])
	var client *interceptor.Client
	if err == nil {
		client, err = tokenrequest.NewClient(c.permissive, name, transport)
	}
	if err != nil {
		c.report.Skipped = append(c.report.Skipped, skippedClient{name, output.StripPackage(err.Error())})
		return
	}
	c.clients[name] = client
}

// addVerifier prepares the verifier for the service of that name.
func (c *Examiner) addVerifier(name string, transport http.RoundTripper) error {
	if _, ours := c.matrix.Services[name]; !ours {
		return nil
	}
	guard, err := c.policy.Guard(name)
	if err != nil {
		return err
	}
	v, err := explain.NewVerifier(guard, transport)
	if err == nil {
		c.verifiers[name] = v
	}
	return err
}

// Close releases the clients and verifiers.
func (c *Examiner) Close() {
	for _, client := range c.clients {
		client.Close()
	}
	for _, v := range c.verifiers {
		v.Close()
	}
}

// Examine examines all pairs, then the calls for users, and returns the report.
func (c *Examiner) Examine(ctx context.Context) *Report {
	c.report.Rows = make([]row, len(c.pairs))
	slots := make(chan struct{}, parallel)
	var running sync.WaitGroup
	for i, p := range c.pairs {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			c.report.Rows[i] = c.examinePair(ctx, p)
		})
	}
	running.Wait()
	if c.hasUser() {
		c.report.Rows = append(c.report.Rows, c.examineUser(ctx)...)
	}
	c.report.tellOnce()
	return c.report
}

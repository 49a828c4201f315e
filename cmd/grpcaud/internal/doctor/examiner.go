package doctor

import (
	"context"
	"errors"
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
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Options says what to examine, and how.
type Options struct {
	// Clients and Services are the names of those that are meant.
	Clients, Services []string

	// IssuerCA is a file with certificates to trust where issuers are asked; empty for
	// none.
	IssuerCA string

	// Timeout is how long to wait for each token and its verdict.
	Timeout time.Duration
}

// Examiner is where tokens are examined. Close it.
type Examiner struct {
	policy     *access.Policy // as the file has it
	matrix     access.Matrix
	permissive *access.Policy // under which every client may ask
	clients    map[string]*interceptor.Client
	verifiers  map[string]*verifier.Verifier // by service
	report     *Report
	pairs      []pair
	timeout    time.Duration
}

// pair is a client and a service that are examined together.
type pair struct{ client, service string }

// parallel is how many visits there are at a time.
const parallel = 8

func New(policy *access.Policy, e Options) (*Examiner, error) {
	wire, err := files.IssuerTransport(e.IssuerCA)
	if err != nil {
		return nil, err
	}
	c := &Examiner{
		policy: policy, matrix: policy.Matrix(), report: &Report{}, timeout: e.Timeout,
		clients: map[string]*interceptor.Client{}, verifiers: map[string]*verifier.Verifier{},
	}
	if c.permissive, err = tokenrequest.Permissive(policy); err != nil {
		return nil, err
	}
	for _, name := range e.Clients {
		c.addClient(name, wire)
	}
	for _, name := range e.Services {
		if err := c.addVerifier(name, wire); err != nil {
			c.Close()
			return nil, err
		}
	}
	for _, client := range slices.Sorted(maps.Keys(c.clients)) {
		for _, service := range e.Services {
			if tokenrequest.MayCall(c.permissive, client, service) {
				c.pairs = append(c.pairs, pair{client, service})
			}
		}
	}
	return c, nil
}

// addClient makes ready the client of that name, if its credentials are at hand.
func (c *Examiner) addClient(name string, wire http.RoundTripper) {
	err := checkCredentials(c.matrix.Clients[name])
	var client *interceptor.Client
	if err == nil {
		client, err = tokenrequest.NewClient(c.permissive, name, wire)
	}
	if err != nil {
		c.report.Skipped = append(c.report.Skipped, skippedClient{name, output.StripPackage(err.Error())})
		return
	}
	c.clients[name] = client
}

// addVerifier makes ready who judges tokens for the service of that name.
func (c *Examiner) addVerifier(name string, wire http.RoundTripper) error {
	if _, ours := c.matrix.Services[name]; !ours {
		return nil
	}
	guard, err := c.policy.Guard(name)
	if err != nil {
		return err
	}
	judge, err := explain.NewVerifier(guard, wire)
	if err == nil {
		c.verifiers[name] = judge
	}
	return err
}

func (c *Examiner) Close() {
	for _, client := range c.clients {
		client.Close()
	}
	for _, judge := range c.verifiers {
		judge.Close()
	}
}

// Examine has all visits take place, so many at a time.
func (c *Examiner) Examine(ctx context.Context) *Report {
	c.report.Rows = make([]row, len(c.pairs))
	places := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, v := range c.pairs {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			c.report.Rows[i] = c.examinePair(ctx, v)
		})
	}
	all.Wait()
	return c.report
}

// checkCredentials returns what of a client's credentials cannot be read here.
func checkCredentials(c access.Client) error {
	files := []string{c.Secret.File, c.PrivateKey.File, c.Assertion, c.Certificate.File, c.Certificate.KeyFile}
	var errs []error
	for _, path := range slices.Sorted(slices.Values(slices.AppendSeq(files, maps.Values(c.TokenFiles)))) {
		if path == "" {
			continue
		}
		file, _, err := regularfile.Open(path)
		if err == nil {
			file.Close()
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

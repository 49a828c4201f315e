package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// clinic is where tokens are examined. Close it.
type clinic struct {
	policy  *audience.Policy // as the file has it
	matrix  audience.Matrix
	wide    *audience.Policy // under which every client may ask
	clients map[string]*interceptor.Client
	judges  map[string]*verifier.Verifier // by service
	report  *report
	visits  []visit
	timeout time.Duration
}

// visit is a client and a service that are examined together.
type visit struct{ client, service string }

// parallel is how many visits there are at a time.
const parallel = 8

func newClinic(policy *audience.Policy, e *examining) (*clinic, error) {
	wire, err := issuerWire(e.issuerCA)
	if err != nil {
		return nil, err
	}
	c := &clinic{
		policy: policy, matrix: policy.Matrix(), report: &report{}, timeout: e.timeout,
		clients: map[string]*interceptor.Client{}, judges: map[string]*verifier.Verifier{},
	}
	if c.wide, err = widened(policy); err != nil {
		return nil, err
	}
	for _, name := range e.clients {
		c.admit(name, wire)
	}
	for _, name := range e.services {
		if err := c.appoint(name, wire); err != nil {
			c.close()
			return nil, err
		}
	}
	for _, client := range slices.Sorted(maps.Keys(c.clients)) {
		for _, service := range e.services {
			if lets(c.wide, client, service) {
				c.visits = append(c.visits, visit{client, service})
			}
		}
	}
	return c, nil
}

// admit makes ready the client of that name, if its credentials are at hand.
func (c *clinic) admit(name string, wire http.RoundTripper) {
	err := atHand(c.matrix.Clients[name])
	var client *interceptor.Client
	if err == nil {
		client, err = clientOf(c.wide, name, wire)
	}
	if err != nil {
		c.report.Skipped = append(c.report.Skipped, absence{name, bare(err.Error())})
		return
	}
	c.clients[name] = client
}

// appoint makes ready who judges tokens for the service of that name.
func (c *clinic) appoint(name string, wire http.RoundTripper) error {
	if _, ours := c.matrix.Services[name]; !ours {
		return nil
	}
	guard, err := c.policy.Guard(name)
	if err != nil {
		return err
	}
	judge, err := verifierOf(guard, wire)
	if err == nil {
		c.judges[name] = judge
	}
	return err
}

func (c *clinic) close() {
	for _, client := range c.clients {
		client.Close()
	}
	for _, judge := range c.judges {
		judge.Close()
	}
}

// examine has all visits take place, so many at a time.
func (c *clinic) examine(ctx context.Context) *report {
	c.report.Rows = make([]row, len(c.visits))
	places := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i, v := range c.visits {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			ctx, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			c.report.Rows[i] = c.visit(ctx, v)
		})
	}
	all.Wait()
	return c.report
}

// atHand returns what of a client's credentials cannot be read here.
func atHand(c audience.Client) error {
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

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// target is what a token is judged at: one method as a server guards it.
type target struct {
	guard   *audience.Guard
	name    string // of the service in the matrix
	service audience.Service
	method  string // its full name, "/grpc/Method"
	rule    *audience.Rule
}

func newTarget(policy *audience.Policy, service, method string) (*target, error) {
	m := policy.Matrix()
	if err := known("service", service, maps.Keys(m.Services)); err != nil {
		return nil, err
	}
	t := &target{name: service, service: m.Services[service]}
	var err error
	if t.guard, err = policy.Guard(service); err != nil {
		return nil, err
	}
	if t.method, err = t.fullName(method); err != nil {
		return nil, err
	}
	t.rule = t.guard.Rule(t.method)
	return t, nil
}

// fullName returns a method of the service as gRPC calls it.
func (t *target) fullName(method string) (string, error) {
	method = strings.TrimPrefix(method, "/")
	grpc := t.service.GRPC
	if service, _, full := strings.Cut(method, "/"); full {
		if t.guard.Rule("/"+method) == nil && !slices.Contains(grpc, service) {
			return "", fmt.Errorf("service %q consists of %s, not of %s", t.name, words(grpc), printable(service))
		}
		return "/" + method, nil
	}
	if len(grpc) > 1 {
		return "", fmt.Errorf("service %q consists of %s: write the method with its gRPC service, such as %s/%s", t.name, words(grpc), grpc[0], method)
	}
	return "/" + grpc[0] + "/" + method, nil
}

// misspelled tells of a method that the file does not name, though it names one
// like it; empty if there is none.
func (t *target) misspelled() string {
	method, named := path.Base(t.method), methodNames(t.service)
	if hint := nearest.Hint(method, named); hint != "" && !slices.Contains(named, method) {
		return fmt.Sprintf("the file does not name %q%s", method, hint)
	}
	return ""
}

// issuerOf returns the issuer that a token says it is of.
func (t *target) issuerOf(d decoded) (audience.Issuer, bool) {
	iss, _ := d.Claims["iss"].(string)
	issuers := t.guard.Issuers()
	i := slices.IndexFunc(issuers, func(i audience.Issuer) bool {
		preset, _ := audience.PresetNamed(i.Preset)
		return slices.Contains(preset.Issuers(i.URL), iss)
	})
	if i < 0 {
		return audience.Issuer{}, false
	}
	return issuers[i], true
}

// methodNames are the methods that a service names, sorted.
func methodNames(s audience.Service) []string {
	names := map[string]bool{}
	for _, allow := range s.Allow {
		for _, method := range allow.Methods {
			names[method] = true
		}
	}
	delete(names, everyMethod)
	return slices.Sorted(maps.Keys(names))
}

// verify asks whether a token is genuine. One that has ended by its own word is
// refused unseen while its issuer's keys are not at hand; then they are fetched
// first, so that the rest of it can be told.
func verify(ctx context.Context, v *verifier.Verifier, token string) (*audience.Claims, *audience.Refusal) {
	claims, err := v.Verify(ctx, token)
	if errors.Is(err, audience.CauseExpired) {
		_ = v.Ready(ctx) // if it fails, the refusal stands
		claims, err = v.Verify(ctx, token)
	}
	if err == nil {
		return claims, nil
	}
	if refusal, ok := errors.AsType[*audience.Refusal](err); ok {
		return nil, refusal
	}
	return nil, &audience.Refusal{Cause: audience.CauseKeysUnavailable, Err: err}
}

package verifier

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/grpcaud/grpcaud/internal/metadata"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/remedy"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

// advise returns fetch with the remedy of its errors, if there is one.
func (i *issuer) advise(fetch fetchFunc) fetchFunc {
	return func(ctx context.Context) (*snapshot, time.Duration, error) {
		keys, age, err := fetch(ctx)
		return keys, age, withRemedy(err, i.situation(remedy.Answer{Endpoint: remedy.Keys}))
	}
}

// situation describes a request to i that failed.
func (i *issuer) situation(a remedy.Answer) remedy.Situation {
	return remedy.Situation{Names: provider.Names{Issuer: i.url, Place: i.place}, Preset: i.preset.Name, Answer: a}
}

// situation describes a request to the issuer that failed.
func (i *introspector) situation() remedy.Situation {
	own := i.issuer.Introspection
	var with remedy.Credential
	switch {
	case own.Certificate.File != "":
		with = remedy.Credential{Kind: "certificate", Place: "file " + own.Certificate.File}
	case own.Secret.File != "":
		with = remedy.Credential{Kind: "secret", Place: "file " + own.Secret.File}
	case own.Secret.Env != "":
		with = remedy.Credential{Kind: "secret", Place: "environment variable " + own.Secret.Env}
	}
	return remedy.Situation{
		Names: provider.Names{Issuer: i.issuer.URL, Client: own.ClientID, Place: i.issuer.Place}, Preset: i.issuer.Preset,
		Credential: with, Answer: remedy.Answer{Endpoint: remedy.Introspection},
	}
}

// withRemedy adds to the error of a request what to change, if that is known.
func withRemedy(err error, s remedy.Situation) error {
	if known, _ := remedy.Split(err); err == nil || known != "" {
		return err
	}
	a := &s.Answer
	a.Fault = webclient.Fault(err)
	if told := answerOf(err); told.code != 0 {
		a.Status, a.Body, a.Leads = told.code, remedy.BodyOf(told.header.Get("Content-Type"), nil), webclient.RedirectHost(told.header)
	}
	if _, ok := errors.AsType[*metadata.StatusError](err); ok {
		a.Endpoint = remedy.Metadata
	}
	if other, ok := errors.AsType[*metadata.IssuerError](err); ok {
		a.Fault, a.Other = remedy.OtherIssuer, other.Got
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		a.Fault = remedy.FileMissing
	}
	return remedy.With(err, s.Remedy())
}

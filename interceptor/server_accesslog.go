package interceptor

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/admission"
)

// LogFields returns the fields by which an access log names the caller of an
// admitted call: grpcaud.issuer, grpcaud.client and grpcaud.user; nil if there
// is no caller. Give it to a logging interceptor of go-grpc-middleware that runs
// after the server's, as logging.WithFieldsFromContext(interceptor.LogFields).
//
// A logging interceptor that runs before the server's needs no option, if it logs the
// field grpc.method. It gets these fields, also for refused calls, and in addition
// grpcaud.reason.
func LogFields(ctx context.Context) logging.Fields {
	caller, ok := audience.FromContext(ctx)
	if !ok {
		return nil
	}
	return fieldsOf(&caller)
}

func fieldsOf(c *audience.Caller) logging.Fields {
	return logging.Fields{"grpcaud.issuer", c.Issuer, "grpcaud.client", c.Client, "grpcaud.user", c.User}
}

// addAccessLogFields adds fields to the logging interceptor that runs before the
// server. That interceptor logs the fields of its own context when the call ends, so
// fields in a new context would not reach it.
func addAccessLogFields(ctx context.Context, d admission.Decision) {
	if !ownFields(ctx) {
		return
	}
	var fields logging.Fields
	if d.Caller != nil {
		fields = fieldsOf(d.Caller)
	}
	if d.Err != nil {
		fields = append(fields, "grpcaud.reason", d.Answer().Word())
	}
	logging.AddFields(ctx, fields)
}

// ownFields reports whether the fields in ctx belong to this call alone, which is so
// if a logging interceptor made them. The calls of a connection share its fields,
// which must not be changed.
func ownFields(ctx context.Context) bool {
	for i := logging.ExtractFields(ctx).Iterator(); i.Next(); {
		if key, _ := i.At(); key == logging.MethodFieldKey {
			return true
		}
	}
	return false
}

package interceptor

import (
	"context"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"

	"github.com/grpcaud/grpcaud/audience"
)

// LogFields returns the fields by which an access log names the caller of an
// admitted call: grpcaud.issuer, grpcaud.client and grpcaud.user; nil if there
// is no caller. Give it to a logging interceptor of go-grpc-middleware that
// stands behind the server's, as logging.WithFieldsFromContext(interceptor.LogFields).
//
// One that stands before the server's needs nothing, as long as it logs the
// field grpc.method: it is told the fields, of refused calls too, and
// grpcaud.reason besides.
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

// nameInAccessLog adds to the fields of a logging interceptor that stands
// before the server. What it logs in the end are its own fields, so that a
// context for those behind it would not do.
func nameInAccessLog(ctx context.Context, d *decision) {
	if d.end || !ownFields(ctx) {
		return
	}
	var fields logging.Fields
	if d.claims != nil {
		fields = fieldsOf(d.claims.Caller())
	}
	if d.err != nil {
		fields = append(fields, "grpcaud.reason", d.reason())
	}
	logging.AddFields(ctx, fields)
}

// ownFields reports whether the fields in ctx are those of this call alone: a
// logging interceptor made them. Fields of a connection are shared by its
// calls and must not be touched.
func ownFields(ctx context.Context) bool {
	for i := logging.ExtractFields(ctx).Iterator(); i.Next(); {
		if key, _ := i.At(); key == logging.MethodFieldKey {
			return true
		}
	}
	return false
}

package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// row is one call and what came of it, as -json prints it.
type row struct {
	Client   string   `json:"client"`
	Service  string   `json:"service"`
	Method   string   `json:"method"`
	Stream   bool     `json:"stream"`
	Audience []string `json:"aud"`
	Party    string   `json:"azp"`
	Admitted bool     `json:"admitted"`
	Reason   string   `json:"reason"`
	Code     string   `json:"code"`

	took  time.Duration
	note  string
	want  verdict
	extra error // what else was expected and did not come
}

// verdict is what a call is expected to end with.
type verdict struct {
	code   codes.Code
	reason string
}

var admitted = verdict{code: codes.OK}

// notObtained is the verdict about a call that its client did not send, since
// the issuer gave it no token.
var notObtained = refused(audience.ReasonTokenNotObtained)

func refused(reason audience.Reason) verdict {
	code := codes.Unauthenticated
	switch reason.Status() {
	case audience.StatusPermissionDenied:
		code = codes.PermissionDenied
	case audience.StatusUnavailable:
		code = codes.Unavailable
	}
	return verdict{code, string(reason)}
}

func (r row) asWanted() bool {
	return r.Code == r.want.code.String() && r.Reason == r.want.reason && r.extra == nil
}

// attempt is one call to be made.
type attempt struct {
	client string
	tokens tokensource.Source // what the client presents; nil if the connection has credentials of its own
	method method
	server *server
	conn   *grpc.ClientConn // nil for one without credentials
	note   string
	want   verdict
}

// do makes the call. It notes the token that went over the wire.
func (a attempt) do(ctx context.Context) row {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r := row{Client: a.client, Service: a.method.service, Method: a.method.name, Stream: a.method.stream, note: a.note, want: a.want}
	var opts []grpc.CallOption
	if a.tokens != nil {
		a.conn, opts = a.server.conn, append(opts, grpc.PerRPCCredentials(interceptor.AsService(a.tokens, a.method.service)))
	}
	a.server.tap.take()
	began := time.Now()
	err := a.method.call(ctx, a.conn, opts...)
	r.took = time.Since(began)
	r.Audience, r.Party = peek(a.server.tap.take())
	reason, _ := interceptor.ReasonOf(err)
	r.Admitted, r.Code, r.Reason = err == nil, status.Code(err).String(), string(reason)
	return r
}

// peek reads aud and azp for the eye. It verifies nothing: that is the server's
// work.
func peek(token string) (aud []string, azp string) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, ""
	}
	var claims struct {
		Aud any    `json:"aud"`
		Azp string `json:"azp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return nil, ""
	}
	switch v := claims.Aud.(type) {
	case string:
		aud = []string{v}
	case []any:
		for _, value := range v {
			if text, ok := value.(string); ok {
				aud = append(aud, text)
			}
		}
	}
	return aud, claims.Azp
}

// presenting is a source of the one token that a client has got hold of.
func presenting(token string) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken(token, time.Time{}), nil
	})
}

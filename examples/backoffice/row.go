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

// row is one call and its result, as -json prints it.
type row struct {
	Over     string   `json:"over,omitempty"` // with -http
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
	note  string // beside the call in the table
	point string // what the call shows, in the summary
	why   string // why it ended so, in the summary
	want  verdict
	extra error // what else was not as expected
}

// verdict is how a call is expected to end.
type verdict struct {
	code   codes.Code
	reason string
}

var admitted = verdict{code: codes.OK}

// notObtained is the verdict about a call that its client did not send because it got
// no token.
var notObtained = refused(audience.ReasonTokenNotObtained)

var notAllowed = refused(audience.ReasonClientNotAllowed)

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

func (r row) asExpected() bool {
	return r.Code == r.want.code.String() && r.Reason == r.want.reason && r.extra == nil
}

// result is "admitted", the reason of a refusal, or the code if there is no reason.
func (r row) result() string {
	switch {
	case r.Admitted:
		return "admitted"
	case r.Reason != "":
		return r.Reason
	case r.Code != "":
		return r.Code
	}
	return "not called"
}

func (r row) methodName() string { return methodName(r.Method, r.Stream) }

// methodName marks streaming methods.
func methodName(name string, stream bool) string {
	if stream {
		return name + " ~"
	}
	return name
}

// attempt is one call to be made.
type attempt struct {
	client string
	tokens tokensource.Source // of the token that the call carries; nil if the connection has credentials of its own
	method method
	server *server
	conn   *grpc.ClientConn // nil for one without credentials
	note   string
	point  string
	why    string
	want   verdict
}

// do makes the call, and reads the token that the server received.
func (a attempt) do(ctx context.Context) row {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r := row{Client: a.client, Service: a.method.service, Method: a.method.name, Stream: a.method.stream, note: a.note, point: a.point, why: a.why, want: a.want}
	var opts []grpc.CallOption
	if a.tokens != nil {
		a.conn, opts = a.server.Conn, append(opts, grpc.PerRPCCredentials(interceptor.AsService(a.tokens, a.method.service)))
	}
	a.server.tap.take()
	began := time.Now()
	err := a.method.call(ctx, a.conn, opts...)
	r.took = time.Since(began)
	r.Audience, r.Party = audienceOf(a.server.tap.take())
	reason, _ := interceptor.ReasonOf(err)
	r.Admitted, r.Code, r.Reason = err == nil, status.Code(err).String(), string(reason)
	return r
}

// audienceOf reads aud and azp of a token for display. It verifies nothing: that is
// the server's work.
func audienceOf(token string) (aud []string, azp string) {
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

// holding is a source that always returns the one token that a client holds.
func holding(token string) tokensource.Source {
	return tokensource.Func(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken(token, time.Time{}), nil
	})
}

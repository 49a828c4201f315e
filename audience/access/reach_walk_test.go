package access_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// alice is the user who calls.
const alice = "alice"

// walker walks through guarded servers with tokens of the issuers of a matrix. It knows
// nothing of the rules: it tries every call with every token that it can get.
type walker struct {
	t        *testing.T
	issuers  *matrixissuer.Issuers
	matrix   access.Matrix
	conns    map[string]*grpc.ClientConn
	tokens   map[held]string    // what the issuers gave
	requests map[request]bool   // whether the issuers gave a token
	answers  map[attempt]answer // of the calls that were made
}

// held is a token that somebody has, by what it is.
type held struct {
	client    string // the name of the client that it was issued to
	user      bool   // whether it is of alice
	audiences string // by commas
}

// attempt is one call.
type attempt struct {
	service, method string
	token           held
}

// answer says whether a call was admitted, whether the handler has a caller, and whether that
// is alice.
type answer struct{ admitted, caller, user bool }

func newWalker(t *testing.T, policy *access.Policy) *walker {
	t.Helper()
	issuers, err := matrixissuer.For(policy, matrixissuer.Users(testutil.User{Name: alice, Roles: []string{"walk/clerk"}}))
	if err != nil {
		t.Fatal(err)
	}
	w := &walker{
		t: t, issuers: issuers, matrix: issuers.Policy().Matrix(), conns: map[string]*grpc.ClientConn{},
		tokens: map[held]string{}, requests: map[request]bool{}, answers: map[attempt]answer{},
	}
	for name := range w.matrix.Services {
		w.conns[name] = w.serve(name)
	}
	return w
}

// serve starts the guarded server of a service. Its handlers say in the header whether they
// know alice.
func (w *walker) serve(name string) *grpc.ClientConn {
	admit, err := interceptor.NewServer(w.issuers.Policy(), interceptor.Services(name), interceptor.Transport(w.issuers.Transport()), interceptor.Logger(slog.New(slog.DiscardHandler)))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { admit.Close() })
	tell := func(ctx context.Context) error {
		caller, _ := audience.FromContext(ctx)
		return grpc.SendHeader(ctx, metadata.Pairs("user", caller.User, "client", caller.Client))
	}
	desc := &grpc.ServiceDesc{ServiceName: "walk." + name, HandlerType: (*any)(nil)}
	for _, method := range methodNames {
		if strings.HasPrefix(method, "Watch") {
			desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: method, ServerStreams: true, Handler: func(_ any, s grpc.ServerStream) error { return tell(s.Context()) }})
			continue
		}
		full := "/walk." + name + "/" + method
		desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: method, Handler: func(_ any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) {
			in := new(emptypb.Empty)
			if err := decode(in); err != nil {
				return nil, err
			}
			return chain(ctx, in, &grpc.UnaryServerInfo{FullMethod: full}, func(ctx context.Context, _ any) (any, error) { return in, tell(ctx) })
		}})
	}
	return testutil.Serve(w.t, admit.Options(), func(s *grpc.Server) { s.RegisterService(desc, nil) })
}

// call makes one call, once.
func (w *walker) call(service, method string, token held) answer {
	at := attempt{service, method, token}
	if a, ok := w.answers[at]; ok {
		return a
	}
	ctx, cancel := context.WithTimeout(w.t.Context(), 10*time.Second)
	defer cancel()
	if token != (held{}) {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+w.tokens[token])
	}
	full, header := "/walk."+service+"/"+method, metadata.MD{}
	var err error
	if strings.HasPrefix(method, "Watch") {
		var s grpc.ClientStream
		if s, err = w.conns[service].NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, full); err == nil {
			s.CloseSend()
			if err = s.RecvMsg(new(emptypb.Empty)); err == io.EOF {
				err = nil
			}
			header, _ = s.Header()
		}
	} else {
		err = w.conns[service].Invoke(ctx, full, &emptypb.Empty{}, &emptypb.Empty{}, grpc.Header(&header))
	}
	switch status.Code(err) {
	case codes.OK, codes.PermissionDenied, codes.Unauthenticated:
	default:
		w.t.Fatalf("%s: %v", full, err)
	}
	w.answers[at] = answer{err == nil, strings.Join(header.Get("client"), "") != "", strings.Join(header.Get("user"), "") == alice}
	return w.answers[at]
}

// request is a token request: of a client for itself, or for the subject of a token.
type request struct {
	client    string
	subject   held
	audiences string
}

// get requests a token from the issuer of a client, once. It reports whether the issuer gave
// one.
func (w *walker) get(client string, subject held, audiences []string) (held, bool) {
	q := request{client, subject, strings.Join(audiences, ",")}
	token := held{client, subject.user, q.audiences}
	if given, known := w.requests[q]; known {
		return token, given
	}
	form := url.Values{"grant_type": {"client_credentials"}, "audience": audiences}
	if subject.user {
		form = url.Values{
			"grant_type": {"urn:ietf:params:oauth:grant-type:token-exchange"}, "audience": audiences,
			"subject_token": {w.tokens[subject]}, "subject_token_type": {"urn:ietf:params:oauth:token-type:access_token"},
		}
	}
	text := w.post(client, form)
	w.requests[q] = text != ""
	if _, known := w.tokens[token]; text != "" && !known {
		w.tokens[token] = text // the first one, whose chain of actors is the shortest
	}
	return token, text != ""
}

// post sends a token request, and returns the token.
func (w *walker) post(client string, form url.Values) string {
	c := w.matrix.Clients[client]
	at := w.issuers.Issuer(c.Issuer).URL() + "/token"
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(c.ID), url.QueryEscape(w.issuers.Environment()[c.Secret.Env]))
	response, err := w.issuers.Transport().RoundTrip(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var body struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&body); err != nil {
		w.t.Fatal(err)
	}
	return body.Token
}

// login returns the token of alice that a client got for itself when she logged in.
func (w *walker) login(client string) held {
	c := w.matrix.Clients[client]
	h := held{client, true, "its own login"}
	if w.tokens[h] == "" {
		w.tokens[h] = w.issuers.Issuer(c.Issuer).User(c.ID, alice, c.ID)
	}
	return h
}

// variants are the audiences that a token for a service may have: alone, and with others, to
// which the token may be forwarded.
func (w *walker) variants(service string) [][]string {
	others := slices.DeleteFunc(w.services(), func(other string) bool { return other == service })
	all := [][]string{{service}, append([]string{service}, others...)}
	for i, other := range others {
		all = append(all, []string{service, other}, append([]string{service}, slices.Delete(slices.Clone(others), i, i+1)...))
	}
	return all
}

func (w *walker) services() []string { return slices.Sorted(maps.Keys(w.matrix.Services)) }

// runsAs returns the clients that a service has the secrets of.
func (w *walker) runsAs(service string) []string {
	if s := w.matrix.Services[service]; len(s.RunsAs) > 0 {
		return s.RunsAs
	}
	var names []string
	for name, c := range w.matrix.Clients {
		if c.ID == service {
			names = append(names, name)
		}
	}
	return names
}

package docs_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TestEveryProviderWorksAsPublished follows each page about a provider: a server and a
// client are made from its access matrix, and find keys and tokens by the metadata
// that the provider publishes. The token of the page is admitted; for another service it
// is refused.
func TestEveryProviderWorksAsPublished(t *testing.T) {
	for _, name := range setUps(t) {
		if slices.Contains([]string{"files.md", "proto.md", "envoy.md"}, name) {
			continue
		}
		p := pageNamed(t, name)
		scenes := p.scenes()
		if len(scenes) == 0 {
			t.Errorf("%s has no matrix with a token", name)
		}
		for _, s := range scenes {
			t.Run(name, func(t *testing.T) { s.play(t, publishedBy(t, name)) })
			if strings.Contains(s.matrix, "    keys_file: ") {
				s.matrix = regexp.MustCompile(`(?m)^    keys_file: .*\n`).ReplaceAllString(s.matrix, "")
				t.Run(name+" without keys_file", func(t *testing.T) { s.play(t, publishedBy(t, name)) })
			}
		}
	}
}

// scene is an access matrix of a page, the token that the page shows for it, and the
// parameters with which the page says that the client asks, if it does.
type scene struct{ matrix, token, request string }

func (p page) scenes() []scene {
	var all []scene
	matrix := ""
	for _, b := range p.blocks {
		switch {
		case b.isMatrix():
			matrix = b.text
		case b.language == "json" && matrix != "" && strings.Count(b.text, "\n") > 1:
			_, after, _ := strings.Cut(p.text, matrix)
			until, _, _ := strings.Cut(after, b.text)
			s := scene{matrix: matrix, token: b.text}
			if said := regexp.MustCompile("It asks with `([^`]+)`").FindStringSubmatch(until); said != nil {
				s.request = said[1]
			}
			all = append(all, s)
			matrix = ""
		}
	}
	return all
}

// play makes a server and a client, and calls.
func (s scene) play(t *testing.T, provider *published) {
	policy := s.load(t, provider)
	token := story{}
	token.token(t, s.token)
	mint := func(audience any) string {
		claims := token.issuedNow()
		if _, has := claims["aud"]; has && audience != nil {
			claims["aud"] = audience
		} else if audience != nil {
			claims["scope"] = audience.(string) + "/read" // Cognito
		}
		return provider.signer.Mint(claims, testutil.Header("typ", token.header["typ"]))
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Transport(provider))
	if err != nil {
		t.Fatal(err)
	}
	defer admit.Close()
	register := func(g *grpc.Server) { ordersv1.RegisterOrderStatusServer(g, orders{}) }
	provider.token = mint(nil)
	s.writeTokenFiles(t, provider.token)
	conn := testutil.Serve(t, admit.Options(), register)
	callBoth(t, conn, provider.token, codes.OK)
	callBoth(t, conn, mint("billing"), codes.Unauthenticated)
	if asked := provider.addresses(); !slices.ContainsFunc(provider.Keys, func(k string) bool { return slices.Contains(asked, k) }) && !strings.Contains(s.matrix, "keys_file") {
		t.Errorf("the server asked %q, and none of the keys at %q", asked, provider.Keys)
	}
	callBoth(t, testutil.Serve(t, admit.Options(), register, s.dial(t, policy, provider)...), "", codes.OK)
	s.checkRequest(t, provider)
}

// load writes what the matrix refers to, and reads it.
func (s *scene) load(t *testing.T, provider *published) *access.Policy {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, path := range []string{"/var/run/tokens", "/tmp/tokens"} {
		s.matrix = strings.ReplaceAll(s.matrix, path, ".")
	}
	for _, env := range regexp.MustCompile(`env: ([A-Z_]+)`).FindAllStringSubmatch(s.matrix, -1) {
		t.Setenv(env[1], "secret")
	}
	if err := os.WriteFile("cluster.jwks", provider.keys(), 0o600); err != nil {
		t.Fatal(err)
	}
	policy, err := policyfile.Parse("access.yaml", []byte(s.matrix))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// orderStatus is the service, as far as the test looks at it.
func (s scene) orderStatus(t *testing.T) (audience string, client string, hasFile bool) {
	t.Helper()
	var matrix struct {
		Services map[string]struct {
			Audience string
			Allow    []struct{ Clients any }
		}
		Clients map[string]struct {
			TokenFiles map[string]string `yaml:"token_files"`
			Secret     map[string]string
		}
	}
	if err := yaml.Unmarshal([]byte(s.matrix), &matrix); err != nil {
		t.Fatal(err)
	}
	service := matrix.Services["order-status"]
	if list, ok := service.Allow[0].Clients.([]any); ok {
		client = list[0].(string)
	}
	known := matrix.Clients[client]
	if len(known.TokenFiles)+len(known.Secret) == 0 {
		client = "" // the page shows how its client gets tokens otherwise
	}
	return service.Audience, client, len(known.TokenFiles) > 0
}

func (s scene) writeTokenFiles(t *testing.T, token string) {
	t.Helper()
	if _, _, has := s.orderStatus(t); !has {
		return
	}
	if err := os.WriteFile(filepath.Join(".", "order-status"), []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
}

// dial returns what makes a connection one of the page's client.
func (s scene) dial(t *testing.T, policy *access.Policy, provider *published) []grpc.DialOption {
	t.Helper()
	audience, name, _ := s.orderStatus(t)
	if name != "" {
		client, err := interceptor.NewClient(policy, name, interceptor.Transport(provider))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { client.Close() })
		return client.DialOptions("order-status")
	}
	tokens, err := tokensource.NewFunc(func(context.Context, tokensource.Request) (tokensource.Token, error) {
		return tokensource.NewToken(provider.token, time.Time{}), nil
	})
	if strings.Contains(s.matrix, "preset: google") {
		tokens, err = tokensource.NewMetadataServer(metadataServer+"computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}",
			http.Header{"Metadata-Flavor": {"Google"}}, tokensource.Transport(provider))
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tokens.Close() })
	return []grpc.DialOption{grpc.WithPerRPCCredentials(interceptor.AsService(tokens, audience))}
}

// checkRequest compares the client's request with what the page says of it.
func (s scene) checkRequest(t *testing.T, provider *published) {
	t.Helper()
	asked := provider.addresses()
	_, name, hasFile := s.orderStatus(t)
	if name == "" || hasFile {
		return
	}
	if len(provider.forms) != 1 || !slices.ContainsFunc(provider.Tokens, func(u string) bool { return slices.Contains(asked, u) }) {
		t.Fatalf("the client asked %q, %d times for a token, want once at %q", asked, len(provider.forms), provider.Tokens)
	}
	form := provider.forms[0]
	if form.Get("grant_type") != "client_credentials" {
		t.Errorf("grant: got %q", form.Get("grant_type"))
	}
	said, err := url.ParseQuery(strings.ReplaceAll(s.request, " ", "+"))
	if err != nil {
		t.Fatal(err)
	}
	for parameter := range said {
		if form.Get(parameter) != said.Get(parameter) {
			t.Errorf("%s: the client sent %q, and the page says %q", parameter, form.Get(parameter), said.Get(parameter))
		}
	}
}

// orders answers every call.
type orders struct {
	ordersv1.UnimplementedOrderStatusServer
}

func (orders) GetOrderStatus(context.Context, *ordersv1.GetOrderStatusRequest) (*ordersv1.GetOrderStatusResponse, error) {
	return &ordersv1.GetOrderStatusResponse{}, nil
}

func (orders) WatchOrderStatus(_ *ordersv1.WatchOrderStatusRequest, stream grpc.ServerStreamingServer[ordersv1.WatchOrderStatusResponse]) error {
	return stream.Send(&ordersv1.WatchOrderStatusResponse{})
}

// callBoth calls, unary and streaming, with a token if it is not empty.
func callBoth(t *testing.T, conn *grpc.ClientConn, token string, want codes.Code) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	client := ordersv1.NewOrderStatusClient(conn)
	if _, err := client.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{}); status.Code(err) != want {
		t.Errorf("unary: got %v, want %v", err, want)
	}
	stream, err := client.WatchOrderStatus(ctx, &ordersv1.WatchOrderStatusRequest{})
	if err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != want {
		t.Errorf("stream: got %v, want %v", err, want)
	}
}

package docs_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/valkey-io/valkey-go"
	"golang.org/x/oauth2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/logout"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	"github.com/grpcaud/grpcaud/interceptor/extauthz"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/proto/acme/orders/v1/ordersv1connect"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
	"github.com/grpcaud/grpcaud/tokensource"
)

var tlsCreds = credentials.NewTLS(nil)

// A client that the access matrix knows.
func Example() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	as, err := interceptor.NewClient(policy, "customer-portal")
	if err != nil {
		log.Fatal(err)
	}
	defer as.Close()
	conn, err := as.Dial("orders.example.com:443", "order-status", tlsCreds)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// These are handlers of the operations of a service.
func getOrderStatus(http.ResponseWriter, *http.Request) {}
func cancelOrder(http.ResponseWriter, *http.Request)    {}
func version(http.ResponseWriter, *http.Request)        {}

// A server that records its decisions.
func Example_decisions() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	key, err := os.ReadFile("users.key")
	if err != nil {
		log.Fatal(err)
	}
	file, err := decision.OpenFile("/var/log/orders/decisions.jsonl", nil)
	if err != nil {
		log.Fatal(err)
	}
	users, err := decision.HashedUsers(key)
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.DecisionRecords(file, users))
	if err != nil {
		log.Fatal(err)
	}
	defer func() {
		if err := errors.Join(admit.Close(), file.Close()); err != nil {
			log.Print(err)
		}
	}()
}

// A service that is called over HTTP.
func Example_http() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	handler, err := httpguard.New(admit, httpguard.Handlers{
		"GetOrderStatus": http.HandlerFunc(getOrderStatus), // GET /v1/orders/{id}
		"CancelOrder":    http.HandlerFunc(cancelOrder),
		"Version":        http.HandlerFunc(version),
	})
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Addr: ":8443", Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(srv.ListenAndServeTLS("cert.pem", "key.pem"))
}

// The login at a web front end.
func Example_login() {
	var secret, state, verifier string
	var endpoint oauth2.Endpoint
	var as *interceptor.Client
	config := oauth2.Config{ClientID: "customer-portal", ClientSecret: secret, Endpoint: endpoint, RedirectURL: "https://shop.example.com/callback"}
	scopes, parameters, err := as.LoginOnBehalfOf("order-status")
	if err != nil {
		log.Fatal(err)
	}
	config.Scopes = append([]string{"openid"}, scopes...)
	address := config.AuthCodeURL(state, append(parameters, oauth2.S256ChallengeOption(verifier))...)
	_ = address
}

// A call for the user of a web front end.
func Example_forUser() {
	var as *interceptor.Client
	var orders ordersv1.OrderStatusClient
	var tokensOf func(*http.Request) oauth2.TokenSource
	show := func(w http.ResponseWriter, r *http.Request) {
		ctx, err := as.ForUser(r.Context(), "corp", tokensOf(r))
		if err != nil {
			http.Error(w, "The orders cannot be shown.", http.StatusInternalServerError)
			return
		}
		order, err := orders.GetOrderStatus(ctx, &ordersv1.GetOrderStatusRequest{OrderId: r.PathValue("id")})
		switch {
		case as.LoginRequired(err):
			http.Redirect(w, r, "/login", http.StatusSeeOther)
		case err != nil:
			http.Error(w, "The order cannot be shown now.", http.StatusBadGateway)
		default:
			fmt.Fprintln(w, order.GetOrder().GetStatus())
		}
	}
	http.HandleFunc("GET /orders/{id}", show)
}

// A portal that is told of logouts, in one process with its service.
func Example_logout() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	list := revocation.NewList(100_000)
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Revocations(list))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	ended, err := logout.NewReceiver(policy, "customer-portal", logout.RevokeIn(list), logout.OnLogout(
		func(_ context.Context, l *claims.Logout) error {
			log.Printf("session %q of user %q has ended", l.Session, l.Subject) // end your own session here
			return nil
		}))
	if err != nil {
		log.Fatal(err)
	}
	defer ended.Close()
	http.Handle("/backchannel-logout", ended)
}

// A program that decides for Envoy.
func Example_envoy() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	list := revocation.NewList(10_000)
	guard, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Revocations(list))
	if err != nil {
		log.Fatal(err)
	}
	defer guard.Close()
	authz, err := extauthz.New(guard)
	if err != nil {
		log.Fatal(err)
	}
	srv := grpc.NewServer(grpc.Creds(tlsCreds))
	authz.Register(srv)
}

// A client on a machine of Google's.
func Example_google() {
	tokens, err := tokensource.NewMetadataServer(
		"http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/identity?audience={audience}",
		http.Header{"Metadata-Flavor": {"Google"}})
	if err != nil {
		log.Fatal(err)
	}
	defer tokens.Close()
	conn, err := grpc.NewClient("orders.example.com:443", grpc.WithTransportCredentials(tlsCreds),
		grpc.WithPerRPCCredentials(interceptor.AsService(tokens, "https://orders.example.com")))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// idToken and session return the token of the user who is logged in.
var idToken, session func(context.Context) (token string, expiry time.Time, err error)

// An app whose user is logged in at Firebase.
func Example_firebase() {
	tokens, err := tokensource.NewFunc(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		token, expiry, err := idToken(ctx) // of the user who is logged in
		return tokensource.NewToken(token, expiry), err
	})
	if err != nil {
		log.Fatal(err)
	}
	defer tokens.Close()
	conn, err := grpc.NewClient("orders.example.com:443", grpc.WithTransportCredentials(tlsCreds),
		grpc.WithPerRPCCredentials(interceptor.AsService(tokens, "acme-shop")))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// An app whose user is logged in at Supabase.
func Example_supabase() {
	tokens, err := tokensource.NewFunc(func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		token, expiry, err := session(ctx) // of the user who is logged in
		return tokensource.NewToken(token, expiry), err
	})
	if err != nil {
		log.Fatal(err)
	}
	defer tokens.Close()
	conn, err := grpc.NewClient("orders.example.com:443", grpc.WithTransportCredentials(tlsCreds),
		grpc.WithPerRPCCredentials(interceptor.AsService(tokens, "authenticated")))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// A client that calls for the user who is logged in at its caller.
func Example_onBehalfOf() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	as, err := interceptor.NewClient(policy, "order-status")
	if err != nil {
		log.Fatal(err)
	}
	defer as.Close()
	conn, err := as.DialOnBehalfOf("hr.example.com:443", "human-resource", tlsCreds)
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// A program whose .proto files have options.
func Example_options() {
	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, "acme.orders.v1.OrderStatus")
	if err != nil {
		log.Fatal(err)
	}
	policy, err := policyfile.Load("access.yaml", options...)
	if err != nil {
		log.Fatal(err)
	}
	_ = policy
}

// A client without an access matrix.
func Example_withoutMatrix() {
	secret := "of the environment, or of a file"
	tokens, err := tokensource.New("https://idp.example.com/realms/corp",
		tokensource.ClientCredentials("backoffice-portal", secret), tokensource.Preset("keycloak"))
	if err != nil {
		log.Fatal(err)
	}
	defer tokens.Close()
	conn, err := grpc.NewClient("orders.example.com:443", grpc.WithTransportCredentials(tlsCreds),
		grpc.WithPerRPCCredentials(interceptor.AsService(tokens, "order-status")))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// A server that follows its access matrix.
func Example_watch() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	go policyfile.Watch(ctx, "access.yaml", admit.Swap)
}

// A server without a matrix file.
func Example_forService() {
	policy, err := access.ForService(
		access.Issuer{URL: "https://idp.example.com/realms/corp", Preset: "keycloak"},
		"order-status",
		[]string{"acme.orders.v1.OrderStatus"},
		access.Allow{Clients: []string{"customer-portal"}, Scopes: []string{"orders.read"}},
	)
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
}

// A server and a client of one process that follow the matrix together.
func Example_watchBoth() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	as, err := interceptor.NewClient(policy, "order-status")
	if err != nil {
		log.Fatal(err)
	}
	defer as.Close()
	go policyfile.Watch(ctx, "access.yaml", policyfile.SwapAll(admit.Swap, as.Swap))
}

// A test with the issuers of its matrix.
var _ = func(t *testing.T) {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	issuers, err := matrixissuer.For(policy)
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range issuers.Environment() {
		t.Setenv(name, secret)
	}
	admit, err := interceptor.NewServer(issuers.Policy(), interceptor.Services("order-status"), interceptor.Transport(issuers.Transport()))
	if err != nil {
		t.Fatal(err)
	}
	defer admit.Close()
}

// A list of revocations in one process.
func Example_revocation() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	issuer, sid, lifetime := "https://idp.example.com/realms/corp", "f3b1", 5*time.Minute

	revoked := revocation.NewList(10_000)
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Revocations(revoked))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	err = revoked.Revoke(revocation.Entry{Issuer: issuer, Session: sid, Expires: time.Now().Add(lifetime)})
	if err != nil {
		log.Fatal(err)
	}
}

// A list of revocations that replicas share.
var _ = func(policy *access.Policy, password string) error {
	revoked, err := shared.New(valkey.ClientOption{
		InitAddress: []string{"valkey.internal:6379"},
		Username:    "guard",
		Password:    password,
		TLSConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
	})
	if err != nil {
		return err
	}
	defer revoked.Close()
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"), interceptor.Revocations(revoked))
	if err != nil {
		return err
	}
	revoked.AnnounceGeneration(admit.Generation)
	return admit.Close()
}

// A service of Connect.
func Example_connect() {
	var orders ordersv1connect.OrderStatusHandler
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("order-status"))
	if err != nil {
		log.Fatal(err)
	}
	defer admit.Close()
	mux := http.NewServeMux()
	mux.Handle(ordersv1connect.NewOrderStatusHandler(orders, connectguard.HideDownstreamRefusals(admit)))
	handler, err := connectguard.New(admit, mux)
	if err != nil {
		log.Fatal(err)
	}
	srv := &http.Server{Addr: ":8443", Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(srv.ListenAndServeTLS("cert.pem", "key.pem"))
}

// A client of Connect.
var _ = func(policy *access.Policy) ordersv1connect.OrderStatusClient {
	as, err := interceptor.NewClient(policy, "customer-portal")
	if err != nil {
		log.Fatal(err)
	}
	defer as.Close()
	present, err := connectguard.ClientInterceptor(as, "order-status", "https://orders.example.com")
	if err != nil {
		log.Fatal(err)
	}
	orders := ordersv1connect.NewOrderStatusClient(connectguard.HTTPClient(http.DefaultClient), "https://orders.example.com", connect.WithInterceptors(present))
	return orders
}

// A receiver of events that are pushed.
var _ = func(policy *access.Policy, list *revocation.List, secret string) error {
	events, err := signals.NewReceiver(policy, "corp", "https://orders.example.com/signals", signals.RevokeIn(list))
	if err != nil {
		return err
	}
	defer events.Close()
	push, err := events.Push("Bearer " + secret)
	if err != nil {
		return err
	}
	http.Handle("/signals", push)
	return nil
}

// A receiver that polls for events, on one replica.
var _ = func(ctx context.Context, policy *access.Policy, revoked *shared.List, secret, streamURL string) error {
	events, err := signals.NewReceiver(policy, "corp", "https://orders.example.com/signals", signals.RevokeWith(revoked.Revoke))
	if err != nil {
		return err
	}
	defer events.Close()
	tokens, err := tokensource.New("https://sso.example.com/realms/corp", tokensource.ClientCredentials("signals", secret), tokensource.AskWithoutAudience())
	if err != nil {
		return err
	}
	defer tokens.Close()
	poller, err := events.NewPoller(streamURL, func(ctx context.Context) (string, error) {
		token, err := tokens.Token(ctx, tokensource.Request{Audience: "signals", Scope: "ssf.read"})
		if err != nil {
			return "", err
		}
		return "Bearer " + token.Reveal(), nil
	})
	if err != nil {
		return err
	}
	return revoked.Lead(ctx, "signals", poller.Run)
}

package signals_test

import (
	"context"
	"log"
	"net/http"
	"os"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
	"github.com/grpcaud/grpcaud/audience/signals"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// A server whose issuer pushes its events: the list is that of the interceptors.
func ExampleReceiver_Push() {
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
	events, err := signals.NewReceiver(policy, "corp", "https://orders.example.com/signals", signals.RevokeIn(list))
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close()
	push, err := events.Push("Bearer " + os.Getenv("SIGNALS_SECRET"))
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/signals", push)
}

// Replicas that share a list, of which one polls.
func ExamplePoller() {
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		log.Fatal(err)
	}
	list, err := shared.New(valkey.ClientOption{InitAddress: []string{"valkey.internal:6379"}})
	if err != nil {
		log.Fatal(err)
	}
	defer list.Close()
	events, err := signals.NewReceiver(policy, "corp", "https://orders.example.com/signals", signals.RevokeWith(list.Revoke))
	if err != nil {
		log.Fatal(err)
	}
	defer events.Close()
	tokens, err := tokensource.New("https://idp.example.com/realms/corp", tokensource.ClientCredentials("signals", os.Getenv("SIGNALS_SECRET")), tokensource.AskWithoutAudience())
	if err != nil {
		log.Fatal(err)
	}
	defer tokens.Close()
	poller, err := events.NewPoller(os.Getenv("STREAM_URL"), func(ctx context.Context) (string, error) {
		token, err := tokens.Token(ctx, tokensource.Request{Audience: "signals", Scope: "ssf.read"})
		if err != nil {
			return "", err
		}
		return "Bearer " + token.Reveal(), nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := list.Lead(context.Background(), "signals", poller.Run); err != nil {
		log.Print(err)
	}
}

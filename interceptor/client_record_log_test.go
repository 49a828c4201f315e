package interceptor_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
)

// TestCallWithARecordIsLoggedWithBothNames shows that the log line of a call with a
// record names the client and the caller that it calls for, and that the record
// changes nothing for the server.
func TestCallWithARecordIsLoggedWithBothNames(t *testing.T) {
	issuer := newIssuer()
	policy := company(t, withSecrets(t))
	var log bytes.Buffer
	client := newClient(t, issuer, policy, "backoffice-portal", interceptor.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	conn := connect(t, issuer, &orders{}, client.DialOptions("human-resource")...)
	alice := audience.Record{Issuer: "https://idp.test", User: "alice", Client: "customer-portal", RequestID: "r-1"}
	ctx := audience.NewRecordContext(t.Context(), alice)

	tests := map[string]struct {
		call func() error
		want []string // nil for no line
	}{
		"unary": {
			func() error {
				callers, err := employee(ctx, conn)
				if got := strings.TrimSpace(strings.Join(callers, " ")); got != "backoffice-portal" {
					t.Errorf("the server saw %q, want the client alone", got)
				}
				return err
			},
			[]string{"client=backoffice-portal", "method=/acme.hr.v1.HumanResource/GetEmployee", "code=OK", "on_behalf_of.user=alice", "on_behalf_of.client=customer-portal", "on_behalf_of.request_id=r-1"},
		},
		"stream": {
			func() error {
				_, err := hrv1.NewHumanResourceClient(conn).ListEmployees(ctx, &hrv1.ListEmployeesRequest{})
				return err
			},
			[]string{"client=backoffice-portal", "method=/acme.hr.v1.HumanResource/ListEmployees", "on_behalf_of.user=alice"},
		},
		"nobody else": {
			func() error {
				_, err := employee(t.Context(), conn)
				return err
			},
			nil,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			log.Reset()
			if err := test.call(); err != nil {
				t.Fatal(err)
			}
			line, wanted := log.String(), test.want != nil
			if got := strings.Contains(line, "called for another"); got != wanted {
				t.Fatalf("got log %q, want a line: %t", line, wanted)
			}
			for _, want := range test.want {
				if !strings.Contains(line, want) {
					t.Errorf("got %s, want %s in it", line, want)
				}
			}
		})
	}
}

// TestRefusedCallWithARecordIsLogged shows that the log line of a call with a record
// has the code of a refusal.
func TestRefusedCallWithARecordIsLogged(t *testing.T) {
	issuer := newIssuer()
	var log bytes.Buffer
	client := newClient(t, issuer, company(t, withSecrets(t)), "backoffice-portal", interceptor.Logger(slog.New(slog.NewTextHandler(&log, nil))))
	conn := connect(t, issuer, &orders{}, client.DialOptions("human-resource")...)
	issuer.Down()
	ctx := audience.NewRecordContext(t.Context(), audience.Record{User: "alice"})
	if _, err := employee(ctx, conn, grpc.WaitForReady(false)); err == nil {
		t.Fatal("got no error while the issuer is down")
	}
	if line := log.String(); !strings.Contains(line, "called for another") || !strings.Contains(line, "code=Unavailable") {
		t.Errorf("got log %q, want the call with its code", line)
	}
}

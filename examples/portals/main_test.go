package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
)

// firstWrite is closed at the first write.
type firstWrite struct {
	bytes.Buffer
	written chan struct{}
}

// Write implements [io.Writer].
func (f *firstWrite) Write(p []byte) (int, error) {
	n, err := f.Buffer.Write(p)
	if strings.Contains(f.String(), "Ctrl-C") {
		close(f.written)
	}
	return n, err
}

// TestRunEndsCleanly shows that Ctrl-C ends the program also while a page is followed.
func TestRunEndsCleanly(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	out := &firstWrite{written: make(chan struct{})}
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, []string{"-customer-addr", "127.0.0.1:0", "-backoffice-addr", "127.0.0.1:0", "-login-addr", "127.0.0.1:0"}, out, io.Discard)
	}()
	select {
	case <-out.written:
	case err := <-ended:
		t.Fatalf("run = %v", err)
	case <-time.After(20 * time.Second):
		t.Fatal("nothing is printed")
	}
	_, rest, _ := strings.Cut(out.String(), "Customer portal  ")
	customer := strings.Fields(rest)[0]
	b := webtest.NewBrowser(t)
	enter(t, b, customer, "ada")
	events := b.Events(customer + "/orders/o-1/events")
	b.Next(events)
	interrupt()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("run = %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the program goes on")
	}
}

func TestFlagsAreChecked(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const free = "127.0.0.1:0"
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"-customer-addr", "0.0.0.0:9201"}, "-customer-addr: got \"0.0.0.0:9201\", want a loopback address"},
		{[]string{"-backoffice-addr", "192.0.2.1:9202"}, "-backoffice-addr: "},
		{[]string{"-login-addr", "example.com:9203"}, "-login-addr: "},
		{[]string{"-customer-addr", ""}, "-customer-addr: "},
		{[]string{"-night", "-1s"}, "-night: got -1s"},
		{[]string{"-preset", "keycloak"}, "-preset and -audience are about a real authorization server: name it with -issuer"},
		{[]string{"-audience", "urn:acme:*"}, "name it with -issuer"},
		{[]string{"-customer-addr", free, "-backoffice-addr", free, "-issuer", "https://idp.example.com", "-audience", "urn:acme"}, "want a * in it"},
		{[]string{"-customer-addr", free, "-backoffice-addr", free, "-issuer", "http://idp.example.com"}, "is not https"},
		{[]string{"-customer-addr", free, "-backoffice-addr", free, "-issuer", "https://idp.example.com", "-preset", "nobody"}, "preset"},
		{[]string{"now"}, `unexpected argument "now"`},
		{[]string{"-customer-addr", taken.Addr().String()}, "give another port, or 127.0.0.1:0 for a free one"},
		{[]string{"-customer-addr", free, "-backoffice-addr", taken.Addr().String()}, "-backoffice-addr: "},
		{[]string{"-customer-addr", free, "-backoffice-addr", free, "-login-addr", taken.Addr().String()}, "address already in use"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		if err := run(ctx, row.args, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%q: got %v, want %q", row.args, err, row.want)
		}
		cancel()
	}
}

// TestPageHasWhatTheProgramPrints holds the documentation to the program.
func TestPageHasWhatTheProgramPrints(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/portals.md")
	if err != nil {
		t.Fatal(err)
	}
	p, err := open(config{customerAddr: "127.0.0.1:0", backofficeAddr: "127.0.0.1:0", loginAddr: "127.0.0.1:0"}, slog.DiscardHandler)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	usual, err := parse(nil, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	p.all[0].site.Origin = "http://" + customerHost + strings.TrimPrefix(usual.customerAddr, "127.0.0.1")
	p.all[1].site.Origin = "http://" + backofficeHost + strings.TrimPrefix(usual.backofficeAddr, "127.0.0.1")
	var out bytes.Buffer
	p.describe(&out)
	if want := "$ go run ./examples/portals\n" + out.String() + "```"; !strings.Contains(string(page), want) {
		t.Errorf("docs/portals.md does not have:\n%s", want)
	}
}

// TestPageHasTheRealm holds the documentation to the flags of the export that the program prints.
func TestPageHasTheRealm(t *testing.T) {
	for _, variable := range []string{"CUSTOMER_PORTAL_SECRET", "BACKOFFICE_PORTAL_SECRET", "ORDER_STATUS_SECRET", "NIGHT_WORKER_SECRET"} {
		t.Setenv(variable, strings.ToLower(variable))
	}
	page, err := os.ReadFile("../../docs/portals.md")
	if err != nil {
		t.Fatal(err)
	}
	const free = "127.0.0.1:0"
	p, err := open(config{customerAddr: free, backofficeAddr: free, loginAddr: free, provider: provider{issuer: "http://127.0.0.1:8080/realms/corp"}}, slog.DiscardHandler)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	var out bytes.Buffer
	p.describe(&out)
	usual := strings.NewReplacer("\\\n    ", "", ":9201", portOf(p.customer()), ":9202", portOf(p.backoffice())).Replace(string(page))
	_, command, found := strings.Cut(out.String(), "  grpcaud export ")
	command, _, _ = strings.Cut(command, "\n")
	if !found || !strings.Contains(usual, "grpcaud export "+command+" > corp.json") {
		t.Errorf("docs/portals.md does not have this realm: %s", out.String())
	}
	if strings.Contains(out.String(), strings.ToLower("ORDER_STATUS_SECRET")) {
		t.Error("a secret is printed")
	}
}

func portOf(origin string) string { return origin[strings.LastIndex(origin, ":"):] }

package shared_test

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/revocation/shared"
)

const corp = "https://idp.example.com/realms/corp"

// token returns a token of a user, issued now.
func token(t testing.TB, user string) *claims.Claims { return tokenOf(t, user, "s-"+user) }

// session returns a token of a login.
func session(t testing.TB, sid string) *claims.Claims { return tokenOf(t, "somebody", sid) }

func tokenOf(t testing.TB, user, sid string) *claims.Claims {
	t.Helper()
	payload, err := json.Marshal(map[string]any{
		"iss": corp, "sub": user, "aud": "order-status", "azp": "customer-portal", "typ": "Bearer", "jti": "of " + user,
		"sid": sid, "iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	p, _ := claims.LookupPreset("keycloak")
	c, err := p.Claims(payload)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entry names all tokens of a user.
func entry(user string) revocation.Entry {
	return revocation.Entry{Issuer: corp, Subject: user, Expires: time.Now().Add(time.Hour)}
}

// open returns a replica of the list in the store at an address.
func open(t testing.TB, address string, opts ...shared.Option) *shared.List {
	t.Helper()
	l, err := shared.New(valkey.ClientOption{InitAddress: []string{address}, ForceSingleClient: true}, append([]shared.Option{shared.Logger(slog.New(slog.DiscardHandler)), shared.Pace(20*time.Millisecond, 300*time.Millisecond)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// nowhere is a store that is not there: port 1 has no server.
var nowhere = valkey.ClientOption{InitAddress: []string{"127.0.0.1:1"}, ForceSingleClient: true}

// logging has a replica write its log into a buffer.
func logging(to *lines) shared.Option { return shared.Logger(slog.New(slog.NewTextHandler(to, nil))) }

// ready returns a replica that knows the list.
func ready(t testing.TB, address string, opts ...shared.Option) *shared.List {
	t.Helper()
	l := open(t, address, opts...)
	eventually(t, "ready", func() bool { return l.Ready() == nil })
	return l
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	timeout, tick := time.After(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-timeout:
			t.Fatalf("not %s within 20 s", what)
		case <-tick.C:
		}
	}
}

// revoked reports whether a replica knows that the user's tokens are revoked.
func revoked(t testing.TB, l *shared.List, user string) bool {
	t.Helper()
	return errors.Is(l.Revoked(t.Context(), token(t, user)), audience.CauseRevoked)
}

// wire is a connection to a store that can be cut, go silent, or be slow.
type wire struct {
	address, to string
	done        sync.WaitGroup

	mu     sync.Mutex
	silent bool
	delay  time.Duration // of each way
	open   map[net.Conn]bool
}

func newWire(t testing.TB, to string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{to: to, open: map[net.Conn]bool{}}
	t.Cleanup(w.done.Wait)
	w.serve(t, listener)
	return w
}

// serve carries what comes to a listener.
func (w *wire) serve(t testing.TB, listener net.Listener) {
	w.address = listener.Addr().String()
	w.done.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			w.done.Go(func() { w.carry(conn) })
		}
	})
	t.Cleanup(func() {
		listener.Close()
		w.cut()
	})
}

func (w *wire) carry(from net.Conn) {
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		from.Close()
		return
	}
	w.mu.Lock()
	w.open[from], w.open[to] = true, true
	w.mu.Unlock()
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			defer way[1].Close()
			buffer := make([]byte, 32<<10)
			for {
				n, err := way[0].Read(buffer)
				w.mu.Lock()
				silent, delay := w.silent, w.delay
				w.mu.Unlock()
				pass(delay)
				if err == nil && !silent {
					_, err = way[1].Write(buffer[:n])
				}
				if err != nil {
					return
				}
			}
		})
	}
	both.Wait()
	from.Close()
	to.Close()
}

// pass lets time pass, as on a long way.
func pass(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}

// slow makes the wire slow.
func (w *wire) slow(delay time.Duration) {
	w.mu.Lock()
	w.delay = delay
	w.mu.Unlock()
}

// drop makes the wire lose what is sent, without closing anything; or carry it again.
func (w *wire) drop(silent bool) {
	w.mu.Lock()
	w.silent = silent
	w.mu.Unlock()
}

// cut closes the connections there are.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.open {
		conn.Close()
	}
	clear(w.open)
}

// do runs a command in the store at an address.
func do(t testing.TB, address string, command ...string) {
	t.Helper()
	client, err := valkey.NewClient(valkey.ClientOption{InitAddress: []string{address}, ForceSingleClient: true, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.Do(t.Context(), client.B().Arbitrary(command...).Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

// lines is a buffer for log lines.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

package httpguard_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/interceptor/httpguard"
	"github.com/grpcaud/grpcaud/testutil"
)

// takeOver changes to a protocol that returns every line.
func takeOver(w http.ResponseWriter, _ *http.Request) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusTeapot)
		return
	}
	_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n")
	_ = buffered.Flush()
	go returnLines(conn, buffered.Reader)
}

func returnLines(conn net.Conn, from *bufio.Reader) {
	defer conn.Close()
	for {
		line, err := from.ReadString('\n')
		if err != nil || line == "bye\n" {
			return
		}
		if _, err := io.WriteString(conn, line); err != nil {
			return
		}
	}
}

func upgradeOf(path, token string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: upgrade\r\nUpgrade: echo\r\nAuthorization: Bearer " + token + "\r\n\r\n"
}

// TestConnectionThatWasTakenOverEndsWithItsToken shows that an allowed upgrade works, also
// after its handler has returned, until its token ends, and that its lease ends with it.
func TestConnectionThatWasTakenOverEndsWithItsToken(t *testing.T) {
	for _, leaves := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := plain()
			s.handle, s.options = takeOver, []httpguard.Option{httpguard.AllowUpgrade("WatchOrderStatus")}
			w := newWorld(t, s)
			token := w.issuer.Mint(good(testutil.Claims{"exp": time.Now().Add(time.Minute).Unix()}))
			conn := w.connect(t)
			defer conn.Close()
			if err := conn.SetDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(conn)
			if _, err := io.WriteString(conn, upgradeOf(watching, token)); err != nil {
				t.Fatal(err)
			}
			resp, err := http.ReadResponse(reader, nil)
			if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("%v, %v", resp, err)
			}
			if got := exchange(t, conn, reader, "hello\n"); got != "hello\n" || leases(w.admit) != 1 {
				t.Errorf("%q with %d leases, want the line, and one", got, leases(w.admit))
			}
			if leaves {
				exchange(t, conn, reader, "bye\n")
			} else {
				time.Sleep(2 * time.Minute) // with the leeway
			}
			synctest.Wait()
			if rest, err := io.ReadAll(reader); len(rest) > 0 || err != nil {
				t.Errorf("after the end: %q, %v, want the end of the connection", rest, err)
			}
			if n := leases(w.admit); n != 0 {
				t.Errorf("%d leases are left (the peer left: %v)", n, leaves)
			}
			if ended := strings.Contains(w.log.String(), "EXPIRED_MIDSTREAM"); ended == leaves {
				t.Errorf("the log has the end of the token: %v (the peer left: %v): %s", ended, leaves, w.log)
			}
		})
	}
}

func exchange(t *testing.T, conn net.Conn, reader *bufio.Reader, line string) string {
	t.Helper()
	if _, err := io.WriteString(conn, line); err != nil {
		t.Fatal(err)
	}
	got, _ := reader.ReadString('\n')
	return got
}

// TestUpgradeIsRefusedElsewhere shows that an operation that is not named cannot change
// the protocol, that its handler cannot take over the connection, and that a wish for h2c
// is ignored.
func TestUpgradeIsRefusedElsewhere(t *testing.T) {
	s := plain()
	s.handle, s.options = takeOver, []httpguard.Option{httpguard.AllowUpgrade("order-status/WatchOrderStatus")}
	w := newWorld(t, s)
	token := w.issuer.Mint(good(nil))
	for name, row := range map[string]struct {
		request string
		want    verdict
	}{
		"another operation":       {upgradeOf(getting, token), noPolicy},
		"without a token":         {upgradeOf(watching, ""), malformed},
		"a public operation":      {upgradeOf("/version", token), noPolicy},
		"h2c is ignored":          {strings.Replace(upgradeOf(getting, token), "echo", "h2c", 1), verdict{http.StatusTeapot, ""}},
		"without the wish for it": {strings.Replace(upgradeOf(getting, token), "Upgrade: echo\r\n", "", 1), verdict{http.StatusTeapot, ""}},
	} {
		got := w.raw(t, row.request)
		if v := (verdict{got.status, got.problem.Reason}); v != row.want {
			t.Errorf("%s: %v, want %v", name, v, row.want)
		}
	}
}

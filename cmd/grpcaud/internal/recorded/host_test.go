package recorded_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

func TestHostIsWithoutThePort(t *testing.T) {
	for peer, want := range map[string]string{"192.0.2.1:443": "192.0.2.1", "[2001:db8::1]:443": "2001:db8::1", "unix": "unix", "": ""} {
		if got := recorded.Host(peer); got != want {
			t.Errorf("Host(%q) = %q, want %q", peer, got, want)
		}
	}
}

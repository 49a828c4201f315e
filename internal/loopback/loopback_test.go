package loopback_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

func TestHost(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"": false, "0.0.0.0": false, "10.0.0.1": false, "169.254.169.254": false, "[::1]": false,
		"localhost.example.com": false, "127.0.0.1.example.com": false, "LOCALHOST": false,
	} {
		if got := loopback.Host(host); got != want {
			t.Errorf("Host(%q) = %t, want %t", host, got, want)
		}
	}
}

package ui

import (
	"net"
	"testing"
)

// TestNamesOwn shows which values of the header Host name an address. TestUIAnswersItsOwnHostOnly
// of the command has those that name others.
func TestNamesOwn(t *testing.T) {
	for _, row := range []struct {
		ip     string
		port   int
		header string
		want   bool
	}{
		{"127.0.0.1", 8080, "127.0.0.1:8080", true},
		{"127.0.0.1", 8080, "localhost:8080", true},
		{"127.0.0.1", 8080, "[::1]:8080", false},
		{"::1", 8080, "[::1]:8080", true},
		{"::1", 8080, "localhost:8080", true},
		{"::1", 8080, "::1:8080", false},
		{"::1", 8080, "[::1%25lo]:8080", false},
		{"127.0.0.1", 80, "127.0.0.1", true}, // browsers leave the port out
		{"127.0.0.1", 80, "127.0.0.1:80", true},
		{"127.0.0.1", 80, "localhost", true},
		{"127.0.0.1", 80, "localhost:80", true},
		{"127.0.0.1", 80, "attacker.example", false},
		{"::1", 80, "[::1]", true},
		{"127.0.0.1", 8080, "127.0.0.1", false},
		{"127.0.0.1", 8080, "localhost", false},
		{"127.0.0.1", 8080, "", false},
		{"127.0.0.1", 8080, ":8080", false},
	} {
		own := &net.TCPAddr{IP: net.ParseIP(row.ip), Port: row.port}
		if got := namesOwn(row.header, own); got != row.want {
			t.Errorf("namesOwn(%q, %v) = %t, want %t", row.header, own, got, row.want)
		}
	}
}

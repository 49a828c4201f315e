package httproute_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/httproute"
)

func TestAmbiguousPathsAreRefused(t *testing.T) {
	for _, path := range []string{
		"", "*", "v1/orders", "//v1/orders", "/v1//orders", "/v1/orders//", "/.", "/..", "/v1/./orders", "/v1/../hr", "/v1/..", "/v1/.",
		"/v1/%2e%2e/hr", "/v1/%2E/hr", "/v1/.%2e/hr", "/v1/a%2eb", "/v1%2forders", "/v1%2Forders", `/v1\orders`, "/v1%5corders", "/v1%5Corders",
		"/v1/orders;x=1/5", "/v1/..;/hr", "/v1/orders%3bx=1", "/v1/orders%3Bx=1", "/v1/%252e%252e/hr", "/v1/%252Forders", "/v1/%2541",
		"/v1/%25%32%66hr", "/v1/%252%66hr", "/v1/%25%32fhr", "/v1/%250%30", "/v1/%25%325f",
		"/v1/%00", "/v1/%0d%0a", "/v1/%7F", "/v1/\x01", "/v1/\x7f", "/v1/%c0%af", "/v1/%ff", "/v1/\u00fc", "/v1/%", "/v1/%2", "/v1/%zz",
		"/v1/orders?x", "/v1/orders#x",
	} {
		if err := httproute.CheckPath(path); !errors.Is(err, httproute.ErrAmbiguous) {
			t.Errorf("CheckPath(%q) = %v, want a refusal", path, err)
		}
	}
}

func TestPlainPathsPass(t *testing.T) {
	for _, path := range []string{
		"/", "/v1", "/v1/", "/v1/orders/5", "/v1/orders/5:cancel", "/v1/a.b", "/v1/...", "/v1/.a", "/v1/a%20b", "/v1/b%C3%BCcher", "/v1/100%25", "/v1/25%25zz",
		"/v1/a,b!$&'()*+=@~_-", "/v1/%7Ejoe", "/v1/what%3F%23", "/v1/urn%3Aorder%3A5",
	} {
		if err := httproute.CheckPath(path); err != nil {
			t.Errorf("CheckPath(%q) = %v, want nil", path, err)
		}
	}
}

// FuzzCheckPath shows that a path that passes has one reading: decoded once or twice, it
// has the same segments, and none of them is empty or means another folder.
func FuzzCheckPath(f *testing.F) {
	for _, path := range []string{"/", "/v1/orders/5:cancel", "/v1/%2e%2e/hr", "/v1/%252f", "/v1//x", `/\`, "/a;b", "/100%25", "/%2525", "/%25%32%66"} {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if httproute.CheckPath(path) != nil {
			return
		}
		once, err := url.PathUnescape(path)
		if err != nil {
			t.Fatalf("%q passes, and cannot be unescaped", path)
		}
		readings := []string{path, once}
		if twice, err := url.PathUnescape(once); err == nil {
			readings = append(readings, twice)
		}
		segments := strings.Count(path, "/")
		for _, reading := range readings {
			if strings.Count(reading, "/") != segments || strings.ContainsAny(reading, "\\;\x00\r\n") || strings.Contains(reading, "//") {
				t.Errorf("%q passes, and can be read as %q", path, reading)
			}
			for segment := range strings.SplitSeq(reading, "/") {
				if segment == "." || segment == ".." {
					t.Errorf("%q passes, and can be read as %q", path, reading)
				}
			}
		}
	})
}

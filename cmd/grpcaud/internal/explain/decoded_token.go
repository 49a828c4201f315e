package explain

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// Decoded is the content of a token, before anything of it is verified. It holds no
// signature.
type Decoded struct {
	Header  map[string]any `json:"header,omitempty"`
	Claims  map[string]any `json:"claims,omitempty"`
	payload []byte
}

// Decode reads as much of a token as can be read.
func Decode(token string) Decoded {
	parts := strings.Split(token, ".")
	var d Decoded
	if len(parts) != 3 && len(parts) != 5 { // JWS and JWE in compact form
		return d
	}
	d.Header, _ = decodePart(parts[0])
	if len(parts) == 3 {
		d.Claims, d.payload = decodePart(parts[1])
	}
	return d
}

// Audiences returns the values of aud.
func (d Decoded) Audiences() []string {
	switch aud := d.Claims["aud"].(type) {
	case string:
		return []string{aud}
	case []any:
		var all []string
		for _, one := range aud {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

func decodePart(part string) (map[string]any, []byte) {
	data, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return nil, nil
	}
	members, err := strictjson.Object(data)
	if err != nil {
		return nil, data
	}
	return members, data
}

// memberOrder lists the most important members; the others follow by name.
var memberOrder = []string{
	"iss", "aud", "azp", "client_id", "cid", "appid", "sub", "act", "scope", "scp", "roles", "exp", "nbf", "iat", "auth_time", "acr", "cnf", "jti", "sid",
}

// MemberRows lists the members of a header or of claims for a table: the name, and the
// value, with times in words.
func MemberRows(members map[string]any, now time.Time) [][]string {
	var names []string
	for name := range members {
		names = append(names, name)
	}
	rank := func(name string) int {
		if i := slices.Index(memberOrder, name); i >= 0 {
			return i
		}
		return len(memberOrder)
	}
	slices.SortFunc(names, func(a, b string) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	var out [][]string
	for _, name := range names {
		row := []string{output.Printable(name), valueText(members[name])}
		if t, ok := timeOf(members, name); ok {
			row[1] += "  " + formatTime(t, now)
		}
		out = append(out, row)
	}
	return out
}

// valueText writes a value as JSON. Markup is text wherever it is shown, so that it needs
// no escapes.
func valueText(value any) string {
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // it comes from JSON
	return output.EscapeJSON(strings.TrimSpace(text.String()))
}

// timeOf returns a claim that is a NumericDate (RFC 7519, section 2).
func timeOf(claims map[string]any, name string) (time.Time, bool) {
	if !slices.Contains([]string{"exp", "nbf", "iat", "auth_time"}, name) {
		return time.Time{}, false
	}
	number, _ := claims[name].(json.Number)
	const longAgo, farAway = -1e11, 1e11
	s, err := number.Float64()
	if err != nil || s < longAgo || s > farAway {
		return time.Time{}, false
	}
	return time.Unix(int64(s), 0), true
}

// formatTime writes t, and how far it is from now.
func formatTime(t, now time.Time) string {
	d := t.Sub(now).Round(time.Second)
	switch {
	case d > 0:
		return fmt.Sprintf("%s, in %s", output.Stamp(t), formatDuration(d))
	default:
		return fmt.Sprintf("%s, %s ago", output.Stamp(t), formatDuration(-d))
	}
}

// formatDuration writes d in the largest unit that fits.
func formatDuration(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%d h", d/time.Hour)
	default:
		return fmt.Sprintf("%d days", d/day)
	}
}

// remainingLife returns how long a token is still valid, if somebody could misuse it:
// it has not expired, and its issuer is not on this machine.
func (d Decoded) remainingLife(now time.Time) (time.Duration, bool) {
	iss, _ := d.Claims["iss"].(string)
	issuer, err := url.Parse(iss)
	expiry, ok := timeOf(d.Claims, "exp")
	if !ok || err != nil || issuer.Scheme != "https" || isLoopback(issuer.Hostname()) {
		return 0, false
	}
	left := expiry.Sub(now)
	return left, left > 0
}

// Expired reports whether the token says that it has expired.
func (d Decoded) Expired(now time.Time) bool {
	expiry, ok := timeOf(d.Claims, "exp")
	return ok && !expiry.After(now)
}

func isLoopback(host string) bool {
	return loopback.Host(host) || strings.HasSuffix(host, ".localhost")
}

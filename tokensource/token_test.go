package tokensource_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/tokensource"
)

func TestTokenCannotBePrinted(t *testing.T) {
	const text = "eyJ-very-secret"
	token := tokensource.NewToken(text, time.Now())
	type hidden struct {
		token tokensource.Token
		list  []tokensource.Token
		table map[string]*tokensource.Token
	}
	request := tokensource.Request{Audience: "a", Subject: token, SubjectIssuer: issuer}
	values := []any{
		token, &token,
		[]tokensource.Token{token},
		request, &request,
		hidden{token, []tokensource.Token{token}, map[string]*tokensource.Token{"t": &token}},
		tokensource.ClientCredentials("id", text), newSource(t, &wire{}),
		struct{ Auth tokensource.ClientAuth }{tokensource.ClientCredentials("id", text)},
	}
	for _, v := range values {
		var out bytes.Buffer
		for _, verb := range "vsdqxXTpbeotU" {
			for _, flag := range []string{"", "+", "#", "-20", "020"} {
				fmt.Fprintf(&out, "%"+flag+string(verb)+"\n", v)
			}
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		_ = json.NewEncoder(&out).Encode(v)
		_ = xml.NewEncoder(&out).Encode(v)
		for _, leak := range []string{text, secret, fmt.Sprintf("%x", text), fmt.Sprintf("%X", text), strings.Trim(fmt.Sprint([]byte(text)), "[]")} {
			if strings.Contains(out.String(), leak) {
				t.Errorf("%T leaks %q", v, leak)
			}
		}
	}
	if got := fmt.Sprintf("%s %+v", token, request); !strings.HasPrefix(got, "[redacted] {Audience:a Also:[] Scope: Subject:[redacted]") {
		t.Errorf("got %s, want [redacted] in both", got)
	}
}

func TestTokenAccessors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		soon := time.Now().Add(time.Minute)
		for _, row := range []struct {
			name        string
			token       tokensource.Token
			text        string
			zero, valid bool
		}{
			{"zero", tokensource.Token{}, "", true, false},
			{"empty text", tokensource.NewToken("", soon), "", false, false},
			{"valid", tokensource.NewToken("t", soon), "t", false, true},
			{"expiry unknown", tokensource.NewToken("t", time.Time{}), "t", false, true},
			{"expired", tokensource.NewToken("t", time.Now()), "t", false, false},
		} {
			if got := row.token.Reveal(); got != row.text {
				t.Errorf("%s: Reveal() = %q, want %q", row.name, got, row.text)
			}
			if got, want := row.token.Bearer(), "Bearer "+row.text; got != want && !row.zero || row.zero && got != "" {
				t.Errorf("%s: Bearer() = %q, want %q, or nothing of the zero Token", row.name, got, want)
			}
			if got := row.token.IsZero(); got != row.zero {
				t.Errorf("%s: IsZero() = %v, want %v", row.name, got, row.zero)
			}
			if got := row.token.Valid(); got != row.valid {
				t.Errorf("%s: Valid() = %v, want %v", row.name, got, row.valid)
			}
		}
		if got := tokensource.NewToken("t", soon).Expiry(); !got.Equal(soon) {
			t.Errorf("Expiry() = %v, want %v", got, soon)
		}
	})
}

package verifier_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/testutil"
)

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// flip returns token with another letter at one place; by tells which of the
// 63 others, and the dot.
func flip(token string, at int, by byte) string {
	others := strings.Replace(letters+".", token[at:at+1], "", 1)
	return token[:at] + string(others[int(by)%len(others)]) + token[at+1:]
}

// forge returns the nth of some 5000 tokens that differ from token in their
// signature, a long one.
func forge(token string, n int) string { return flip(token, len(token)-2-n%80, byte(n/80%63)) }

// TestOtherSpellingsOfATokenAreRefused shows that a token in any other than the
// canonical form is refused before an issuer is asked for its key.
func TestOtherSpellingsOfATokenAreRefused(t *testing.T) {
	issuer := newIssuer()
	key := issuer.Rotate("EdDSA")
	v := staticVerifier(t, issuer, key, verifier.Cache(0))
	good := mint(issuer)
	part := strings.Split(good, ".")
	header := func(name string, value any) string { return mint(issuer, testutil.Header(name, value)) }
	for _, row := range []struct {
		name  string
		token string
		cause audience.Cause
	}{
		{"good", good, ""},
		{"none", header("alg", "none"), audience.CauseAlgorithmNotAllowed},
		{"noNe", header("alg", "noNe"), audience.CauseAlgorithmNotAllowed},
		{"none without a signature", strings.Join([]string{part[0], part[1], ""}, "."), audience.CauseTokenMalformed},
		{"jwk", header("jwk", testutil.NewKey("ES256").JWK()), audience.CauseTokenMalformed},
		{"jku", header("jku", "https://evil.example/jwks"), audience.CauseTokenMalformed},
		{"x5u", header("x5u", "https://evil.example/chain"), audience.CauseTokenMalformed},
		{"x5t", header("x5t", "AAAA"), ""},
		{"x5c that is none", header("x5c", []string{"AAAA"}), audience.CauseTokenMalformed},
		{"kid number", header("kid", 1), audience.CauseTokenMalformed},
		{"kid object", header("kid", map[string]any{}), audience.CauseTokenMalformed},
		{"kid array", header("kid", []string{key.ID()}), audience.CauseTokenMalformed},
		{"kid null", header("kid", json.RawMessage("null")), audience.CauseTokenMalformed},
		{"kid of a path", header("kid", "../../../dev/null"), audience.CauseKeyUnknown},
		{"kid NUL", header("kid", "\x00"), audience.CauseKeyUnknown},
		{"long kid", header("kid", strings.Repeat("k", 257)), audience.CauseTokenMalformed},
		{"padding", good + "=", audience.CauseTokenMalformed},
		{"alphabet of base64", part[0] + "." + part[1] + "." + strings.Repeat("+/", 43), audience.CauseTokenMalformed},
		{"unused bits of the header", trail(part, 0), audience.CauseTokenMalformed},
		{"unused bits of the claims", trail(part, 1), audience.CauseTokenMalformed},
		{"unused bits of the signature", trail(part, 2), audience.CauseTokenMalformed},
		{"crit", header("crit", []string{"x"}), audience.CauseTokenMalformed},
		{"empty crit", header("crit", []string{}), audience.CauseTokenMalformed},
		{"crit b64", mint(issuer, testutil.Header("crit", []string{"b64"}), testutil.Header("b64", true)), audience.CauseTokenMalformed},
		{"crit exp", header("crit", []string{"exp"}), audience.CauseTokenMalformed},
		{"crit no array", header("crit", "exp"), audience.CauseTokenMalformed},
		{"crit null", header("crit", json.RawMessage("null")), audience.CauseTokenMalformed},
		{"b64 false", header("b64", false), audience.CauseTokenMalformed},
		{"two alg", rawHeader(issuer, `{"alg":"none","alg":"EdDSA","typ":"at+jwt"}`), audience.CauseTokenMalformed},
		{"escaped twin", rawHeader(issuer, `{"alg":"EdDSA","\u0061lg":"none","typ":"at+jwt"}`), audience.CauseTokenMalformed},
		{"ALG", rawHeader(issuer, `{"ALG":"EdDSA","typ":"at+jwt"}`), audience.CauseTokenMalformed},
		{"empty kid", header("kid", ""), audience.CauseTokenMalformed},
		{"empty typ", header("typ", ""), audience.CauseTokenMalformed},
		{"longest kid", header("kid", strings.Repeat("k", 256)), audience.CauseKeyUnknown},
		{"largest header", rawHeader(issuer, spacious(4<<10)), audience.CauseKeyUnknown},
		{"a byte too large a header", rawHeader(issuer, spacious(4<<10+1)), audience.CauseTokenMalformed},
		{"no claims", part[0] + ".." + part[2], audience.CauseTokenMalformed},
		{"four parts", good + ".AAAA", audience.CauseTokenMalformed},
		{"five parts", good + ".AAAA.AAAA", audience.CauseTokenMalformed},
		{"flattened", `{"protected":"` + part[0] + `","payload":"` + part[1] + `","signature":"` + part[2] + `"}`, audience.CauseTokenMalformed},
		{"general", `{"payload":"` + part[1] + `","signatures":[{"protected":"` + part[0] + `","signature":"` + part[2] + `"}]}`, audience.CauseTokenMalformed},
		{"white space before", " " + good, audience.CauseTokenMalformed},
		{"white space in the claims", part[0] + "." + part[1][:9] + " " + part[1][9:] + "." + part[2], audience.CauseTokenMalformed},
		{"line break in the signature", good[:len(good)-4] + "\n" + good[len(good)-4:], audience.CauseTokenMalformed},
		{"header with a byte order mark", rawHeader(issuer, "\ufeff"+`{"alg":"EdDSA","typ":"at+jwt"}`), audience.CauseTokenMalformed},
		{"header not UTF-8", rawHeader(issuer, `{"alg":"EdDSA","typ":"at+jwt","x":"`+"\xff"+`"}`), audience.CauseTokenMalformed},
		{"header not an object", rawHeader(issuer, `["EdDSA"]`), audience.CauseTokenMalformed},
		{"claims with text behind", mint(issuer, testutil.RawPayload([]byte(`{"iss":"`+corp+`"}{}`))), audience.CauseClaimsMalformed},
	} {
		_, err := v.Verify(t.Context(), row.token)
		want(t, row.name, err, row.cause)
		if err != nil && strings.Contains(err.Error(), part[2]) {
			t.Errorf("%s: the error holds the token: %v", row.name, err)
		}
	}
}

func rawHeader(issuer *testutil.Issuer, header string) string {
	return mint(issuer, testutil.RawHeader([]byte(header)))
}

// spacious returns a header of this many bytes, with a kid that no key has.
func spacious(size int) string {
	const header = `{"alg":"EdDSA","typ":"at+jwt","kid":"unknown"}`
	return header + strings.Repeat(" ", size-len(header))
}

// trail returns the token of these parts with one of them spelled as no encoder
// does: a letter longer, or with an unused bit set.
func trail(parts []string, n int) string {
	parts = slices.Clone(parts)
	if len(parts[n])%4 == 0 {
		parts[n] += "A"
	} else {
		last := strings.IndexByte(letters, parts[n][len(parts[n])-1])
		parts[n] = parts[n][:len(parts[n])-1] + string(letters[last+1])
	}
	return strings.Join(parts, ".")
}

// TestOtherFormsOfTokensAreExplained shows that a refusal says what a text may be that
// does not have three parts.
func TestOtherFormsOfTokensAreExplained(t *testing.T) {
	issuer := newIssuer()
	v := staticVerifier(t, issuer, issuer.Rotate("EdDSA"))
	good := mint(issuer)
	for token, hint := range map[string]string{
		" {}":                                 "JSON serialisation",
		good + ".AAAA.AAAA":                   "encrypted",
		"b7c9d2":                              "opaque",
		good[:strings.LastIndex(good, ".")+1]: "signature is missing",
	} {
		if _, err := v.Verify(t.Context(), token); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("Verify(%.20q) = %v, want a hint: %s", token, err, hint)
		}
	}
}

// TestLargeTokensAreNotRead shows that a token which is too large is refused before it
// is read.
func TestLargeTokensAreNotRead(t *testing.T) {
	issuer := newIssuer()
	v := staticVerifier(t, issuer, issuer.Rotate("EdDSA"))
	for name, row := range map[string]struct {
		token string
		cause audience.Cause
	}{
		"100 000 dots": {strings.Repeat(".", 100_000), audience.CauseTokenTooLarge},
		"16 000 dots":  {strings.Repeat(".", 16_000), audience.CauseTokenMalformed},
		"zip bomb":     {strings.Repeat("A", 3000) + strings.Repeat(".AAAA", 4), audience.CauseTokenMalformed},
		"16 KiB":       {strings.Repeat("A", 16<<10), audience.CauseTokenMalformed},
		"more":         {strings.Repeat("A", 16<<10+1), audience.CauseTokenTooLarge},
		"15 MiB":       {strings.Repeat("A", 15<<20), audience.CauseTokenTooLarge},
		"large header": {mint(issuer, testutil.Header("x", strings.Repeat("x", 5<<10))), audience.CauseTokenMalformed},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := v.Verify(t.Context(), row.token)
		runtime.ReadMemStats(&after)
		want(t, name, err, row.cause)
		if took := after.TotalAlloc - before.TotalAlloc; took > 64<<10 {
			t.Errorf("%s: refusing it took %d bytes", name, took)
		}
	}
}

// TestOtherSpellingOfGooglesIssuer shows that the other spelling of Google's iss finds
// its keys, for an issuer of Google's preset only.
func TestOtherSpellingOfGooglesIssuer(t *testing.T) {
	const url = "https://accounts.google.com"
	issuer := testutil.NewIssuer(url, testutil.Typ("JWT"))
	jwks := []byte(`{"keys":[` + encode(t, issuer.Rotate("RS256").JWK()) + `]}`)
	for preset, cause := range map[string]audience.Cause{"google": "", "rfc9068": audience.CauseIssuerUnknown} {
		v, err := verifier.New([]access.Issuer{{URL: url, Preset: preset}}, verifier.StaticKeys(url, jwks))
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		claims, err := v.Verify(t.Context(), issuer.Mint(testutil.Claims{"iss": "accounts.google.com", "sub": "1", "azp": "1", "aud": "order-status"}))
		want(t, preset, err, cause)
		if err == nil && claims.Issuer() != url {
			t.Errorf("issuer = %q, want %q", claims.Issuer(), url)
		}
	}
}

// TestChangedTokenIsNotGenuine shows that only the signed token is genuine: each
// character is replaced in turn by some others, and the last one of each part by all
// others.
func TestChangedTokenIsNotGenuine(t *testing.T) {
	issuer := newIssuer()
	v := staticVerifier(t, issuer, issuer.Rotate("EdDSA"))
	token := mint(issuer)
	_, err := v.Verify(t.Context(), token)
	want(t, "as signed", err, "")
	for at := range token {
		step := byte(31)
		if at == len(token)-1 || token[at+1] == '.' {
			step = 1
		}
		for by := byte(0); by < 64; by += step {
			if mutant := flip(token, at, by); genuine(t, v, mutant) {
				t.Errorf("genuine with letter %d replaced: %s", at, mutant)
			}
		}
	}
}

// genuine also checks that a refusal is one.
func genuine(t *testing.T, v *verifier.Verifier, token string) bool {
	t.Helper()
	claims, err := v.Verify(t.Context(), token)
	var refusal *audience.Refusal
	if err != nil && (claims != nil || !errors.As(err, &refusal)) {
		t.Errorf("Verify(%q) = %v, %v, want a refusal alone", token, claims, err)
	}
	return err == nil
}

// FuzzMutatedToken shows that a token with changes at two places is not genuine unless
// they cancel out, and that the cache does not change the result.
func FuzzMutatedToken(f *testing.F) {
	issuer := newIssuer()
	key := issuer.Rotate("EdDSA")
	cached, fresh := staticVerifier(f, issuer, key), staticVerifier(f, issuer, key, verifier.Cache(0))
	token := mint(issuer)
	f.Add(uint16(0), uint16(1), "")
	f.Add(uint16(10), uint16(10), "\n")
	f.Add(uint16(len(token)), uint16(len(token)), "=")
	f.Add(uint16(len(token)-1), uint16(len(token)), "B")
	f.Add(uint16(5), uint16(5), ".")
	f.Fuzz(func(t *testing.T, from, to uint16, with string) {
		a, b := int(from)%(len(token)+1), int(to)%(len(token)+1)
		mutant := token[:min(a, b)] + with + token[max(a, b):]
		for _, v := range []*verifier.Verifier{cached, fresh, cached} {
			if got := genuine(t, v, mutant); got != (mutant == token) {
				t.Errorf("genuine = %t for %q, signed was %q", got, mutant, token)
			}
		}
	})
}

// FuzzCompact shows that what is read as a compact token is the one spelling of
// its header, its claims and its signature, and says nothing that we refuse.
func FuzzCompact(f *testing.F) {
	issuer := newIssuer()
	v := staticVerifier(f, issuer, issuer.Rotate("EdDSA"), verifier.Cache(0))
	part := strings.Split(mint(issuer), ".")
	f.Add(part[0], part[1], part[2])
	f.Add(part[0]+"\n", part[1], part[2])
	f.Add("e30", "e30", "AA")
	f.Add("eyJhbGciOiJub25lIn0", "eyJpc3MiOiJ4In0", "AB")
	f.Fuzz(func(t *testing.T, first, second, third string) {
		raw := first + "." + second + "." + third
		_, err := v.Verify(t.Context(), raw)
		if errors.Is(err, audience.CauseTokenMalformed) || errors.Is(err, audience.CauseTokenTooLarge) || errors.Is(err, audience.CauseClaimsMalformed) {
			return
		}
		var back [][]byte
		for part := range strings.SplitSeq(raw, ".") {
			data, err := base64.RawURLEncoding.DecodeString(part)
			if err != nil || base64.RawURLEncoding.EncodeToString(data) != part || part == "" {
				t.Fatalf("accepted the form of %q", raw)
			}
			back = append(back, data)
		}
		header, headerErr := object(back[0])
		_, claimsErr := object(back[1])
		if err := errors.Join(headerErr, claimsErr); err != nil || len(back) != 3 {
			t.Fatalf("accepted the form of %q: %v", raw, err)
		}
		if alg, _ := header["alg"].(string); alg == "" || bytes.Contains(back[0], []byte(`"crit"`)) && header["crit"] != nil {
			t.Fatalf("accepted the header %q", back[0])
		}
	})
}

// object decodes JSON, whatever the size of its numbers.
func object(data []byte) (members map[string]any, err error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	err = d.Decode(&members)
	return members, err
}

// TestOnlySignedBytesAreReleased shows that claims come only from the payload of which
// go-oidc has verified the signature.
func TestOnlySignedBytesAreReleased(t *testing.T) {
	issuer := newIssuer()
	v := staticVerifier(t, issuer, issuer.Rotate("ES256"))
	raw := mint(issuer)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(raw, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	want(t, "the signed payload", v.CheckOther(t.Context(), raw, string(payload)), "")
	other := strings.Replace(string(payload), "alice", "admin", 1)
	want(t, "another payload", v.CheckOther(t.Context(), raw, other), audience.CauseTokenMalformed)
	want(t, "the same members in other bytes", v.CheckOther(t.Context(), raw, " "+string(payload)), audience.CauseTokenMalformed)
}

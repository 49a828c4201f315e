package audience_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/claims"
)

var further = members{
	"department": "hr", "manager": true, "intern": false, "floor": 3, "load": 0.5, "none": null, "blank": "",
	"hired": 1_700_000_000, "long_ago": -1, "teams": []string{"a", "b"}, "alone": []string{}, "gap": []string{"a", ""},
	"address": members{"city": "Bern", "lines": []string{"1", "2"}}, "mixed": []any{"a", 1}, "huge": json.Number("1e400"), "next": json.Number("9223372036854775808"),
}

// claimed is what a handler reads, by way of the context.
func claimed(t *testing.T) audience.Caller {
	t.Helper()
	c, err := read(t, "keycloak", token(further))
	if err != nil {
		t.Fatal(err)
	}
	caller, _ := audience.FromContext(audience.NewContext(t.Context(), c.Caller()))
	return caller
}

func TestClaim(t *testing.T) {
	caller := claimed(t)
	holds(t, caller, "department", "hr")
	holds(t, caller, "manager", true)
	holds(t, caller, "intern", false)
	holds(t, caller, "floor", int64(3))
	holds(t, caller, "floor", 3.0)
	holds(t, caller, "load", 0.5)
	holds(t, caller, "hired", time.Unix(1_700_000_000, 0))
	holds(t, caller, "teams", []string{"a", "b"})
	holds(t, caller, "alone", []string{})
	holds(t, caller, "iss", corp)
}

func holds[T audience.ClaimValue](t *testing.T, caller audience.Caller, name string, want T) {
	t.Helper()
	got, err := audience.Claim[T](caller, name)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("claim %s: %v (-want +got):\n%s", name, err, diff)
	}
}

// TestClaimIsNeverZero shows that a claim that is missing or of another type is an
// error, whatever its zero value would be taken for.
func TestClaimIsNeverZero(t *testing.T) {
	caller := claimed(t)
	for _, name := range []string{"Department", "departmen", "absent", ""} {
		refuses[string](t, caller, name, audience.ErrClaimMissing)
	}
	refuses[string](t, audience.Caller{Client: "made by hand"}, "department", audience.ErrClaimMissing)
	refuses[bool](t, caller, "absent", audience.ErrClaimMissing)
	for _, name := range []string{"none", "blank", "manager", "floor", "teams", "address"} {
		refuses[string](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "department", "floor"} {
		refuses[bool](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "load", "department", "huge", "next"} {
		refuses[int64](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "department", "huge"} {
		refuses[float64](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "long_ago", "department", "huge"} {
		refuses[time.Time](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "department", "gap", "mixed", "address"} {
		refuses[[]string](t, caller, name, audience.ErrClaimType)
	}
	for _, name := range []string{"none", "department", "teams"} {
		refuses[map[string]any](t, caller, name, audience.ErrClaimType)
	}
}

func refuses[T audience.ClaimValue](t *testing.T, caller audience.Caller, name string, want error) {
	t.Helper()
	var zero T
	got, err := audience.Claim[T](caller, name)
	if diff := cmp.Diff(zero, got); !errors.Is(err, want) || diff != "" {
		t.Errorf("Claim[%T](%q) = %v, %v; want %v", zero, name, got, err, want)
	}
}

// TestClaimIsACopy shows that no caller can change what another reads.
func TestClaimIsACopy(t *testing.T) {
	caller := claimed(t)
	for range 2 {
		address, err := audience.Claim[map[string]any](caller, "address")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]any{"city": "Bern", "lines": []any{"1", "2"}}, address); diff != "" {
			t.Errorf("address (-want +got):\n%s", diff)
		}
		address["city"] = "Basel"
		address["lines"].([]any)[0] = "changed"
		teams, err := audience.Claim[[]string](caller, "teams")
		if err != nil || teams[0] != "a" {
			t.Errorf("teams = %q, %v", teams, err)
		}
		teams[0] = "changed"
	}
}

// TestClaimConcurrently is for the race detector.
func TestClaimConcurrently(t *testing.T) {
	caller := claimed(t)
	done := make(chan error)
	names := []string{"department", "iss", "azp", "typ"}
	for _, name := range names {
		go func() {
			_, err := audience.Claim[string](caller, name)
			done <- err
		}()
	}
	for range names {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

// TestMemberIsRemembered shows that rules may ask for a claim of a known token
// without a further allocation.
func TestMemberIsRemembered(t *testing.T) {
	c, err := read(t, "keycloak", token(further))
	if err != nil {
		t.Fatal(err)
	}
	c.Claim("department")
	c.Claim("floor")
	if n := testing.AllocsPerRun(100, func() { c.Claim("department") }); n != 0 {
		t.Errorf("asking again takes %v allocations, want none", n)
	}
	for range 3 {
		if v, ok := c.Claim("absent"); ok {
			t.Errorf("absent = %v", v)
		}
	}
}

// A handler reads a claim that no rule asks for.
func ExampleClaim() {
	preset, _ := claims.LookupPreset("keycloak")
	claims, err := preset.Claims([]byte(`{"iss":"https://idp.example.com","exp":1795354016,"typ":"Bearer","azp":"backoffice-portal","sub":"alice","department":"hr"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	caller := *claims.Caller() // in a handler: audience.FromContext(ctx)

	fmt.Println(audience.Claim[string](caller, "department"))
	_, err = audience.Claim[int64](caller, "department")
	fmt.Println(err)
	_, err = audience.Claim[bool](caller, "manager")
	fmt.Println(err)
	// Output:
	// hr <nil>
	// audience: claim of another type: "department", want int64
	// audience: claim missing: "manager"
}

// TestClaimsOfACallerMadeForATest shows that the claims of a caller that a handler's
// test makes are read as those of a token are.
func TestClaimsOfACallerMadeForATest(t *testing.T) {
	hired := time.Unix(1_700_000_000, 0)
	made := audience.NewCaller(audience.Caller{Client: "portal"}, audience.ClaimMap{
		"department": "hr", "manager": true, "floor": 3, "hired": hired, "teams": []string{"a", "b"}, "broken": func() {},
	})
	caller, ok := audience.FromContext(audience.NewContext(t.Context(), made))
	if !ok || caller.Client != "portal" {
		t.Fatalf("caller = %v, %t", caller, ok)
	}
	holds(t, caller, "department", "hr")
	holds(t, caller, "manager", true)
	holds(t, caller, "floor", int64(3))
	holds(t, caller, "hired", hired)
	holds(t, caller, "teams", []string{"a", "b"})
	if _, err := audience.Claim[string](caller, "floor"); !errors.Is(err, audience.ErrClaimType) {
		t.Errorf("a number as a string: %v, want ErrClaimType", err)
	}
	for _, name := range []string{"absent", "broken"} {
		if _, err := audience.Claim[string](caller, name); !errors.Is(err, audience.ErrClaimMissing) {
			t.Errorf("%s: %v, want ErrClaimMissing", name, err)
		}
	}
}

package access_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
)

// viewed is a matrix with something in every list that a view copies.
func viewed() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com", Algorithms: []string{"RS256"}}},
		Services: map[string]access.Service{"orders": {
			GRPC:    []string{"acme.orders.v1.OrderStatus"},
			HTTP:    &access.HTTP{Operations: map[string][]string{"Get": {"GET /v1/orders/{id}"}}},
			Rollout: []access.Rollout{{Mode: access.Warn, Until: time.Now().Add(time.Hour), Clients: []string{"portal"}}},
			Allow: []access.Allow{{
				Clients: []string{"portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}, Roles: []string{"clerk"},
			}},
			Closed: []string{"Dump"},
		}},
		External: map[string]access.External{"parcels": {Clients: []string{"portal"}, Scopes: []string{"track"}}},
		Clients:  map[string]access.Client{"portal": {}},
		Public:   []string{"grpc.health.v1.Health"},
	}
}

func TestMatrixIsFilledIn(t *testing.T) {
	policy, err := access.New(viewed())
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Matrix()
	if preset := got.Issuers["corp"].Preset; preset != claims.DefaultPreset {
		t.Errorf("preset = %q, want %q", preset, claims.DefaultPreset)
	}
	orders := got.Services["orders"]
	if diff := cmp.Diff([][]string{orders.Issuers, orders.Audiences}, [][]string{{"corp"}, {"orders"}}); diff != "" {
		t.Errorf("issuers and audiences: got -, want +\n%s", diff)
	}
	if got, want := got.Clients["portal"], (access.Client{Issuer: "corp", ID: "portal"}); !reflect.DeepEqual(got, want) {
		t.Errorf("client = %+v, want %+v", got, want)
	}
	if aud := got.External["parcels"].Audience; aud != "parcels" {
		t.Errorf("audience of an API of others = %q, want its name", aud)
	}
	again, err := access.New(got)
	if err != nil {
		t.Fatalf("New of a view: %v", err)
	}
	if diff := cmp.Diff(again.Matrix(), got); diff != "" {
		t.Errorf("a view of a view: got -, want +\n%s", diff)
	}
}

func TestMatrixIsACopy(t *testing.T) {
	policy, err := access.New(viewed())
	if err != nil {
		t.Fatal(err)
	}
	want := asText(t, policy.Matrix())
	spoiled := policy.Matrix()
	spoil(reflect.ValueOf(&spoiled).Elem())
	if diff := cmp.Diff(asText(t, policy.Matrix()), want); diff != "" {
		t.Errorf("after a change to a view: got -, want +\n%s", diff)
	}
}

// asText returns a matrix as a text, which shares nothing with it.
func asText(t *testing.T, m access.Matrix) string {
	t.Helper()
	text, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// spoil overwrites every string that can be reached from v.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("spoiled")
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				spoil(v.Field(i))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Map:
		for key, value := range v.Seq2() {
			changed := reflect.New(value.Type()).Elem()
			changed.Set(value)
			spoil(changed)
			v.SetMapIndex(key, changed)
		}
	}
}

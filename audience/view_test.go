package audience_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
)

// viewed is a matrix with something in every list that a view copies.
func viewed() audience.Matrix {
	return audience.Matrix{
		Issuers: map[string]audience.Issuer{"corp": {URL: "https://idp.example.com", Algorithms: []string{"RS256"}}},
		Services: map[string]audience.Service{"orders": {
			GRPC:    []string{"acme.orders.v1.OrderStatus"},
			Rollout: []audience.Rollout{{Mode: audience.Warn, Until: time.Now().Add(time.Hour), Clients: []string{"portal"}}},
			Allow: []audience.Allow{{
				Clients: []string{"portal"}, Methods: []string{"*"}, Scopes: []string{"orders.read"}, Roles: []string{"clerk"},
			}},
			Closed: []string{"Dump"},
		}},
		External: map[string]audience.External{"parcels": {Clients: []string{"portal"}, Scopes: []string{"track"}}},
		Clients:  map[string]audience.Client{"portal": {}},
		Public:   []string{"grpc.health.v1.Health"},
	}
}

func TestMatrixIsFilledIn(t *testing.T) {
	policy, err := audience.New(viewed())
	if err != nil {
		t.Fatal(err)
	}
	got := policy.Matrix()
	if preset := got.Issuers["corp"].Preset; preset != audience.DefaultPreset {
		t.Errorf("preset = %q, want %q", preset, audience.DefaultPreset)
	}
	orders := got.Services["orders"]
	if diff := cmp.Diff([][]string{orders.Issuers, orders.Audiences}, [][]string{{"corp"}, {"orders"}}); diff != "" {
		t.Errorf("issuers and audiences: got -, want +\n%s", diff)
	}
	if got, want := got.Clients["portal"], (audience.Client{Issuer: "corp", ID: "portal"}); !reflect.DeepEqual(got, want) {
		t.Errorf("client = %+v, want %+v", got, want)
	}
	if aud := got.External["parcels"].Audience; aud != "parcels" {
		t.Errorf("audience of an API of others = %q, want its name", aud)
	}
	again, err := audience.New(got)
	if err != nil {
		t.Fatalf("New of a view: %v", err)
	}
	if diff := cmp.Diff(again.Matrix(), got); diff != "" {
		t.Errorf("a view of a view: got -, want +\n%s", diff)
	}
}

func TestMatrixIsACopy(t *testing.T) {
	policy, err := audience.New(viewed())
	if err != nil {
		t.Fatal(err)
	}
	want := policy.Matrix()
	spoiled := policy.Matrix()
	spoil(reflect.ValueOf(&spoiled).Elem())
	if diff := cmp.Diff(policy.Matrix(), want); diff != "" {
		t.Errorf("after a change to a view: got -, want +\n%s", diff)
	}
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

package main_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/claims"
	grpcaud "github.com/grpcaud/grpcaud/cmd/grpcaud"
)

func TestEveryPresetHasAFix(t *testing.T) {
	if diff := cmp.Diff(slices.Sorted(maps.Keys(grpcaud.AskFor)), claims.Presets()); diff != "" {
		t.Errorf("advice on audiences: got -, want +\n%s", diff)
	}
}

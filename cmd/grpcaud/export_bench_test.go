package main_test

import "testing"

func BenchmarkLargeExport(b *testing.B) {
	path := file(b, "access.yaml", large(1000, 2000))
	realm := file(b, "realm.json", run(b, "", "export", path, "--to", "keycloak").stdout)
	for _, row := range []struct {
		name string
		args []string
	}{
		{"keycloak", []string{"export", path, "--to", "keycloak"}},
		{"istio", []string{"export", path, "--to", "istio"}},
		{"envoy", []string{"export", path, "--to", "envoy"}},
		{"diff-realm", []string{"diff", path, "--realm-file", realm}},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				run(b, "", row.args...).want(b, 0)
			}
		})
	}
}

package review_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// FuzzReviewPatch shows that the patch of any file that loads can be applied, and that the result
// loads, with no other services, clients and issuers. The patch itself was tried before.
func FuzzReviewPatch(f *testing.F) {
	f.Add(shop)
	for seed := range uint64(20) {
		first, _ := randomFiles(seed)
		f.Add(strings.Replace(first, "includes: [team.yaml]\n", "", 1))
	}
	f.Add("{version: 1, issuers: {a: {url: 'https://a.example'}}, services: {shop: {grpc: [acme.Shop], allow: [{\"clients\": any, ? methods : [\"*\", 'Read' ,], scopes: none, }, ]}}}")
	f.Add("version: 1\nissuers:\n  a: {url: https://a.example}\nservices:\n  shop:\n    grpc: [acme.Shop]\n    allow:\n    -\n      clients: [ web ]\n      methods:\n      - >-\n        *\n      - Read\n      why: \"a\n\n        b\"\n      scopes: none\nclients: {web: {}}\n...\n")
	f.Fuzz(func(t *testing.T, matrix string) {
		path := filepath.Join(t.TempDir(), "access.yaml")
		if strings.Contains(matrix, "includes") || os.WriteFile(path, []byte(matrix), 0o600) != nil {
			return
		}
		policy, err := policyfile.Load(path)
		if err != nil {
			return
		}
		s := &subject{t, path, policy, review.NewCounter(policy, descriptor.Set{}, path, time.Time{}, now)}
		s.add(admitted("Read"))
		for name, service := range policy.Matrix().Services {
			r := admitted("Read")
			r.Service, r.Audience = name, service.Audiences
			if len(service.GRPC) > 0 {
				r.Method = "/" + service.GRPC[0] + "/Read"
			}
			s.add(r)
		}
		patch, err := s.counter.Patch()
		if err != nil {
			t.Fatal(err)
		}
		for path, text := range applied(t, filepath.Dir(path), patch.Text) {
			write(t, path, text)
		}
		narrow, err := policyfile.Load(path)
		if err != nil {
			t.Fatalf("%v\n%s", err, patch.Text)
		}
		if before, after := policy.Matrix(), narrow.Matrix(); len(before.Services) != len(after.Services) || len(before.Clients) != len(after.Clients) || len(before.Issuers) != len(after.Issuers) {
			t.Errorf("the patch removes more than entries\n%s", patch.Text)
		}
	})
}

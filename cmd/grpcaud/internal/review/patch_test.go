package review_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// patch returns the patch, after it was applied, and the text of the file then.
func (s *subject) patch() (*review.Patch, string) {
	s.t.Helper()
	patch, err := s.counter.Patch()
	if err != nil {
		s.t.Fatal(err)
	}
	files := applied(s.t, filepath.Dir(s.path), patch.Text)
	apply(s.t, filepath.Dir(s.path), patch.Text)
	if _, err := policyfile.Load(s.path); err != nil {
		s.t.Errorf("the patched file does not load: %v", err)
	}
	return patch, files[s.path]
}

var shopSet = descriptor.Set{Methods: map[string][]string{"acme.Shop": {"Read", "List", "Write", "Purge", "Audit"}, "acme.Vault": {"Open"}}}

// TestReviewPatchKeepsWhatIsWritten shows that an entry's comment goes with it, all others stay, and
// that with descriptors every method without an entry is closed.
func TestReviewPatchKeepsWhatIsWritten(t *testing.T) {
	s := of(t, shop, shopSet, time.Time{})
	patch, got := s.add(vaulted, admitted("Read"), admitted("Write", client("desk", "write", "read"))).patch()
	want := strings.NewReplacer(
		"[web, desk]", "[web]", "[Read, List]", "[Read]", `["*"] # all`, "[Write] # all",
		`      # Nobody knows why.
      - clients: [old, older]
        methods: [Purge]
        scopes: none
`, "    closed: [Audit, List, Purge]\n",
	).Replace(shop)
	if diff := cmp.Diff(got, want); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if len(patch.Notes) > 0 || len(patch.Left) > 0 {
		t.Errorf("notes %q, left %q", patch.Notes, patch.Left)
	}
}

// TestReviewPatchWithoutDescriptorsSaysSo shows that methods are not guessed.
func TestReviewPatchWithoutDescriptorsSaysSo(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{})
	patch, got := s.add(vaulted, admitted("Read"), admitted("Write", client("desk", "write", "read"))).patch()
	if !strings.Contains(got, "closed: [List, Purge]\n") || len(patch.Notes) != 1 || !strings.Contains(patch.Notes[0], "--descriptors") {
		t.Errorf("notes %q, file\n%s", patch.Notes, got)
	}
}

// TestReviewPatchOfNothing shows that a file whose grants are all used stays as it is.
func TestReviewPatchOfNothing(t *testing.T) {
	const one = "version: 1\nissuers: {corp: {url: 'https://idp.example.com'}}\nservices:\n  shop: {grpc: [acme.Shop], allow: [{clients: [web], methods: [Read], scopes: none}]}\nclients: {web: {}}\n"
	patch, err := of(t, one, descriptor.Set{}, time.Time{}).add(admitted("Read")).counter.Patch()
	if err != nil || patch.Text != "" || len(patch.Left) > 0 {
		t.Errorf("patch %+v, %v; want none", patch, err)
	}
}

// TestReviewPatchForms has one edit of each form of writing.
func TestReviewPatchForms(t *testing.T) {
	const head, tail = "version: 1\nissuers: {corp: {url: \"https://idp.example.com\"}}\n", "clients: {web: {}, desk: {}, old: {}}\n"
	for name, row := range map[string]struct{ before, after string }{
		"flow service": {
			"services: {shop: {grpc: [acme.Shop], allow: [{clients: [web, desk], methods: [Read, List], scopes: none}]}}\n",
			"services: {shop: {grpc: [acme.Shop], allow: [{clients: [web], methods: [Read], scopes: none}], closed: [List]}}\n",
		},
		"flow service without an entry that is used": {
			"services: {shop: {grpc: [acme.Shop], allow: [{clients: [desk], methods: [List], scopes: none}]}}\n",
			"services: {shop: {grpc: [acme.Shop], closed: [List]}}\n",
		},
		"quotes in flow style": {
			"services: {shop: {grpc: [acme.Shop], allow: [{clients: [web], methods: [Read], scopes: none, why: 'it''s, [so] }'}, {why: \"\\\"], {\", clients: [desk], methods: [List], scopes: none}]}}\n",
			"services: {shop: {grpc: [acme.Shop], allow: [{clients: [web], methods: [Read], scopes: none, why: 'it''s, [so] }'}], closed: [List]}}\n",
		},
		"no entry that is used": {
			"services:\n  shop:\n    # kept\n    grpc: [acme.Shop]\n    # kept too\n    allow:\n    - {clients: [desk], methods: [List], scopes: none}\n    # gone\n    - clients: [old]\n      methods: [Purge]\n      scopes: none\n\n    authorities: [a.example.com]\n",
			"services:\n  shop:\n    # kept\n    grpc: [acme.Shop]\n    # kept too\n    closed: [List, Purge]\n\n    authorities: [a.example.com]\n",
		},
		"lists over lines": {
			"services:\n  shop:\n    grpc: [acme.Shop]\n    closed:\n      - Never # never\n    allow:\n      - clients:\n          # the web\n          - web # all\n          # the desk\n          - desk\n        methods: [Read, # one, of 'two'\n          List] # two\n        scopes: none\n",
			"services:\n  shop:\n    grpc: [acme.Shop]\n    closed:\n      - Never # never\n      - List\n    allow:\n      - clients:\n          # the web\n          - web # all\n        methods: [Read # one, of 'two'\n          ] # two\n        scopes: none\n",
		},
		"star in a block": {
			"services:\n  shop:\n    grpc: [acme.Shop]\n    allow:\n      - clients: [web]\n        scopes: none\n        methods:\n          - '*' # every one\n",
			"services:\n  shop:\n    grpc: [acme.Shop]\n    allow:\n      - clients: [web]\n        scopes: none\n        methods:\n          - Read # every one\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := of(t, head+row.before+tail, descriptor.Set{}, time.Time{}).add(admitted("Read"), withoutUse).patch()
			if diff := cmp.Diff(got, head+row.after+tail); diff != "" {
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

// withoutUse is a record of the shop that no entry admits.
var withoutUse = admitted("Nothing", client("nobody"), func(r *decision.Record) { r.Decision = decision.Refused })

// TestReviewPatchOfIncludedFilesAndLineEnds has a file of a team with CRLF and letters beyond ASCII.
func TestReviewPatchOfIncludedFilesAndLineEnds(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "access.yaml")
	write(t, path, "version: 1\nincludes: [teams/*.yaml]\nissuers: {corp: {url: 'https://idp.example.com'}}\nservices: {vault: {grpc: [acme.Vault], allow: [{clients: [web], methods: [Open], scopes: none}]}}\nclients: {web: {}, desk: {}}")
	team := filepath.Join(folder, "teams", "shop of us.yaml")
	makeFolder(t, team)
	text := "\ufeff# Größe\r\nversion: 1\r\nservices:\r\n  shop:\r\n    grpc: [acme.Shop]\r\n    allow: # größer\r\n      - clients: ['web', \"desk\"] # ö\r\n        why: Größe, größer, Größte.\r\n        methods: [Read, Größe]\r\n        scopes: none"
	write(t, team, strings.ReplaceAll(text, ", Größe]", ", Size]"))
	s := ofFile(t, path, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"))
	patch, err := s.counter.Patch()
	if err != nil {
		t.Fatal(err)
	}
	got := applied(t, folder, patch.Text)
	apply(t, folder, patch.Text)
	want := strings.NewReplacer("['web', \"desk\"]", "['web']", ", Größe]", "]").Replace(text) + "\r\n    closed: [Size]"
	if diff := cmp.Diff(got, map[string]string{team: want}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if patch.Folder != folder {
		t.Errorf("to be applied in %q, want %q", patch.Folder, folder)
	}
}

// TestReviewPatchLeavesRollOuts shows that a method keeps its rule while a rollout lets calls of
// it through or names it: without a rule they would be refused.
func TestReviewPatchLeavesRollOuts(t *testing.T) {
	until := time.Now().Add(10 * 24 * time.Hour).UTC().Format(time.DateOnly)
	matrix := strings.Replace(shop, "    allow:\n      # Cust", "    rollout:\n      - {mode: observe, until: "+until+"}\n      - {mode: warn, until: "+until+", methods: [Purge], clients: [old]}\n    allow:\n      # Cust", 1)
	s := of(t, matrix, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"), admitted("List", client("new"), wouldRefuse("CLIENT_NOT_ALLOWED")))
	_, got := s.patch()
	for _, want := range []string{"methods: [Read, List]", "methods: [Purge]", "clients: [old, older]", "[web, desk]"} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is gone from\n%s", want, got)
		}
	}
	if guard(t, s.path, "shop").Rule("/acme.Shop/List") == nil {
		t.Error("List has no rule")
	}
}

// TestReviewPatchKeepsTheLastEntryInARollOut shows that the rollout does not let calls
// through that were refused before.
func TestReviewPatchKeepsTheLastEntryInARollOut(t *testing.T) {
	matrix := "version: 1\nissuers: {corp: {url: 'https://idp.example.com'}}\nservices:\n  shop:\n    grpc: [acme.Shop]\n    rollout: [{mode: observe, until: " + time.Now().Add(10*24*time.Hour).UTC().Format(time.DateOnly) + "}]\n    allow: [{clients: [web], methods: [Read], scopes: none}]\nclients: {web: {}}\n"
	patch, err := of(t, matrix, descriptor.Set{}, time.Time{}).add(withoutUse).counter.Patch()
	if err != nil || patch.Text != "" || !strings.Contains(strings.Join(patch.Left, ""), "end the rollout first") {
		t.Errorf("patch %+v, %v", patch, err)
	}
}

// TestReviewPatchLeavesOddForms shows that an entry whose text would not be removed whole
// stays, is named, and does not keep others from being removed.
func TestReviewPatchLeavesOddForms(t *testing.T) {
	for _, odd := range []string{
		"      - clients: [desk]\n        methods: [List]\n        scopes: none\n        why: \"of\nseveral\n\n   lines\"\n",
		"      - clients: [desk]\n        methods: [\nList\n]\n        scopes: none\n",
		"      - {clients: [desk], methods: [List],\nscopes: none}\n",
		"      - clients: [desk]\n        methods: [List]\n        scopes: none\n        why: \"one line\n      - {clients: [desk], methods: [Purge], scopes: none} #\"\n",
	} {
		matrix := "version: 1\nissuers: {corp: {url: 'https://idp.example.com'}}\nservices:\n  shop:\n    grpc: [acme.Shop]\n    allow:\n      - {clients: [web, old], methods: [Read], scopes: none}\n" + odd + "clients: {web: {}, desk: {}, old: {}}\n"
		s := of(t, matrix, descriptor.Set{}, time.Time{}).add(admitted("Read"))
		patch, got := s.patch()
		if !strings.Contains(got, "[web], methods") || !strings.Contains(got, odd) || !strings.Contains(strings.Join(patch.Left, ""), "services.shop.allow[1]: ") {
			t.Errorf("left %q of\n%s", patch.Left, got)
		}
	}
}

// TestReviewPatchIsTried shows that a file which refuses a call of the records, or admits one that
// the file refuses, does not pass for a narrower one.
func TestReviewPatchIsTried(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"), admitted("Write", client("desk", "write")))
	for name, row := range map[string]struct{ old, new, want string }{
		"the same":                         {"", "", ""},
		"a method less":                    {"[Read, List]", "[Read]", ""},
		"a call less":                      {"[Read, List]", "[List]", "it refuses web calling /acme.Shop/Read"},
		"a call less that may be admitted": {`["*"]`, "[List]", "it refuses desk calling /acme.Shop/Write"},
		"a client more":                    {"clients: [old, older]", "clients: [old, older, web]", "it admits web calling /acme.Shop/Purge"},
		"a method more":                    {"[Purge]", "[Purge, List]", "it admits old calling /acme.Shop/List"},
		"a client instead":                 {"clients: [old, older]", "clients: [old, web]", "it admits web calling /acme.Shop/Purge"},
		"no token demanded":                {"methods: [Purge]", "methods: [Purge, Other]\n        optional: true", "it admits"},
	} {
		narrow, err := policyfile.Parse(name, []byte(strings.Replace(shop, row.old, row.new, 1)))
		if err != nil {
			t.Fatal(name, err)
		}
		if err := s.counter.Prove(narrow); (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want %q", name, err, row.want)
		}
	}
}

// TestReviewPatchOfTenants shows that a client which one tenant uses stays.
func TestReviewPatchOfTenants(t *testing.T) {
	const matrix = "version: 1\nissuers: {corp: {url: 'https://idp.example.com/{tenant}', tenants: [t1, t2]}}\nservices:\n  shop: {grpc: [acme.Shop], allow: [{clients: [web, desk], methods: [Read], scopes: none}]}\nclients: {web: {}, desk: {}}\n"
	s := of(t, matrix, descriptor.Set{}, time.Time{}).add(admitted("Read", func(r *decision.Record) { r.Issuer += "/t2" }))
	if _, got := s.patch(); got != strings.Replace(matrix, "[web, desk]", "[web]", 1) {
		t.Errorf("got\n%s", got)
	}
}

// TestReviewPatchNamesRulesOfProtoFiles shows that they are not edited.
func TestReviewPatchNamesRulesOfProtoFiles(t *testing.T) {
	set := descriptor.Set{Options: []access.MethodOptions{{
		GRPC: "acme.Cellar", Method: "Open", Place: "services.proto: Open", Audience: "cellar", Demands: access.Allow{Clients: []string{"web"}, NoScopes: true},
	}}}
	s := of(t, shop, set, time.Time{}).add(admitted("Close", func(r *decision.Record) { r.Service, r.Method = "acme.Cellar", "/acme.Cellar/Close" }))
	patch, err := s.counter.Patch()
	if err != nil || strings.Contains(patch.Text, "ellar") || !strings.Contains(strings.Join(patch.Left, "\n"), "services.proto: Open: its rule is in a .proto file") {
		t.Errorf("patch %+v, %v", patch, err)
	}
}

// TestReviewPatchOfAFileThatChanges shows that no patch is made for another file than the one that
// was reviewed.
func TestReviewPatchOfAFileThatChanges(t *testing.T) {
	s := of(t, shop, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"))
	write(t, s.path, shop+"# more\n")
	if patch, err := s.counter.Patch(); err == nil || !strings.Contains(err.Error(), "has changed while the records were read") {
		t.Errorf("patch %+v, %v", patch, err)
	}
}

func guard(t testing.TB, path string, services ...string) *access.Guard {
	t.Helper()
	policy, err := policyfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	g, err := policy.Guard(services...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestReviewPatchOfOddFileNames shows that the name of a file controls no terminal, adds no line
// to the patch, and is what the programs patch and git read.
func TestReviewPatchOfOddFileNames(t *testing.T) {
	for _, name := range []string{"of \u202eus.yaml", "\u009b31m.yaml", "\x1b[31m.yaml", "a\n+++ b.yaml", "größe.yaml", `a"b\.yaml`, "\xff.yaml", "tab\t.yaml"} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		write(t, path, shop)
		s := ofFile(t, path, descriptor.Set{}, time.Time{}).add(vaulted, admitted("Read"))
		patch, err := s.counter.Patch()
		if err != nil {
			t.Fatal(err)
		}
		head, _, _ := strings.Cut(patch.Text, "@@")
		if strings.Count(head, "\n") != 2 || strings.ContainsFunc(head, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
			t.Errorf("%q: the patch begins with %q", name, head)
		}
		for _, program := range [][]string{{"git", "apply", "-p1"}, {"patch", "-p1", "--binary", "--fuzz=0"}} {
			write(t, path, shop)
			if _, err := exec.LookPath(program[0]); err != nil {
				continue
			}
			cmd := exec.CommandContext(t.Context(), program[0], program[1:]...)
			cmd.Dir, cmd.Stdin = folder, strings.NewReader(patch.Text)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%q: %s: %v\n%s", name, program[0], err, out)
				continue
			}
			if policy, err := policyfile.Load(path); err != nil || len(policy.Matrix().Services["shop"].Allow) != 1 {
				t.Errorf("%q: %s: not applied, %v", name, program[0], err)
			}
		}
	}
}

// TestReviewPatchOfIssuersBelow shows that it does not matter where issuers stand.
func TestReviewPatchOfIssuersBelow(t *testing.T) {
	const issuers = "issuers: {corp: {url: \"https://idp.example.com\"}}\n"
	s := of(t, strings.Replace(shop, issuers, "", 1)+issuers, descriptor.Set{}, time.Time{})
	if patch, got := s.add(vaulted, admitted("Read")).patch(); strings.Contains(got, "Purge]\n        scopes") || len(patch.Left) > 0 {
		t.Errorf("left %q in\n%s", patch.Left, got)
	}
}

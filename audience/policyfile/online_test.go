package policyfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// askable is how the issuer of the smallest matrix can be asked about its tokens.
const askable = `com", introspection: {client: orders, secret: {env: E}, online_only: true}`

// TestOnlineIsReported shows that what is half said about asking the issuer is reported at
// its place.
func TestOnlineIsReported(t *testing.T) {
	for text, want := range map[string]string{
		with("none", "none\n      online: true"):                                                                `access.yaml:11:7: issuer "corp" cannot be asked about tokens: write introspection under issuers.corp, with online_only: true if its tokens are JWTs`,
		with("none", "none\n      online_max_age: 5s"):                                                          `access.yaml:11:7: it says how old an answer of the issuer may be, and the issuer is not asked: write online: true`,
		with("none", "none\n      online_max_age: 0s"):                                                          `access.yaml:11:23: want a duration such as 30s or 12h`,
		with("none", "none\n      online: yes"):                                                                 `access.yaml:11:15: want true or false`,
		with("none", "none\n      online: {max_age: 5s}"):                                                       `access.yaml:11:15: want true or false`,
		with(`com"`, `com", introspection: {online_only: true}`):                                                `access.yaml:3:`,
		strings.Replace(with(`com"`, askable), "none", "none\n      online: true\n      online_max_age: 2m", 1): `access.yaml:12:7: want between 0s and 1m0s, got 2m0s`,
	} {
		if _, err := policyfile.Parse("access.yaml", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s in\n%s", err, want, text)
		}
	}
	text := strings.Replace(with(`com"`, askable), "none", "none\n      online: true\n      online_max_age: 1m", 1)
	if _, err := policyfile.Parse("access.yaml", []byte(text)); err != nil {
		t.Error(err)
	}
	if fault := faults(t, text); fault != "" {
		t.Errorf("the schema finds %s", fault)
	}
}

// TestIncludedFileMayDemandOnline shows that an included file may have its own calls
// asked about, and that only the first file says how an issuer is asked.
func TestIncludedFileMayDemandOnline(t *testing.T) {
	asked := strings.Replace(head, `com"`, askable, 1)
	demanding := strings.Replace(people, "[read]", "[read], online: true, online_max_age: 5s", 1)
	t.Chdir(folder(t, map[string]string{"access.yaml": asked, "teams/a.yaml": demanding}))
	policy, err := policyfile.Load("access.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if allow := policy.Matrix().Services["people"].Allow[0]; !allow.Online || allow.OnlineMaxAge == 0 {
		t.Errorf("got %+v, want online", allow)
	}
	for main, team := range map[string]string{
		head:  demanding,
		asked: people + "issuers: {corp: {introspection: {online_only: false}}}\n",
	} {
		dir := folder(t, map[string]string{"access.yaml": main, "teams/a.yaml": team})
		if _, err := policyfile.Load(filepath.Join(dir, "access.yaml")); err == nil || !strings.Contains(err.Error(), "a.yaml:") {
			t.Errorf("got %v, want a finding in teams/a.yaml", err)
		}
	}
}

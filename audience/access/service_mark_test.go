package access_test

import (
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// TestUsersAlone shows that a dialect may say that users alone get tokens: then rules can
// have callers, and no token is a service's own.
func TestUsersAlone(t *testing.T) {
	alone := access.Dialect{Types: []string{"at+jwt"}, Client: []string{"client_id"}, NoServices: true, Audiences: access.GrantedAudiences}
	m := company()
	issuer(func(i *access.Issuer) { i.Preset, i.Dialect = "", alone })(&m)
	service(func(s *access.Service) {
		s.Allow = []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true, Roles: []string{"clerk"}, Callers: access.UsersOnly}}
	})(&m)
	if _, err := access.New(m); err != nil {
		t.Error(err)
	}
	preset := access.Issuer{Dialect: alone}.TokenPreset()
	for payload, admitted := range map[string]bool{
		`{"iss":"i","exp":2,"sub":"portal","client_id":"portal"}`: true,
		`{"iss":"i","exp":2,"client_id":"portal"}`:                false,
	} {
		c, err := preset.Claims([]byte(payload))
		if (err == nil) != admitted || err == nil && (c.IsService() || c.Caller().User != "portal") {
			t.Errorf("%s: got %v, want a user = %t", payload, err, admitted)
		}
	}
}

// TestNewRefusesContradictionsAboutServices shows that what tells services from users is
// said in one way.
func TestNewRefusesContradictionsAboutServices(t *testing.T) {
	with := func(change func(*access.Dialect)) func(*access.Matrix) {
		return issuer(func(i *access.Issuer) {
			i.Preset, i.Dialect = "", access.Dialect{Types: []string{"at+jwt"}, Client: []string{"client_id"}}
			change(&i.Dialect)
		})
	}
	const oneOf = "more than one of all, none and a list"
	mark := []access.ServiceMark{{Absent: []string{"uid"}}}
	newRefuses(t, with(func(d *access.Dialect) { d.AllServices, d.NoServices = true, true }), oneOf)
	newRefuses(t, with(func(d *access.Dialect) { d.AllServices, d.Services = true, mark }), oneOf)
	newRefuses(t, with(func(d *access.Dialect) { d.NoServices, d.Services = true, mark }), oneOf)
	newRefuses(t, with(func(d *access.Dialect) { d.NoServices, d.UncertainServices = true, true }), "services_uncertain without a list")
	newRefuses(t, with(func(d *access.Dialect) { d.UncertainServices = true }), "services_uncertain without a list")
}

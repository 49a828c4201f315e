package remedy

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// otherTenant explains that two issuers of one provider differ only by the tenant;
// empty if they differ by more.
func otherTenant(got, want string) string {
	g, w := strings.Split(got, "/"), strings.Split(want, "/")
	if len(g) != len(w) {
		return ""
	}
	at := -1
	for i := range g {
		if g[i] == w[i] {
			continue
		}
		if at >= 0 {
			return ""
		}
		at = i
	}
	if at < 3 || !IsGUID(g[at]) { // after the scheme and the host
		return ""
	}
	for _, word := range provider.SharedTenants {
		if w[at] == word {
			return fmt.Sprintf("tokens name the tenant that issued them, and never %s: write %s in its place, if that is your tenant", word, g[at])
		}
	}
	if strings.HasPrefix(w[at], "{") {
		return fmt.Sprintf("%s stands for no tenant by itself: write %s in its place, if that is your tenant, or list your tenants", w[at], g[at])
	}
	return fmt.Sprintf("another tenant issued the token: %s, not %.64s; if it is to be accepted, name it as a tenant of its own", g[at], w[at])
}

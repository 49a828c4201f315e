package testutil

import (
	"maps"
	"slices"
)

// User is a user who can log in on the page of an [Issuer] ([Authorization]).
type User struct {
	// Name is the sub of the user's tokens. It is required.
	Name string

	// Password is what the user types to log in. A user without one logs in with a button.
	Password string

	// Roles are the user's roles, in the claim roles (RFC 9068, section 2.2.3.1).
	Roles []string

	// Claims are further claims of the user's tokens.
	Claims Claims
}

// SetUsers replaces the users who can log in. Without users, which is the default, the
// issuer has no page to log in on. It panics on a user without a name.
func (i *Issuer) SetUsers(users ...User) {
	kept := map[string]User{}
	for _, u := range users {
		if u.Name == "" {
			panic("testutil: a user without a name")
		}
		u.Roles, u.Claims = slices.Clone(u.Roles), maps.Clone(u.Claims)
		kept[u.Name] = u
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.users = kept
}

// withPassword reports whether a user has a password.
func (i *Issuer) withPassword() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, u := range i.users {
		if u.Password != "" {
			return true
		}
	}
	return false
}

// buttons returns the names of the users without a password, sorted.
func (i *Issuer) buttons() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	var names []string
	for _, u := range i.users {
		if u.Password == "" {
			names = append(names, u.Name)
		}
	}
	slices.Sort(names)
	return names
}

// userNames returns the names of the users, sorted.
func (i *Issuer) userNames() []string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Sorted(maps.Keys(i.users))
}

// user returns the user of that name, if there is one.
func (i *Issuer) user(name string) (User, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	u, ok := i.users[name]
	return u, ok
}

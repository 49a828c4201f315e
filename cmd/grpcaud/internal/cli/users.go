package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/testutil"
)

// Users are users with their roles and claims, as flags in the order in which they are
// given.
type Users struct{ List []testutil.User }

// Flags adds the flags --user, --role and --claim to cmd.
func (u *Users) Flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.Var(inOrder{"name", u.add}, "user", "a user who can log in; may be repeated")
	flags.Var(inOrder{"role", u.role}, "role", "a role of the --user before; may be repeated")
	flags.Var(inOrder{"name=value", u.claim}, "claim", "a claim of the --user before, as name=value; may be repeated")
}

func (u *Users) add(name string) error {
	switch {
	case strings.TrimSpace(name) != name || name == "":
		return errors.New("want a name")
	case slices.ContainsFunc(u.List, func(other testutil.User) bool { return other.Name == name }):
		return fmt.Errorf("user %q is given twice", name)
	}
	u.List = append(u.List, testutil.User{Name: name, Claims: testutil.Claims{}})
	return nil
}

func (u *Users) role(role string) error {
	last, err := u.last()
	if err == nil && role == "" {
		err = errors.New("want a role")
	}
	if err == nil {
		last.Roles = append(last.Roles, role)
	}
	return err
}

func (u *Users) claim(text string) error {
	last, err := u.last()
	name, value, ok := strings.Cut(text, "=")
	if err == nil && (!ok || name == "") {
		err = errors.New("want name=value")
	}
	if err == nil {
		last.Claims[name] = value
	}
	return err
}

// last returns the user that roles and claims belong to.
func (u *Users) last() (*testutil.User, error) {
	if len(u.List) == 0 {
		return nil, errors.New("give the --user before it")
	}
	return &u.List[len(u.List)-1], nil
}

// inOrder is the value of a flag that is used as it is read. It implements pflag.Value.
type inOrder struct {
	kind string
	set  func(string) error
}

func (inOrder) String() string { return "" }

func (f inOrder) Type() string { return f.kind }

func (f inOrder) Set(value string) error { return f.set(value) }

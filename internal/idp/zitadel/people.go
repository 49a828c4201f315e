package main

import "github.com/zitadel/oidc/v3/example/server/storage"

// people are those who can log in. A person's password is the name followed
// by -password.
type people struct{}

func (people) GetUserByID(id string) *storage.User {
	if id != "alice" && id != "bob" {
		return nil
	}
	return &storage.User{ID: id, Username: id, Password: id + "-password", Email: id + "@example.com", EmailVerified: true}
}

func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID(name) }
func (people) ExampleClientID() string                       { return "" }

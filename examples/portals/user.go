package main

import "github.com/grpcaud/grpcaud/testutil"

// password is that of every user of the example.
const password = "example"

// customers and employees are who can sign in; the company knows them by these names.
var (
	customers = []string{"ada", "ben"}
	employees = []string{"alice", "bob", "carol"}
)

func users() []testutil.User {
	var all []testutil.User
	for _, name := range append(customers[:len(customers):len(customers)], employees...) {
		all = append(all, testutil.User{Name: name, Password: password})
	}
	return all
}

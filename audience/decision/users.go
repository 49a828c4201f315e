package decision

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// Users is the form in which records name users. The zero value leaves them out.
type Users struct {
	kept bool
	key  *userKey // behind a pointer, so that printing a struct that has a Users prints no key
}

type userKey struct{ secret []byte }

// KeptUsers names users as tokens do.
func KeptUsers() Users { return Users{kept: true} }

// LeftOutUsers leaves users out. It is the zero value.
func LeftOutUsers() Users { return Users{} }

// minKey is the size of the shortest key, in bytes.
const minKey = 16

// HashedUsers replaces each user by a digest: "hmac-sha256:" and the first 16 bytes, in
// hex, of the HMAC-SHA-256 of the issuer and the subject, with key. Records of one user
// can be told from those of others, and who it is can be found only with the key. The key
// is a secret of at least 16 random bytes, the same for all servers whose records are
// read together.
func HashedUsers(key []byte) (Users, error) {
	if len(key) < minKey {
		return Users{}, fmt.Errorf("decision: a key of %d bytes for the digests of users, want at least %d random ones", len(key), minKey)
	}
	return Users{key: &userKey{slices.Clone(key)}}, nil
}

// Format returns how a record names the user of an issuer; empty if it leaves users out,
// and for no user.
func (u Users) Format(issuer, user string) string {
	switch {
	case user == "" || u.kept:
		return user
	case u.key == nil:
		return ""
	}
	digest := hmac.New(sha256.New, u.key.secret)
	fmt.Fprintf(digest, "%d:%s%s", len(issuer), issuer, user)
	return "hmac-sha256:" + hex.EncodeToString(digest.Sum(nil)[:16])
}

// String names the form. No verb prints the key.
func (u Users) String() string {
	switch {
	case u.kept:
		return "kept"
	case u.key != nil:
		return "hashed"
	default:
		return "left out"
	}
}

// GoString is [Users.String].
func (u Users) GoString() string { return u.String() }

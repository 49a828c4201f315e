package provider

import (
	"encoding/base64"
	"encoding/binary"
)

// DexSubject returns the sub of a token that Dex issues to a client for itself: a
// protobuf message whose first field is the id. The sub of a user also has a
// connector. The result is empty for an empty id.
func DexSubject(client string) string {
	if client == "" {
		return ""
	}
	message := binary.AppendUvarint([]byte{dexField}, uint64(len(client)))
	return base64.RawURLEncoding.EncodeToString(append(message, client...))
}

// dexField is the tag of the first field of a protobuf message, if it is a text.
const dexField = 1<<3 | 2

// IsDexSubject reports whether sub is that of a client of Dex.
func IsDexSubject(sub string) bool {
	message, err := base64.RawURLEncoding.DecodeString(sub)
	if err != nil || len(message) == 0 || message[0] != dexField {
		return false
	}
	length, n := binary.Uvarint(message[1:])
	return n > 0 && length == uint64(len(message)-1-n)
}

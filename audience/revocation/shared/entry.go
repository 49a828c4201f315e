package shared

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience/revocation"
)

// named is what an entry names, as it stands in the store.
type named struct {
	Issuer  string `json:"iss"`
	ID      string `json:"jti,omitempty"`
	Session string `json:"sid,omitempty"`
	Subject string `json:"sub,omitempty"`
	Client  string `json:"client,omitempty"`
	Dated   bool   `json:"dated,omitempty"` // only tokens that were issued before a time
}

// arguments returns what the script that revokes needs to know of an entry.
func arguments(e revocation.Entry) []string {
	n := named{e.Issuer, e.ID, e.Session, e.Subject, e.Client, !e.IssuedBefore.IsZero()}
	text, _ := json.Marshal(n) // strings only: never fails
	digest := sha256.Sum256(text)
	before := "0"
	if n.Dated {
		before = milliseconds(e.IssuedBefore)
	}
	return []string{hex.EncodeToString(digest[:]), string(text), before, milliseconds(e.Expires)}
}

// stored returns an entry as the store has it.
func stored(e revocation.Entry) string {
	a := arguments(e)
	return a[2] + " " + a[3] + " " + a[1]
}

// milliseconds returns a time as the store has it. It is rounded up, so that the entry
// names no fewer tokens than before.
func milliseconds(t time.Time) string {
	return strconv.FormatInt(t.Add(time.Millisecond-1).UnixMilli(), 10)
}

// parse reads an entry as the store has it.
func parse(text string) (revocation.Entry, error) {
	parts := strings.SplitN(text, " ", 3)
	var n named
	if len(parts) != 3 || json.Unmarshal([]byte(parts[2]), &n) != nil {
		return revocation.Entry{}, fmt.Errorf("shared: an entry in the store is not one of a list: %q", text)
	}
	before, errBefore := strconv.ParseInt(parts[0], 10, 64)
	ends, errEnds := strconv.ParseInt(parts[1], 10, 64)
	if errBefore != nil || errEnds != nil {
		return revocation.Entry{}, fmt.Errorf("shared: an entry in the store has no times: %q", text)
	}
	e := revocation.Entry{Issuer: n.Issuer, ID: n.ID, Session: n.Session, Subject: n.Subject, Client: n.Client, Expires: time.UnixMilli(ends)}
	if n.Dated {
		e.IssuedBefore = time.UnixMilli(before)
	}
	return e, nil
}

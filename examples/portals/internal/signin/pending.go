package signin

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// pendingLife is how long a user may take at the identity provider.
const pendingLife = 10 * time.Minute

// pending is a sign-in that has begun in a browser. The browser keeps it in a sealed cookie:
// strangers who begin sign-ins need no memory here.
type pending struct {
	State    string // leads the answer to this browser (RFC 6749, section 10.12)
	Nonce    string // binds the ID token to this sign-in (OpenID Connect Core, section 3.1.2.1)
	Verifier string // binds the code to this sign-in (RFC 7636)
	ReturnTo string
	Until    time.Time
}

func newPending(returnTo string) pending {
	return pending{rand.Text(), rand.Text(), oauth2.GenerateVerifier(), returnTo, time.Now().Add(pendingLife)}
}

// keep writes the cookie of p.
func (p pending) keep(w http.ResponseWriter, s seal) error {
	value, err := s.close(pendingCookie, p)
	if err != nil {
		return err
	}
	setCookie(w, pendingCookie, value, int(pendingLife/time.Second))
	return nil
}

// takePending returns the sign-in that an answer with this state belongs to, and removes it
// from the browser. A link of another site, which cannot know the state, ends no sign-in.
func takePending(w http.ResponseWriter, r *http.Request, s seal, state string) (pending, error) {
	var p pending
	value := cookie(r, pendingCookie)
	if value == "" {
		return p, errors.New("this browser has begun no sign-in, or has finished it")
	}
	if err := s.open(pendingCookie, value, &p); err != nil {
		return p, err
	}
	if subtle.ConstantTimeCompare([]byte(state), []byte(p.State)) != 1 {
		return p, errors.New("the state is of another sign-in")
	}
	setCookie(w, pendingCookie, "", -1)
	if time.Now().After(p.Until) {
		return p, errors.New("the sign-in began more than ten minutes ago")
	}
	return p, nil
}

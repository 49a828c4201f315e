package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
)

// seal hides the value of a cookie from the browser that keeps it, and notices a change. Its
// key lives as long as the process: a sign-in that a restart interrupts begins again.
type seal struct{ aead cipher.AEAD }

func newSeal() (seal, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return seal{}, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return seal{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	return seal{aead}, err
}

// close returns v, sealed for the cookie of that name.
func (s seal) close(cookie string, v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nil, nil, text, []byte(cookie))), nil
}

// open reads into v what close has sealed for the cookie of that name.
func (s seal) open(cookie, value string, v any) error {
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil {
		return errors.New("the cookie is no sealed value")
	}
	text, err := s.aead.Open(nil, nil, sealed, []byte(cookie))
	if err != nil {
		return errors.New("the cookie was changed, or was sealed by another process")
	}
	return json.Unmarshal(text, v)
}

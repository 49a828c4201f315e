package main

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const keysFile = "keys.json"

// keys are the server's, newest first. The newest signs.
type keys struct {
	mu  sync.Mutex // guards all
	all []jose.JSONWebKey
}

// newKeys returns the keys of the file, or a new one if there is no file.
func newKeys() (*keys, error) {
	k := &keys{}
	text, err := os.ReadFile(keysFile)
	if errors.Is(err, fs.ErrNotExist) {
		return k, k.rotate()
	}
	if err != nil {
		return nil, err
	}
	return k, json.Unmarshal(text, &k.all)
}

// rotate adds a key that signs from now on.
func (k *keys) rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	fresh := jose.JSONWebKey{Key: private, KeyID: rand.Text(), Algorithm: string(jose.RS256), Use: "sig"}
	k.all = slices.Insert(k.all, 0, fresh)
	text, err := json.Marshal(k.all)
	if err != nil {
		return err
	}
	return os.WriteFile(keysFile, text, 0o600)
}

func (k *keys) newest() op.SigningKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	return key{k.all[0]}
}

func (k *keys) published() []op.Key {
	k.mu.Lock()
	defer k.mu.Unlock()
	var set []op.Key
	for _, private := range k.all {
		set = append(set, key{private.Public()})
	}
	return set
}

// key is a key as the library wants it, to sign with and to publish.
type key struct{ jwk jose.JSONWebKey }

func (k key) ID() string                                  { return k.jwk.KeyID }
func (k key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k key) Algorithm() jose.SignatureAlgorithm          { return jose.RS256 }
func (k key) Use() string                                 { return k.jwk.Use }
func (k key) Key() any                                    { return k.jwk.Key }

package store

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/valkey-io/valkey-go"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/internal/secretfile"
)

// password is the environment variable with the password of the store.
const password = "GRPCAUD_STORE_PASSWORD"

// Help is the part of a command's help that says how the store is reached.
const Help = `The store is the Valkey or Redis that the servers share: valkeys://HOST:PORT over TLS
(rediss:// is the same), valkey://HOST:PORT without. The password of --store-user is in
the file of --store-password-file, or in the environment variable ` + password + `,
never in the URL.`

// Flags say which list of which store.
type Flags struct {
	// Timeout is how long the store and the replicas are waited for; see [Flags.Open].
	Timeout time.Duration

	staleAfter time.Duration // of a replica of [Flags.Join]

	url, user, passwordFile, ca, list string
	bound                             int
}

// Add adds the flags to a command that asks the store.
func (f *Flags) Add(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().DurationVar(&f.Timeout, "timeout", 10*time.Second, "how long to wait for the store, and then for the replicas")
	_ = cmd.MarkFlagRequired("store")
}

// AddOptional adds the flags to a command that guards services, also without a store.
func (f *Flags) AddOptional(cmd *cobra.Command) {
	f.add(cmd)
	cmd.Flags().DurationVar(&f.staleAfter, "stale-after", 10*time.Second, "how long nothing may be heard from the store until requests are refused")
}

func (f *Flags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.url, "store", "", "the URL of the Valkey or Redis that the servers share, such as valkeys://valkey.internal:6379")
	flags.StringVar(&f.user, "store-user", "", "the user of the store (default: its default user)")
	flags.StringVar(&f.passwordFile, "store-password-file", "", "the file with the password of the store (default: the environment variable "+password+")")
	flags.StringVar(&f.ca, "store-ca", "", "a file with certificates, in PEM, to trust for the store in addition to the system's")
	flags.StringVar(&f.list, "list", "grpcaud", "the name of the list, as the servers have it")
	flags.IntVar(&f.bound, "bound", 100_000, "how many entries the list may have, as the servers have it")
}

// Unprotected returns the host of a store on another machine that is reached without TLS; empty
// if there is none.
func (f *Flags) Unprotected() string {
	u, err := f.parse()
	if err != nil || u.Scheme == "valkeys" || u.Scheme == "rediss" || loopback.Host(u.Hostname()) {
		return ""
	}
	return u.Hostname()
}

// options returns how the store is reached.
func (f *Flags) options() (valkey.ClientOption, error) {
	var o valkey.ClientOption
	u, err := f.parse()
	if err != nil {
		return o, err
	}
	if o.SelectDB, err = database(u); err != nil {
		return o, err
	}
	o.InitAddress = []string{net.JoinHostPort(u.Hostname(), defaultPort(u.Port()))}
	if u.Scheme == "valkeys" || u.Scheme == "rediss" {
		o.TLSConfig, err = f.tls(u.Hostname())
	} else if f.ca != "" {
		err = fmt.Errorf("--store-ca is for a store over TLS: write valkeys:// for %s:// in --store", u.Scheme)
	}
	if err != nil {
		return o, err
	}
	if o.Username = f.user; o.Username == "" {
		o.Username = u.User.Username()
	}
	o.Password, err = f.password()
	if err == nil && o.Username != "" && o.Password == "" {
		err = fmt.Errorf("no password of the user %q of the store: put it into a file for --store-password-file, or into the environment variable %s", o.Username, password)
	}
	return o, err
}

// parse reads the URL. No error repeats it: there may be a password in it.
func (f *Flags) parse() (*url.URL, error) {
	u, err := url.Parse(f.url)
	switch {
	case err != nil:
		return nil, errors.New("--store is not a URL; write valkeys://HOST:PORT")
	case u.User != nil && hasPassword(u), strings.Contains(u.RawQuery, "pass"):
		return nil, fmt.Errorf("--store has a password in it, which others on this machine can read: change it, and put the new one into a file for --store-password-file, or into the environment variable %s", password)
	case u.Scheme != "valkeys" && u.Scheme != "valkey" && u.Scheme != "rediss" && u.Scheme != "redis":
		return nil, errors.New("--store: want valkeys://HOST:PORT for a store over TLS, or valkey://HOST:PORT for one without")
	case u.Hostname() == "":
		return nil, errors.New("--store has no host; write valkeys://HOST:PORT")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("--store: want no ? and no # in it; the other flags --store-… say what else there is")
	case f.user != "" && u.User.Username() != "" && f.user != u.User.Username():
		return nil, fmt.Errorf("--store names the user %q, and --store-user %q: leave out one of them", u.User.Username(), f.user)
	}
	return u, nil
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

// database returns the number of the database, which is the path of the URL.
func database(u *url.URL) (int, error) {
	path := strings.Trim(u.Path, "/")
	if path == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(path)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("--store: %.64q is not the number of a database; write valkeys://HOST:PORT", path)
	}
	return n, nil
}

func defaultPort(port string) string {
	if port == "" {
		return "6379"
	}
	return port
}

func (f *Flags) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if f.ca == "" {
		return config, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	config.RootCAs = roots
	return config, files.AddCertificates(roots, f.ca)
}

func (f *Flags) password() (string, error) {
	if f.passwordFile == "" {
		return os.Getenv(password), nil
	}
	text, err := secretfile.Read(f.passwordFile)
	if err != nil {
		return "", fmt.Errorf("--store-password-file: %w", err)
	}
	return text, nil
}
